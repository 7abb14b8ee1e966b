/** Steps two and three: facts to the recipients' objects, their decisions to D1 and to the edge. */
import type { Decision } from "../domain/decision";
import { errorFields } from "../log";
import { applyToRecipient } from "../recipient/client";
import type { PolicyInForce } from "../recipient/rpc";
import { type FactRow, factOf } from "../store/event-row";
import type { Deps } from "./deps";
import { project } from "./project";
import { rebuildRecipients } from "./rebuild";
import { recipientKey } from "./recipient-key";

/**
 * Objects called at the same time, and decisions projected in one transaction. Few enough that a wave and its
 * projection fit into the 50 subrequests of an invocation on the Free plan: each run then gets somewhere.
 */
const WAVE_RECIPIENTS = 40;

/** How far an application has come; read while it runs. */
export interface Progress {
  /** Events that are on record and not yet applied. */
  pending: number;
  /** Recipients whose object or projection failed; their events stay pending. */
  failed: number;
  /** Answers that may still be written to the edge cache at once; absent: all. What is not waits for the cron. */
  edgeWrites?: number;
}

/**
 * Applies pending events: one call for each recipient, whatever the number of its events. What fails stays pending
 * for the cron. Never rejects.
 *
 * An event that was withdrawn is pending too, until its recipient's object has been rebuilt without it: a maximum
 * cannot be taken back.
 *
 * @param policy read with the rows, or after them
 */
export async function applyEvents(
  deps: Deps,
  policy: PolicyInForce,
  rows: readonly FactRow[],
  progress: Progress,
): Promise<void> {
  const groups = [...groupByAddress(rows)];
  const isWithdrawn = ([, group]: Group) => group.some((row) => row.retracted_by !== null);
  await rebuildWithout(deps, groups.filter(isWithdrawn), progress);
  const queue = groups.filter((group) => !isWithdrawn(group));
  while (queue.length) {
    const wave = queue.splice(0, WAVE_RECIPIENTS);
    const revived = await applyWave(deps, policy, wave, progress);
    progress.pending += revived.length;
    queue.unshift(...groupByAddress(revived));
    // Where stores answer on this thread, as the simulator's do, timers get no turn otherwise, and whoever waits for us
    // waits for all.
    if (queue.length) await scheduler.wait(0);
  }
}

type Group = readonly [address: string, rows: readonly FactRow[]];

function groupByAddress(rows: readonly FactRow[]): Map<string, FactRow[]> {
  return Map.groupBy(rows, (row) => row.address);
}

async function rebuildWithout(deps: Deps, groups: readonly Group[], progress: Progress): Promise<void> {
  const addresses = groups.map(([address]) => address);
  const { outcomes, edgeWrites } = await rebuildRecipients(deps, addresses, progress.edgeWrites);
  if (progress.edgeWrites !== undefined) progress.edgeWrites -= edgeWrites;
  for (const [address, rows] of groups) {
    const outcome = outcomes.get(address);
    if (outcome?.type === "decided") progress.pending -= rows.length;
    else {
      progress.failed++;
      const reason = outcome?.type === "failed" ? errorFields(outcome.error) : { reason: outcome?.type };
      deps.log.warn("rebuild.failed", { recipient: recipientKey(address), ...reason });
    }
  }
}

/** @returns deliveries that turned out to matter only now, to be applied next */
async function applyWave(
  deps: Deps,
  policy: PolicyInForce,
  wave: readonly Group[],
  progress: Progress,
): Promise<readonly FactRow[]> {
  const outcomes = await Promise.all(wave.map((group) => decideFor(deps, policy, group)));
  const decided = outcomes.flatMap((decision, i) => (decision ? [{ decision, records: wave[i]?.[1] ?? [] }] : []));
  progress.failed += wave.length - decided.length;
  if (!decided.length) return [];
  try {
    const { revived, edgeWrites } = await project(deps, decided, progress.edgeWrites);
    if (progress.edgeWrites !== undefined) progress.edgeWrites -= edgeWrites;
    progress.pending -= decided.reduce((sum, { records }) => sum + records.length, 0);
    return revived;
  } catch (error) {
    progress.failed += decided.length;
    deps.log.warn("project.failed", { recipients: decided.length, ...errorFields(error) });
    return [];
  }
}

async function decideFor(deps: Deps, policy: PolicyInForce, [address, rows]: Group): Promise<Decision | null> {
  const key = recipientKey(address);
  try {
    return await applyToRecipient(deps.recipients, { key, address, ...policy, facts: rows.map(factOf) });
  } catch (error) {
    deps.log.warn("apply.failed", { recipient: key, ...errorFields(error) });
    return null;
  }
}
