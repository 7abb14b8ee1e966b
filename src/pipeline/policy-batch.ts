/** What-if, and making it so: a draft simulated, a policy applied retroactively, and that undone. */
import { type EffectivePolicy, policyText } from "../domain/effective-policy";
import { parsePolicy } from "../domain/policy";
import { fail, ok, type Result } from "../domain/result";
import type { Caller } from "../store/audit";
import { type BatchRow, batchById } from "../store/batches";
import { startPolicyBatch, startPolicyRevert } from "../store/policy-batches";
import { insertSimulation, type PolicyRunRow, simulation } from "../store/policy-runs";
import { batchIdOf, revertBatch } from "./batches";
import type { Deps } from "./deps";
import { effectivePolicy } from "./policy";
import { continueRun, NEW_TALLY } from "./policy-run";

/** How long a request goes on with a run; the rest is the cron's. */
const REQUEST_BUDGET_MS = 10_000;

export interface PolicyDraft {
  /** As an operator writes it; absent: the one that holds. */
  readonly policy?: Readonly<Record<string, unknown>> | undefined;
  /** Decide classes anew too, with today's rules. */
  readonly reclassify: boolean;
}

export type DraftError = { readonly type: "invalid" | "unusable"; readonly detail: string };

/** A policy as it is kept. @returns what is wrong with it, value by value */
async function textOf(deps: Deps, { policy }: PolicyDraft): Promise<Result<string, DraftError>> {
  const current: Result<EffectivePolicy, string> = await effectivePolicy(deps);
  if (!current.ok) return fail({ type: "unusable", detail: current.error });
  if (policy === undefined) return ok(current.value.text);
  const parsed = parsePolicy(policy);
  return parsed.ok ? ok(policyText(policy)) : fail({ type: "invalid", detail: inTheRequest(parsed.error) });
}

/** `POLICY.window_days: …` → `policy.window_days: …` */
function inTheRequest(sentence: string): string {
  return sentence.replaceAll(/(^|; )POLICY/g, "$1policy");
}

/**
 * Runs a draft over what is on record. Nothing changes but the run's own record.
 *
 * @returns the run, finished or as far as it came; or what is wrong with the draft
 */
export async function simulate(
  deps: Deps,
  draft: PolicyDraft,
  { actor, requestId }: Caller,
): Promise<Result<PolicyRunRow, DraftError>> {
  const text = await textOf(deps, draft);
  if (!text.ok) return text;
  const now = deps.now();
  const id = batchIdOf(now, requestId);
  await insertSimulation(deps.db, {
    id,
    policy: text.value,
    reclassify: draft.reclassify,
    actor,
    createdAt: now,
    tally: NEW_TALLY,
  });
  const run = await continueRun(deps, id, now + REQUEST_BUDGET_MS);
  if (!run) throw new Error("the simulation was removed while it ran");
  return ok(run);
}

export type ApplyError = DraftError | { readonly type: "busy" | "unknown" | "unfinished" };

export interface PolicyApplication extends Caller {
  /** A draft, or a simulation that is finished. */
  readonly wanted: PolicyDraft | { readonly simulationId: string };
  readonly note: string | null;
}

/**
 * Puts a policy in force, and has those decided about anew who stand otherwise than it says: a batch, which can be undone.
 *
 * @returns the batch, as far as it came
 */
export async function applyPolicy(
  deps: Deps,
  { wanted, note, actor, requestId }: PolicyApplication,
): Promise<Result<BatchRow, ApplyError>> {
  const draft = await draftOf(deps, wanted);
  if (!draft.ok) return draft;
  const text = await textOf(deps, draft.value);
  if (!text.ok) return text;
  const now = deps.now();
  const id = batchIdOf(now, requestId);
  const { reclassify } = draft.value;
  const about = { id, policy: text.value, base: deps.policyText, reclassify, note, actor, requestId };
  if (!(await startPolicyBatch(deps.db, { ...about, createdAt: now, tally: NEW_TALLY }))) return fail({ type: "busy" });
  await continueRun(deps, id, now + REQUEST_BUDGET_MS);
  const batch = await batchById(deps.db, id);
  if (!batch) throw new Error("a batch is never removed");
  return ok(batch);
}

async function draftOf(deps: Deps, wanted: PolicyApplication["wanted"]): Promise<Result<PolicyDraft, ApplyError>> {
  if (!("simulationId" in wanted)) return ok(wanted);
  const run = await simulation(deps.db, wanted.simulationId);
  if (!run) return fail({ type: "unknown" });
  if (run.finished_at === null) return fail({ type: "unfinished" });
  return ok({ policy: JSON.parse(run.policy) as Record<string, unknown>, reclassify: run.reclassify === 1 });
}

export type Undone =
  | { readonly type: "undone"; readonly batch: BatchRow }
  | { readonly type: "unknown" }
  /** A policy that was applied later stands on top of it. */
  | { readonly type: "superseded" };

/** Undoes a batch of any kind. Asked again, it goes on. */
export async function undoBatch(
  deps: Deps,
  { id, actor, requestId }: { readonly id: string } & Caller,
): Promise<Undone> {
  const found = await batchById(deps.db, id);
  if (!found) return { type: "unknown" };
  if (found.kind !== "policy") {
    const batch = await revertBatch(deps, { id, actor, requestId });
    return batch ? { type: "undone", batch } : { type: "unknown" };
  }
  const at = deps.now();
  await startPolicyRevert(deps.db, { id, actor, requestId, at });
  await continueRun(deps, id, at + REQUEST_BUDGET_MS);
  const batch = await batchById(deps.db, id);
  if (!batch) return { type: "unknown" };
  return batch.reverted_at === null ? { type: "superseded" } : { type: "undone", batch };
}
