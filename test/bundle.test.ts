/** What is bundled in other packages' place is the same, less what nobody here uses. */
import { describe, expect, it } from "vitest";
import * as zod from "zod";

/** By names that are put together: scripts and packages' insides have no types. */
async function moduleOf<T>(path: string): Promise<T> {
  return (await import(/* @vite-ignore */ path)) as T;
}

const slim = await moduleOf<typeof zod>("../scripts/zod-without-locales.mjs");

/** Translations, and what holds them again; other ways to write and to run a schema. */
const LEFT_OUT = [
  ...["core", "locales", "compile", "deepPartial", "fromJSONSchema", "toJSONSchema", "toZod", "withParser"],
  ...["ZodCompileAsyncError", "ZodCompileUnsupportedError"],
];

describe("zod as it is bundled", () => {
  const all: Readonly<Record<string, unknown>> = zod;
  const bundled: Readonly<Record<string, unknown>> = slim;

  it("lacks what is left out on purpose, and nothing else", () => {
    const missing = Object.keys(all).filter((name) => !Object.hasOwn(bundled, name));
    expect(missing.sort()).toEqual([...LEFT_OUT].sort());
  });

  it("is the very same code in all the rest", () => {
    const same = Object.keys(bundled).filter((name) => !["z", "default", "iso", "coerce"].includes(name));
    expect(same.length).toBeGreaterThan(100);
    for (const name of same) expect(bundled[name], name).toBe(all[name]);
  });

  it("speaks English where something is wrong", () => {
    expect(slim.z.string().safeParse(7).error?.issues[0]?.message).toBe(
      zod.z.string().safeParse(7).error?.issues[0]?.message,
    );
  });
});

describe("zod's JSON Schema as it is bundled", () => {
  type Exports = Readonly<Record<string, unknown>>;

  it("has the names of what it stands for, so that whoever imports them still can", async () => {
    const whole = await moduleOf<Exports>("../node_modules/zod/v4/core/to-json-schema.js");
    const stub = await moduleOf<Exports>("../scripts/zod-without-json-schema.mjs");
    expect(Object.keys(stub).sort()).toEqual(Object.keys(whole).sort());
  });

  it("says so where somebody asks for it", async () => {
    const stub = await moduleOf<{ createToJSONSchemaMethod: () => () => unknown }>(
      "../scripts/zod-without-json-schema.mjs",
    );
    expect(stub.createToJSONSchemaMethod()).toThrow("not in the bundle");
  });
});

describe("the characters of HTML as they are bundled", () => {
  type Entities = { htmlEntities: Readonly<Record<string, string>> };

  it("are those of postal-mime, as many as occur in mails", async () => {
    const { htmlEntities: whole } = await moduleOf<Entities>("../node_modules/postal-mime/dist/esm/html-entities.js");
    const { htmlEntities: bundled } = await moduleOf<Entities>("../scripts/entities-of-mails.mjs");
    expect(Object.keys(bundled).length).toBeGreaterThan(200);
    for (const [name, character] of Object.entries(bundled)) expect(character, name).toBe(whole[name]);
    expect(bundled).toMatchObject({ "&commat;": "@", "&nbsp;": "\u00a0", "&lt": "<", "&uuml;": "ü" });
  });
});
