import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Fact, messageKey } from "../../src/domain/fact";
import { applyFacts, decide, EMPTY_STATE } from "../../src/domain/recipient-state";
import { bounce, fact, histories, policies, policyOf } from "./facts";

const NOW = 1_000_000;
const standard = policyOf();

function verdictOf(facts: readonly Fact[], policy = standard, now = NOW) {
  return decide(applyFacts(EMPTY_STATE, facts), policy, now);
}

function reasonsOf(facts: readonly Fact[], policy = standard, now = NOW) {
  return verdictOf(facts, policy, now).suppressions.map((s) => s.reason);
}

const softBounces = (n: number, from = 1) => Array.from({ length: n }, (_, i) => bounce("soft", from + i));

describe("any order and any repetition of the same events", () => {
  it("gives the same verdict and the same count, shuffled, repeated and split into batches", () => {
    fc.assert(
      fc.property(
        histories,
        policies,
        fc.array(fc.nat(), { maxLength: 60 }),
        fc.array(fc.nat({ max: 6 }), { maxLength: 30 }),
        (history, policy, picks, cuts) => {
          const once = decide(applyFacts(EMPTY_STATE, history), policy, NOW);
          // Every event at least once, some more often, in another order.
          const repeated = history.length ? picks.map((p) => history[p % history.length]!) : [];
          const shuffled = [...history].reverse().flatMap((f, i) => (i % 2 ? [f, ...repeated.slice(i, i + 2)] : [f]));
          const all = [...repeated, ...shuffled];
          let state = EMPTY_STATE;
          for (let i = 0, cut = 0; i < all.length; cut++) {
            const size = 1 + (cuts[cut % Math.max(1, cuts.length)] ?? 0);
            state = applyFacts(state, all.slice(i, i + size));
            i += size;
          }
          expect(decide(state, policy, NOW)).toEqual(once);
        },
      ),
      { numRuns: 1500 },
    );
  });

  it("gives the same state when split by any random permutation", () => {
    fc.assert(
      fc.property(
        histories.chain((h) => fc.tuple(fc.constant(h), fc.shuffledSubarray(h, { minLength: h.length }))),
        ([history, permuted]) => {
          expect(applyFacts(EMPTY_STATE, permuted)).toEqual(applyFacts(EMPTY_STATE, history));
        },
      ),
      { numRuns: 1500 },
    );
  });

  it("prunes at a release only what can never matter again", () => {
    fc.assert(
      fc.property(histories, policies, (history, policy) => {
        const releases = history.filter((f) => f.kind === "manual_release");
        const last = Math.max(...releases.map((f) => f.at));
        // What a naive reader would do: forget everything at or before the last release, but for the allow-list.
        const kept = history.filter(
          (f) => f.at > last || ["manual_release", "manual_allow", "manual_disallow"].includes(f.kind),
        );
        if (releases.length) expect(verdictOf(history, policy)).toEqual(verdictOf(kept, policy));
      }),
      { numRuns: 1000 },
    );
  });

  it("says by returning the same object that nothing is new", () => {
    const facts = [...softBounces(3), fact("delivered", 10), fact("complained", 11)];
    const state = applyFacts(EMPTY_STATE, facts);
    expect(applyFacts(state, facts)).toBe(state);
  });
});

