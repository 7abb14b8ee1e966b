/** Scans of mailboxes that go well, with the real store and servers inside the test. */
import { describe, expect, it, vi } from "vitest";
import { newBudget, scanMailbox } from "../../src/mailbox/scan";
import { depsFor, notingReception, type Reception, settingsWith } from "../support/mailboxes";
import { Maildrop, mailOf } from "../support/pop3-server";
import { box, COUNTS, DONE, mail, mails, notes, scan, setMailbox, texts } from "../support/scans";
import { pass, setStage } from "../support/stage";

setStage();
setMailbox();

describe("a scan", () => {
  it("records every mail and then deletes it", async () => {
    const drop = new Maildrop(mails(3));
    expect(await scan(drop)).toEqual({ counts: { ...COUNTS, listed: 3, recorded: 3, deleted: 3 }, ...DONE });
    expect(box.received).toEqual(texts(1, 2, 3));
    expect(drop.uidls).toEqual([]);
    expect(await notes()).toEqual([]);
  });

  it("of an empty mailbox finds nothing", async () => {
    expect(await scan(new Maildrop([]))).toEqual({ counts: COUNTS, ...DONE });
  });

  it("hands over the mailbox's name, its trust and its return path", async () => {
    const receiveMail = vi.fn(notingReception(box.received));
    await scan(new Maildrop(mails(1)), { deps: { receiveMail } });
    expect(receiveMail.mock.lastCall?.[1]).toMatchObject({
      door: "mailbox",
      connection: box.name,
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
    expect(box.received).toEqual(texts(1, 2, 3));
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
    expect(box.received).toEqual(texts(1, 2));
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
    expect(box.received).toEqual(texts(1, 1));
  });

  it("takes a new mail under an old id for new", async () => {
    const drop = new Maildrop([mail(1)]);
    await scan(drop);
    drop.mails = [mailOf("id-1", "Subject: 2\n\n")];
    await scan(drop);
    expect(box.received).toEqual(texts(1, 2));
  });

  it("records each of the mails that share an id, and deletes them", async () => {
    const drop = new Maildrop([mailOf("same", "Subject: 1\n\n"), mailOf("same", "Subject: 2\n\n"), mail(3)]);
    expect(await scan(drop)).toMatchObject({ counts: { recorded: 3, deleted: 3 }, ...DONE });
    expect(box.received).toEqual(texts(3, 1, 2));
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
    expect(box.received).toEqual(texts(1, 2, 3));
    expect([drop.uidls.length, drop.count("DELE")]).toEqual([3, 0]);
  });

  it("is emptied, without fetching anything again, once it no longer keeps them", async () => {
    const drop = new Maildrop(mails(2));
    await scan(drop, keep);
    expect(await scan(drop)).toMatchObject({ counts: { listed: 2, recorded: 0, deleted: 2 } });
    expect([drop.uidls, drop.count("RETR")]).toEqual([[], 2]);
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
    expect(box.received).toEqual(texts(1, 2, 3, 4, 5));
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
    const deps = { ...depsFor(drop), receiveMail: notingReception(box.received) };
    for (const n of [1, 2])
      await scanMailbox(deps, { name: `${box.name}-${n}`, settings: settingsWith() }, undefined, budget);
    expect(box.received).toHaveLength(2);
  });
});
