/** Scans of mailboxes, with the real store and servers inside the test. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import { isDue, newBudget, SCAN_LIMITS, type ScanReport, scanDueMailboxes, scanMailbox } from "../../src/mailbox/scan";
import type { Mailbox } from "../../src/mailbox/settings";
import type { MailboxDeps, ScanLimits } from "../../src/mailbox/visit";
import { QuarantineFull } from "../../src/pipeline/mail";
import { type MailboxState, mailboxStates } from "../../src/store/mailboxes";
import { listenToLog } from "../support/log";
import { depsFor, type Fates, notingReception, type Reception, settingsWith } from "../support/mailboxes";
import { type Habits, Maildrop, mailOf } from "../support/pop3-server";
import { DAY_MS, MINUTE_MS, pass, setStage } from "../support/stage";
import { rowsOf } from "../support/stores";
import { bindings, testEnv } from "../support/worker";

setStage();

let boxes = 0;
let name = "";
let received: string[] = [];
beforeEach(() => {
  name = `box-${++boxes}`;
  received = [];
});

const mail = (n: number) => mailOf(`id-${n}`, `Subject: ${n}\n\n`);
const mails = (count: number) => Array.from({ length: count }, (_, i) => mail(i + 1));
const texts = (...numbers: number[]) => numbers.map((n) => `Subject: ${n}\r\n\r\n`);
const poison =
  (...numbers: number[]): Reception =>
  ({ raw }) =>
    texts(...numbers).includes(new TextDecoder().decode(raw)) ? new Error("D1_ERROR") : "recorded";

interface Play {
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly reception?: Reception;
  readonly fates?: Fates;
  readonly limits?: Partial<ScanLimits>;
  readonly budget?: { readonly mails?: number; readonly bytes?: number; readonly ms?: number };
  readonly deps?: Partial<MailboxDeps>;
}

async function scan(
  drop: Maildrop | null,
  { settings, reception, fates, limits, budget, deps }: Play = {},
): Promise<ScanReport> {
  const all = { ...depsFor(drop, fates), receiveMail: notingReception(received, reception), ...deps };
  const usual = newBudget(Date.now());
  const { mails = usual.mails, bytes = usual.bytes, ms = usual.endsAt - Date.now() } = budget ?? {};
  const report = await scanMailbox(
    all,
    { name, settings: settingsWith(settings) },
    (await mailboxStates(bindings.DB)).get(name),
    { mails, bytes, endsAt: Date.now() + ms },
    { ...SCAN_LIMITS, ...limits },
  );
  if (!report) throw new Error("somebody else scans");
  return report;
}

const notes = () =>
  rowsOf<{ uidl: string; status: string; attempts: number }>(
    "SELECT uidl, status, attempts FROM mailbox_messages WHERE mailbox = ?1 ORDER BY uidl",
    name,
  );
const COUNTS = { listed: 0, recorded: 0, quarantined: 0, deleted: 0, oversized: 0, failed: 0 };
const DONE = { isBehind: false, error: null };

describe("a scan", () => {
  it("records every mail and then deletes it", async () => {
    const drop = new Maildrop(mails(3));
    expect(await scan(drop)).toEqual({ counts: { ...COUNTS, listed: 3, recorded: 3, deleted: 3 }, ...DONE });
    expect(received).toEqual(texts(1, 2, 3));
    expect(drop.uidls).toEqual([]);
    expect(await notes()).toEqual([]);
  });

  it("of an empty mailbox finds nothing", async () => {
    expect(await scan(new Maildrop([]))).toEqual({ counts: COUNTS, ...DONE });
  });

  it("hands over the mailbox's name, its trust and its return path", async () => {
    const receiveMail = vi.fn(notingReception(received));
    await scan(new Maildrop(mails(1)), { deps: { receiveMail } });
    expect(receiveMail.mock.lastCall?.[1]).toMatchObject({
      door: "mailbox",
      connection: name,
      envelopeTo: undefined,
      trusted: false,
    });
    await scan(new Maildrop(mails(1)), {
      deps: { receiveMail },
      settings: { trusted: true, return_path: "bounces@example.com" },
    });
    expect(receiveMail.mock.lastCall?.[1]).toMatchObject({ envelopeTo: "bounces@example.com", trusted: true });
  });

  it("deletes what went into quarantine too: its bytes are kept", async () => {
    const drop = new Maildrop(mails(2));
    const { counts } = await scan(drop, { reception: () => "quarantined" });
    expect(counts).toEqual({ ...COUNTS, listed: 2, recorded: 2, quarantined: 2, deleted: 2 });
    expect(drop.uidls).toEqual([]);
  });

  it("signs in once for a few mails, and confirms deletions every so often where there are more", async () => {
    const few = new Maildrop(mails(4));
    await scan(few, { limits: { mailsPerSession: 4 } });
    expect([few.count("PASS"), few.count("QUIT")]).toEqual([1, 1]);
    const more = new Maildrop(mails(9));
    expect(await scan(more, { limits: { mailsPerSession: 4 } })).toMatchObject({
      counts: { listed: 9, deleted: 9 },
      ...DONE,
    });
    expect([more.count("PASS"), more.count("QUIT")]).toEqual([3, 3]);
  });

  it("whose deletions were not confirmed makes up for them before it does anything else, and fetches nothing twice", async () => {
    const drop = new Maildrop(mails(2), { instead: (line) => (line === "QUIT" ? "" : undefined) });
    const first = await scan(drop, { limits: { answerTimeoutMs: 20 } });
    expect(first).toMatchObject({ counts: { recorded: 2, deleted: 0 }, error: { code: "not_pop3" } });
    expect(drop.uidls).toEqual(["id-1", "id-2"]);
    expect(await notes()).toMatchObject([{ status: "recorded" }, { status: "recorded" }]);

    const later = new Maildrop([...drop.mails, mail(3)]);
    expect(await scan(later)).toMatchObject({ counts: { listed: 3, recorded: 1, deleted: 3 }, ...DONE });
    expect(received).toEqual(texts(1, 2, 3));
    expect(later.commands.filter((line) => /^(?:RETR|DELE|QUIT)/.test(line))).toEqual([
      "DELE 1",
      "DELE 2",
      "QUIT",
      "RETR 1",
      "DELE 1",
      "QUIT",
    ]);
    expect(await notes()).toEqual([]);
  });

  it("of a server that never confirms records what is new all the same", async () => {
    const drop = new Maildrop(mails(1), { instead: (line) => (line === "QUIT" ? "" : undefined) });
    await scan(drop);
    drop.mails.push(mail(2));
    expect(await scan(drop)).toMatchObject({ counts: { recorded: 1, deleted: 0 }, error: { code: "not_pop3" } });
    expect(received).toEqual(texts(1, 2));
  });

  it("forgets mails that somebody else deleted", async () => {
    await scan(new Maildrop(mails(3)), { settings: { keep: true } });
    expect(await notes()).toHaveLength(3);
    await scan(new Maildrop([mail(2)]), { settings: { keep: true } });
    expect(await notes()).toMatchObject([{ uidl: "id-2" }]);
  });

  it("forgets the mails of another account that the mailbox had before", async () => {
    await scan(new Maildrop(mails(1)), { settings: { keep: true } });
    const other = new Maildrop(mails(1), { user: "other" });
    expect(await scan(other, { settings: { username: "other" } })).toMatchObject({
      counts: { recorded: 1, deleted: 1 },
    });
    expect(received).toEqual(texts(1, 1));
  });

  it("takes a new mail under an old id for new", async () => {
    const drop = new Maildrop([mail(1)]);
    await scan(drop);
    drop.mails = [mailOf("id-1", "Subject: 2\n\n")];
    await scan(drop);
    expect(received).toEqual(texts(1, 2));
  });

  it("records each of the mails that share an id, and deletes them", async () => {
    const drop = new Maildrop([mailOf("same", "Subject: 1\n\n"), mailOf("same", "Subject: 2\n\n"), mail(3)]);
    expect(await scan(drop)).toMatchObject({ counts: { recorded: 3, deleted: 3 }, ...DONE });
    expect(received).toEqual(texts(3, 1, 2));
    expect(drop.uidls).toEqual([]);
  });
});

describe("a mailbox that keeps its mails", () => {
  const keep = { settings: { keep: true } };

  it("is read without deleting anything, each mail once", async () => {
    const drop = new Maildrop(mails(2));
    await scan(drop, keep);
    drop.mails.push(mail(3));
    expect(await scan(drop, keep)).toEqual({ counts: { ...COUNTS, listed: 3, recorded: 1 }, ...DONE });
    expect(received).toEqual(texts(1, 2, 3));
    expect([drop.uidls.length, drop.count("DELE")]).toEqual([3, 0]);
  });

  it("is emptied, without fetching anything again, once it no longer keeps them", async () => {
    const drop = new Maildrop(mails(2));
    await scan(drop, keep);
    expect(await scan(drop)).toMatchObject({ counts: { listed: 2, recorded: 0, deleted: 2 } });
    expect([drop.uidls, drop.count("RETR")]).toEqual([[], 2]);
  });
});

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
    expect(received).toEqual(texts(10, 11, 12));
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
    expect(received).toEqual(texts(8));
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
    expect(received).toEqual(texts(1));
    expect([drop.uidls, drop.count("RETR")]).toEqual([["large"], 1]);
    expect(warned().filter(({ event }) => event === "mailbox.oversized")).toMatchObject([
      { mailbox: name, bytes: 213 },
    ]);
  });

  it("though announced as small is given up while it comes, once, and the others are taken", async () => {
    const drop = new Maildrop([mail(1), large(), mail(2)], { announce: () => 10 });
    expect(await scan(drop, MAX)).toMatchObject({ counts: { recorded: 2, deleted: 2, oversized: 1 }, ...DONE });
    expect(await scan(drop, MAX)).toMatchObject({ counts: { oversized: 1 }, ...DONE });
    expect(received).toEqual(texts(1, 2));
    expect([drop.uidls, drop.commands.filter((line) => line === "RETR 2")]).toEqual([["large"], ["RETR 2"]]);
  });

  it("is taken where a small one was announced as large only if that fits", async () => {
    const drop = new Maildrop([mail(1)], { announce: () => 101 });
    expect(await scan(drop, MAX)).toMatchObject({ counts: { oversized: 1, recorded: 0 } });
    const fitting = new Maildrop([mail(2)], { announce: () => 100 });
    expect(await scan(fitting, MAX)).toMatchObject({ counts: { recorded: 1 } });
  });
});

describe("a run's limits", () => {
  it.each([
    ["mails", { mails: 2 }],
    ["bytes", { bytes: 20 }],
  ])("of %s end it in good order, and the next run goes on", async (_what, budget) => {
    const drop = new Maildrop(mails(5));
    const report = await scan(drop, { budget });
    expect(report).toMatchObject({ counts: { listed: 5, recorded: 2, deleted: 2 }, isBehind: true, error: null });
    expect(await scan(drop)).toMatchObject({ counts: { recorded: 3, deleted: 3 }, ...DONE });
    expect(received).toEqual(texts(1, 2, 3, 4, 5));
  });

  it("of time begin no further mail, and let the one that was begun be finished", async () => {
    const drop = new Maildrop(mails(3));
    const slowly: Reception = () => {
      pass(15_000);
      return "recorded";
    };
    expect(await scan(drop, { reception: slowly })).toMatchObject({
      counts: { recorded: 2, deleted: 2 },
      isBehind: true,
    });
    expect(drop.uidls).toEqual(["id-3"]);
  });

  it("are shared by the mailboxes of a run", async () => {
    const drop = new Maildrop(mails(3));
    const budget = { ...newBudget(Date.now()), mails: 2 };
    const deps = { ...depsFor(drop), receiveMail: notingReception(received) };
    for (const n of [1, 2])
      await scanMailbox(deps, { name: `${name}-${n}`, settings: settingsWith() }, undefined, budget);
    expect(received).toHaveLength(2);
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
    expect((await mailboxStates(bindings.DB)).get(name)).toMatchObject({
      errorCode: code,
      failures: 1,
      lastSuccessAt: null,
    });
    expect(logged().at(-1)).toEqual({
      level: "error",
      event: "mailbox.failed",
      mailbox: name,
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
    expect(received).toEqual(texts(2, 3, 1));
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
    expect(received).toEqual(texts(1, 2, 3));
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
    expect(received.toSorted()).toEqual(texts(1, 2, 3));
    expect(drop.uidls).toEqual([]);
  });
});

/** How many bytes go over the wire until a command has arrived. */
async function bytesUntil(drop: Maildrop, command: string): Promise<number> {
  for (let cutAfter = 100; ; cutAfter += 5) {
    const probe = new Maildrop(drop.mails);
    await scanMailbox(
      { ...depsFor(probe, [{ cutAfter }]), receiveMail: notingReception([]) },
      { name: `probe-${++boxes}`, settings: settingsWith() },
      undefined,
    );
    if (probe.count(command)) return cutAfter;
  }
}

