import { describe, expect, it } from "vitest";
import { combineAnswers } from "../../src/domain/answer";
import { cleanText } from "../../src/domain/text";

const standing = (since: number, until: number | null = null) => ({ since, until });

describe("an answer", () => {
  it("is no for nobody", () => {
    expect(combineAnswers(undefined, undefined, "marketing", 10)).toEqual({
      suppressed: false,
      reasons: [],
      since: null,
      until: null,
    });
  });

  it("begins with the earliest reason and ends with the last", () => {
    const own = { reasons: { hard: standing(5, 50), soft: standing(3, 90) } };
    expect(combineAnswers(own, undefined, "marketing", 10)).toEqual({
      suppressed: true,
      reasons: ["hard", "soft"],
      since: 3,
      until: 90,
    });
    expect(combineAnswers(own, undefined, "marketing", 60)).toEqual({
      suppressed: true,
      reasons: ["soft"],
      since: 3,
      until: 90,
    });
    expect(combineAnswers(own, undefined, "marketing", 90)).toMatchObject({ suppressed: false });
  });

  it("lets transactional mail through to those who only complained or left", () => {
    const own = { reasons: { complaint: standing(1), unsubscribe: standing(2) } };
    expect(combineAnswers(own, undefined, "transactional", 10)).toMatchObject({ suppressed: false, reasons: [] });
    const dead = { reasons: { ...own.reasons, hard: standing(3) } };
    expect(combineAnswers(dead, undefined, "transactional", 10)).toMatchObject({ suppressed: true, reasons: ["hard"] });
  });

  it("holds a block of the domain against each of its addresses, unless they are on the allow-list", () => {
    const domain = { reasons: { manual: standing(7) } };
    expect(combineAnswers(undefined, domain, "transactional", 10)).toMatchObject({
      suppressed: true,
      reasons: ["domain"],
      since: 7,
    });
    expect(combineAnswers({ reasons: {}, allowed: true }, domain, "marketing", 10)).toMatchObject({
      suppressed: false,
    });
    const blocked = { reasons: { manual: standing(9) }, allowed: true };
    expect(combineAnswers(blocked, domain, "marketing", 10)).toMatchObject({ suppressed: true, reasons: ["manual"] });
  });
});

describe("text for the stores", () => {
  it("has no NUL, no unpaired surrogate, no blank ends, and a bound", () => {
    expect(cleanText(" a\u0000b ")).toBe("ab");
    expect(cleanText("a\ud800b")).toBe("a\ufffdb");
    expect(cleanText("abc", 2)).toBe("ab");
    expect(cleanText("a😀", 2)).toBe("a\ufffd");
    expect(cleanText(" \u0000 ")).toBeUndefined();
    expect(cleanText(undefined)).toBeUndefined();
  });
});
