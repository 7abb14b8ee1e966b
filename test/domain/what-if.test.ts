import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { effectivePolicyOf, policyText } from "../../src/domain/effective-policy";
import { parsePolicy, writtenInFull } from "../../src/domain/policy";
import { applyFacts, decide, EMPTY_STATE } from "../../src/domain/recipient-state";
import { reclassified } from "../../src/domain/reclassify";
import { areSame, changeOf, EMPTY_TALLY, MAX_EXAMPLES, type StandingChange, tallied } from "../../src/domain/what-if";
import { histories, policies } from "./facts";

const NOW = 60_000;

describe("what would change", () => {
  it("is what a rebuild under the draft would change, whatever the history and the two policies", () => {
    fc.assert(
      fc.property(histories, policies, policies, (facts, today, draft) => {
        const before = decide(applyFacts(EMPTY_STATE, facts), today, NOW);
        // Rebuilt: from nothing, in another order.
        const after = decide(applyFacts(EMPTY_STATE, facts.toReversed()), draft, NOW);
        const kind = changeOf(before, after, before);
        expect(kind === "suppressed").toBe(before.suppressions.length === 0 && after.suppressions.length > 0);
        expect(kind === "released").toBe(before.suppressions.length > 0 && after.suppressions.length === 0);
        const shown = ({ suppressions, softCount }: typeof before) => ({ suppressions, softCount });
        if (kind === null) expect(shown(after)).toEqual(shown(before));
        if (kind === "changed") expect(shown(after)).not.toEqual(shown(before));
      }),
    );
  });

  it("is nothing under the same policy, and is undone by the policy before", () => {
    fc.assert(
      fc.property(histories, policies, policies, (facts, today, draft) => {
        const standing = (policy: typeof today) => decide(applyFacts(EMPTY_STATE, facts), policy, NOW);
        const before = standing(today);
        expect(changeOf(before, standing(today), before)).toBeNull();
        standing(draft);
        expect(standing(today)).toEqual(before);
      }),
    );
  });

  it("is no other probe than the one that is out", () => {
    const soft = { reason: "soft" as const, since: 1, until: null, eventId: "e" };
    const on = (probeFrom: number, more = {}) => ({ ...soft, probation: { step: 1, of: 4, probeFrom, ...more } });
    expect(areSame([on(5)], [on(6)])).toBe(false);
    expect(areSame([on(9, { probedAt: 5 })], [on(5)])).toBe(true);
    expect(areSame([on(5)], [soft])).toBe(false);
  });
});

it("keeps so many examples of each kind, and counts all", () => {
  const standing = (reasons: readonly "soft"[]) => ({
    suppressions: reasons.map((reason) => ({ reason, since: 1, until: null, eventId: "e" })),
    allowed: false,
    softCount: 0,
  });
  const change = (i: number): StandingChange => ({
    key: String(i),
    kind: i % 2 ? "suppressed" : "released",
    before: standing(i % 2 ? [] : ["soft"]),
    after: standing(i % 2 ? ["soft"] : []),
  });
  const pages = Array.from({ length: 10 }, (_, p) => Array.from({ length: 10 }, (__, i) => change(p * 10 + i)));
  const tally = pages.reduce((sum, page) => tallied(sum, page, 1), EMPTY_TALLY);
  expect(tally).toMatchObject({ suppressed: 50, released: 50, changed: 0, overdue: 10 });
  expect(tally).toMatchObject({ suppressedBy: { soft: 50 }, releasedBy: { soft: 50 } });
  expect(tally.examples).toHaveLength(2 * MAX_EXAMPLES);
});

describe("the policy that holds", () => {
  const variable = (raw: unknown) => ({ policy: parsePolicy(raw), policyText: policyText(raw) });
  const row = (id: number, policy: string | null, base: unknown) => ({ id, policy, base: policyText(base) });

  it("is the applied one while the variable is what it was, in whatever form", () => {
    const applied = row(3, '{"soft_threshold":2}', { window_days: 3, soft_threshold: 4 });
    const same = effectivePolicyOf(variable('{"soft_threshold": 4, "window_days": 3}'), applied);
    expect(same).toMatchObject({ ok: true, value: { origin: "applied", version: 3, policy: { softThreshold: 2 } } });
    const other = effectivePolicyOf(variable({ soft_threshold: 4 }), applied);
    expect(other).toMatchObject({ ok: true, value: { origin: "variable", version: 3, policy: { softThreshold: 4 } } });
  });

  it("is the variable's where nothing was applied, or all of it was undone", () => {
    expect(effectivePolicyOf(variable(undefined), null)).toMatchObject({ value: { origin: "variable", version: 0 } });
    expect(effectivePolicyOf(variable({}), row(2, null, {}))).toMatchObject({
      value: { origin: "variable", version: 2 },
    });
  });

  it("is none where the variable, or what was applied, cannot be read", () => {
    expect(effectivePolicyOf(variable({ soft_threshold: 0 }), row(1, "{}", {})).ok).toBe(false);
    expect(effectivePolicyOf(variable("{"), null).ok).toBe(false);
    expect(effectivePolicyOf(variable({}), row(1, '{"of_tomorrow":1}', {})).ok).toBe(false);
  });

  it("is written in full with each key that may be written", () => {
    const full = writtenInFull({ soft_threshold: 2, effects: { block: "count" } });
    expect(full).toMatchObject({ soft_threshold: 2, window_days: 0, effects: { block: "count", hard: "suppress" } });
    expect(parsePolicy(full)).toEqual(parsePolicy({ soft_threshold: 2, effects: { block: "count" } }));
    expect(writtenInFull({ soft_threshold: 0 })).toBeNull();
  });
});

describe("a class decided anew from its record", () => {
  const record = {
    class: "soft",
    category: "other",
    rule: "text:of-old",
    diagnosticCode: "550 5.1.1 The email account that you tried to reach does not exist",
    statusCode: null,
    replyCode: null,
    remoteMta: null,
    hasMoreTold: false,
  };

  it("is today's where the receiver's words decide it", () => {
    expect(reclassified(record)).toMatchObject({ class: "hard", category: "bad-mailbox" });
  });

  it("is none where the provider's word had decided, or what is lost of a mail could have", () => {
    expect(reclassified({ ...record, rule: "inboxroad:bad-mailbox" })).toBeNull();
    expect(reclassified({ ...record, rule: null })).toBeNull();
    expect(reclassified({ ...record, hasMoreTold: true })).toBeNull();
    expect(reclassified({ ...record, diagnosticCode: null })).toBeNull();
  });

  it("of a mail stays certain where it is today what it was", () => {
    const verdict = reclassified(record);
    expect(reclassified({ ...record, ...verdict, hasMoreTold: true })).toEqual(verdict);
  });
});
