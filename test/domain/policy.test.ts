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

  it("has no probation unless it is switched on, and then says what it needs", () => {
    const off = parsePolicy({});
    expect(parsePolicy({ probation: {} })).toEqual(off);
    expect(parsePolicy({ probation: { enabled: false, steps_days: [2] } })).toEqual(off);
    expect(off.ok && Object.keys(off.value)).not.toContain("probation");
    const days = (n: number) => n * 86_400_000;
    expect(parsePolicy({ probation: { enabled: true } })).toMatchObject({
      value: { probation: { stepsMs: [1, 3, 7, 30].map(days), waitMs: days(1) } },
    });
    const stated = { enabled: true, steps_days: [0.5, 2], wait_hours: 6 };
    expect(parsePolicy({ soft_suppression_days: 9, reset_on_delivery: false, probation: stated })).toMatchObject({
      value: {
        softSuppressionMs: 0,
        resetOnDelivery: true,
        probation: { stepsMs: [days(0.5), days(2)], waitMs: days(0.25) },
      },
    });
  });

  it.each([
    [{ probation: true }, /POLICY\.probation/],
    [{ probation: { enabled: "yes" } }, /POLICY\.probation\.enabled/],
    [{ probation: { enabled: true, steps_days: [] } }, /POLICY\.probation\.steps_days/],
    [{ probation: { enabled: true, steps_days: [1, 0] } }, /POLICY\.probation\.steps_days\.1/],
    [{ probation: { enabled: false, steps_days: 3 } }, /POLICY\.probation\.steps_days/],
    [{ probation: { enabled: true, wait_hours: 0 } }, /POLICY\.probation\.wait_hours/],
    [{ probation: { enable: true } }, /enable/],
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
