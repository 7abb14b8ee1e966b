/** Scans in which a mail or the server is in trouble: what can be recorded is, and what cannot stays. */
import { describe, expect, it } from "vitest";
import { scanMailbox } from "../../src/mailbox/scan";
import { QuarantineFull } from "../../src/pipeline/mail";
import { mailboxStates } from "../../src/store/mailboxes";
import { listenToLog } from "../support/log";
import { depsFor, notingReception, type Reception, settingsWith } from "../support/mailboxes";
import { type Habits, Maildrop, mailOf } from "../support/pop3-server";
import { box, COUNTS, DONE, mail, mails, newBoxName, notes, scan, setMailbox, texts } from "../support/scans";
import { DAY_MS, MINUTE_MS, pass, setStage } from "../support/stage";
import { bindings } from "../support/worker";

setStage();
setMailbox();

const poison =
  (...numbers: number[]): Reception =>
  ({ raw }) =>
    texts(...numbers).includes(new TextDecoder().decode(raw)) ? new Error("D1_ERROR") : "recorded";

describe("a mail that cannot be recorded", () => {
  it("stays, and does not keep the others from being recorded", async () => {
    const drop = new Maildrop(mails(4));
    const report = await scan(drop, { reception: poison(2) });
    expect(report).toMatchObject({ counts: { recorded: 3, deleted: 3, failed: 1 }, error: { code: "not_recorded" } });
    expect(drop.uidls).toEqual(["id-2"]);
    expect(await notes()).toEqual([{ uidl: "id-2", status: "failed", attempts: 1 }]);
  });

  it("is tried again later, less and less often, and deleted once it was recorded", async () => {
    const drop = new Maildrop(mails(1));
    await scan(drop, { reception: poison(1) });
    for (const [minutes, attempts] of [
      [4, 1],
      [1, 2],
      [9, 2],
      [1, 3],
    ] as const) {
      pass(minutes * MINUTE_MS);
      await scan(drop, { reception: poison(1) });
      expect(await notes()).toMatchObject([{ attempts }]);
    }
    pass(DAY_MS);
    expect(await scan(drop)).toMatchObject({ counts: { recorded: 1, deleted: 1 }, ...DONE });
    expect(await notes()).toEqual([]);
  });

  it("is of no concern to a scan in which it is not tried", async () => {
    const drop = new Maildrop(mails(1));
    await scan(drop, { reception: poison(1) });
    expect(await scan(drop)).toEqual({ counts: { ...COUNTS, listed: 1 }, ...DONE });
  });

  it("three times is a sign that nothing can: the rest waits a minute", async () => {
    const drop = new Maildrop(mails(9));
    const report = await scan(drop, { reception: poison(2, 3, 4, 5, 6, 7, 8, 9) });
    expect(report).toMatchObject({ counts: { recorded: 1, deleted: 1, failed: 3 }, isBehind: true });
    expect(drop.count("RETR")).toBe(4);
  });

  it("never blocks what is behind it, however many there are", async () => {
    const drop = new Maildrop(mails(12));
    const reception = poison(...Array.from({ length: 9 }, (_, i) => i + 1));
    for (let run = 0; run < 4; run++) await scan(drop, { reception });
    expect(box.received).toEqual(texts(10, 11, 12));
  });

  it("because quarantine is full stays too, and stops nothing", async () => {
    const drop = new Maildrop(mails(8));
    const reception: Reception = ({ raw }) => (raw.includes(0x38) ? "recorded" : new QuarantineFull());
    const report = await scan(drop, { reception });
    expect(report).toMatchObject({
      counts: { recorded: 1, failed: 7 },
      isBehind: false,
      error: { code: "quarantine_full" },
    });
    expect(box.received).toEqual(texts(8));
    expect(drop.uidls).toHaveLength(7);
  });
});

describe("a mail that is too large", () => {
  const MAX = { limits: { maxMailBytes: 100 } };
  const large = (uidl = "large") => mailOf(uidl, `Subject: ${"x".repeat(200)}\n\n`);

  it("is not fetched, stays, and is logged once", async () => {
    const warned = listenToLog("warn");
    const drop = new Maildrop([large(), mail(1)]);
    for (let run = 0; run < 3; run++) {
      expect(await scan(drop, MAX)).toMatchObject({ counts: { oversized: 1, failed: 0 }, ...DONE });
    }
    expect(box.received).toEqual(texts(1));
    expect([drop.uidls, drop.count("RETR")]).toEqual([["large"], 1]);
    expect(warned().filter(({ event }) => event === "mailbox.oversized")).toMatchObject([
      { mailbox: box.name, bytes: 213 },
    ]);
  });

  it("though announced as small is given up while it comes, once, and the others are taken", async () => {
    const drop = new Maildrop([mail(1), large(), mail(2)], { announce: () => 10 });
    expect(await scan(drop, MAX)).toMatchObject({ counts: { recorded: 2, deleted: 2, oversized: 1 }, ...DONE });
    expect(await scan(drop, MAX)).toMatchObject({ counts: { oversized: 1 }, ...DONE });
    expect(box.received).toEqual(texts(1, 2));
    expect([drop.uidls, drop.commands.filter((line) => line === "RETR 2")]).toEqual([["large"], ["RETR 2"]]);
  });

  it("is taken where a small one was announced as large only if that fits", async () => {
    const drop = new Maildrop([mail(1)], { announce: () => 101 });
    expect(await scan(drop, MAX)).toMatchObject({ counts: { oversized: 1, recorded: 0 } });
    const fitting = new Maildrop([mail(2)], { announce: () => 100 });
    expect(await scan(fitting, MAX)).toMatchObject({ counts: { recorded: 1 } });
  });
});

