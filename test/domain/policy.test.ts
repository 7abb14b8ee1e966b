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
        guard: { minRecipients: 100, windowMs: 3_600_000, factor: 5, knownGoodShare: 0.2, bouncedShare: 0.3 },
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

  it("has a guard unless it is switched off", () => {
    const off = parsePolicy({ guard: { enabled: false, factor: 3 } });
    expect(off.ok && Object.keys(off.value)).not.toContain("guard");
    const stated = { min_recipients: 50, window_minutes: 30, factor: 2.5, known_good_share: 0, bounced_share: 1 };
    expect(parsePolicy({ guard: stated })).toMatchObject({
      value: { guard: { minRecipients: 50, windowMs: 1_800_000, factor: 2.5, knownGoodShare: 0, bouncedShare: 1 } },
    });
  });

  it.each([
    [{ guard: false }, /POLICY\.guard/],
    [{ guard: { min_recipients: 1 } }, /POLICY\.guard\.min_recipients/],
    [{ guard: { window_minutes: 5 } }, /POLICY\.guard\.window_minutes/],
    [{ guard: { window_minutes: 1_441 } }, /POLICY\.guard\.window_minutes/],
    [{ guard: { factor: 0.5 } }, /POLICY\.guard\.factor/],
    [{ guard: { known_good_share: 20 } }, /POLICY\.guard\.known_good_share/],
    [{ guard: { bounced_share: -1 } }, /POLICY\.guard\.bounced_share/],
    [{ guard: { minimum: 1 } }, /minimum/],
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
