/**
 * `npm run fuzz`: the fuzz tests, as long as you like: those of test/fuzz/ and test/mail/, and of each adapter in test/providers/. What
 * fails prints its seed; with that seed, and as many runs, it fails again.
 *
 *   npm run fuzz -- --runs 20000             that many runs of each property (2000), with a seed of their own
 *   npm run fuzz -- --seed 1234              the same runs again
 *   npm run fuzz -- --only "SendGrid"        those whose name matches
 */
import { spawn } from "node:child_process";
import path from "node:path";
import { parseArgs } from "node:util";
import { Problem, ROOT, run } from "./project.mjs";

const DEFAULT_RUNS = 2_000;
const MAX_SEED = 2 ** 31;

function numberOf(value, name) {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new Problem(`--${name} takes a whole number, not ${value}.`);
  return number;
}

function fuzz() {
  const { values } = parseArgs({
    options: { runs: { type: "string" }, seed: { type: "string" }, only: { type: "string" } },
  });
  const runs = numberOf(values.runs ?? DEFAULT_RUNS, "runs");
  const seed = numberOf(values.seed ?? Math.floor(Math.random() * MAX_SEED), "seed");
  console.log(`${runs} runs of each property, seed ${seed}`);
  const only = values.only === undefined ? "fuzz" : `${values.only}.*fuzz`;
  const vitest = path.join(ROOT, "node_modules/vitest/vitest.mjs");
  const child = spawn(
    process.execPath,
    [
      vitest,
      "run",
      "--project",
      "workers",
      "--project",
      "shared",
      "--project",
      "unit",
      "fuzz",
      "providers",
      "--testNamePattern",
      only,
    ],
    {
      cwd: ROOT,
      env: { ...process.env, FUZZ_RUNS: String(runs), FUZZ_SEED: String(seed) },
      stdio: "inherit",
    },
  );
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? 1));
  });
}

await run(fuzz);
