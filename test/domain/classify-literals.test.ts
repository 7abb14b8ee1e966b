import { describe, expect, it } from "vitest";
import { alternativesOf, outerLetters, requiredLiterals } from "../../src/domain/classify-literals";
import { TEXT_RULES } from "../../src/domain/classify-rules";

describe("what every match of a wording holds", () => {
  it.each([
    ["user unknown", [["unknown"], ["user "]]],
    ["over ?quota", [["quota"], ["over"]]],
    ["(?:user|mailbox) unknown", [["unknown"], ["user", "mailbox"]]],
    ["(?:user|id) (?:is )?gone", [["gone"]]],
    ["users?(?! here)", [["user"]]],
    ["(?:no such ){0,2}box", [["box"]]],
    ["(?:any such ){1,2}box", [["such "], ["any "], ["box"]]],
    ["4[0-9]{2} spam.{0,3}list", [["spam"], ["list"]]],
    ["不存在|无效", [["不存在", "无效"]]],
    ["of|or", []],
  ])("%j", (wording, literals) => {
    expect(requiredLiterals(wording)).toEqual(literals);
  });

  it("includes what its fragments hold", () => {
    expect(requiredLiterals("{who} gone")).toContainEqual(expect.arrayContaining(["user", "recipient"]));
    expect(requiredLiterals("{gap} gone")).toEqual([["gone"]]);
  });
});

describe("what a first look at a wording finds", () => {
  it.each([
    ["user unknown", "unknown"],
    ["(?:user|mailbox) (?:is )?full", "full"],
    ["(?:user|mailbox) {gap}", ""],
    ["users?(?! here)", "user"],
    ["满了[0-9]", "满了"],
    ["4[0-9]{2} spam.{0,3}list", "spam"],
  ])("of %j is %j", (wording, letters) => {
    expect(outerLetters(wording)).toBe(letters);
  });

  it("is what every match holds, too", () => {
    for (const wording of TEXT_RULES.flatMap((rule) => rule.wording.flatMap(alternativesOf))) {
      const letters = outerLetters(wording);
      if (letters) expect(requiredLiterals(wording), wording).toContainEqual([letters]);
    }
  });
});

it("claims nothing of a wording whose brackets it cannot tell apart", () => {
  const deep = "(?:(?:(?:(?:(?:user)?)?)?)?)? unknown";
  expect([outerLetters(deep), requiredLiterals(deep)]).toEqual(["", []]);
  expect([outerLetters("user) unknown"), requiredLiterals("user) unknown")]).toEqual(["", []]);
});

describe("the alternatives of a wording", () => {
  it.each([
    ["a|b", ["a", "b"]],
    ["(?:a|b) c|[|] d", ["(?:a|b) c", "[|] d"]],
    ["a", ["a"]],
  ])("of %j are those outside brackets", (wording, alternatives) => {
    expect(alternativesOf(wording)).toEqual(alternatives);
  });
});
