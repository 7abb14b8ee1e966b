import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { combineAnswers, isProbeDue, storedAnswerOf, withoutProbation } from "../../src/domain/answer";
import { withProbe } from "../../src/domain/decision";
import type { BounceClass } from "../../src/domain/event";
import type { Fact } from "../../src/domain/fact";
import type { Policy } from "../../src/domain/policy";
import type { Probation } from "../../src/domain/probation";
import { applyFacts, decide, EMPTY_STATE, type Verdict } from "../../src/domain/recipient-state";
import { bounce, fact, histories, policyOf, probations } from "./facts";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const STEPS_DAYS = [1, 3, 7, 30];

const standard = policyOf({ probation: { enabled: true } });

function verdictOf(facts: readonly Fact[], policy = standard, now = 1_000 * DAY_MS): Verdict {
  return decide(applyFacts(EMPTY_STATE, facts), policy, now);
}

const softOf = (verdict: Verdict) => verdict.suppressions.find((s) => s.reason === "soft");
const five = (from = 1) => Array.from({ length: 5 }, (_, i) => bounce("soft", from + i));
/** Suppressed with the bounce at 5, and so many probes that bounced, each a minute after it could be made. */
function bouncedProbes(count: number): { facts: Fact[]; last: number } {
  const facts = five();
  let last = 5;
  for (const days of STEPS_DAYS.slice(0, count)) {
    last += days * DAY_MS + 60_000;
    facts.push(bounce("soft", last));
  }
  return { facts, last };
}

describe("a soft suppression with probation", () => {
  it("begins at the threshold, with its first step, and does not end by itself", () => {
    const verdict = verdictOf(five());
    const probation = { step: 1, of: 4, probeFrom: 5 + DAY_MS };
    expect(verdict.suppressions).toMatchObject([{ reason: "soft", since: 5, until: null, probation }]);
    expect(verdict).toMatchObject({ softCount: 5, countingSince: 1, nextChangeAt: null });
    expect(verdictOf(five().slice(0, 4)).suppressions).toEqual([]);
  });

  it("lasts longer with each bounce after its end, and after the last step for good", () => {
    for (const [i, days] of [3, 7, 30].entries()) {
      const { facts, last } = bouncedProbes(i + 1);
      const probation = { step: i + 2, of: 4, probeFrom: last + days * DAY_MS };
      expect(softOf(verdictOf(facts))).toMatchObject({ since: 5, until: null, probation });
    }
    const { facts, last } = bouncedProbes(4);
    const forGood = { reason: "soft", since: 5, until: null, eventId: facts[4]?.eventId };
    expect(verdictOf(facts).suppressions).toEqual([forGood]);
    expect(verdictOf([...facts, bounce("soft", last + 999 * DAY_MS)]).suppressions).toEqual([forGood]);
  });

  it("does not go further with what bounced before its end, at it, or for other reasons than the mailbox", () => {
    const end = 5 + DAY_MS;
    const before = [bounce("soft", 6), bounce("expired", end - 1), bounce("soft", end)];
    const others = (["block", "undetermined"] as const).map((c) => bounce(c, end + 1));
    const facts = [...five(), ...before, ...others, fact("deferred", end + 2)];
    expect(softOf(verdictOf(facts))?.probation).toEqual({ step: 1, of: 4, probeFrom: end });
    expect(softOf(verdictOf([...facts, bounce("expired", end + 3)]))?.probation).toMatchObject({ step: 2 });
  });

  it("is over with a delivery in any step, and counting starts anew", () => {
    for (const probes of [0, 1, 2, 3, 4]) {
      const { facts, last } = bouncedProbes(probes);
      const delivered = [...facts, fact("delivered", last + 1)];
      expect(verdictOf(delivered)).toMatchObject({ suppressions: [], softCount: 0, countingSince: null });
      expect(verdictOf([...delivered, ...five(last + 2).slice(0, 4)])).toMatchObject({
        suppressions: [],
        softCount: 4,
      });
      const again = verdictOf([...delivered, ...five(last + 2)]);
      expect(softOf(again)?.probation).toEqual({ step: 1, of: 4, probeFrom: last + 6 + DAY_MS });
    }
  });

  it("is not over with a delivery before its last bounce, or one of a message that bounced after all", () => {
    const { facts, last } = bouncedProbes(1);
    const late = fact("delivered", last + 1, { message: "m" });
    expect(softOf(verdictOf([...facts, late, bounce("block", last + 2, { message: "m" })]))?.probation?.step).toBe(2);
    const early = [...five(), fact("delivered", 3)];
    expect(verdictOf(early)).toMatchObject({ suppressions: [], softCount: 2 });
  });

  it("is over with a release, and a hard bounce outlasts it", () => {
    const { facts, last } = bouncedProbes(2);
    expect(verdictOf([...facts, fact("manual_release", last + 1)])).toMatchObject({ suppressions: [], softCount: 0 });
    const dead = [...facts, bounce("hard", last + 1)];
    expect(verdictOf(dead).suppressions.map((s) => s.reason)).toEqual(["hard", "soft"]);
    const delivered = verdictOf([...dead, fact("delivered", last + 2)]);
    expect(delivered.suppressions.map((s) => s.reason)).toEqual(["hard"]);
  });

  it("knows nothing of how long a suppression would last without it, nor of deliveries that take nothing back", () => {
    const policy = policyOf({
      soft_suppression_days: 2,
      reset_on_delivery: false,
      probation: { enabled: true, steps_days: [1] },
    });
    expect(softOf(verdictOf(five(), policy))).toMatchObject({ until: null, probation: { step: 1, of: 1 } });
    expect(verdictOf([...five(), fact("delivered", 6)], policy).suppressions).toEqual([]);
  });

  it("makes no probe while something else is the reason `soft`", () => {
    const policy = policyOf({ soft_threshold: 1, effects: { soft: "suppress" }, probation: { enabled: true } });
    const expired = bounce("expired", 5);
    expect(softOf(verdictOf([expired], policy))?.probation).toBeDefined();
    expect(verdictOf([expired, bounce("soft", 4)], policy).suppressions).toMatchObject([
      { reason: "soft", until: null },
    ]);
    expect(softOf(verdictOf([expired, bounce("soft", 4)], policy))?.probation).toBeUndefined();
  });

  it("decides by the policy of today over the same facts", () => {
    const { facts, last } = bouncedProbes(1);
    const state = applyFacts(EMPTY_STATE, facts);
    expect(softOf(decide(state, policyOf(), last))).toEqual({
      reason: "soft",
      since: 5,
      until: null,
      eventId: facts[4]?.eventId,
    });
    const ending = policyOf({ soft_suppression_days: 2, probation: { enabled: false } });
    expect(decide(state, ending, 5 + 2 * DAY_MS).suppressions).toEqual([]);
    expect(softOf(decide(state, standard, last))?.probation?.step).toBe(2);
  });
});