describe("when a mailbox is scanned", () => {
  const state = (more: Partial<MailboxState> = {}): MailboxState => ({
    name,
    leasedUntil: 0,
    lastScanAt: Date.now(),
    lastSuccessAt: null,
    isBehind: false,
    errorCode: null,
    errorDetail: null,
    failures: 0,
    counts: null,
    ...more,
  });
  const dueAfter = (minutes: number, more: Partial<MailboxState> = {}, scan_interval = "15m") =>
    isDue(settingsWith({ scan_interval }), state(more), Date.now() + minutes * MINUTE_MS);

  it("is at once the first time, then in its interval, give or take half a minute", () => {
    expect(isDue(settingsWith(), undefined, Date.now())).toBe(true);
    expect([14, 14.5, 15].map((minutes) => dueAfter(minutes))).toEqual([false, true, true]);
    expect([0.4, 0.6, 1].map((minutes) => dueAfter(minutes, {}, "1m"))).toEqual([false, true, true]);
  });

  it("is at the next run where something was left", () => {
    expect(dueAfter(0, { isBehind: true })).toBe(true);
  });

  it("is not while somebody else scans it", () => {
    const leasedUntil = Date.now() + 20 * MINUTE_MS;
    expect([16, 20].map((minutes) => dueAfter(minutes, { leasedUntil }))).toEqual([false, true]);
  });

  it("is less and less often while the password is wrong, up to once an hour", () => {
    const wrong = (failures: number) => ({ errorCode: "login_failed", failures });
    expect([15, 30].map((minutes) => dueAfter(minutes, wrong(1)))).toEqual([false, true]);
    expect([30, 60].map((minutes) => dueAfter(minutes, wrong(2)))).toEqual([false, true]);
    expect([30, 60].map((minutes) => dueAfter(minutes, wrong(50)))).toEqual([false, true]);
    expect([60, 120].map((minutes) => dueAfter(minutes, wrong(50), "2h"))).toEqual([false, true]);
    expect(dueAfter(15, { errorCode: "timeout", failures: 50 })).toBe(true);
  });

  const configured = (more: Readonly<Record<string, unknown>> = {}): Mailbox => ({
    name,
    settings: { ok: true, value: settingsWith(more) },
  });

  it("is decided by the cron, which passes over what is disabled, unusable or not due", async () => {
    const drop = new Maildrop(mails(1));
    const deps = { ...depsFor(drop), receiveMail: notingReception(received) };
    const unusable: Mailbox = { name: "broken", settings: { ok: false, error: "host: missing" } };
    await scanDueMailboxes(deps, [configured({ enabled: false }), unusable]);
    expect(drop.commands).toEqual([]);
    await scanDueMailboxes(deps, [configured(), unusable]);
    expect(received).toEqual(texts(1));
    drop.mails.push(mail(2));
    await scanDueMailboxes(deps, [configured()]);
    expect(received).toEqual(texts(1));
    pass(15 * MINUTE_MS);
    await scanDueMailboxes(deps, [configured()]);
    expect(received).toEqual(texts(1, 2));
  });

  it("is never while nothing could be recorded", async () => {
    const drop = new Maildrop(mails(1));
    for (const broken of [{ POLICY: "{" }, { VERP_KEYS: "short" }]) {
      await scanDueMailboxes(depsFor(drop, [], testEnv(broken)), [configured()]);
    }
    expect(drop.commands).toEqual([]);
  });

  it("is by one run at a time, and another may after the lease of one that died", async () => {
    const settings = settingsWith();
    const held = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const first = { ...depsFor(new Maildrop(mails(1))), receiveMail: notingReception(received) };
    const stuck: MailboxDeps = {
      ...first,
      openWire: async (endpoint) => {
        begun.resolve();
        await held.promise;
        return first.openWire(endpoint);
      },
    };
    const running = scanMailbox(stuck, { name, settings }, undefined);
    await begun.promise;
    const stateNow = (await mailboxStates(bindings.DB)).get(name);
    expect(await scanMailbox(first, { name, settings }, stateNow)).toBeNull();
    expect(await scanMailbox(first, { name, settings }, undefined)).toBeNull();
    pass(6 * MINUTE_MS);
    expect(await scanMailbox(first, { name, settings }, stateNow)).toMatchObject({ counts: { recorded: 1 } });
    held.resolve();
    expect(await running).toMatchObject({ counts: { listed: 0 } });
    expect((await mailboxStates(bindings.DB)).get(name)).toMatchObject({ counts: { recorded: 1 }, leasedUntil: 0 });
  });

  it("is not at all by the slower of two that saw it due", async () => {
    const deps = { ...depsFor(new Maildrop(mails(1))), receiveMail: notingReception(received) };
    const seen = (await mailboxStates(bindings.DB)).get(name);
    expect(await scanMailbox(deps, { name, settings: settingsWith() }, seen)).not.toBeNull();
    pass(1);
    expect(await scanMailbox(deps, { name, settings: settingsWith() }, seen)).toBeNull();
  });
});
