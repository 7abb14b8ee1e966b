/** A round of `npm run test:chaos`, so that every change meets it. */
import { afterAll, expect, test } from "vitest";
import { seedFromEnv } from "../chaos/random";
import { ChaosRuntime } from "../chaos/runtime";
import { Ordeal } from "../chaos/survive";

const ROUNDS = 1;
const SEED = seedFromEnv();

const runtime = new ChaosRuntime();
afterAll(() => runtime.dispose());

test(`what was acknowledged survives a SIGKILL under load, and every store agrees (SEED=${SEED})`, async () => {
  const ordeal = new Ordeal(runtime, SEED);
  await ordeal.start();
  for (let round = 0; round < ROUNDS; round++) await ordeal.round();
  expect(ordeal.kills).toBeGreaterThanOrEqual(ROUNDS);
  expect(ordeal.senders.acknowledged.size).toBeGreaterThan(0);
});
