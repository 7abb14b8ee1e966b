/**
 * Rounds in which the process dies at a random moment, with fifty senders at it.
 *
 * Each round: senders post and try again until they are heard; the runtime is killed in the middle of it, now and then
 * with the cron at work; it is started again over the same stores, its clock some minutes away from where it was. At
 * once, everything that was acknowledged has to be there. Then the senders finish, the cron runs, and every store has to
 * say what the pure fold says over everything that was posted: events once, counters, statistics, projection, edge cache.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { expectRecorded, expectSettled } from "./ledger";
import { Random } from "./random";
import type { ChaosRuntime } from "./runtime";
import { Senders } from "./senders";

const SENDERS = 50;
const MINUTE_MS = 60_000;
/** Of the worker's clock, either way. */
const MAX_SKEW_MS = 4 * MINUTE_MS;
/** Whatever the clock was before. */
const APPLIED_AFTER_MS = MAX_SKEW_MS + 2 * MINUTE_MS;
/** Beyond the minute for which the edge cache is left alone. */
const SETTLED_AFTER_MS = APPLIED_AFTER_MS + 2 * MINUTE_MS;

export class Ordeal {
  kills = 0;
  readonly #random: Random;
  readonly senders: Senders;
  #isUp = false;

  constructor(
    private readonly runtime: ChaosRuntime,
    seed: number,
  ) {
    this.#random = new Random(seed);
    this.senders = new Senders(this.#random, SENDERS, () => (this.#isUp ? runtime.url : ""));
  }

  async start(): Promise<void> {
    await this.runtime.start(this.#skew());
    this.#isUp = true;
  }

  async round(): Promise<void> {
    this.senders.begin();
    await sleep(this.#random.between(100, 1_500));
    const cron = this.#random.chance(0.3) ? this.runtime.cron().catch(() => undefined) : undefined;
    await sleep(this.#random.between(0, 300));
    await this.#dieAndReturn();
    await cron;
    // Once more while they repeat what was not acknowledged.
    if (this.#random.chance(0.3)) {
      await sleep(this.#random.between(10, 400));
      await this.#dieAndReturn();
    }
    await this.senders.finished();
    await this.#expectAgreement();
    await this.runtime.setClock(this.#skew());
    expect(this.senders.unexpected).toEqual([]);
  }

  /** What was acknowledged before it died is recorded when it is back. */
  async #dieAndReturn(): Promise<void> {
    await this.runtime.kill();
    this.#isUp = false;
    this.kills++;
    const acknowledged = [...this.senders.acknowledged.values()];
    await this.start();
    await expectRecorded(this.runtime, acknowledged, this.senders.posted.values());
  }

  /** The cron's first run applies what is pending; a later one settles the edge cache. */
  async #expectAgreement(): Promise<void> {
    for (const aheadMs of [APPLIED_AFTER_MS, SETTLED_AFTER_MS]) {
      await this.runtime.setClock(aheadMs);
      await this.runtime.cron();
    }
    await expectSettled(this.runtime, [...this.senders.posted.values()], Date.now() + SETTLED_AFTER_MS);
  }

  #skew(): number {
    return this.#random.between(-MAX_SKEW_MS, MAX_SKEW_MS);
  }
}
