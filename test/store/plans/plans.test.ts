/// <reference types="vite/types/importMeta.d.ts" />
/**
 * Every statement that the stores can send, and the plan that D1 would follow for it. One that reads a large table from
 * one end to the other, or sorts all of it, is a mistake, unless it is known and bounded.
 *
 * A statement in a new place, in a new module too, is missed by the first test: it wants a call in calls-*.ts. What D1
 * knows of its tables is nothing, as in production, where nobody has run ANALYZE; and everything, where somebody has.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { setStage } from "../../support/stage";
import { rowsOf } from "../../support/stores";
import { bindings } from "../../support/worker";
import { GUARD } from "./calls-guard";
import { JOURNAL } from "./calls-journal";
import { POLICY } from "./calls-policy";
import { PROJECTION } from "./calls-projection";
import { SYNC } from "./calls-sync";
import { KNOWN, SMALL } from "./known";
import { costlySteps } from "./plan";
import { recording, sitesIn } from "./recorder";
import { seed } from "./seed";

const SOURCES = import.meta.glob<string>("../../../src/store/*.ts", { query: "?raw", import: "default", eager: true });
const SITES = Object.entries(SOURCES).flatMap(([path, source]) => sitesIn(path.split("/").at(-1) ?? "", source));
const CALLS = { ...JOURNAL, ...PROJECTION, ...SYNC, ...GUARD, ...POLICY };

setStage();

/** By `module.function`: the texts. */
const statements = new Map<string, Set<string>>();
const reached = new Set<string>();
let tables: string[] = [];
beforeAll(async () => {
  tables = (await rowsOf<{ name: string }>("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")).map(
    ({ name }) => name,
  );
  for (const [module, functions] of Object.entries(CALLS)) {
    for (const [name, calls] of Object.entries(functions)) {
      const { db, prepared } = recording(bindings.DB);
      for (const call of calls) await call(db);
      statements.set(`${module.replace(/\.ts$/, "")}.${name}`, new Set(prepared.map(({ sql }) => sql)));
      for (const { site } of prepared) reached.add(site);
    }
  }
});

/** Each costly step of each function, once. */
async function stepsOf(): Promise<{ readonly name: string; readonly line: string; readonly sql: string }[]> {
  const found = new Map<string, { readonly name: string; readonly line: string; readonly sql: string }>();
  for (const [name, texts] of statements) {
    for (const sql of texts) {
      for (const { line, table } of await costlySteps(sql, tables)) {
        if (table === null || !Object.hasOwn(SMALL, table)) found.set(`${name}: ${line}`, { name, line, sql });
      }
    }
  }
  return [...found.values()];
}

const isKnown = ({ name, line }: { readonly name: string; readonly line: string }) =>
  Object.hasOwn(KNOWN[name] ?? {}, line);

describe("a statement", () => {
  it("is known to this test, wherever it is prepared", () => {
    expect(SITES.length).toBeGreaterThan(150);
    expect(
      SITES.filter((site) => !reached.has(site)),
      "src/store: statements that no call leads to",
    ).toEqual([]);
  });

  it("comes out of each function that is called", () => {
    expect([...statements].flatMap(([name, texts]) => (texts.size ? [] : [name]))).toEqual([]);
  });

  it("reads no large table from one end to the other, and sorts none", async () => {
    const steps = await stepsOf();
    expect(steps.filter((step) => !isKnown(step))).toEqual([]);
    const listed = Object.entries(KNOWN).flatMap(([name, lines]) =>
      Object.keys(lines).map((line) => `${name}: ${line}`),
    );
    const seen = new Set(steps.map(({ name, line }) => `${name}: ${line}`));
    expect(
      listed.filter((line) => !seen.has(line)),
      "known.ts: not so any more",
    ).toEqual([]);
  });

  it("does not begin to where D1 knows how much there is", async () => {
    await seed(bindings.DB);
    await bindings.DB.prepare("ANALYZE").run();
    expect((await stepsOf()).filter((step) => !isKnown(step))).toEqual([]);
  });
});

it("a table that is small is one of the schema", () => {
  expect(Object.keys(SMALL).filter((table) => !tables.includes(table))).toEqual([]);
});

describe("this test", () => {
  it.each([
    ["a scan", "SELECT * FROM events WHERE provider = ?1", "SCAN events"],
    ["a scan under another name", "SELECT * FROM receipts AS r WHERE r.method = ?1", "SCAN receipts"],
    ["a sort", "SELECT * FROM recipients WHERE key > ?1 ORDER BY updated_at", "SORT ORDER BY"],
    ["an index that is read as a whole", "SELECT count(*) FROM audit", "SCAN audit"],
  ])("would find %s", async (_what, sql, expected) => {
    const lines = (await costlySteps(sql, tables)).map(({ line }) => line);
    expect(lines.some((line) => line.startsWith(expected))).toBe(true);
  });
});
