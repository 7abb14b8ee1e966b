/// <reference types="vite/types/importMeta.d.ts" />
/**
 * The shape of the source, held by a test: who may import whom, where the outside world may be touched, and that the
 * list of providers is the same in the code, in the README, in the manual's pages and in the fixtures.
 *
 * docs/architecture.md says why.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import type { Adapter } from "../src/providers/adapter.ts";

const ROOT = path.join(import.meta.dirname, "..");
const MAX_LINES = 300;

const PURE = ["domain", "crypto", "providers", "mail", "csv", "list", "import", "sync"];
const BELOW_PIPELINE = [...PURE, "store", "recipient", "log"];
const BELOW_DOORS = [...BELOW_PIPELINE, "pipeline", "config"];
const BELOW_APP = [...BELOW_DOORS, "http", "handlers", "mailbox", "export", "dashboard"];

/** A folder of src/, or a file at its top: what it may import beside itself. A new one has to be placed here. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  crypto: ["domain"],
  providers: ["domain", "crypto"],
  mail: ["domain", "crypto"],
  csv: [],
  list: ["domain", "crypto", "csv"],
  import: ["domain", "csv"],
  sync: ["domain", "crypto", "import"],
  store: ["domain"],
  recipient: ["domain"],
  export: ["domain", "csv"],
  log: [],
  client: ["domain", "crypto", "mail", "csv", "list"],
  cli: ["domain", "list", "client"],
  pipeline: BELOW_PIPELINE,
  config: ["domain", "mail", "providers", "sync", "pipeline", "mailbox"],
  http: [...BELOW_DOORS, "export", "mailbox"],
  handlers: [...BELOW_DOORS, "mailbox"],
  mailbox: [...BELOW_PIPELINE, "pipeline"],
  dashboard: [...BELOW_DOORS, "http"],
  app: BELOW_APP,
  index: [...BELOW_APP, "app"],
};

/** http is no place for cryptography; comparing tokens and writing cursors is all it does with it. */
const CRYPTO_OF_HTTP = ["crypto/encoding.ts", "crypto/secret-equal.ts"];
/** Where the worker's environment may be seen. */
const SEES_ENV = ["config.ts", "index.ts"];
const HAS_SQL = ["store", "recipient"];
const IMPURE =
  /\bDate\.now\b|\bnew Date\(\s*\)|\bMath\.random\b|\brandomUUID\b|\bgetRandomValues\b|\bfetch\(|\bcaches\b/;

interface Source {
  /** Below src/, with forward slashes. */
  readonly name: string;
  readonly zone: string;
  readonly text: string;
  /** Without comments. */
  readonly code: string;
  /** Other files of src/, by name. */
  readonly imports: readonly string[];
}

const SOURCES: readonly Source[] = readdirSync(path.join(ROOT, "src"), { recursive: true, encoding: "utf8" })
  .map((name) => name.replaceAll(path.sep, "/"))
  .filter((name) => /\.tsx?$/.test(name) && !name.endsWith(".d.ts"))
  .sort()
  .map(sourceOf);

function sourceOf(name: string): Source {
  const text = readFileSync(path.join(ROOT, "src", name), "utf8");
  const code = text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
  return { name, text, code, zone: zoneOf(name), imports: importsOf(name, code) };
}

/** `store/journal.ts` → `store`, `config.ts` → `config`. */
function zoneOf(name: string): string {
  return name.includes("/") ? name.slice(0, name.indexOf("/")) : name.replace(/\.tsx?$/, "");
}

/** Every form of import and re-export, of values and of types. */
function importsOf(name: string, code: string): string[] {
  const specifiers = [...code.matchAll(/\b(?:from|import)\s*\(?\s*["']([^"']+)["']/g)].map((match) => match[1] ?? "");
  const local = specifiers.filter((specifier) => specifier.startsWith(".") && !/\.asset\.\w+$/.test(specifier));
  return local.map((specifier) => {
    const bare = path.posix.join(path.posix.dirname(name), specifier).replace(/\.tsx?$/, "");
    return existsSync(path.join(ROOT, "src", `${bare}.tsx`)) ? `${bare}.tsx` : `${bare}.ts`;
  });
}

/** Sentences about what is wrong, so that a failure reads well; none is what every test here expects. */
function violations(describeSource: (source: Source) => readonly string[]): string[] {
  return SOURCES.flatMap((source) => describeSource(source).map((what) => `src/${source.name} ${what}`));
}

describe("imports", () => {
  it("lead to files of src", () => {
    const names = SOURCES.map(({ name }) => name);
    expect(names.length).toBeGreaterThan(50);
    expect(violations(({ imports }) => imports.filter((i) => !names.includes(i)).map((i) => `imports ${i}`))).toEqual(
      [],
    );
  });

  it("point one way", () => {
    const strangers = new Set(SOURCES.map(({ zone }) => zone).filter((zone) => !Object.hasOwn(MAY_IMPORT, zone)));
    expect([...strangers], "folders that have no place yet").toEqual([]);
    const wrong = violations(({ zone, imports }) =>
      imports
        .filter((imported) => zoneOf(imported) !== zone && !MAY_IMPORT[zone]?.includes(zoneOf(imported)))
        .map((imported) => `may not import ${imported}`),
    );
    expect(wrong).toEqual([]);
  });

  it("have no cycles, not even of types", () => {
    const importsByName = new Map(SOURCES.map(({ name, imports }) => [name, imports]));
    const finished = new Set<string>();
    const cycles: string[] = [];
    const walk = (name: string, trail: readonly string[]) => {
      if (trail.includes(name)) cycles.push([...trail.slice(trail.indexOf(name)), name].join(" → "));
      if (trail.includes(name) || finished.has(name)) return;
      for (const imported of importsByName.get(name) ?? []) walk(imported, [...trail, name]);
      finished.add(name);
    };
    for (const { name } of SOURCES) walk(name, []);
    expect(cycles).toEqual([]);
  });

  it("take of crypto into http no more than encoding and the comparison of secrets", () => {
    const wrong = violations(({ zone, imports }) =>
      zone !== "http" ? [] : imports.filter((i) => zoneOf(i) === "crypto" && !CRYPTO_OF_HTTP.includes(i)),
    );
    expect(wrong).toEqual([]);
  });

  it("are never gathered in a file of nothing but re-exports", () => {
    const rest = (code: string) =>
      code.replace(/\bimport\b[^;]*;/g, "").replace(/\bexport\s+(?:type\s+)?(?:\*|\{)[^;]*\bfrom\b[^;]*;/g, "");
    expect(violations(({ code }) => (rest(code).trim() === "" ? ["is a barrel"] : []))).toEqual([]);
    expect(violations(({ name }) => (name.endsWith("/index.ts") ? ["is called index"] : []))).toEqual([]);
  });
});

describe("the outside world", () => {
  it("is out of reach of the pure folders", () => {
    const wrong = violations(({ zone, code }) => {
      const found = PURE.includes(zone) ? IMPURE.exec(code) : null;
      return found ? [`uses ${found[0]}`] : [];
    });
    expect(wrong).toEqual([]);
  });

  it("speaks SQL in the stores only", () => {
    const isWrong = ({ zone, code }: Source) => !HAS_SQL.includes(zone) && /\.prepare\(/.test(code);
    expect(violations((source) => (isWrong(source) ? ["prepares a statement"] : []))).toEqual([]);
  });

  it("is the worker's environment to the composition root and its configuration only", () => {
    const wrong = violations(({ name, code }) => {
      if (SEES_ENV.includes(name)) return [];
      const imported = /\bimport\b[^;]*\{[^}]*\bEnv\b[^}]*\}\s*from/.test(code) ? ["imports Env"] : [];
      return /\bimport\b[^;]*\benv\b[^;]*["']cloudflare:workers["']/.test(code)
        ? [...imported, "imports env"]
        : imported;
    });
    expect(wrong).toEqual([]);
  });
});

it("makes nothing while it is loaded that takes long and may never be needed", () => {
  // A statement of the module itself, and not a function that is called later.
  const made = /^(?:export )?const (?:(?!=>).)*\b(?:new Intl\.\w+|matcherOf|phrasesIn|plainWords)\(/m;
  expect(violations(({ code }) => (made.test(code) ? [`has ${made.exec(code)?.[0]}`] : []))).toEqual([]);
});

it(`has no file above ${MAX_LINES} lines`, () => {
  const lines = (text: string) => text.trimEnd().split("\n").length;
  expect(violations(({ text }) => (lines(text) > MAX_LINES ? [`has ${lines(text)} lines`] : []))).toEqual([]);
});

it("has a comment above every function and class that is exported", () => {
  const exported = /^export (?:async )?(?:function\*?|class|abstract class) (\w+)/;
  const undocumented = ({ text }: Source) =>
    text.split("\n").flatMap((line, i, lines) => {
      const name = lines[i - 1]?.trimEnd().endsWith("*/") ? undefined : exported.exec(line)?.[1];
      return name === undefined ? [] : [`has no comment above ${name}`];
    });
  expect(violations(undocumented)).toEqual([]);
});

it("depends on nothing that decision 17 does not justify", () => {
  const record = readFileSync(path.join(ROOT, "docs/decisions/0017-few-dependencies.md"), "utf8");
  const justified = [...record.matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1]);
  const { dependencies = {}, devDependencies } = JSON.parse(readFileSync(path.join(ROOT, "package.json"), "utf8"));
  expect(dependencies).toEqual({});
  expect([...justified].sort()).toEqual(Object.keys(devDependencies).sort());
});

it("has every file that the security review names", () => {
  const review = readFileSync(path.join(ROOT, "docs/security.md"), "utf8");
  const named = [...review.matchAll(/`((?:src|test)\/[\w./-]+)`/g)].map((match) => match[1] ?? "");
  expect(named.length).toBeGreaterThan(50);
  expect(named.filter((name) => !existsSync(path.join(ROOT, name)))).toEqual([]);
});

describe("the providers", () => {
  const adapters = registeredAdapters();
  const ids = adapters.map(({ id }) => id).sort();

  it("are those of the README's table, word for word", () => {
    const readme = readFileSync(path.join(ROOT, "README.md"), "utf8");
    const table = /<!-- providers -->([\s\S]*?)<!-- \/providers -->/.exec(readme)?.[1] ?? "";
    const rows = table.split("\n").filter((line) => line.startsWith("| `"));
    const expected = adapters.map(
      ({ id, title, verifiedBy }) => `| \`${id}\` | ${title} | ${verifiedBy} | [${id}.md](docs/providers/${id}.md) |`,
    );
    expect(rows).toEqual(expected);
  });

  it("have a page each, and there is no page without a provider", () => {
    expect(readdirSync(path.join(ROOT, "docs/providers")).sort()).toEqual(ids.map((id) => `${id}.md`));
  });

  it("have fixtures each, and a word on where these come from", () => {
    for (const id of ids) expect(existsSync(path.join(ROOT, `test/fixtures/${id}/README.md`)), id).toBe(true);
  });
});

/** By glob: imported by name, the worker's files would be checked against Node's types, which they do not fit. */
function registeredAdapters(): readonly Pick<Adapter, "id" | "title" | "verifiedBy">[] {
  const modules = import.meta.glob<{ ADAPTERS: readonly Adapter[] }>("../src/providers/registry.ts", { eager: true });
  return Object.values(modules).flatMap((module) => module.ADAPTERS);
}