describe("the counter", () => {
  it("suppresses at the fifth distinct message, not at the fourth", () => {
    expect(verdictOf(softBounces(4))).toMatchObject({ suppressions: [], softCount: 4 });
    expect(verdictOf(softBounces(5))).toMatchObject({
      softCount: 5,
      suppressions: [{ reason: "soft", since: 5, until: null }],
    });
  });

  it("counts a message once, whoever reports it and as whatever", () => {
    const message = "i:one@example.com";
    expect(
      verdictOf([bounce("soft", 1, { message }), bounce("expired", 2, { message }), bounce("soft", 3, { message })])
        .softCount,
    ).toBe(1);
  });

  it("names the bounce that completed the threshold", () => {
    const facts = softBounces(7);
    expect(verdictOf(facts).suppressions[0]?.eventId).toBe(facts[4]?.eventId);
  });

  it("does not count what is the sender's fault", () => {
    expect(verdictOf(Array.from({ length: 9 }, (_, i) => bounce("block", i + 1)))).toMatchObject({
      softCount: 0,
      suppressions: [],
    });
  });

  it("starts anew after a delivery", () => {
    expect(verdictOf([...softBounces(4), fact("delivered", 50), ...softBounces(4, 60)])).toMatchObject({
      softCount: 4,
      suppressions: [],
    });
  });

  it("keeps counting over deliveries where the policy says so", () => {
    const policy = policyOf({ reset_on_delivery: false });
    expect(reasonsOf([...softBounces(4), fact("delivered", 50), bounce("soft", 60)], policy)).toEqual(["soft"]);
  });

  it("is not taken back by a delivery that bounced after all, however late that is told", () => {
    const message = "i:void@example.com";
    const before = [...softBounces(4), fact("delivered", 50, { message }), bounce("soft", 60)];
    expect(reasonsOf(before)).toEqual([]);
    expect(reasonsOf([...before, bounce("block", 70, { message })])).toEqual(["soft"]);
  });

  it("is taken back by an earlier delivery when a later one turns out void", () => {
    const facts = [
      ...softBounces(3),
      fact("delivered", 20),
      bounce("soft", 30),
      fact("delivered", 40, { message: "i:x" }),
      bounce("block", 45, { message: "i:x" }),
    ];
    expect(verdictOf(facts)).toMatchObject({ softCount: 1, countingSince: 30 });
  });

  it("counts only what lies within the window", () => {
    const policy = policyOf({ window_days: 1 });
    const day = 86_400_000;
    const spread = Array.from({ length: 6 }, (_, i) => bounce("soft", i * day * 0.3 + 1));
    expect(verdictOf(spread, policy, 2 * day).suppressions).toEqual([]);
    const dense = Array.from({ length: 5 }, (_, i) => bounce("soft", i * day * 0.2 + 1));
    expect(reasonsOf(dense, policy, 2 * day)).toEqual(["soft"]);
  });

  it("ends a soft suppression after its days, spends the bounces until then, and counts anew", () => {
    const policy = policyOf({ soft_suppression_days: 1 });
    const day = 86_400_000;
    const facts = [...softBounces(5), bounce("soft", day / 2)];
    const until = 5 + day;
    expect(verdictOf(facts, policy, day / 2)).toMatchObject({
      suppressions: [{ reason: "soft", since: 5, until }],
      nextChangeAt: until,
    });
    expect(verdictOf(facts, policy, until + 1)).toMatchObject({ suppressions: [], softCount: 0, nextChangeAt: null });
    const later = [...facts, ...softBounces(4, until + 10)];
    expect(verdictOf(later, policy, until + 100)).toMatchObject({ suppressions: [], softCount: 4 });
    expect(reasonsOf([...later, bounce("soft", until + 20)], policy, until + 100)).toEqual(["soft"]);
  });
});

describe("what suppresses at once", () => {
  it.each([
    ["a hard bounce", bounce("hard", 1), "hard"],
    ["a complaint", fact("complained", 1), "complaint"],
    ["an unsubscription", fact("unsubscribed", 1), "unsubscribe"],
    ["an operator's block", fact("manual_block", 1), "manual"],
    ["a provider's own list", fact("rejected", 1, { category: "bounced" }), "hard"],
    ["a provider's list of complainers", fact("rejected", 1, { category: "complained" }), "complaint"],
  ])("%s", (_name, one, reason) => {
    expect(verdictOf([one]).suppressions).toEqual([{ reason, since: 1, until: null, eventId: one.eventId }]);
  });

  it("is not undone by a delivery", () => {
    expect(reasonsOf([bounce("hard", 1), fact("delivered", 2)])).toEqual(["hard"]);
  });

  it("leaves a refusal for the provider's own policy on record only", () => {
    expect(reasonsOf([fact("rejected", 1, { category: "policy" }), fact("rejected", 2)])).toEqual([]);
  });

  it("follows the policy's effects", () => {
    expect(reasonsOf([bounce("block", 1)], policyOf({ effects: { block: "suppress" } }))).toEqual(["hard"]);
    expect(reasonsOf([bounce("hard", 1)], policyOf({ effects: { hard: "record" } }))).toEqual([]);
    expect(verdictOf([bounce("hard", 1)], policyOf({ effects: { hard: "count" } })).softCount).toBe(1);
  });

  it("lists every reason, strongest first", () => {
    expect(
      reasonsOf([
        fact("manual_block", 1),
        fact("unsubscribed", 2),
        fact("complained", 3),
        bounce("hard", 4),
        ...softBounces(5, 5),
      ]),
    ).toEqual(["hard", "soft", "complaint", "unsubscribe", "manual"]);
  });
});

