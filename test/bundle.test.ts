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

/** Names of `z` that hold others. */
const GROUPS = ["coerce", "iso"];

/** What follows a name and a dot in code, as `string` does in `z.string` and `coerce.number` in `z.coerce.number`. */
function membersOf(name: string, text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
  // Not of another thing's member; but three dots spread it.
  const member = new RegExp(`(?<![\\w/]|[^.]\\.)${name}\\s*\\.\\s*(\\w+)(?:\\s*\\.\\s*(\\w+))?`, "g");
  return [...code.matchAll(member)].map(([, one = "", two]) => (GROUPS.includes(one) ? `${one}.${two}` : one));
}

const named = new Set(Object.values(SOURCES).flatMap((text) => membersOf("z", text)));
/** Of types, which are not there when the code runs. */
const ONLY_TYPES = ["infer", "output", "core", "ZodOptional", "ZodEnum"];

function flat(z: Exports): Map<string, unknown> {
  return new Map(
    Object.entries(z).flatMap(([name, value]) =>
      GROUPS.includes(name) ? Object.entries(value as Exports).map(([n, v]) => [`${name}.${n}`, v]) : [[name, value]],
    ) as [string, unknown][],
  );
}

describe("zod as it is bundled", () => {
  it("has everything that the worker's sources name, and nothing else", () => {
    expect(named.size).toBeGreaterThan(15);
    const values = [...named].filter((name) => !ONLY_TYPES.includes(name));
    expect([...flat(inUse.z).keys()].sort()).toEqual(values.sort());
  });

  it("is the very same code", () => {
    const all = flat(zod as unknown as Exports);
    for (const [name, value] of flat(inUse.z)) expect(value, name).toBe(all.get(name));
    expect(inUse.default).toBe(inUse.z);
  });

  it("is taken from zod by that name only", () => {
    const others = Object.entries(SOURCES)
      .filter(([, text]) => /from "zod/.test(text) && !/import (?:type )?\{ z \} from "zod";/.test(text))
      .map(([name]) => name);
    expect(others).toEqual([]);
  });

  it("speaks English where something is wrong", () => {
    const { string } = inUse.z as unknown as typeof zod;
    expect(string().safeParse(7).error?.issues[0]?.message).toBe(zod.z.string().safeParse(7).error?.issues[0]?.message);
  });
});

describe("zod's core as it is bundled", () => {
  const CLASSIC = import.meta.glob<string>("../node_modules/zod/v4/classic/*.js", {
    query: "?raw",
    import: "default",
    eager: true,
  });

  it("has of `util` what zod's schemas use of it", async () => {
    const whole = await moduleOf<{ util: Exports }>("../node_modules/zod/v4/core/index.js");
    const bundled = await moduleOf<{ util: Exports }>("../scripts/zod-core-in-use.mjs");
    expect(Object.keys(bundled).sort()).toEqual(Object.keys(whole).sort());
    for (const [name, value] of Object.entries(bundled.util)) expect(value, name).toBe(whole.util[name]);
    const used = Object.values(CLASSIC)
      .filter((text) => /import \{ util \} from "\.\.\/core\/index\.js"|\bcore\.util\b/.test(text))
      .flatMap((text) => membersOf("util", text));
    expect(used.length).toBeGreaterThan(10);
    expect(used.filter((name) => !Object.hasOwn(bundled.util, name))).toEqual([]);
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
    const known = Object.entries(whole).filter(([name]) => bundled[name] !== undefined);
    expect(known.length).toBeGreaterThan(200);
    for (const [name, character] of known) expect(bundled[name], name).toBe(character);
    for (const name of ["&nothing;", "&uuml;x", "constructor", "__proto__"])
      expect(typeof bundled[name]).not.toBe("string");
    const some = ["&commat;", "&nbsp;", "&lt", "&uuml;"];
    expect(some.map((name) => bundled[name])).toEqual(["@", "\u00a0", "<", "ü"]);
  });
});
