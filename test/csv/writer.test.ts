import { describe, expect, it } from "vitest";
import { csvCell, csvLine, plainCell } from "../../src/csv/writer";

describe("a cell", () => {
  it.each([
    ["plain", "plain"],
    [null, ""],
    [undefined, ""],
    [0, "0"],
    [-1, "'-1"],
    ['say "no"', '"say ""no"""'],
    ["a,b", '"a,b"'],
    ["a;b", '"a;b"'],
    ["two\nlines", '"two\nlines"'],
    [" padded ", '" padded "'],
    ["=1+1", "'=1+1"],
    ["+49", "'+49"],
    ["-x", "'-x"],
    ["@example.com", "'@example.com"],
    ["\tx", "'\tx"],
    ["\rx", '"\'\rx"'],
    ['=HYPERLINK("x")', '"\'=HYPERLINK(""x"")"'],
    ["a=b", "a=b"],
  ])("of %j is %j", (value, cell) => {
    expect(csvCell(value)).toBe(cell.includes("\t") ? `"${cell}"` : cell);
  });

  it("that was made harmless says again what it said", () => {
    for (const value of ["@example.com", "+tag@example.com", "=x", "plain", "'quoted'"]) {
      expect(plainCell(csvCell(value))).toBe(value);
    }
  });
});

it("a record ends with CRLF", () => {
  expect(csvLine(["a", null, 1])).toBe("a,,1\r\n");
  expect(csvLine(["a;b", 1], ";")).toBe('"a;b";1\r\n');
});
