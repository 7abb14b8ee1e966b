/** `npm run deploy` without an account: the steps and their order, and what the user is told. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { FakeCloudflare } from "./fake-cloudflare";
import { runScript } from "./local-service";

interface Answer {
  readonly code?: number;
  readonly stdout?: string;
  readonly stderr?: string;
}

const DATABASES = (...names: string[]): Answer => ({ stdout: JSON.stringify(names.map((name) => ({ name }))) });
const SECRETS = DATABASES;
const LIST = "d1 list --json";
const MIGRATE = "d1 migrations apply DB --remote";

describe("its steps", () => {
  const directory = mkdtempSync(path.join(tmpdir(), "bouncekeeper-"));
  const log = path.join(directory, "calls.log");

  beforeEach(() => rmSync(log, { force: true }));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  async function deploy(
    answers: Record<string, Answer>,
    args: readonly string[] = [],
    env: Record<string, string> = {},
  ) {
    const wrangler = path.join(import.meta.dirname, "fake-wrangler.mjs");
    const fake = { BOUNCEKEEPER_WRANGLER: wrangler, FAKE_LOG: log, FAKE_ANSWERS: JSON.stringify(answers) };
    const result = await runScript("deploy.mjs", { ...fake, ...env }, args);
    return { ...result, calls: readFileSync(log, "utf8").trim().split("\n") };
  }

  test("first time: database, migrations, worker; then the secrets that are missing", async () => {
    const { code, output, calls } = await deploy({ [LIST]: DATABASES("other"), "secret list": SECRETS() });
    expect(output).toContain("secret put ADMIN_TOKENS");
    expect(code).toBe(0);
    expect(calls).toEqual([LIST, "d1 create bouncekeeper", MIGRATE, "deploy", "secret list"]);
  });

  test("an update: migrations before the code", async () => {
    const secrets = SECRETS("ADMIN_TOKENS", "CHECK_TOKENS", "WEBHOOK_SES");
    const { code, output, calls } = await deploy({ [LIST]: DATABASES("bouncekeeper"), "secret list": secrets });
    expect(code).toBe(0);
    expect(calls).toEqual([LIST, MIGRATE, "deploy", "secret list"]);
    expect(output).not.toContain("secret put");
  });

  test.each([
    ["the list of databases", { [LIST]: { code: 3, stderr: "not logged in" } }, [LIST], "npm run wrangler -- login"],
    [
      "creating the database",
      { [LIST]: DATABASES(), "d1 create": { code: 4, stderr: "limit reached" } },
      [LIST, "d1 create bouncekeeper"],
      "limit reached",
    ],
    [
      "a migration",
      { [LIST]: DATABASES("bouncekeeper"), "d1 migrations": { code: 5, stderr: "no such table" } },
      [LIST, MIGRATE],
      "no such table",
    ],
  ])("a failure of %s ends it with that exit code", async (_name, answers: Record<string, Answer>, steps, told) => {
    const { code, output, calls } = await deploy(answers);
    expect(code).toBe(Object.values(answers).find((answer) => answer.code)?.code);
    expect(calls).toEqual(steps);
    expect(output).toContain(told);
  });

  test("a namespace left by a first deploy that failed half-way is named", async () => {
    const { code, output } = await deploy({
      [LIST]: DATABASES("bouncekeeper"),
      deploy: { code: 1, stderr: "already exists [code: 10014]" },
      "secret list": { code: 1 },
      "kv namespace list": { stdout: JSON.stringify([{ id: "abc123", title: "bouncekeeper-suppressions" }]) },
    });
    expect(code).toBe(1);
    expect(output).toContain('id = "abc123"');
  });

  test("a place for the database, and other arguments", async () => {
    const { calls } = await deploy(
      { [LIST]: DATABASES(), "secret list": SECRETS() },
      ["--message", "first", "--config=wrangler.toml"],
      { D1_JURISDICTION: "eu" },
    );
    const target = "--config wrangler.toml";
    expect(calls).toEqual([
      `${LIST} ${target}`,
      `d1 create bouncekeeper --jurisdiction eu ${target}`,
      `${MIGRATE} ${target}`,
      "deploy --message first --config=wrangler.toml",
      `secret list ${target}`,
    ]);
  });

  test("a dry run touches nothing", async () => {
    expect((await deploy({}, ["--dry-run"])).calls).toEqual(["deploy --dry-run"]);
  });
});

/** What this version of wrangler does where wrangler.toml has no ids is in no contract; the whole order relies on it. */
test("wrangler finds the database by its name, binds it, and makes the namespace once", async () => {
  const cloudflare = await FakeCloudflare.start();
  const env = { CLOUDFLARE_API_BASE_URL: cloudflare.url, CLOUDFLARE_API_TOKEN: "t", CLOUDFLARE_ACCOUNT_ID: "acc" };
  try {
    const first = await runScript("deploy.mjs", env);
    expect(first, first.output).toMatchObject({ code: 0 });
    expect(cloudflare.changes).toEqual([
      "POST d1/database bouncekeeper",
      ...cloudflare.migrations.map((name) => `migration ${name}`),
      "POST storage/kv/namespaces bouncekeeper-suppressions",
      "upload DB=d1-1 RECIPIENT SUPPRESSIONS=kv-1",
    ]);

    cloudflare.changes.length = 0;
    const second = await runScript("deploy.mjs", env);
    expect(second, second.output).toMatchObject({ code: 0 });
    expect(cloudflare.changes).toEqual(["upload DB=inherited RECIPIENT SUPPRESSIONS=inherited"]);
  } finally {
    cloudflare.stop();
  }
});
