import { describe, expect, it } from "vitest";
import { classify } from "../../src/domain/classify";
import { TEXT_RULES } from "../../src/domain/classify-rules";
import { meaningOfStatus, replyCodeIn, statusCodeIn } from "../../src/domain/delivery-status";

describe("every text rule", () => {
  for (const rule of TEXT_RULES) {
    it.each(rule.examples)(`${rule.id} decides its own example: %s`, (diagnosticCode) => {
      expect(classify({ diagnosticCode })).toMatchObject({ rule: rule.id, class: rule.class, category: rule.category });
    });
  }

  it("has an id of its own, and examples", () => {
    expect(new Set(TEXT_RULES.map((r) => r.id)).size).toBe(TEXT_RULES.length);
    expect(TEXT_RULES.filter((r) => r.examples.length === 0)).toEqual([]);
  });
});

describe("the procedure", () => {
  it("takes a class that the provider's own mapper fixes before everything else", () => {
    const stated = { class: "soft", rule: "inboxroad:quota-issues", fixed: true } as const;
    const found = classify({
      stated,
      category: "quota-issues",
      diagnosticCode: "550 5.1.1 User unknown",
      statusCode: "5.1.1",
    });
    expect(found).toEqual({ class: "soft", category: "quota-issues", rule: "inboxroad:quota-issues" });
  });

  it("takes the receiver's words before any code", () => {
    expect(classify({ diagnosticCode: "550 5.7.1 User unknown", statusCode: "5.7.1" })).toMatchObject({
      class: "hard",
      rule: "text:user-unknown",
    });
  });

  it("takes the code inside the reply before the one stated beside it", () => {
    expect(classify({ diagnosticCode: "smtp; 552 5.2.2 sorry", statusCode: "5.0.0" })).toMatchObject({
      class: "soft",
      rule: "status:5.2.2",
    });
  });

  it("takes a provider's hint where neither words nor enhanced code say anything", () => {
    const stated = { class: "hard", rule: "x:y", fixed: false } as const;
    expect(classify({ stated, statusCode: "5.0.0" })).toMatchObject({ class: "hard", rule: "x:y" });
    expect(classify({ stated, statusCode: "5.2.2" })).toMatchObject({ class: "soft", rule: "status:5.2.2" });
  });

  it("takes the reply code last", () => {
    expect(classify({ replyCode: "552" })).toMatchObject({ class: "soft", rule: "reply:552" });
  });

  it.each(["4.0.0", "5.0.0", "5.1.0", "5.9.9"])("never decides by the class digit alone: %s", (statusCode) => {
    expect(classify({ statusCode, replyCode: "550", diagnosticCode: "550 no" })).toEqual({
      class: "undetermined",
      category: "other",
      rule: "none",
    });
  });
});

describe("codes in a text", () => {
  it.each([
    ["5.2.1 (mailbox disabled, not accepting messages)", "5.2.1"],
    ["smtp;550 5.1.1 unknown", "5.1.1"],
    ["#4.4.7 expired", "4.4.7"],
    ["550-5.07.001 x", "5.7.1"],
    ["host 5.9.14.2 said no", undefined],
    ["version 15.2.1", undefined],
    ["5.1.1.2", undefined],
    ["3.1.1", undefined],
    [undefined, undefined],
  ])("%j holds the enhanced status code %j", (text, code) => {
    expect(statusCodeIn(text)).toBe(code);
  });

  it.each([
    ["550 no", "550"],
    ["smtp;452 4.2.2 full", "452"],
    ["host mx.example.net[192.0.2.1] said: 554-5.7.1 no", "554"],
    ["about 550 things", undefined],
    ["1550 x", undefined],
  ])("%j holds the reply code %j", (text, code) => {
    expect(replyCodeIn(text)).toBe(code);
  });

  it("mean the same in either class", () => {
    expect(meaningOfStatus("4.2.2")).toEqual(meaningOfStatus("5.2.2"));
    expect(meaningOfStatus("5.0.0")).toBeUndefined();
  });
});
