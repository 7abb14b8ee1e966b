/**
 * Managing the list, all of it at once.
 *
 * Random plans: lists are imported, batches undone, recipients blocked and released in bulk, put on the allow-list, erased
 * with and without their hash being kept, while providers report and the cron runs. Several of these at the same time,
 * with the steps of all of them in a random order, and with faults before and after steps. Then what was not accepted is
 * asked for again, and the cron runs. In the end every store says what the pure fold says over the events that are on
 * record and were not withdrawn; every batch that was to be undone is; whoever was erased last, and of whom nothing was
 * heard since, stands nowhere.
 *
 * A failure prints the seed and the shrunk plan.
 */
import fc from "fast-check";
import { expect, it } from "vitest";
import { bulk, erase, postList, revert } from "../support/batches";
import { expectAgreementAfterErasure, tablesWith } from "../support/erasure";
import { type Moment, withFaults } from "../support/faults";
import { bounced, delivered, post } from "../support/reports";
import { newRound } from "../support/rounds";
import { MINUTE_MS, pass, setStage, settle } from "../support/stage";
import { countOf, rowsOf } from "../support/stores";
import { api, jsonOf, runCron, testEnv } from "../support/worker";

setStage();

const RUNS = 40;
const TIMEOUT_MS = 180_000;
/** Shrinking ends in time for the report. */
const REPORT_AFTER_MS = 90_000;
const LATE_MS = 31 * MINUTE_MS;

const NAMES = ["ann", "bob", "cem"] as const;
const REASONS = ["hard", "complaint", "unsubscribe", "manual"] as const;

interface Strike {
  readonly step: number;
  readonly moment: Moment;
}

type Act =
  | { readonly type: "import"; readonly entries: readonly { readonly name: string; readonly reason: string }[] }
  | { readonly type: "undo"; readonly batch: number }
  | { readonly type: "block" | "release"; readonly names: readonly string[] }
  | { readonly type: "allow" | "disallow" | "rebuild" | "erase" | "keep"; readonly name: string }
  | {
      readonly type: "report";
      readonly name: string;
      readonly what: "hard" | "soft" | "delivered";
      readonly message: number;
    }
  | { readonly type: "cron" };
type Action = Act & { readonly strikes: readonly Strike[] };

const name = fc.constantFrom("ann", "ann", "ann", ...NAMES);
const strikes = fc.array(fc.record({ step: fc.nat(8), moment: fc.constantFrom<Moment>("before", "after") }), {
  maxLength: 2,
});
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant("import" as const),
      entries: fc.array(fc.record({ name, reason: fc.constantFrom(...REASONS) }), { minLength: 1, maxLength: 4 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ type: fc.constant("undo" as const), batch: fc.nat(3) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constantFrom("block" as const, "release" as const),
      names: fc.array(name, { minLength: 1, maxLength: 3 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constantFrom(
        "allow" as const,
        "disallow" as const,
        "rebuild" as const,
        "erase" as const,
        "keep" as const,
      ),
      name,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant("report" as const),
      name,
      what: fc.constantFrom("hard" as const, "soft" as const, "delivered" as const),
      message: fc.nat(3),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("cron" as const) }) },
);
const action: fc.Arbitrary<Action> = fc.tuple(act, strikes).map(([a, s]) => ({ ...a, strikes: s }));
const plans = fc.array(fc.array(action, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 5 });

type Env = ReturnType<typeof testEnv>;

/** One run of a plan. */
class Play {
  readonly #round = newRound();
  readonly #begin = Date.now();
  /** Batches that somebody asked to undo. */
  readonly #undone = new Set<string>();
  readonly #meant = new Map<Action, string>();

