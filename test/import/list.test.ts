/** Lists of suppressions: which format they are in, and what each row states. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FORMAT_IDS, FORMATS } from "../../src/import/formats";
import { contentOf, expectedOf, inShort, listFiles, NOW, read, refusal } from "./lists";

/** Looks like another one: somebody has to say which it is. */
const ONLY_NAMED: Readonly<Record<string, string>> = { "sendgrid-blocks.csv": "sendgrid-blocks" };

describe("the exports of providers", () => {
  it.each(listFiles())("are recognized and read: %s", async (name) => {
    const { format, rows } = await read(contentOf(name), { format: ONLY_NAMED[name] });
    expect({ format, rows: rows.map(inShort) }).toEqual(expectedOf(name));
  });

  it("are there for every format", async () => {
    const found = new Set(listFiles().map((name) => expectedOf(name).format));
    expect([...found].sort()).toEqual([...FORMAT_IDS].sort());
  });

  it("are read the same with the format named", async () => {
    for (const name of listFiles()) {
      const recognized = await read(contentOf(name), { format: ONLY_NAMED[name] });
      expect(await read(contentOf(name), { format: recognized.format }), name).toEqual(recognized);
    }
  });

  it("are read the same however they are cut", async () => {
    for (const name of listFiles()) {
      const whole = await read(contentOf(name), {}, 1_000_000);
      for (const bytes of [1, 7, 100]) expect(await read(contentOf(name), {}, bytes), name).toEqual(whole);
    }
  });

  it("have columns that tell them apart", () => {
    const told = FORMATS.filter((f) => f.columns.length && !f.isOnlyNamed).map((f) => [...f.columns].sort().join(" "));
    expect(new Set(told).size).toBe(told.length);
  });
});

describe("a list without a header", () => {
  it("states what the caller says it is of", async () => {
    const { format, rows } = await read("ann@example.com\nbob@example.com", { reason: "complaint" });
    expect(format).toBe("list");
    expect(rows.map(inShort)).toEqual(["1 ann@example.com: complained", "2 bob@example.com: complained"]);
  });

  it("may be said to be in a format", async () => {
    const { format, rows } = await read("ann@example.com\n", { format: "mailgun-complaints" });
    expect(format).toBe("mailgun-complaints");
    expect(rows.map(inShort)).toEqual(["1 ann@example.com: complained"]);
  });

  it("has the addresses where the first of them is", async () => {
    const { rows } = await read("7;Ann Lee;ann@example.com\n8;Bob;bob@example.com\n");
    expect(rows.map(inShort)).toEqual(["1 ann@example.com: manual_block", "2 bob@example.com: manual_block"]);
  });
});

describe("a row that cannot be read", () => {
  it("is invalid by itself, and the others are read", async () => {
    const list =
      'email,created\nann@example.com,yesterday\n,1730000000\n"bob@example.com,1730000000\ncem@example.com,\n';
    const { rows } = await read(list);
    expect(rows.map(inShort)).toEqual([
      "2 ann@example.com: invalid invalid_time",
      "3 -: invalid no_recipient",
      "4 -: invalid unclosed_quote",
      "5 cem@example.com: unsubscribed",
    ]);
  });

  it("is invalid in NDJSON too", async () => {
    const list = `{"email":"ann@example.com"}\n{"email":\n[]\n"x"\n{"email":7}\n{"email":"${"x".repeat(70_000)}"}\n{"name":"Bob"}\n\n{"email":"cem@example.com"}`;
    const { rows } = await read(list, {}, 10_000);
    expect(rows.map(inShort)).toEqual([
      "1 ann@example.com: manual_block",
      "2 -: invalid invalid_json",
      "3 -: invalid invalid_json",
      "4 -: invalid invalid_json",
      "5 7: manual_block",
      "6 -: invalid too_long",
      "7 -: invalid no_recipient",
      "9 cem@example.com: manual_block",
    ]);
  });

  it("is said to be cut off where JSON ends early", async () => {
    const list = '{"items":[{"address":"ann@example.com","code":"550","error":"x"},{"address":"bob@exam';
    expect((await read(list)).rows.map(inShort)).toEqual(["1 ann@example.com: bounced hard", "1 -: invalid cut_off"]);
  });

  it("is passed over where an element of JSON is too long", async () => {
    const long = JSON.stringify({ address: "x".repeat(200_000), code: "1", error: "" });
    const list = `{"items":[\n{"address":"ann@example.com","code":"550","error":"x"},\n${long},\n{"address":"bob@example.com"}]}`;
    expect((await read(list, {}, 10_000)).rows.map(inShort)).toEqual([
      "2 ann@example.com: bounced hard",
      "3 -: invalid too_long",
      "4 bob@example.com: bounced hard",
    ]);
  });
});

