/** The npm package, as its users get it: packed, installed into an empty project without a network, and used. */
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort, LocalService } from "./local-service";

const ROOT = path.resolve(import.meta.dirname, "../..");
const PROJECT = mkdtempSync(path.join(tmpdir(), "bouncekeeper-package-"));
const PACKAGE = path.join(PROJECT, "node_modules/bouncekeeper");
const TSC = path.join(path.dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");

let service: LocalService;

/** In the empty project. */
function run(command: string, args: readonly string[], env: Readonly<Record<string, string | undefined>> = {}) {
  const { status, stdout, stderr } = spawnSync(command, [...args], {
    cwd: PROJECT,
    encoding: "utf8",
    env: { ...process.env, ...env, npm_config_update_notifier: "false" },
  });
  return { status, stdout, stderr };
}

function write(name: string, text: string): void {
  writeFileSync(path.join(PROJECT, name), text);
}

function credentials(token: string | undefined) {
  return { BOUNCEKEEPER_URL: `http://localhost:${service.port}`, BOUNCEKEEPER_TOKEN: token };
}

beforeAll(async () => {
  service = new LocalService(await freePort());
  const packed = spawnSync("npm", ["pack", "--pack-destination", PROJECT], { cwd: ROOT, encoding: "utf8" });
  expect(packed.status, packed.stderr).toBe(0);
  const tarball = readdirSync(PROJECT).find((name) => name.endsWith(".tgz"));
  write("package.json", JSON.stringify({ name: "sender", private: true, type: "module" }));
  const installed = run("npm", ["install", `./${tarball}`, "--offline", "--ignore-scripts"]);
  expect(installed.status, installed.stderr).toBe(0);
  await service.start();
});

afterAll(async () => {
  await service.dispose();
  rmSync(PROJECT, { recursive: true, force: true });
});

describe("the tarball", () => {
  test("holds the client, the command line and their types, and nothing of the worker", () => {
    const files = readdirSync(PACKAGE, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(PACKAGE, path.join(entry.parentPath, entry.name)));
    const top = new Set(
      files.map((name) =>
        name
          .split("/")
          .slice(0, name.startsWith("dist/") ? 2 : 1)
          .join("/"),
      ),
    );
    expect([...top].sort()).toEqual(
      ["CHANGELOG.md", "LICENSE", "README.md", "dist/cli", "dist/client", "dist/types", "package.json"].sort(),
    );
    expect(files.filter((name) => name.startsWith("dist/types") && !name.endsWith(".d.ts"))).toEqual([]);
    expect(files).toContain("dist/client/client.js");
  });

  test("brings no other package along", () => {
    expect(readdirSync(path.join(PROJECT, "node_modules")).filter((name) => !name.startsWith("."))).toEqual([
      "bouncekeeper",
    ]);
    const { dependencies, private: isPrivate } = JSON.parse(readFileSync(path.join(PACKAGE, "package.json"), "utf8"));
    expect({ dependencies, isPrivate }).toEqual({});
    const client = readFileSync(path.join(PACKAGE, "dist/client/client.js"), "utf8");
    expect(/^import\b|\bimport\(|\brequire\(/m.exec(client)).toBeNull();
  });
});

describe("in Node", () => {
  const SENDER = `
    import { BouncekeeperError, createClient, createReturnPaths } from "bouncekeeper/client";
    const { BOUNCEKEEPER_URL: url, BOUNCEKEEPER_TOKEN: token } = process.env;
    const client = createClient({ url, token, timeoutMs: 10_000 });
    await client.suppressions.block("blocked@example.com", { note: "by test" });
    const { allowed, suppressed } = await client.checkMany(["blocked@example.com", "new@example.com"]);
    const both = await Promise.all(["blocked@example.com", "new@example.com"].map((one) => client.isSuppressed(one)));
    const scrubbed = await new Response(client.scrub("blocked@example.com\\nnew@example.com\\n")).text();
    const exported = await new Response(client.suppressions.export({ format: "ndjson" })).text();
    const stream = new Blob(["email\\nimported@example.com\\n"]).stream();
    const rows = [];
    const imported = await client.suppressions.import(stream, { onRow: (row) => rows.push(row.status) });
    const refused = await createClient({ url, token: "wrong", onError: "allow" })
      .check("new@example.com")
      .catch((error) => error instanceof BouncekeeperError && error.code);
    const unreachable = await createClient({ url: "http://127.0.0.1:9", token, onError: "block", retries: 0 })
      .isSuppressed("new@example.com");
    const returnPath = await createReturnPaths({ key: "a-key-of-sixteen-characters", domain: "return.example.com" })("a@example.com");
    console.log(JSON.stringify({ allowed, suppressed: suppressed.map((s) => s.reasons), both, scrubbed,
      exported: exported.trim().split("\\n").map((line) => JSON.parse(line).recipient), imported: imported.new, rows,
      refused, unreachable, returnPath }));
  `;

  test("it is imported and used", () => {
    write("sender.mjs", SENDER);
    const { status, stdout, stderr } = run(process.execPath, ["sender.mjs"], credentials(service.secrets.ADMIN_TOKENS));
    expect(status, stderr).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      allowed: ["new@example.com"],
      suppressed: [["manual"]],
      both: [true, false],
      scrubbed: "new@example.com\n",
      exported: ["blocked@example.com"],
      imported: 1,
      rows: ["new"],
      refused: "unauthorized",
      unreachable: true,
      returnPath: expect.stringMatching(/^bounces\+mail-[a-z2-7]{16}-a=example\.com@return\.example\.com$/),
    });
  });

  test("npx finds the command line", () => {
    const help = run("npx", ["--no-install", "bouncekeeper", "--help"]);
    expect(help.status, help.stderr).toBe(0);
    expect(help.stdout).toContain("bouncekeeper COMMAND");
    const { version } = JSON.parse(readFileSync(path.join(ROOT, "package.json"), "utf8"));
    expect(run("npx", ["--no-install", "bouncekeeper", "--version"]).stdout).toBe(`${version}\n`);
    const args = ["--no-install", "bouncekeeper", "check", "unknown@example.com"];
    const check = run("npx", args, credentials(service.secrets.CHECK_TOKENS));
    expect(check).toMatchObject({ status: 0, stdout: "unknown@example.com\tallowed\n" });
  });
});

describe("in TypeScript", () => {
  const SENDER = `
    import { BouncekeeperError, type Check, type Client, createClient, createReturnPaths } from "bouncekeeper/client";
    const client: Client = createClient({ url: "https://bounce.example.com", token: "t", onError: "block" });
    export async function maySend(recipient: string): Promise<boolean> {
      const answer: Check = await client.check(recipient, { purpose: "transactional" });
      const source: "kv" | "d1" | "filter" | "fallback" = answer.source;
      // @ts-expect-error a word that is none of those
      await client.check(recipient, { onError: "ignore" });
      // @ts-expect-error a token is needed
      createClient({ url: "https://bounce.example.com" });
      for await (const event of client.events.follow({ kind: "bounced" })) if (event.class === "hard") break;
      const output: ReadableStream<Uint8Array> = client.scrub("a@example.com", { onProgress: ({ rows }) => rows });
      return !answer.suppressed && source !== "fallback" && output.locked;
    }
    export const isOurs = (error: unknown): boolean => error instanceof BouncekeeperError && error.status === 401;
    export const returnPaths: (recipient: string) => Promise<string> = createReturnPaths({ key: "k", domain: "d" });
  `;

  beforeAll(() => {
    write("sender.ts", SENDER);
    mkdirSync(path.join(PROJECT, "node_modules/@cloudflare"), { recursive: true });
    symlinkSync(
      path.join(ROOT, "node_modules/@cloudflare/workers-types"),
      path.join(PROJECT, "node_modules/@cloudflare/workers-types"),
    );
    symlinkSync(path.join(ROOT, "node_modules/@types"), path.join(PROJECT, "node_modules/@types"));
    symlinkSync(path.join(ROOT, "node_modules/undici-types"), path.join(PROJECT, "node_modules/undici-types"));
  });

  test.each([
    ["a browser, by a bundler", "bundler", "esnext", ["ES2022", "DOM", "DOM.Iterable"], []],
    ["Node", "nodenext", "nodenext", ["ES2022"], ["node"]],
    ["a Worker", "bundler", "esnext", ["ES2022"], ["@cloudflare/workers-types"]],
  ])("its types fit %s", (_where, moduleResolution, module, lib, types) => {
    const compilerOptions = { strict: true, noEmit: true, target: "es2022", module, moduleResolution, lib, types };
    write("tsconfig.json", JSON.stringify({ compilerOptions, files: ["sender.ts"] }));
    // The libraries' own declarations are checked too, ours with them.
    const { status, stdout } = run(process.execPath, [TSC, "--project", "tsconfig.json"]);
    expect(stdout).toBe("");
    expect(status).toBe(0);
  });
});

test("an installation in a clone builds nothing", () => {
  const { scripts } = JSON.parse(readFileSync(path.join(ROOT, "package.json"), "utf8"));
  for (const name of ["prepare", "preinstall", "install", "postinstall"]) expect(scripts).not.toHaveProperty(name);
  expect(existsSync(path.join(PACKAGE, "scripts"))).toBe(false);
});
