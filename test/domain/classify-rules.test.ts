import { describe, expect, it } from "vitest";
import { classify } from "../../src/domain/classify";
import { alternativesOf } from "../../src/domain/classify-literals";
import { matcherOf } from "../../src/domain/classify-match";
import { readText } from "../../src/domain/classify-reading";
import type { RuleExample } from "../../src/domain/classify-rule";
import { TEXT_RULES } from "../../src/domain/classify-rules";
import { STAGE_RULES } from "../../src/domain/classify-stage";
import { sourceOf } from "../../src/domain/classify-wording";
import { evidenceOf, GROUNDED_IDS, groundsOf } from "../support/rule-grounds";

const textOf = (example: RuleExample) => (typeof example === "string" ? example : example.text);
const WORDINGS = TEXT_RULES.flatMap((rule) => rule.wording.flatMap(alternativesOf));

describe("every text rule", () => {
  for (const rule of TEXT_RULES) {
    it(`${rule.id} decides its own examples`, () => {
      for (const example of groundsOf(rule).examples) {
        expect(classify(evidenceOf(example)), textOf(example)).toEqual({
          class: rule.class,
          category: rule.category,
          rule: rule.id,
        });
      }
    });
  }

  it("has an id of its own, a reason and examples", () => {
    const ids = [...TEXT_RULES, ...STAGE_RULES].map((rule) => rule.id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const rule of TEXT_RULES) {
      const { because, examples } = groundsOf(rule);
      expect(because.length, rule.id).toBeGreaterThan(20);
      expect(examples.length, rule.id).toBeGreaterThan(0);
      expect(rule.wording.length, rule.id).toBeGreaterThan(0);
    }
    expect([...GROUNDED_IDS].sort(), "reasons and examples of rules that are none").toEqual([...ids].sort());
  });

  it("gives addresses of example domains only in its examples", () => {
    const addresses = TEXT_RULES.flatMap((rule) => groundsOf(rule).examples.map(textOf)).flatMap(
      (text) => text.match(/[\w.-]+@[\w-]+(?:\.[\w-]+)*/g) ?? [],
    );
    expect(addresses.filter((address) => !/@(?:[\w-]+\.)*example\.\w+$|@$/.test(address))).toEqual([]);
  });
});

describe("the time that rules take", () => {
  it("is bounded: nothing repeats without an upper bound", () => {
    expect(WORDINGS.map(sourceOf).filter((source) => /[*+]|\{\d+,\}/.test(source.replace(/\[[^\]]*\]/g, "")))).toEqual(
      [],
    );
  });

  it.each(["a ", "user ", "spam ", "@ ", "550 5.1.1 ", "mailbox is ", "not found . ", "x"])(
    "grows with the text's length only: %j",
    (piece) => {
      const timeOf = (length: number) => {
        const text = piece.repeat(Math.ceil(length / piece.length));
        const start = performance.now();
        for (const pattern of patterns) pattern.test(text);
        return performance.now() - start;
      };
      const patterns = WORDINGS.map((wording) => new RegExp(sourceOf(wording)));
      timeOf(1_000);
      const [short, long] = [timeOf(1_000), timeOf(8_000)];
      // Eight times the length; a pattern of quadratic time would take sixty-four times as long.
      expect(long).toBeLessThan(40 * short + 200);
    },
  );
});

describe("the index over the wordings", () => {
  it("finds what trying every pattern finds", () => {
    const matcher = matcherOf(TEXT_RULES);
    const texts = TEXT_RULES.flatMap((rule) => groundsOf(rule).examples.map(textOf));
    for (const text of texts) {
      const { words } = readText(text);
      for (const level of ["strong", "weak"] as const) {
        const expected = TEXT_RULES.find(
          (rule) => rule.level === level && rule.wording.some((wording) => new RegExp(sourceOf(wording)).test(words)),
        );
        expect(matcher.find(words, level, () => true)?.id, text).toBe(expected?.id);
      }
    }
  });
});