describe("a probe that was given out", () => {
  const due = 5 + DAY_MS;
  const lease = { at: due + HOUR_MS, until: due + 25 * HOUR_MS };
  const verdict = verdictOf(five());

  it("keeps the next one waiting for its outcome, and no longer", () => {
    expect(isProbeDue(verdict, "marketing", due - 1)).toBe(false);
    expect(isProbeDue(verdict, "marketing", due)).toBe(true);
    const waiting = withProbe(verdict, lease);
    expect(softOf(waiting)?.probation).toEqual({ step: 1, of: 4, probeFrom: lease.until, probedAt: lease.at });
    expect(isProbeDue(waiting, "transactional", lease.until - 1)).toBe(false);
    expect(isProbeDue(waiting, "transactional", lease.until)).toBe(true);
  });

  it("means nothing to another step", () => {
    const next = verdictOf([...five(), bounce("soft", lease.at + 1)]);
    expect(withProbe(next, lease)).toEqual(next);
    const released = verdictOf([...five(), fact("manual_release", lease.at + 1)]);
    expect(withProbe(released, lease)).toEqual(released);
  });

  it("is not made where anything else stands against it, for that purpose", () => {
    const angry = verdictOf([...five(), fact("complained", 6)]);
    expect(isProbeDue(angry, "marketing", due)).toBe(false);
    expect(isProbeDue(angry, "transactional", due)).toBe(true);
    expect(isProbeDue(verdictOf([...five(), bounce("hard", 6)]), "transactional", due)).toBe(false);
    expect(isProbeDue(verdictOf([...five(), fact("manual_allow", 6)]), "marketing", due)).toBe(false);
    expect(isProbeDue(verdictOf([]), "marketing", due)).toBe(false);
  });
});

describe("an answer", () => {
  const stored = { reasons: { soft: { since: 5, until: null, probeFrom: 100 } } };
  const domain = { reasons: { manual: { since: 1, until: null } } };

  it("stays suppressed for ever, and names the time before which nothing can change", () => {
    const suppressed = { suppressed: true, reasons: ["soft"], since: 5, probeFrom: 100 };
    expect(combineAnswers(stored, undefined, "marketing", 99)).toEqual({ ...suppressed, until: 100 });
    expect(combineAnswers(stored, undefined, "marketing", 100)).toEqual({ ...suppressed, until: null });
    expect(combineAnswers(stored, undefined, "marketing", 1_000 * DAY_MS)).toEqual({ ...suppressed, until: null });
  });

  it("offers no probe where there is another reason", () => {
    const both = { reasons: { ...stored.reasons, complaint: { since: 4, until: null } } };
    expect(combineAnswers(both, undefined, "marketing", 200)).not.toHaveProperty("probeFrom");
    expect(combineAnswers(both, undefined, "transactional", 200)).toMatchObject({ probeFrom: 100 });
    expect(combineAnswers(stored, domain, "transactional", 200)).not.toHaveProperty("probeFrom");
    const guest = { reasons: { ...stored.reasons, manual: { since: 4, until: 150 } } };
    expect(combineAnswers(guest, undefined, "marketing", 99)).toMatchObject({ until: 150 });
    expect(combineAnswers(guest, undefined, "marketing", 149)).toMatchObject({ until: null });
  });

  it("is an endless one to those who keep a copy", () => {
    expect(withoutProbation({ ...stored, allowed: true })).toEqual({
      allowed: true,
      reasons: { soft: { since: 5, until: null } },
    });
  });

  it("holds nothing of probation where there is none", () => {
    const answer = storedAnswerOf(decide(applyFacts(EMPTY_STATE, five()), policyOf(), 10));
    expect(JSON.stringify(answer)).toBe('{"reasons":{"soft":{"since":5,"until":null}}}');
    expect(JSON.stringify(decide(applyFacts(EMPTY_STATE, five()), policyOf(), 10))).not.toContain("probation");
  });
});

