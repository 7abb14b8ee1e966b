import { describe, expect, it } from "vitest";
import { type PlanRules, planOf, retryDelayMs } from "../../src/mailbox/plan";
import type { ListedMail } from "../../src/mailbox/pop3";
import type { MailboxMessage } from "../../src/store/mailbox-messages";

const NOW = Date.UTC(2030, 0, 15, 12);
const MINUTE_MS = 60_000;
const RULES: PlanRules = { keep: false, maxMailBytes: 1_000, now: NOW };

const listed = (uidl: string | null, bytes: number | null = 10, number = 1): ListedMail => ({ uidl, bytes, number });

const note = (uidl: string, status: MailboxMessage["status"], more: Partial<MailboxMessage> = {}): MailboxMessage => ({
  uidl,
  status,
  bytes: 10,
  attempts: 0,
  notedAt: NOW - MINUTE_MS,
  ...more,
});

function plan(
  mails: readonly ListedMail[],
  notes: readonly MailboxMessage[],
  rules: Partial<PlanRules> = {},
  isComplete = true,
) {
  const noted = new Map(notes.map((one) => [one.uidl, one]));
  const { owed, wanted, oversized, newlyOversized, ...rest } = planOf({ mails, isComplete }, noted, {
    ...RULES,
    ...rules,
  });
  const ids = (list: readonly ListedMail[]) => list.map(({ uidl }) => uidl);
  return {
    owed: ids(owed),
    wanted: ids(wanted),
    oversized: ids(oversized),
    newlyOversized: ids(newlyOversized),
    ...rest,
  };
}

const NOTHING = { owed: [], wanted: [], oversized: [], newlyOversized: [], postponed: 0, gone: [] };

describe("the plan of a session", () => {
  it("wants what is new, in the order of the mailbox", () => {
    expect(plan([listed("b"), listed("a")], [])).toEqual({ ...NOTHING, wanted: ["b", "a"] });
  });

  it("owes the deletion of what was recorded, unless mails are kept", () => {
    const notes = [note("a", "recorded")];
    expect(plan([listed("a"), listed("b")], notes)).toEqual({ ...NOTHING, owed: ["a"], wanted: ["b"] });
    expect(plan([listed("a"), listed("b")], notes, { keep: true })).toEqual({ ...NOTHING, wanted: ["b"] });
  });

  it("takes another size under a known id for another mail", () => {
    for (const status of ["recorded", "failed"] as const) {
      expect(plan([listed("a", 11)], [note("a", status)])).toEqual({ ...NOTHING, wanted: ["a"] });
    }
  });

  it("goes by the id alone where a size is not announced", () => {
    expect(plan([listed("a", null)], [note("a", "recorded")]).owed).toEqual(["a"]);
    expect(plan([listed("a", 10)], [note("a", "recorded", { bytes: null })]).owed).toEqual(["a"]);
  });

  it("leaves large mails alone, and says which of them are news", () => {
    const mails = [listed("a", 1_000), listed("b", 1_001), listed("c", 1_002), listed("d", 10)];
    const notes = [note("c", "oversized", { bytes: 1_002 }), note("d", "oversized")];
    expect(plan(mails, notes)).toEqual({
      ...NOTHING,
      wanted: ["a"],
      oversized: ["b", "c", "d"],
      newlyOversized: ["b"],
    });
  });

  it("puts what failed behind what is new, and first what failed least", () => {
    const at = NOW - 2 * 24 * 60 * MINUTE_MS;
    const notes = [
      note("a", "failed", { attempts: 3, notedAt: at }),
      note("b", "failed", { attempts: 1, notedAt: at }),
    ];
    const mails = [listed(null), listed("a"), listed("b"), listed("c")];
    expect(plan(mails, notes).wanted).toEqual(["c", "b", "a", null]);
  });

  it("tries again what failed after five minutes, then after twice as long each time, up to a day", () => {
    expect([1, 2, 3, 9, 10, 100].map(retryDelayMs).map((ms) => ms / MINUTE_MS)).toEqual([
      5, 10, 20, 1_280, 1_440, 1_440,
    ]);
    for (const attempts of [1, 2, 3]) {
      const due = NOW - retryDelayMs(attempts);
      const planned = (notedAt: number) => plan([listed("a")], [note("a", "failed", { attempts, notedAt })]);
      expect(planned(due)).toEqual({ ...NOTHING, wanted: ["a"] });
      expect(planned(due + 1)).toEqual({ ...NOTHING, postponed: 1 });
    }
  });

  it("forgets what is no longer listed, but only where all was listed", () => {
    const notes = [note("a", "recorded"), note("b", "oversized"), note("c", "failed")];
    expect(plan([listed("c")], notes).gone).toEqual(["a", "b"]);
    expect(plan([listed("c")], notes, {}, false).gone).toEqual([]);
  });

  it("wants every mail that has no id of its own", () => {
    expect(plan([listed(null), listed(null)], [note("a", "recorded")])).toEqual({
      ...NOTHING,
      wanted: [null, null],
      gone: ["a"],
    });
  });
});
