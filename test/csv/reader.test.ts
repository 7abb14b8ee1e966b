/** Reading CSV: what people export, and what goes wrong with it. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { detectDialect, isHeader } from "../../src/csv/dialect";
import { type CsvOptions, CsvParser, type CsvRecord, MAX_RECORD_LENGTH } from "../../src/csv/reader";
import { csvLine } from "../../src/csv/writer";
import { inChunks, readAll } from "./chunks";

const bytes = (text: string) => new TextEncoder().encode(text);

async function recordsOf(input: string | Uint8Array, options?: CsvOptions, size = 7): Promise<CsvRecord[]> {
  return readAll(new CsvParser(options), inChunks(input, size));
}

async function fieldsOf(input: string | Uint8Array, options?: CsvOptions): Promise<(readonly string[])[]> {
  return (await recordsOf(input, options)).map(({ fields }) => fields);
}

describe("a CSV", () => {
  it.each([
    ["line feeds", "a,b\n1,2\n"],
    ["CRLF", "a,b\r\n1,2\r\n"],
    ["carriage returns", "a,b\r1,2\r"],
    ["no last line end", "a,b\n1,2"],
    ["a byte order mark", "\ufeffa,b\n1,2\n"],
    ["semicolons", "a;b\n1;2\n"],
    ["tabs", "a\tb\n1\t2\n"],
    ["bars", "a|b\n1|2\n"],
    ["quotes", '"a","b"\r\n"1","2"\r\n'],
    ["blanks after quotes", '"a" ,"b" \n"1","2"\n'],
    ["empty lines", "\n\na,b\r\n\r\n1,2\n\n"],
    ["a spreadsheet's separator line", "sep=;\r\na;b\r\n1;2\r\n"],
  ])("with %s is read", async (_name, text) => {
    expect(await fieldsOf(text)).toEqual([
      ["a", "b"],
      ["1", "2"],
    ]);
  });

  it("in UTF-16 is read by its byte order mark", async () => {
    const text = "\ufeffemail\tname\njohn@example.com\tJöhn\n";
    const utf16 = new Uint8Array(new Uint16Array([...text].map((c) => c.charCodeAt(0))).buffer);
    expect(await fieldsOf(utf16)).toEqual([
      ["email", "name"],
      ["john@example.com", "Jöhn"],
    ]);
  });

  it("keeps delimiters, quotes and line ends that are quoted", async () => {
    expect(await fieldsOf('a,b\n"x, y","say ""no"""\n"two\r\nlines",""\n')).toEqual([
      ["a", "b"],
      ["x, y", 'say "no"'],
      ["two\r\nlines", ""],
    ]);
  });

  it("takes a quote within an unquoted field as it stands", async () => {
    expect(await fieldsOf('a,b\n5" pipe,x "y" z\n')).toEqual([
      ["a", "b"],
      ['5" pipe', 'x "y" z'],
    ]);
  });

  it("says on which line each record begins, and how it stood", async () => {
    const records = await recordsOf('a,b\r\n\r\n"one\r\ntwo",2\r\n"3",4');
    expect(records.map(({ line, raw }) => ({ line, raw }))).toEqual([
      { line: 1, raw: "a,b" },
      { line: 3, raw: '"one\r\ntwo",2' },
      { line: 5, raw: '"3",4' },
    ]);
  });

  it("of nothing has no records", async () => {
    expect(await recordsOf("")).toEqual([]);
    expect(await recordsOf("\ufeff\r\n\n")).toEqual([]);
  });

  it("may have rows of any width", async () => {
    expect(await fieldsOf("a,b,c\n1\n1,2,3,4\n", { delimiter: "," })).toEqual([
      ["a", "b", "c"],
      ["1"],
      ["1", "2", "3", "4"],
    ]);
  });
});

describe("a quote that is never closed", () => {
  it("costs its own line and no other", async () => {
    const rows = Array.from({ length: 20_000 }, (_, i) => `${i},x`);
    rows[3] = '3,"x';
    const records = await recordsOf(rows.join("\n"), { delimiter: "," }, 5_000);
    expect(records).toHaveLength(20_000);
    expect(records[3]).toEqual({ line: 4, fields: [], raw: '3,"x', problem: "unclosed_quote" });
    expect(records.filter(({ problem }) => problem)).toHaveLength(1);
    expect(records[19_999]).toMatchObject({ line: 20_000, fields: ["19999", "x"] });
  });

  it("is noticed at the end of a short text too", async () => {
    expect(await recordsOf('a,b\n"1,2\n3,4\n')).toMatchObject([
      { line: 1, fields: ["a", "b"] },
      { line: 2, problem: "unclosed_quote" },
      { line: 3, fields: ["3", "4"] },
    ]);
  });
});

describe("a record that is too long", () => {
  it("is passed over to the end of its line, in constant memory", async () => {
    function* endless(): Generator<Uint8Array> {
      yield bytes("a,b\n");
      for (let i = 0; i < 200; i++) yield bytes("x".repeat(65_536));
      yield bytes(",2\r");
      yield bytes("\n3,4\n");
    }
    expect(await readAll(new CsvParser(), endless())).toMatchObject([
      { line: 1, problem: null },
      { line: 2, fields: [], raw: "", problem: "too_long" },
      { line: 3, fields: ["3", "4"] },
    ]);
  });

  it("is one by its own length, whatever the pieces", async () => {
    const row = `${"x".repeat(MAX_RECORD_LENGTH - 2)},1`;
    for (const size of [1_000, 1_000_000]) {
      const records = await recordsOf(`a,b\n${row}\n${row}1\n1,2\n`, undefined, size);
      expect(records.map(({ problem }) => problem)).toEqual([null, null, "too_long", null]);
    }
  });
});

describe("what takes its time", () => {
  const LENGTH = 2_000_000;

  it.each([
    ["quotes", '"'],
    ["quotes at the beginning of lines", '"\n'],
    ["doubled quotes", '\n""'],
    ["carriage returns", "\r"],
    ["delimiters", ",;"],
    ["one character", "x"],
  ])("is not %s without end", async (_name, unit) => {
    const started = performance.now();
    await recordsOf(unit.repeat(LENGTH / unit.length), undefined, 4_096);
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

describe("what was written is read again", () => {
  const cell = fc.string({ unit: fc.constantFrom(..."ab1 ,;\t|\"\r\n@='é漢".split("")), maxLength: 12 });
  // A record of one empty cell is an empty line.
  const rows = fc.array(fc.array(cell, { minLength: 2, maxLength: 5 }), { minLength: 1, maxLength: 20 });

  it("cell by cell, in pieces of any size", async () => {
    await fc.assert(
      fc.asyncProperty(rows, fc.integer({ min: 1, max: 50 }), async (table, size) => {
        const text = table.map((row) => csvLine(row)).join("");
        const records = await recordsOf(text, { delimiter: "," }, size);
        const defused = (value: string) => (/^[=+\-@\t\r]/.test(value) ? `'${value}` : value);
        expect(records.map(({ fields }) => fields)).toEqual(table.map((row) => row.map(defused)));
      }),
      { numRuns: 500 },
    );
  });

  it("the same whatever the pieces, also where it is no CSV", async () => {
    const noise = fc.string({ unit: fc.constantFrom(...'a,;"\r\n'.split("")), maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(noise, fc.integer({ min: 1, max: 9 }), async (text, size) => {
        const options = { delimiter: ",", maxRecordLength: 10 } as const;
        const [whole, pieces] = await Promise.all([recordsOf(text, options, 1_000), recordsOf(text, options, size)]);
        expect(pieces).toEqual(whole);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("the delimiter", () => {
  it.each([
    ['email,reason\na@example.com,"550; no, never; again"\n', ","],
    ["email;reason\na@example.com;550, no\nb@example.com;551, no, never\n", ";"],
    ["email\treason\na@example.com\t550, no; never\n", "\t"],
    ["a@example.com\nb@example.com\n", ","],
    ["", ","],
    ["a;b,c\n1;2\n3;4\n", ";"],
    ["a,b;c\n1,2\n3,4\n", ","],
    ["a;b", ";"],
  ])("of %j is %j", (sample, delimiter) => {
    expect(detectDialect(sample)).toEqual({ delimiter, hasSeparatorLine: false });
  });
});

it("a header is a record without an address in it", () => {
  expect(isHeader(["email", "reason"])).toBe(true);
  expect(isHeader(["john@example.com", "hard"])).toBe(false);
  expect(isHeader(["hard", "@example.com"])).toBe(false);
});