describe("a release", () => {
  it("is final for everything that occurred before it, also for what arrives later", () => {
    const past = [
      ...softBounces(5),
      bounce("hard", 10),
      fact("complained", 11),
      fact("unsubscribed", 12),
      fact("manual_block", 13),
    ];
    const released = [fact("manual_release", 20), ...past];
    expect(verdictOf(released)).toMatchObject({ suppressions: [], softCount: 0, releasedAt: 20 });
    expect(reasonsOf([...released, bounce("hard", 20)])).toEqual([]);
    expect(reasonsOf([...released, bounce("hard", 21)])).toEqual(["hard"]);
  });

  it("is not undone by an echo of a provider's list, however late", () => {
    expect(reasonsOf([fact("manual_release", 20), fact("rejected", 30, { category: "bounced" })])).toEqual([]);
  });

  it("gives way to a later block", () => {
    expect(reasonsOf([fact("manual_block", 1), fact("manual_release", 2), fact("manual_block", 3)])).toEqual([
      "manual",
    ]);
  });
});

describe("the allow-list", () => {
  const everything = [...softBounces(5), bounce("hard", 10), fact("complained", 11)];

  it("keeps everything automatic away, but not an operator's block", () => {
    expect(verdictOf([...everything, fact("manual_allow", 1)])).toMatchObject({ suppressions: [], allowed: true });
    expect(reasonsOf([...everything, fact("manual_allow", 1), fact("manual_block", 2)])).toEqual(["manual"]);
  });

  it("lets everything back when the address is taken off it", () => {
    expect(reasonsOf([...everything, fact("manual_allow", 1), fact("manual_disallow", 2)])).toEqual([
      "hard",
      "soft",
      "complaint",
    ]);
  });
});

describe("what expires", () => {
  it("ends at its time, and says when that is", () => {
    const block = fact("manual_block", 1, { expiresAt: 500 });
    expect(verdictOf([block], standard, 499)).toMatchObject({ suppressions: [{ until: 500 }], nextChangeAt: 500 });
    expect(verdictOf([block], standard, 500)).toMatchObject({ suppressions: [], nextChangeAt: null });
  });

  it("can be made permanent by a later block", () => {
    const blocks = [fact("manual_block", 1, { expiresAt: 500 }), fact("manual_block", 2)];
    expect(verdictOf(blocks).suppressions).toMatchObject([{ reason: "manual", until: null }]);
  });
});

describe("the state", () => {
  it("keeps to its bound, with the newest messages, whatever the order", () => {
    const many = Array.from({ length: 3_000 }, (_, i) => bounce("block", i + 1));
    const state = applyFacts(EMPTY_STATE, many);
    expect(Object.keys(state.reports)).toHaveLength(2_000);
    const reversed = [...many].reverse();
    let backwards = EMPTY_STATE;
    for (let i = 0; i < reversed.length; i += 500) backwards = applyFacts(backwards, reversed.slice(i, i + 500));
    expect(backwards).toEqual(state);
  });

  it("names a message by its Message-ID, else the provider's id, else the campaign, else the event", () => {
    const event = { id: "e", provider: "ses", internetMessageId: "a@b", messageId: "m", campaign: "c" };
    expect(messageKey(event)).toBe("i:a@b");
    expect(messageKey({ ...event, internetMessageId: undefined })).toBe("p:ses:m");
    expect(messageKey({ id: "e", provider: "ses", campaign: "c" })).toBe("c:c");
    expect(messageKey({ id: "e", provider: "ses" })).toBe("e:e");
    expect(messageKey({ ...event, internetMessageId: "x".repeat(998) }).length).toBeLessThan(250);
  });
});
