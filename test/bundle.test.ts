/// <reference types="vite/types/importMeta.d.ts" />
/** What is bundled in other packages' place is the same, less what nobody here uses. */
import { describe, expect, it } from "vitest";
import * as zod from "zod";

/** By names that are put together: scripts and packages' insides have no types. */
async function moduleOf<T>(path: string): Promise<T> {
  return (await import(/* @vite-ignore */ path)) as T;
}

type Exports = Readonly<Record<string, unknown>>;

const inUse = await moduleOf<Exports & { readonly z: Exports }>("../scripts/zod-in-use.mjs");

const SOURCES = import.meta.glob<string>("../src/**/*.{ts,tsx}", { query: "?raw", import: "default", eager: true });

/** What follows `z.` in the worker's sources, and the last file where it stands. */
function namesOfZod(): Map<string, string> {
  const found = Object.entries(SOURCES).flatMap(([name, text]) => {
    const code = text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
    return [...code.matchAll(/(?<![\w.])z\s*\.\s*(\w+)/g)].map((match) => [match[1] ?? "", name] as const);
  });
  return new Map(found);
}

/** Of types, which are not there when the code runs. */
const ONLY_TYPES = ["infer", "output", "core", "ZodOptional", "ZodEnum"];

describe("zod as it is bundled", () => {
  const all: Exports = zod;

  it("has everything that the worker's sources name", () => {
    const named = namesOfZod();
    expect(named.size).toBeGreaterThan(10);
    const missing = [...named].filter(([name]) => !ONLY_TYPES.includes(name) && !Object.hasOwn(inUse.z, name));
    expect(missing).toEqual([]);
  });

  it("has nothing else, but for what the generator of the API's description extends", () => {
    const named = namesOfZod();
    expect(Object.keys(inUse.z).filter((name) => !named.has(name))).toEqual([]);
    expect(inUse.z.ZodType).toBe(zod.ZodType);
  });

  it("is the very same code", () => {
    for (const [name, value] of Object.entries(inUse.z)) {
      if (["iso", "coerce"].includes(name))
        expect(Object.keys(value as Exports)).toEqual(Object.keys(all[name] as Exports));
      else expect(value, name).toBe(all[name]);
    }
    expect(inUse.default).toBe(inUse.z);
  });

  it("speaks English where something is wrong", () => {
    const { string } = inUse.z as unknown as typeof zod;
    expect(string().safeParse(7).error?.issues[0]?.message).toBe(zod.z.string().safeParse(7).error?.issues[0]?.message);
  });
});

describe("zod's JSON Schema as it is bundled", () => {
  it.each([
    ["zod-without-json-schema", "to-json-schema"],
    ["zod-without-processors", "json-schema-processors"],
  ])("has in %s the names of what it stands for, so that whoever imports them still can", async (ours, theirs) => {
    const whole = await moduleOf<Exports>(`../node_modules/zod/v4/core/${theirs}.js`);
    const stub = await moduleOf<Exports>(`../scripts/${ours}.mjs`);
    expect(Object.keys(stub).sort()).toEqual(Object.keys(whole).sort());
  });

  it("says so where somebody asks for it", async () => {
    const stub = await moduleOf<{ createToJSONSchemaMethod: () => () => unknown }>(
      "../scripts/zod-without-json-schema.mjs",
    );
    expect(stub.createToJSONSchemaMethod()).toThrow("not in the bundle");
    const processors = await moduleOf<{ stringProcessor: () => unknown }>("../scripts/zod-without-processors.mjs");
    expect(processors.stringProcessor).toThrow("not in the bundle");
  });

  it("still knows what is checked of a string, which zod and the API's description ask", async () => {
    const { aggregateChecks } = await moduleOf<{ aggregateChecks: (schema: unknown) => unknown }>(
      "../scripts/zod-without-processors.mjs",
    );
    expect(aggregateChecks(zod.string().min(2).max(5))).toMatchObject({ minimum: 2, maximum: 5 });
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
