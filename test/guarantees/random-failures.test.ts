/**
 * Stores that fail at random.
 *
 * Every operation on D1, KV and the recipients' objects fails with the same probability, from one in a hundred to one in
 * two, before or after it took effect. Providers post batches about a few recipients, late, repeatedly, in other
 * groupings, with the same event twice in one batch, two connections reporting the same bounce; operators block and
 * release; the cron runs; the clock jumps some minutes forth and back. Everybody tries again until he is heard. Then the
 * stores work again, the cron runs twice, and every store says what the pure fold says over the recorded events: each of
 * those that were posted, once; the statistics count each once; the last command of an operator holds.
 *
 * A failure prints its seed. `CHAOS_RUNS` and `SEED` are taken from the environment.
 */
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { type Plan, withFaults } from "../support/faults";
import { expectAgreement, expectAllStatistics } from "../support/ledger";
import { canSay, inWordsOf, type Name, RECIPIENTS, type Said, type Source } from "../support/plans";
import { newRound, post } from "../support/rounds";
import { MINUTE_MS, pass, setStage, settle } from "../support/stage";
import { api, runCron, testEnv } from "../support/worker";

setStage();

const { CHAOS } = env as unknown as { CHAOS: { runs: string | null; seed: string | null } };
const RUNS = Number(CHAOS.runs ?? 2);
const SEED = Number(CHAOS.seed ?? 1);
const PERCENT = [1, 5, 10, 25, 50] as const;
const ACTIONS = 25;
/** Half of all operations failing, a request of ten steps gets through once in a thousand times. */
const MAX_ATTEMPTS = 5_000;
const TIMEOUT_MS = 600_000;

const WORDS = ["soft", "soft", "soft", "soft", "delivered", "returned", "expired", "block", "hard", "complained"];
const SOURCES: readonly Source[] = ["inboxroad", "powermta", "api"];

type Dice = () => number;

/** mulberry32: the same numbers for the same seed. @returns from 0 to 1, 1 excluded */
function diceOf(seed: number): Dice {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Some time of a few recipients, with stores that fail. */
class Play {
  private readonly round = newRound();
  private readonly begin = Date.now();
  private readonly posted = new Set<string>();
  private readonly lastCommand = new Map<Name, "block" | "release">();
  private readonly said: readonly Said[];
  /** Of the clock. */
  private ahead = 0;
  private readonly faults = withFaults(this.failing());

  constructor(
    private readonly dice: Dice,
    private readonly probability: number,
  ) {
    this.said = Array.from({ length: 14 }, () => ({
      what: this.oneOf(WORDS),
      name: this.oneOf(RECIPIENTS),
      message: this.below(6),
      age: this.below(20),
    }));
  }

  get struck(): number {
    return this.faults.struck();
  }

  private failing(): Plan {
    return () => (this.dice() < this.probability ? this.oneOf(["before", "after"] as const) : null);
  }

  private below(n: number): number {
    return Math.floor(this.dice() * n);
  }

  private oneOf<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  /** Never far from where the clock should be, on either side. */
  private jump(): void {
    const ahead = (this.below(7) - 3) * MINUTE_MS;
    pass(ahead - this.ahead);
    this.ahead = ahead;
  }

  async run(): Promise<void> {
    const faulty = testEnv(this.faults.bindings);
    for (let i = 0; i < ACTIONS; i++) {
      this.jump();
      const kind = this.below(10);
      if (kind < 8) await this.report(faulty);
      else if (kind < 9) await this.order(faulty);
      // A cron run that fails is no more than the next one's work.
      else await runCron(faulty).catch(() => undefined);
    }
    pass(10 * MINUTE_MS);
    await settle();
  }

  private async report(faulty: ReturnType<typeof testEnv>): Promise<void> {
    const source = this.oneOf(SOURCES);
    const says = Array.from({ length: 1 + this.below(4) }, () => this.oneOf(this.said)).filter((s) =>
      canSay(source, s),
    );
    if (!says.length) return;
    for (const s of says) this.posted.add([source, s.name, s.what, s.message, s.age].join());
    const words = says.map((s) => inWordsOf(source, s, this.round.address(s.name), this.begin));
    await this.untilHeard(() =>
      source === "api" ? api("/v1/events", { json: words, env: faulty }) : post(source, JSON.stringify(words), faulty),
    );
  }

  private async order(faulty: ReturnType<typeof testEnv>): Promise<void> {
    const name = this.oneOf(RECIPIENTS);
    const path = `/v1/suppressions/${this.round.address(name)}`;
    const order = this.oneOf(["block", "release"] as const);
    const isKnown = await this.untilHeard(() =>
      order === "block"
        ? api(path, { method: "PUT", json: {}, env: faulty })
        : api(`${path}?force=true&note=asked`, { method: "DELETE", env: faulty }),
    );
    if (isKnown) this.lastCommand.set(name, order);
  }

  /** @returns `false`: it is about nobody that is known. Anything but that and acceptance is a failure of ours. */
  private async untilHeard(send: () => Promise<Response>): Promise<boolean> {
    for (let attempt = 1; ; attempt++) {
      const response = await send();
      if (response.ok) return true;
      if (response.status === 404) return false;
      expect(response.status).toBe(503);
      expect(response.headers.get("retry-after")).not.toBeNull();
      expect(attempt, "attempts").toBeLessThan(MAX_ATTEMPTS);
    }
  }

  async check(): Promise<void> {
    for (const name of RECIPIENTS) {
      const { events, verdict } = await expectAgreement(this.round.address(name));
      const reported = events.filter((event) => event.provider !== "operator");
      expect(reported).toHaveLength([...this.posted].filter((key) => key.split(",")[1] === name).length);
      const reasons = verdict.suppressions.map((s) => s.reason);
      if (this.lastCommand.get(name) === "block") expect(reasons).toContain("manual");
      else expect(reasons).not.toContain("manual");
    }
  }
}

describe("Stores that fail at random lose nothing and count nothing twice", () => {
  it.each(PERCENT)(
    "when %i in a hundred operations fail",
    async (percent) => {
      let struck = 0;
      for (let run = 0; run < RUNS; run++) {
        const seed = SEED + run;
        const play = new Play(diceOf(seed * 100 + percent), percent / 100);
        try {
          await play.run();
          await play.check();
        } catch (error) {
          if (error instanceof Error) error.message = `CHAOS_RUNS=1 SEED=${seed}: ${error.message}`;
          throw error;
        }
        struck += play.struck;
      }
      await expectAllStatistics();
      expect(struck).toBeGreaterThan(0);
    },
    TIMEOUT_MS,
  );
});
