import { describe, expect, it } from "vitest";
import { parsePolicy } from "../../src/domain/policy";

describe("the policy", () => {
  it("has defaults for everything", () => {
    expect(parsePolicy(undefined)).toEqual({
      ok: true,
      value: {
        softThreshold: 5,
        windowMs: 0,
        resetOnDelivery: true,
        softSuppressionMs: 0,
        effects: {
          hard: "suppress",
          soft: "count",
          expired: "count",
          block: "record",
          undetermined: "record",
          complained: "suppress",
          unsubscribed: "suppress",
        },
      },
    });
  });

  it("is read from a table and from its JSON alike, and states lengths in ms", () => {
    const raw = { soft_threshold: 3, window_days: 30, soft_suppression_days: 0.5, effects: { block: "count" } };
    expect(parsePolicy(JSON.stringify(raw))).toEqual(parsePolicy(raw));
    const policy = parsePolicy(raw);
    expect(policy).toMatchObject({
      value: { softThreshold: 3, windowMs: 2_592_000_000, softSuppressionMs: 43_200_000 },
    });
    expect(policy).toMatchObject({ value: { effects: { block: "count", hard: "suppress" } } });
  });

  it.each([
    [{ soft_threshold: 0 }, /POLICY\.soft_threshold/],
    [{ soft_threshold: "5" }, /POLICY\.soft_threshold/],
    [{ soft_threshold: 2.5 }, /POLICY\.soft_threshold/],
    [{ window_days: -1 }, /POLICY\.window_days/],
    [{ reset_on_delivery: "yes" }, /POLICY\.reset_on_delivery/],
    [{ soft_treshold: 5 }, /soft_treshold/],
    [{ effects: { hard: "ignore" } }, /POLICY\.effects\.hard/],
    [{ effects: { deliverd: "record" } }, /deliverd/],
    [{ soft_threshold: 0, window_days: -1 }, /soft_threshold.*window_days/],
    ["{", /not valid JSON/],
    ["[]", /POLICY/],
    [5, /POLICY/],
  ])("%j is refused with a sentence that says which value is bad", (raw, message) => {
    const policy = parsePolicy(raw);
    expect(policy.ok ? "" : policy.error).toMatch(message);
  });
});
