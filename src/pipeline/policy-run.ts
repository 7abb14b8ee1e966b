/** Going on with a run over all recipients, step by step, within a budget: simulations, and what batches apply or undo. */
import { parsePolicy } from "../domain/policy";
import { EMPTY_TALLY, type Tally, tallied } from "../domain/what-if";
import { errorFields } from "../log";
import { classChangesAfter, noteClassChanges, putBackClasses } from "../store/class-changes";
import {
  type Advance,
  advanceRun,
  openRuns,
  type PolicyRunRow,
  policyRun,
  pruneSimulations,
  type RunPhase,
} from "../store/policy-runs";
import type { Deps } from "./deps";
import { rebuildRecipients } from "./rebuild";
import { recipientKey } from "./recipient-key";
import { reclassifyAfter } from "./reclassify";
import { compareAfter, type Draft, dueAfter } from "./what-if";

/** How long the cron goes on with runs. */
const CRON_BUDGET_MS = 15_000;
const RUNS_PER_CRON = 10;
const SIMULATIONS_KEPT_MS = 30 * 86_400_000;
const SIMULATIONS_PRUNED = 20;
/** Of the thousand operations that KV takes an invocation. What is not written at once the cron settles. */
const MAX_EDGE_WRITES = 400;
/** Changes of classes that are put back in one transaction. */
const RESTORED_AT_ONCE = 500;
/** So many recipients whose objects fail are passed over, to be tried again at the end. */
const MAX_AGAIN = 100;
/** The place behind all keys, where those are left that failed. */
const BEHIND = "~";

/** What a run has found so far, and of a batch: whose objects failed. */
export interface RunTally extends Tally {
  readonly again?: readonly string[];
}

/** As a run that begins is written. */
export const NEW_TALLY = JSON.stringify(EMPTY_TALLY);

/** What a run has found so far. */
export function tallyOf(run: Pick<PolicyRunRow, "tally">): RunTally {
  return JSON.parse(run.tally) as RunTally;
}

/** What is left to an invocation. */
interface Budget {
  /** Epoch ms. */
  readonly deadline: number;
  edgeWrites: number;
}

/** One step, in one transaction. @returns `false`: it gets no further now */
type Step = (deps: Deps, run: PolicyRunRow, budget: Budget) => Promise<boolean>;

const STEPS: Readonly<Record<RunPhase, Step>> = {
  events: reclassifyNext,
  restore: restoreNext,
  recipients: (deps, run, budget) => (run.kind === "batch" ? decideNext(deps, run, budget) : compareNext(deps, run)),
  done: async () => false,
};

/**
 * Goes on with a run until it is done, or the time is over. Whoever else goes on with it does no harm.
 *
 * @param deadline epoch ms
 * @returns the run, as far as it has come; `null`: there is none
 * @throws when a store failed: the run stands where its last step ended
 */
export async function continueRun(deps: Deps, id: string, deadline: number): Promise<PolicyRunRow | null> {
  const budget = { deadline, edgeWrites: MAX_EDGE_WRITES };
  for (;;) {
    const run = await policyRun(deps.db, id);
    if (!run || run.finished_at !== null || deps.now() >= deadline) return run;
    if (!(await STEPS[run.phase](deps, run, budget))) return policyRun(deps.db, id);
  }
}

/** What the cron does about runs. @param latest epoch ms */
export async function tendPolicyRuns(deps: Deps, latest: number): Promise<void> {
  if (!deps.policy.ok) return;
  const deadline = Math.min(latest, deps.now() + CRON_BUDGET_MS);
  for (const id of await openRuns(deps.db, RUNS_PER_CRON)) {
    if (deps.now() >= deadline) break;
    const run = await continueRun(deps, id, deadline).catch((error: unknown) => {
      deps.log.warn("policy.failed", { run: id, ...errorFields(error) });
      return null;
    });
    if (run?.finished_at) deps.log.info("policy.done", { run: id, kind: run.kind, looked: run.looked });
  }
  await pruneSimulations(deps.db, deps.now() - SIMULATIONS_KEPT_MS, SIMULATIONS_PRUNED);
}

/** To the next phase, or to a place in this one. */
function toward(deps: Deps, phase: RunPhase, place: string, tally: RunTally, counts?: Partial<Advance>): Advance {
  return { phase, place, tally: JSON.stringify(tally), looked: 0, decided: 0, at: deps.now(), ...counts };
}

