/** The limiters that `wrangler.toml` has as comments, uncommented: the platform's own, as the local runtime has them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestHarness } from "wrangler";

const ROOT = path.resolve(import.meta.dirname, "../..");
const LIMIT = 60;

const directory = mkdtempSync(path.join(tmpdir(), "bouncekeeper-limits-"));
const configPath = path.join(directory, "wrangler.toml");
const toml = readFileSync(path.join(ROOT, "wrangler.toml"), "utf8")
  .replace(/^# (?=\[\[ratelimits\]\]|name = "(?:CHECK_)?RATE_LIMITER"|namespace_id = |simple = )/gm, "")
  .replace(/^main = .*$/m, `main = ${JSON.stringify(path.join(ROOT, "src/index.ts"))}`)
  .replace(/^migrations_dir = .*$/m, `migrations_dir = ${JSON.stringify(path.join(ROOT, "migrations"))}`)
  .replaceAll('"./', `"${ROOT.replaceAll("\\", "/")}/`);
writeFileSync(configPath, toml);

const server = createTestHarness({
  root: ROOT,
  workers: [{ configPath, secrets: { ADMIN_TOKENS: "an-admin-token" } }],
});

beforeAll(async () => {
  await server.listen();
  await server.getWorker("bouncekeeper").applyD1Migrations("DB");
});
afterAll(async () => {
  await server.close();
  rmSync(directory, { recursive: true, force: true });
});

test("whoever guesses is told to wait after so many wrong tokens, and the right one still gets in", async () => {
  const ask = async (token: string) => {
    const headers = { authorization: `Bearer ${token}`, "cf-connecting-ip": "192.0.2.1" };
    const response = await server.getWorker("bouncekeeper").fetch("http://localhost/v1/connections", { headers });
    await response.arrayBuffer();
    return response.status;
  };
  const answers: number[] = [];
  // A minute may end in between, and counting begins anew.
  while (!answers.includes(429) && answers.length <= 2 * LIMIT) answers.push(await ask(`guess-${answers.length}`));
  expect(answers.length).toBeGreaterThan(LIMIT);
  expect(new Set(answers.slice(0, -1))).toEqual(new Set([401]));
  expect(answers.at(-1)).toBe(429);
  expect(await ask("an-admin-token")).toBe(200);
});
