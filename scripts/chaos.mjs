/**
 * `npm run test:chaos`: what a bad day brings, on this machine. The worker is killed under load, flooded and starved
 * (test/chaos); then its stores fail at random (test/guarantees/random-failures.test.ts). Linux; about ten minutes.
 *
 * Environment:
 *   ROUNDS   of SIGKILL (50)
 *   SEED     of all that is random; each test prints its own
 *   TMPDIR   where the stores are: /dev/shm spares the disk
 */
import { spawn } from "node:child_process";
import path from "node:path";
import { ROOT, run } from "./project.mjs";

const RANDOM_RUNS = "20";

function vitest(args, env) {
  const program = path.join(ROOT, "node_modules/vitest/vitest.mjs");
  const child = spawn(process.execPath, [program, "run", ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: "inherit",
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? 1));
  });
}

await run(async () => {
  const killed = await vitest(["--config", "vitest.chaos.config.ts"], {});
  const random = ["--project", "workers", "test/guarantees/random-failures.test.ts"];
  return (await vitest(random, { CHAOS_RUNS: process.env.CHAOS_RUNS ?? RANDOM_RUNS })) || killed;
});