/** Classes first: recipients are decided by them. */
async function reclassifyNext(deps: Deps, run: PolicyRunRow): Promise<boolean> {
  const { changes, undecidable, next } = await reclassifyAfter(deps, Number(run.place || 0));
  const before = tallyOf(run);
  const tally = {
    ...before,
    reclassified: before.reclassified + changes.length,
    undecidable: before.undecidable + undecidable,
  };
  const to = next === null ? toward(deps, "recipients", "", tally) : toward(deps, "events", String(next), tally);
  await advanceRun(deps.db, run, to, noteClassChanges(deps.db, run.id, changes, to, run.kind === "batch"));
  return true;
}

async function compareNext(deps: Deps, run: PolicyRunRow): Promise<boolean> {
  const draft = draftOf(run);
  if (!draft) throw new Error("the draft cannot be read any more");
  const { changes, overdue, looked, next } = await compareAfter(deps, run.place, draft);
  const tally = tallied(tallyOf(run), changes, overdue);
  await advanceRun(deps.db, run, toward(deps, next === null ? "done" : "recipients", next ?? "", tally, { looked }));
  return true;
}

/** What a simulation compares with; `null`: today's code cannot read its policy. */
export function draftOf(run: PolicyRunRow): Draft | null {
  const policy = parsePolicy(run.policy);
  if (!policy.ok) return null;
  return { policy: policy.value, classesOf: run.reclassify === 1 ? run.id : null, now: run.created_at };
}

/** Undoing: the journal says again what it said. */
async function restoreNext(deps: Deps, run: PolicyRunRow): Promise<boolean> {
  const seqs = await classChangesAfter(deps.db, run.id, Number(run.place || 0), RESTORED_AT_ONCE);
  const last = seqs.at(-1);
  const tally = tallyOf(run);
  const to = last === undefined ? toward(deps, "recipients", "", tally) : toward(deps, "restore", String(last), tally);
  await advanceRun(deps.db, run, to, seqs.length ? [putBackClasses(deps.db, run.id, seqs, to)] : []);
  return true;
}

/** Objects decide anew about those who stand otherwise than the policy says. Who fails is tried again at the end. */
async function decideNext(deps: Deps, run: PolicyRunRow, budget: Budget): Promise<boolean> {
  if (run.place === BEHIND) return decideAgain(deps, run, budget);
  const { due, looked, next } = await dueAfter(deps, run.place);
  const failed = await decide(deps, run, due, budget);
  const { again: before = [], ...tally } = tallyOf(run);
  const again = [...before, ...failed];
  if (again.length > MAX_AGAIN) return false;
  const counts = { looked, decided: due.length - failed.length };
  if (next !== null) return advance(deps, run, toward(deps, "recipients", next, { ...tally, again }, counts));
  const to = again.length
    ? toward(deps, "recipients", BEHIND, { ...tally, again }, counts)
    : toward(deps, "done", "", tally, counts);
  return advance(deps, run, to);
}

async function decideAgain(deps: Deps, run: PolicyRunRow, budget: Budget): Promise<boolean> {
  const { again = [], ...tally } = tallyOf(run);
  const failed = await decide(deps, run, again, budget);
  if (failed.length) return false;
  await advanceRun(deps.db, run, toward(deps, "done", "", tally, { decided: again.length }));
  return true;
}

async function advance(deps: Deps, run: PolicyRunRow, to: Advance): Promise<boolean> {
  await advanceRun(deps.db, run, to);
  return true;
}

/** @returns those about whom nothing could be decided now */
async function decide(deps: Deps, run: PolicyRunRow, names: readonly string[], budget: Budget): Promise<string[]> {
  if (!names.length) return [];
  const { outcomes, edgeWrites } = await rebuildRecipients(deps, names, budget.edgeWrites);
  budget.edgeWrites -= edgeWrites;
  const failed: string[] = [];
  for (const name of names) {
    const outcome = outcomes.get(name);
    if (outcome?.type === "decided" || outcome?.type === "unknown") continue;
    failed.push(name);
    const reason = outcome?.type === "failed" ? errorFields(outcome.error) : { reason: outcome?.type };
    deps.log.warn("policy.failed", { run: run.id, recipient: recipientKey(name), ...reason });
  }
  return failed;
}
