/** Environment: `ROUNDS` (50), `SEED`. */
import { afterAll, test } from "vitest";
import { numberFromEnv, seedFromEnv } from "./random";
import { ChaosRuntime } from "./runtime";
import { Ordeal } from "./survive";

const ROUNDS = numberFromEnv("ROUNDS", 50);
const SEED = seedFromEnv();
const REPORT_EVERY = 10;
const TEST_TIMEOUT_MS = 60 * 60_000;

const runtime = new ChaosRuntime();
afterAll(() => runtime.dispose());

test(
  `what was acknowledged survives ${ROUNDS} rounds of SIGKILL under load, and every store agrees (SEED=${SEED})`,
  async () => {
    const ordeal = new Ordeal(runtime, SEED);
    const { senders } = ordeal;
    await ordeal.start();
    for (let round = 1; round <= ROUNDS; round++) {
      await ordeal.round();
      if (round % REPORT_EVERY && round !== ROUNDS) continue;
      console.log(
        `${round} rounds, ${ordeal.kills} kills, ${senders.requests} requests, ` +
          `${senders.acknowledged.size} events acknowledged, ${runtime.megabytes()} MB`,
      );
    }
  },
  TEST_TIMEOUT_MS,
);