/** How a recipient stands, to somebody who reads its history from beginning to end. */
type Standing =
  | { type: "free"; counted: number[] }
  | { type: "suppressed"; since: number; probation: Probation | null };
type Entry = { at: number; type: "bounced" | "delivered" | "released" };

/** What happened, in the order in which it occurred: each message that counts once, and deliveries that were none left out. */
function entriesOf(history: readonly Fact[], { effects }: Policy): Entry[] {
  const entries: Entry[] = history.flatMap((f) =>
    f.kind === "manual_release" ? [{ at: f.at, type: "released" as const }] : [],
  );
  const released = Math.max(0, ...entries.map((entry) => entry.at));
  const later = history.filter((f) => f.at > released);
  for (const message of new Set(later.map((f) => f.message))) {
    const about = later.filter((f) => f.message === message);
    const bounces = about.filter((f) => f.kind === "bounced");
    const counted = bounces.filter((f) => effects[f.class as BounceClass] === "count");
    const delivered = about.filter((f) => f.kind === "delivered");
    if (counted.length) entries.push({ at: Math.max(...counted.map((f) => f.at)), type: "bounced" });
    if (!bounces.length) entries.push(...delivered.map(({ at }) => ({ at, type: "delivered" as const })));
  }
  const order = ["bounced", "delivered", "released"];
  return entries.sort((a, b) => a.at - b.at || order.indexOf(a.type) - order.indexOf(b.type));
}

function read(standing: Standing, { at, type }: Entry, policy: Policy): Standing {
  if (type !== "bounced") return { type: "free", counted: [] };
  const stepsMs = policy.probation?.stepsMs ?? [];
  const stepAt = (step: number): Probation | null =>
    step > stepsMs.length ? null : { step, of: stepsMs.length, probeFrom: at + (stepsMs[step - 1] ?? 0) };
  if (standing.type === "suppressed") {
    const { since, probation } = standing;
    const isProbe = probation !== null && at > probation.probeFrom;
    return isProbe ? { type: "suppressed", since, probation: stepAt(probation.step + 1) } : standing;
  }
  const counted = [...standing.counted, at].filter((t) => policy.windowMs === 0 || at - t <= policy.windowMs);
  return counted.length < policy.softThreshold
    ? { type: "free", counted }
    : { type: "suppressed", since: at, probation: stepAt(1) };
}

describe("the fold with probation", () => {
  const policies = fc
    .record({
      soft_threshold: fc.integer({ min: 1, max: 4 }),
      window_days: fc.constantFrom(0, 10_000 / DAY_MS),
      reset_on_delivery: fc.boolean(),
      soft_suppression_days: fc.constantFrom(0, 4_000 / DAY_MS),
      probation: probations,
      effects: fc.constantFrom({}, { block: "count" }, { hard: "count" }, { expired: "record" }),
    })
    .map(policyOf);

  it("says what somebody says who reads the history from beginning to end, however it arrived", () => {
    const arrived = histories.chain((h) =>
      fc.tuple(fc.constant(h), fc.shuffledSubarray([...h, ...h], { minLength: 2 * h.length, maxLength: 2 * h.length })),
    );
    const reached = new Set<string>();
    fc.assert(
      fc.property(arrived, policies, fc.integer({ min: 1, max: 9 }), ([history, facts], policy, size) => {
        let state = EMPTY_STATE;
        for (let i = 0; i < facts.length; i += size) state = applyFacts(state, facts.slice(i, i + size));
        const verdict = decide(state, policy, 60_000);
        const start: Standing = { type: "free", counted: [] };
        const standing = entriesOf(history, policy).reduce<Standing>((s, entry) => read(s, entry, policy), start);
        const soft = softOf(verdict);
        if (verdict.allowed || standing.type === "free") expect(soft).toBeUndefined();
        else {
          expect(soft).toMatchObject({ since: standing.since, until: null });
          expect(soft?.probation ?? null).toEqual(standing.probation);
          reached.add(`${standing.probation?.step ?? "for good"}`);
        }
      }),
      { numRuns: 3_000 },
    );
    expect([...reached].sort()).toEqual(["1", "2", "3", "4", "for good"]);
  });

  it("never ends by itself", () => {
    fc.assert(
      fc.property(histories, policies, fc.nat({ max: 10_000 }), (history, policy, days) => {
        const state = applyFacts(EMPTY_STATE, history);
        const later = decide(state, policy, 60_000 + days * DAY_MS);
        expect(softOf(later)).toEqual(softOf(decide(state, policy, 60_000)));
      }),
      { numRuns: 500 },
    );
  });
});
