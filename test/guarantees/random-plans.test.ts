/**
 * All of it at once.
 *
 * Random plans: sources post what they have to say about a few recipients, in batches, repeatedly and in other
 * groupings; operators block and release; recipients are rebuilt; the cron runs. Several of these at the same time, with
 * the steps of all of them in a random order, and with faults before and after steps. Then the sources post again what
 * was not acknowledged, and the cron runs a few times. In the end every store says what the pure fold says over the set
 * of recorded events, each event is recorded once and counted once in the statistics, the last command of an operator
 * holds, and a mirror that followed the changes says the same.
 *
 * A failure prints the seed and the shrunk plan.
 */
import fc from "fast-check";
import { expect, it } from "vitest";
import { expectMirror } from "../support/changes";
import { type Faults, withFaults } from "../support/faults";
import { type Agreed, expectAgreement, expectAllStatistics, expectStatistics, policyOf } from "../support/ledger";
import {
  type Action,
  canSay,
  inWordsOf,
  type Name,
  type Plan,
  plans,
  RECIPIENTS,
  type Trouble,
} from "../support/plans";
import { newRound, post } from "../support/rounds";
import { MINUTE_MS, pass, setStage, settle } from "../support/stage";
import { api, runCron, testEnv } from "../support/worker";

setStage();

const RUNS = 40;
const TIMEOUT_MS = 120_000;
/** Shrinking ends in time for the report. */
const REPORT_AFTER_MS = 60_000;

type Env = ReturnType<typeof testEnv>;
type Command = "block" | "release";
/** @returns was it accepted? */
type Attempt = (env: Env) => Promise<boolean>;

/** One run of a plan. */
class Play {
  private readonly round = newRound();
  private readonly begin = Date.now();
  private readonly recorded = new Set<string>();
  private readonly lastCommands = new Map<Name, Set<Command>>();

  constructor(
    private readonly plan: Plan,
    private readonly scheduler: fc.Scheduler,
  ) {}

  async run(): Promise<void> {
    const unacknowledged: Attempt[] = [];
    for (const actions of this.plan.rounds) {
      const inRound = new Map<Name, Set<Command>>();
      const retries: Attempt[] = [];
      const outcomes = actions.map(async (action) => {
        const act: Attempt = (env) => this.act(action, env, inRound);
        const accepted = await act(this.disturbed(action.trouble));
        if (!accepted) (action.type === "post" ? unacknowledged : retries).push(act);
      });
      await this.scheduler.waitFor(Promise.all(outcomes));
      // An operator tries again at once, a provider some time later.
      for (const retry of retries) expect(await retry(this.calm())).toBe(true);
      for (const [name, commands] of inRound) this.lastCommands.set(name, commands);
      pass(1_000);
    }
    for (const retry of unacknowledged) expect(await retry(this.calm())).toBe(true);
    await settle(this.calm());
  }

  /** @returns was it accepted? Anything else has to be a failure of ours. */
  private async act(action: Action, env: Env, commands: Map<Name, Set<Command>>): Promise<boolean> {
    if (action.type === "cron") {
      pass(2 * MINUTE_MS);
      await runCron(env);
      return true;
    }
    const response = await this.request(action, env);
    if (!response) return true;
    // Nothing is known of the recipient yet.
    if (response.status === 404 && (action.type === "release" || action.type === "rebuild")) return true;
    if (!response.ok) expect(response.status).toBe(503);
    else if (action.type === "block" || action.type === "release") {
      commands.set(action.name, (commands.get(action.name) ?? new Set()).add(action.type));
    }
    return response.ok;
  }

  private async request(action: Exclude<Action, { type: "cron" }>, env: Env): Promise<Response | null> {
    if (action.type === "post") {
      const { said } = this.plan;
      const says = action.says.flatMap((i) => said[i % said.length] ?? []).filter((s) => canSay(action.source, s));
      if (!says.length) return null;
      for (const s of says) this.recorded.add([action.source, s.name, s.what, s.message, s.age].join());
      const words = says.map((s) => inWordsOf(action.source, s, this.round.address(s.name), this.begin));
      return action.source === "api"
        ? api("/v1/events", { json: words, env })
        : post(action.source, JSON.stringify(words), env);
    }
    const recipient = this.round.address(action.name);
    if (action.type === "rebuild") return api("/v1/rebuild", { json: { recipient }, env });
    return action.type === "block"
      ? api(`/v1/suppressions/${recipient}`, { method: "PUT", json: {}, env })
      : api(`/v1/suppressions/${recipient}?force=true&note=asked`, { method: "DELETE", env });
  }

  private calm(): Env {
    return testEnv({ POLICY: this.plan.policy });
  }

  /** Every step waits for its turn, and some fail. */
  private disturbed({ strikes, dead }: Trouble): Env {
    const faults: Faults = withFaults((step, index) => ({
      holdBefore: () => this.scheduler.schedule(Promise.resolve(), `${step.store}.${step.operation}`),
      fail: step.store === dead ? "before" : (strikes.find((s) => s.step === index)?.moment ?? null),
    }));
    return testEnv({ ...faults.bindings, POLICY: this.plan.policy });
  }

  async check(): Promise<void> {
    for (const name of RECIPIENTS) {
      const agreed = await expectAgreement(this.round.address(name), policyOf(this.plan.policy));
      this.checkJournal(name, agreed);
      this.checkCommands(name, agreed);
    }
    await expectStatistics(this.round.domain);
  }

  private checkJournal(name: Name, { events }: Agreed): void {
    const reported = events.filter((event) => event.provider !== "operator");
    expect(reported).toHaveLength([...this.recorded].filter((key) => key.split(",")[1] === name).length);
  }

  /** All that was said occurred before the plan began, so that a release settles all of it. */
  private checkCommands(name: Name, { verdict }: Agreed): void {
    const [command, ...others] = this.lastCommands.get(name) ?? [];
    if (!command || others.length) return;
    const reasons = verdict.suppressions.map((s) => s.reason);
    if (command === "block") expect(reasons).toContain("manual");
    else expect({ reasons, softCount: verdict.softCount }).toEqual({ reasons: [], softCount: 0 });
  }
}

it(
  "Whatever happens, in whatever order, every store agrees with the fold over the recorded events",
  async () => {
    await fc.assert(
      fc.asyncProperty(plans, fc.scheduler(), async (plan, scheduler) => {
        const play = new Play(plan, scheduler);
        await play.run();
        await play.check();
      }),
      { numRuns: RUNS, interruptAfterTimeLimit: REPORT_AFTER_MS, markInterruptAsFailure: true },
    );
    await expectAllStatistics();
    await expectMirror();
  },
  TIMEOUT_MS,
);
