/** Steps two and three: facts to the recipients' objects, their decisions to D1 and to the edge. */
import { sha256Hex } from "../crypto/digest";
import type { Decision } from "../domain/decision";
import type { Policy } from "../domain/policy";
import { errorFields } from "../log";
import { applyToRecipient } from "../recipient/client";
import { type FactRow, factOf } from "../store/event-row";
import type { Deps } from "./deps";
import { project } from "./project";

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
}

/**
 * Applies pending events: one call for each recipient, whatever the number of its events. What fails stays pending
 * for the cron. Never rejects.
 */
export async function applyEvents(
  deps: Deps,
  policy: Policy,
  rows: readonly FactRow[],
  progress: Progress,
): Promise<void> {
  const queue = [...groupByAddress(rows)];
  while (queue.length) {
    const wave = queue.splice(0, WAVE_RECIPIENTS);
    const revived = await applyWave(deps, policy, wave, progress);
    progress.pending += revived.length;
    queue.unshift(...groupByAddress(revived));
  }
}

type Group = readonly [address: string, rows: readonly FactRow[]];

function groupByAddress(rows: readonly FactRow[]): Map<string, FactRow[]> {
  return Map.groupBy(rows, (row) => row.address);
}

/** @returns deliveries that turned out to matter only now, to be applied next */
async function applyWave(
  deps: Deps,
  policy: Policy,
  wave: readonly Group[],
  progress: Progress,
): Promise<readonly FactRow[]> {
  const outcomes = await Promise.all(wave.map((group) => decideFor(deps, policy, group)));
  const decided = outcomes.flatMap((decision, i) => (decision ? [{ decision, rows: wave[i]?.[1] ?? [] }] : []));
  progress.failed += wave.length - decided.length;
  if (!decided.length) return [];
  const applied = decided.flatMap(({ rows }) => rows.map((row) => row.seq));
  try {
    const revived = await project(
      deps,
      decided.map(({ decision }) => decision),
      applied,
    );
    progress.pending -= applied.length;
    return revived;
  } catch (error) {
    progress.failed += decided.length;
    deps.log.warn("project.failed", { recipients: decided.length, ...errorFields(error) });
    return [];
  }
}

async function decideFor(deps: Deps, policy: Policy, [address, rows]: Group): Promise<Decision | null> {
  const key = await sha256Hex(address);
  try {
    return await applyToRecipient(deps.recipients, { key, address, policy, facts: rows.map(factOf) });
  } catch (error) {
    deps.log.warn("apply.failed", { recipient: key, ...errorFields(error) });
    return null;
  }
}