  async run(plan: readonly (readonly Action[])[], scheduler: fc.Scheduler): Promise<void> {
    const first = await this.#batches();
    for (const actions of plan) {
      const refused: Action[] = [];
      const outcomes = actions.map(async (a) => {
        if (!(await this.#do(a, disturbed(a.strikes, scheduler), first))) refused.push(a);
      });
      await scheduler.waitFor(Promise.all(outcomes));
      for (const a of refused) expect(await this.#do(a, testEnv(), first)).toBe(true);
      pass(1_000);
    }
    await settle();
  }

  /** @returns was it accepted? Anything else has to be a failure of ours. */
  async #do(a: Action, env: Env, known: ReadonlySet<string>): Promise<boolean> {
    if (a.type === "cron") {
      pass(2 * MINUTE_MS);
      await runCron(env);
      return true;
    }
    const response = await this.#request(a, env, known);
    if (!response || response.status === 404 || response.status === 409) return true;
    if (!response.ok) expect(response.status).toBe(503);
    return response.ok;
  }

  async #request(a: Exclude<Action, { type: "cron" }>, env: Env, known: ReadonlySet<string>): Promise<Response | null> {
    const of = (who: string) => this.#round.address(who);
    switch (a.type) {
      case "import":
        return postList(
          ["email,reason,date", ...a.entries.map((e) => `${of(e.name)},${e.reason},2029-12-01`)].join("\n"),
          "",
          env,
        );
      case "undo": {
        const ids = [...(await this.#batches())].filter((id) => !known.has(id)).reverse();
        // Asked again, it is the same batch.
        const id = this.#meant.get(a) ?? ids[a.batch];
        if (id === undefined) return null;
        this.#meant.set(a, id);
        this.#undone.add(id);
        return revert(id, env);
      }
      case "block":
      case "release":
        return bulk(a.type, a.names.map(of), { force: a.type === "release", note: "asked" }, env);
      case "allow":
      case "disallow":
        return api(`/v1/allowlist/${of(a.name)}`, { method: a.type === "allow" ? "PUT" : "DELETE", env });
      case "rebuild":
        return api("/v1/rebuild", { json: { recipient: of(a.name) }, env });
      case "erase":
      case "keep":
        return erase(of(a.name), a.type === "keep" ? "?keepSuppressed=true" : "", env);
      case "report": {
        const at = this.#begin - (a.message + 1) * MINUTE_MS;
        const id = `${a.what}-${a.message}`;
        return post(a.what === "delivered" ? delivered(of(a.name), at, id) : bounced(of(a.name), a.what, at, id), env);
      }
    }
  }

  async #batches(): Promise<ReadonlySet<string>> {
    return new Set((await rowsOf<{ id: string }>("SELECT id FROM batches ORDER BY id")).map((row) => row.id));
  }

  async check(): Promise<void> {
    for (const who of NAMES) await expectAgreementAfterErasure(this.#round.address(who));
    for (const id of this.#undone) {
      expect(await jsonOf(await api(`/v1/batches/${id}`))).toMatchObject({ status: "reverted", pending: 0 });
      const left = "events e JOIN receipts r ON e.seq / 131072 = r.id WHERE r.batch_id = ? AND e.retracted_by IS NULL";
      expect(await countOf(left, id)).toBe(0);
    }
    // Nobody can be late any more: what erasures left for a while goes too.
    pass(LATE_MS);
    await settle();
    for (const who of NAMES) {
      const address = this.#round.address(who);
      await expectAgreementAfterErasure(address);
      if (!(await countOf("events WHERE address = ?", address))) expect(await tablesWith(address)).toEqual([]);
    }
    expect(await countOf("recipients WHERE erased_at IS NOT NULL")).toBe(0);
  }
}

/** Every step waits for its turn, and some fail. */
function disturbed(list: readonly Strike[], scheduler: fc.Scheduler): Env {
  const faults = withFaults((step, index) => ({
    holdBefore: () => scheduler.schedule(Promise.resolve(), `${step.store}.${step.operation}`),
    fail: list.find((s) => s.step === index)?.moment ?? null,
  }));
  return testEnv(faults.bindings);
}

it(
  "Whatever is done to the list, in whatever order, every store agrees with the fold over what stands",
  async () => {
    await fc.assert(
      fc.asyncProperty(plans, fc.scheduler(), async (plan, scheduler) => {
        const play = new Play();
        await play.run(plan, scheduler);
        await play.check();
      }),
      { numRuns: RUNS, interruptAfterTimeLimit: REPORT_AFTER_MS, markInterruptAsFailure: true },
    );
  },
  TIMEOUT_MS,
);
