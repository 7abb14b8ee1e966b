/** What is bundled in zod's place is zod, less what nobody here uses. */

import { describe, expect, it } from "vitest";
import * as zod from "zod";

/** By a name that is put together: a script has no types. */
const SHIM = "../scripts/zod-without-locales.mjs";
const slim = (await import(/* @vite-ignore */ SHIM)) as typeof zod;

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
