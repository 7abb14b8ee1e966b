import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LineSplitter, MAX_LINE_LENGTH } from "../../src/csv/lines";
import { inChunks, readAll } from "./chunks";

const linesOf = (text: string, size = 3, maxLength?: number) =>
  readAll(new LineSplitter(maxLength), inChunks(text, size));

describe("lines", () => {
  it.each([
    ["LF", "a\nb"],
    ["CRLF", "a\r\nb\r\n"],
    ["CR", "a\rb\r"],
    ["empty lines between", "\ufeffa\n\n\n"],
  ])("end with %s", async (_name, text) => {
    expect((await linesOf(text)).map((line) => line.text)).toEqual(text.includes("b") ? ["a", "b"] : ["a"]);
  });

  it("are numbered, the empty ones too", async () => {
    expect(await linesOf("a\n\r\n\rb\n")).toEqual([
      { line: 1, text: "a", problem: null },
      { line: 4, text: "b", problem: null },
    ]);
  });

  it("that are too long are passed over one by one", async () => {
    const long = "x".repeat(MAX_LINE_LENGTH + 1);
    for (const size of [1_000, 1_000_000]) {
      expect(await linesOf(`a\n${long}\nb\r\n${long}`, size)).toEqual([
        { line: 1, text: "a", problem: null },
        { line: 2, text: "", problem: "too_long" },
        { line: 3, text: "b", problem: null },
        { line: 4, text: "", problem: "too_long" },
      ]);
    }
  });

  it("are the same whatever the pieces", async () => {
    const noise = fc.string({ unit: fc.constantFrom(..."ab\r\né".split("")), maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(noise, fc.integer({ min: 1, max: 9 }), async (text, size) => {
        const expected = text
          .split(/\r\n|\r|\n/)
          .flatMap((line, i) => (line === "" ? [] : [{ line: i + 1, text: line, problem: null }]))
          .map((line) => (line.text.length > 5 ? { ...line, text: "", problem: "too_long" } : line));
        expect(await linesOf(text, size, 5)).toEqual(expected);
      }),
      { numRuns: 2_000 },
    );
  });
});
