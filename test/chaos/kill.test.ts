/**
 * The process dies at random moments, with fifty senders at it.
 *
 * Each round: senders post and try again until they are heard; the runtime is killed in the middle of it, now and then
 * with the cron at work; it is started again over the same stores, its clock some minutes away from where it was. At
 * once, everything that was acknowledged has to be there. Then the senders finish, the cron runs, and every store has to
 * say what the pure fold says over everything that was posted: events once, counters, statistics, projection, edge cache.
 *
 * Environment: `ROUNDS` (50), `SEED`.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { expectRecorded, expectSettled } from "./ledger";
import { numberFromEnv, Random, seedFromEnv } from "./random";
import { ChaosRuntime } from "./runtime";
import { Senders } from "./senders";

const SENDERS = 50;
const ROUNDS = numberFromEnv("ROUNDS", 50);
const SEED = seedFromEnv();
const MINUTE_MS = 60_000;
/** Of the worker's clock, either way. */
const MAX_SKEW_MS = 4 * MINUTE_MS;
/** Whatever the clock was before. */
const APPLIED_AFTER_MS = MAX_SKEW_MS + 2 * MINUTE_MS;
/** Beyond the minute for which the edge cache is left alone. */
const SETTLED_AFTER_MS = APPLIED_AFTER_MS + 2 * MINUTE_MS;
const TEST_TIMEOUT_MS = 60 * MINUTE_MS;

const runtime = new ChaosRuntime();
afterAll(() => runtime.dispose());

test(
  `what was acknowledged survives ${ROUNDS} rounds of SIGKILL under load, and every store agrees afterwards`,
  async () => {
    const random = new Random(SEED);
    let isUp = false;
    let kills = 0;
    const senders = new Senders(random, SENDERS, () => (isUp ? runtime.url : ""));
    const skew = () => random.between(-MAX_SKEW_MS, MAX_SKEW_MS);
    const start = async () => {
      await runtime.start(skew());
      isUp = true;
    };
    /** Acknowledged before it died is recorded when it is back. */
    const dieAndReturn = async () => {
      await runtime.kill();
      isUp = false;
      kills++;
      const acknowledged = [...senders.acknowledged.values()];
      await start();
      await expectRecorded(runtime, acknowledged, senders.posted.values());
    };

    await start();
    for (let round = 1; round <= ROUNDS; round++) {
      senders.begin();
      await sleep(random.between(100, 1_500));
      const cron = random.chance(0.3) ? runtime.cron().catch(() => undefined) : undefined;
      await sleep(random.between(0, 300));
      await dieAndReturn();
      await cron;
      // Once more while they repeat what was not acknowledged.
      if (random.chance(0.3)) {
        await sleep(random.between(10, 400));
        await dieAndReturn();
      }
      await senders.finished();
      // The first run applies what is pending; a later one settles the edge cache.
      for (const aheadMs of [APPLIED_AFTER_MS, SETTLED_AFTER_MS]) {
        await runtime.setClock(aheadMs);
        await runtime.cron();
      }
      await expectSettled(runtime, [...senders.posted.values()], Date.now() + SETTLED_AFTER_MS);
      await runtime.setClock(skew());
      expect(senders.unexpected).toEqual([]);
      if (round % 10 === 0 || round === ROUNDS) {
        console.log(
          `seed ${SEED}: ${round} rounds, ${kills} kills, ${senders.requests} requests, ` +
            `${senders.acknowledged.size} events acknowledged, ${runtime.megabytes()} MB`,
        );
      }
    }
  },
  TEST_TIMEOUT_MS,
);