describe("a list as a whole is refused", () => {
  it.each([
    ["nothing", "", "empty_list"],
    ["blanks", " \r\n\n\t", "empty_list"],
    ["an empty array", "[]", "empty_list"],
    ["no column of addresses", "id,name\n1,Ann\n", "missing_column"],
    ["objects without addresses", '{"id":1}\n', "missing_column"],
    ["a header that cannot be read", '"email,created\nann@example.com,1\n', "missing_column"],
    ["an export of the journal", "id,provider,connection,kind,class,recipient,occurredAt\n", "unsupported_list"],
    [
      "the journal as NDJSON",
      '{"id":"1","provider":"ses","connection":"default","kind":"delivered","class":null,"recipient":"ann@example.com","occurredAt":"2026-01-01T00:00:00Z"}',
      "unsupported_list",
    ],
  ])("for %s", async (_what, content, code) => {
    expect(await refusal(content)).toMatchObject({ code, detail: expect.any(String) });
  });

  it("with the columns that it has, and those that it lacks", async () => {
    const error = await refusal("Kundennummer;Anrede\n1;Frau\n");
    expect(error?.detail).toContain('"Kundennummer", "Anrede"');
    expect(error?.detail).toContain('"email"');
    expect((await refusal("email,created\n", { format: "mailgun-bounces" }))?.detail).toContain('"address"');
  });

  it("but a header alone is a list of nobody", async () => {
    expect(await read("email,created\r\n")).toEqual({ format: "sendgrid-unsubscribes", rows: [] });
  });
});

describe("what an entry states", () => {
  it("is the same whatever stands beside it", async () => {
    const identities = async (list: string) =>
      (await read(list)).rows.map(({ outcome }) =>
        outcome.type === "entries" ? outcome.drafts.map((d) => d.identity) : [],
      );
    const one = await identities("email,reason,date,note\nann@example.com,hard,2024-10-18,first\n");
    const two = await identities(
      "note,email,date,reason\n\nsecond,bob@example.com,2024-10-18,hard\nx,ann@example.com,2024-10-18,hard\n",
    );
    expect(two[1]).toEqual(one[0]);
  });

  it("ends when the list says, and what has ended is left out", async () => {
    const at = new Date(NOW).toISOString();
    const { rows } = await read(`email,expires_at\nann@example.com,${at}\nbob@example.com,2031-01-01\n`);
    expect(rows.map(inShort)).toEqual([
      "2 ann@example.com: skipped expired",
      "3 bob@example.com: manual_block until 2031-01-01T00:00:00.000Z",
    ]);
  });
});

it("nothing that somebody may send makes it throw", async () => {
  const text = fc.string({ unit: fc.constantFrom(...'a@.,;"\n\r{}[]:\\1 é='.split("")), maxLength: 80 });
  await fc.assert(
    fc.asyncProperty(text, fc.integer({ min: 1, max: 9 }), async (content, bytes) => {
      if ((await refusal(content)) === null) await read(content, {}, bytes);
    }),
    { numRuns: 3_000 },
  );
});