describe("a server in trouble", () => {
  it.each<[string, Habits, string]>([
    ["that refuses the login", { password: "other" }, "login_failed"],
    ["without unique ids", { instead: (line) => (line === "UIDL" ? "-ERR what?" : undefined) }, "no_uidl"],
    ["whose list fails", { instead: (line) => (line === "LIST" ? "-ERR disk" : undefined) }, "refused"],
    ["that speaks something else", { greeting: "* OK IMAP4rev1" }, "not_pop3"],
  ])("%s is an error that operators see, and the log does not quote", async (_what, habits, code) => {
    const logged = listenToLog("error");
    expect(await scan(new Maildrop(mails(1), habits))).toMatchObject({ error: { code }, isBehind: false });
    expect((await mailboxStates(bindings.DB)).get(box.name)).toMatchObject({
      errorCode: code,
      failures: 1,
      lastSuccessAt: null,
    });
    expect(logged().at(-1)).toEqual({
      level: "error",
      event: "mailbox.failed",
      mailbox: box.name,
      code,
      ...COUNTS,
      isBehind: false,
      ms: 0,
    });
  });

  it("that cannot be reached is one too", async () => {
    expect(await scan(null)).toMatchObject({ error: { code: "connect_failed" } });
  });

  it("that is busy is none", async () => {
    const logged = listenToLog("error");
    const drop = new Maildrop(mails(1), {
      instead: (line) => (line.startsWith("PASS") ? "-ERR [IN-USE] locked" : undefined),
    });
    expect(await scan(drop)).toMatchObject({ error: { code: "busy" } });
    expect(logged()).toEqual([]);
  });

  it("that lets nobody in twice in a row is asked again by the next run", async () => {
    let logins = 0;
    const instead = (line: string) =>
      line.startsWith("PASS") && ++logins > 1 ? "-ERR [LOGIN-DELAY] slowly" : undefined;
    const drop = new Maildrop(mails(3), { instead });
    const report = await scan(drop, { limits: { mailsPerSession: 2 } });
    expect(report).toMatchObject({ counts: { recorded: 2, deleted: 2 }, isBehind: true, error: null });
  });

  it("that does not give out one mail keeps the others from nobody", async () => {
    const drop = new Maildrop(mails(3), { instead: (line) => (line === "RETR 2" ? "-ERR damaged" : undefined) });
    expect(await scan(drop)).toMatchObject({
      counts: { recorded: 2, deleted: 2, failed: 1 },
      error: { code: "refused" },
    });
    expect(await notes()).toMatchObject([{ uidl: "id-2", status: "failed" }]);
  });

  it("that hangs up over one mail loses only that one, and that only for a while", async () => {
    const drop = new Maildrop(mails(3), {
      instead: (line) =>
        line === "RETR 1" && drop.uidls.includes("id-1") && drop.count("RETR") === 1 ? new Uint8Array() : undefined,
    });
    const first = await scan(drop, { limits: { answerTimeoutMs: 20 } });
    expect(first).toMatchObject({ counts: { failed: 1 }, error: { code: "timeout" } });
    expect(await scan(drop)).toMatchObject({ counts: { recorded: 2, deleted: 2 }, ...DONE });
    pass(5 * MINUTE_MS);
    expect(await scan(drop)).toMatchObject({ counts: { recorded: 1, deleted: 1 } });
    expect(box.received).toEqual(texts(2, 3, 1));
  });

  it("that refuses to delete is an error, and its mails are recorded once", async () => {
    const drop = new Maildrop(mails(2), {
      instead: (line) => (line.startsWith("DELE") ? "-ERR read-only" : undefined),
    });
    for (let run = 0; run < 3; run++) {
      expect(await scan(drop)).toMatchObject({ counts: { deleted: 0 }, error: { code: "refused" } });
    }
    drop.mails.push(mail(3));
    await scan(drop);
    expect(box.received).toEqual(texts(1, 2, 3));
  });

  it("whose connection breaks over each next mail still gets its deletions confirmed", async () => {
    const drop = new Maildrop(mails(3));
    const probe = new Maildrop(mails(3));
    // Enough for the first mail, and for no second one.
    const fates = [{ cutAfter: await bytesUntil(probe, "DELE 1") }];
    for (let run = 0; run < 3; run++) {
      await scan(drop, { fates: run === 0 ? fates : [{}, ...fates] });
      pass(10 * MINUTE_MS);
    }
    expect(drop.count("QUIT")).toBeGreaterThan(0);
    await scan(drop);
    expect(box.received.toSorted()).toEqual(texts(1, 2, 3));
    expect(drop.uidls).toEqual([]);
  });
});

/** How many bytes go over the wire until a command has arrived. */
async function bytesUntil(drop: Maildrop, command: string): Promise<number> {
  for (let cutAfter = 100; ; cutAfter += 5) {
    const probe = new Maildrop(drop.mails);
    await scanMailbox(
      { ...depsFor(probe, [{ cutAfter }]), receiveMail: notingReception([]) },
      { name: newBoxName(), settings: settingsWith() },
      undefined,
    );
    if (probe.count(command)) return cutAfter;
  }
}
