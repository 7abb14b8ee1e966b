/** JSON as it came, laid out for reading. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { laidOutJson } from "../../src/dashboard/parts/json-layout";

const LONGEST_SHOWN = 200_000;

describe("JSON that is laid out", () => {
  it("has a line for each value, and no white space of its own", () => {
    const text = ' { "a" :\t[1,2,\n{"b":null}],\r\n"c":{ }, "d":[ ],"e":true } ';
    expect(laidOutJson(text)).toBe(
      ["{", '  "a": [', "    1,", "    2,", "    {", '      "b": null', "    }", "  ],"]
        .concat('  "c": {},', '  "d": [],', '  "e": true', "}")
        .join("\n"),
    );
  });

  it.each(["9007199254740993", "-123456789012345678901234567890", "1.10", "1e400", "0.1000000000000000055511", "-0"])(
    "keeps the digits of %s",
    (digits) => {
      expect(laidOutJson(`{"id":${digits}}`)).toBe(`{\n  "id": ${digits}\n}`);
      expect(laidOutJson(`[${digits}]`)).toBe(`[\n  ${digits}\n]`);
    },
  );

  it.each(['"{[,:]}"', '"a \\"quoted\\" word"', '"\\\\"', '"\\\\\\""', '"\\u00e9\\n"', '"  two  blanks  "', '""'])(
    "keeps the string %s",
    (string) => {
      expect(laidOutJson(`{${string}:${string}}`)).toBe(`{\n  ${string}: ${string}\n}`);
    },
  );

  it("keeps members in their order, also those whose names are numbers or come twice", () => {
    expect(laidOutJson('{"b":1,"2":2,"1":3,"b":4}')).toBe('{\n  "b": 1,\n  "2": 2,\n  "1": 3,\n  "b": 4\n}');
  });

  it("looks as the platform's own does, where that changes nothing else", () => {
    const document = fc.oneof(fc.array(fc.jsonValue({ maxDepth: 5 })), fc.dictionary(fc.string(), fc.jsonValue()));
    fc.assert(
      fc.property(document, (value) => {
        expect(laidOutJson(JSON.stringify(value))).toBe(JSON.stringify(value, null, 2));
        expect(laidOutJson(JSON.stringify(value, null, 7))).toBe(JSON.stringify(value, null, 2));
      }),
    );
  });

  it("does not grow out of proportion, however deep it is", () => {
    const depth = LONGEST_SHOWN / 2;
    const nested = laidOutJson(`${"[".repeat(depth)}${"]".repeat(depth)}`);
    const wide = laidOutJson(`${"[".repeat(1_000)}${"1,".repeat(90_000)}1${"]".repeat(1_000)}`);
    for (const text of [nested, wide]) expect(text.length).toBeLessThan(LONGEST_SHOWN * 50);
  });
});

it.each([
  ["an object that was cut off", '{"a":[1,2,{"b":"c'],
  ["an object with a comma too many", '{"a":1,}'],
  ["objects in lines", '{"a":1}\n{"b":2}'],
  ["a word", "bounced"],
  ["a string", '"a"'],
  ["a form", "a=1&b={2}"],
  ["a mail", "From: a@example.com\r\n\r\n[1,2]"],
  ["nothing", ""],
])("leaves %s as it is", (_what, text) => {
  expect(laidOutJson(text)).toBe(text);
});
