import { describe, expect, it } from "vitest";
import { utf8Bytes } from "../../src/crypto/encoding";
import { entryOf, fieldsOfText, objectOf, parseJson, parseRecords, textOf, textsOf } from "../../src/providers/json";
import { msOfRfc3339, msOfUnixSeconds, msOfZoneless } from "../../src/providers/time";

const json = (text: string) => parseJson(utf8Bytes(text));

describe("JSON", () => {
  it("keeps integers beyond 2^53 by their digits", () => {
    expect(json('{"id":104427216766056450,"n":-9007199254740993}')).toEqual({
      ok: true,
      value: { id: "104427216766056450", n: "-9007199254740993" },
    });
    expect(json('{"id":9007199254740991,"text":"104427216766056450"}')).toEqual({
      ok: true,
      value: { id: 9007199254740991, text: "104427216766056450" },
    });
  });

  it.each([
    ["nothing", "", "empty_body"],
    ["white space", " \n", "empty_body"],
    ["an object without its end", "{", "invalid_json"],
    ["two objects", "{}{}", "invalid_json"],
    ["arrays without end", "[".repeat(100_000), "invalid_json"],
    ["arrays in arrays in arrays", `${"[".repeat(100_000)}${"]".repeat(100_000)}`, "too_deep"],
    ["objects in objects, one too deep", `${'{"a":'.repeat(101)}1${"}".repeat(101)}`, "too_deep"],
    ["the same around a long number", `[104427216766056450,${"[".repeat(100_000)}${"]".repeat(100_000)}]`, "too_deep"],
  ])("finds an error in %s, without an exception", (_what, text, error) => {
    expect(json(text)).toEqual({ ok: false, error });
  });

  it("may nest as deep as any payload does", () => {
    expect(json(`${'{"a":'.repeat(99)}1${"}".repeat(99)}`).ok).toBe(true);
  });

  it("is none in other encodings", () => {
    expect(parseJson(Uint8Array.of(0x22, 0xe9, 0x22))).toEqual({ ok: false, error: "invalid_utf8" });
  });
});

describe("a body of records", () => {
  const records = (text: string) => parseRecords(utf8Bytes(text));

  it("is one, an array of them, or one per line", () => {
    const expected = { ok: true, value: [{ ok: true, value: { a: 1 } }] };
    for (const text of ['{"a":1}', '[{"a":1}]', '\ufeff{"a":1}\r\n']) expect(records(text)).toEqual(expected);
    const both = { ok: true, value: [{ a: 1 }, { a: 2 }].map((value) => ({ ok: true, value })) };
    for (const text of ['[{"a":1},{"a":2}]', '{"a":1}\n{"a":2}', '{"a":1}\r\n\r\n{"a":2}\r\n'])
      expect(records(text)).toEqual(both);
  });

  it("loses no line to its neighbour", () => {
    expect(records('{"a":1}\n{"a":\n{"a":3}')).toMatchObject({ value: [{ ok: true }, { ok: false }, { ok: true }] });
  });

  it("is no lines where a document of several was cut off", () => {
    expect(records('[{"a":1},\n{"a":2},\n{"a"')).toEqual({ ok: false, error: "invalid_json" });
    expect(records('{\n"a":1,\n"b"')).toEqual({ ok: false, error: "invalid_json" });
  });
});

it("takes texts and numbers for text, and nothing else", () => {
  expect([" a ", 7, 0, 1.5].map(textOf)).toEqual(["a", "7", "0", "1.5"]);
  for (const value of ["", " ", null, undefined, true, {}, [], ["a"], Number.NaN])
    expect(textOf(value)).toBeUndefined();
  expect(textsOf(["a", 1, null, ""])).toEqual(["a", "1"]);
  expect(textsOf("a")).toEqual(["a"]);
  expect(textsOf(undefined)).toEqual([]);
});

it("finds somebody else's word in a table, and nothing that every object has", () => {
  const table = { sent: 1, nothing: null };
  expect(["sent", "nothing", "lost", "constructor", "__proto__", "", undefined].map((w) => entryOf(table, w))).toEqual([
    1,
    null,
    ...Array.from({ length: 5 }, () => undefined),
  ]);
});

it("puts an object without fields in the place of what is none", () => {
  expect([{ a: 1 }, null, [], "a", undefined].map(objectOf)).toEqual([{ a: 1 }, {}, {}, {}, {}]);
});

it("reads what was given along as JSON where it is an object, and as a text elsewhere", () => {
  expect(fieldsOfText('{"order":42}', "custom")).toEqual({ order: 42 });
  expect(fieldsOfText({ order: 42 }, "custom")).toEqual({ order: 42 });
  for (const text of ["order:42", "[1]", '{"order":', '"a"'])
    expect(fieldsOfText(text, "custom")).toEqual({ custom: text });
  for (const nothing of ["", " ", null, undefined, []]) expect(fieldsOfText(nothing, "custom")).toEqual({});
});

describe("a time", () => {
  const MOMENT = Date.parse("2026-11-21T10:00:00.250Z");

  it("is read in each form, to the millisecond", () => {
    for (const value of ["1795255200.25", 1_795_255_200.25]) expect(msOfUnixSeconds(value)).toBe(MOMENT);
    for (const text of ["2026-11-21T10:00:00.25Z", "2026-11-21T11:00:00.2500000+01:00"])
      expect(msOfRfc3339(text)).toBe(MOMENT);
    expect(msOfZoneless("2026-11-21 10:00:00.25")).toBe(MOMENT);
  });

  it("is absent in what is none", () => {
    for (const value of [undefined, "", "0", -1, "1e999", "soon", "0x"]) expect(msOfUnixSeconds(value)).toBeUndefined();
    for (const text of [
      undefined,
      "",
      "2026-11-21",
      "2026-11-21T10:00:00",
      "2026-13-21T10:00:00Z",
      "2026-11-21 10:00:00Z",
    ]) {
      expect(msOfRfc3339(text)).toBeUndefined();
    }
    for (const text of [undefined, "", "21-11-2026 10:00:00", "2026-11-21 10:00", "2026-11-21 25:00:00"]) {
      expect(msOfZoneless(text)).toBeUndefined();
    }
  });
});
