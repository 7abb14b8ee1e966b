/** What the cron does: finish what is pending, settle the edge cache. Bounded in time; the next run goes on. */
import { pendingAfter } from "../store/pending";
import { markSettled, unsettledAnswers } from "../store/recipients";
import { setSystemState } from "../store/system-state";
import { applyEvents, type Progress } from "./apply";
import { continueReverts } from "./batches";
import type { Deps } from "./deps";
import { sweepErased } from "./erase";
import { continueIncidents } from "./incidents";
import { effectivePolicy, inForce } from "./policy";
import { tendPolicyRuns } from "./policy-run";
import { writeAnswer } from "./project";

const RUN_BUDGET_MS = 25_000;
/** When a run goes on to the next step at the latest, from its beginning: a long undoing is not to hold up the others. */
const ENDS_MS = { reverts: 15_000, incidents: 18_000, pending: 22_000 } as const;
const PENDING_PAGE = 500;
/** Of the thousand operations that KV takes an invocation: the others are for what a run settles. */
const MAX_EDGE_WRITES = 400;
const ANSWER_PAGE = 200;
/** An inline write of the edge cache cannot be under way any more after this. */
const SETTLE_AFTER_MS = 60_000;

export interface Reconciled {
  /** Events that this run applied. */
  readonly applied: number;
  /** Recipients that failed again; their events stay pending. */
  readonly failed: number;
  /** Answers written to the edge cache. */
  readonly settled: number;
}

/** One bounded run; two at once do no harm. @throws when D1 fails: the next run goes on */
export async function reconcile(deps: Deps): Promise<Reconciled> {
  const start = deps.now();
  const deadline = start + RUN_BUDGET_MS;
  await continueReverts(deps, start + ENDS_MS.reverts);
  await continueIncidents(deps, start + ENDS_MS.incidents);
  const drained = await drainPending(deps, start + ENDS_MS.pending);
  await tendPolicyRuns(deps, deadline);
  const settled = await settleEdge(deps, deadline);
  if (deps.policy.ok) await sweepErased(deps);
  await setSystemState(deps.db, "last_cron", deps.now());
  return { ...drained, settled };
}

/** Oldest first, and past what fails: one recipient that cannot be applied does not hold up the others. */
async function drainPending(deps: Deps, deadline: number): Promise<{ applied: number; failed: number }> {
  let applied = 0;
  let failed = 0;
  let after = 0;
  let edgeWrites = MAX_EDGE_WRITES;
  while (deps.now() < deadline) {
    const rows = await pendingAfter(deps.db, after, PENDING_PAGE);
    const last = rows.at(-1);
    if (!last) break;
    const policy = await effectivePolicy(deps);
    if (!policy.ok) {
      deps.log.error("config.invalid", { subject: "POLICY", detail: policy.error });
      break;
    }
    const progress: Progress = { pending: rows.length, failed: 0, edgeWrites };
    await applyEvents(deps, inForce(policy.value), rows, progress);
    edgeWrites = progress.edgeWrites ?? 0;
    applied += rows.length - Math.max(0, progress.pending);
    failed += progress.failed;
    after = last.seq;
  }
  return { applied, failed };
}

/**
 * Writes answers that changed a while ago to the edge cache and notes it. One late writer settles what concurrent
 * inline writers may have left in the wrong order.
 */
async function settleEdge(deps: Deps, deadline: number): Promise<number> {
  let settled = 0;
  while (deps.now() < deadline) {
    const answers = await unsettledAnswers(deps.db, deps.now() - SETTLE_AFTER_MS, ANSWER_PAGE);
    if (!answers.length) break;
    const outcomes = await Promise.all(answers.map((answer) => writeAnswer(deps, answer)));
    const written = answers.filter((_, i) => outcomes[i]);
    if (written.length) await markSettled(deps.db, written);
    settled += written.length;
    // KV does not answer: what is left waits for the next run.
    if (written.length < answers.length) break;
  }
  return settled;
}
