/** Retention: bounded per run, so that it never competes with the events coming in. Pruning never changes a verdict. */
import { pruneAudit } from "../store/audit";
import { tendBursts } from "../store/burst";
import { pruneChanges } from "../store/changes";
import { pruneUnverified } from "../store/quarantine";
import {
  lastReceiptBefore,
  type PrunedStretch,
  pruneBodies,
  pruneEvents,
  pruneReceipts,
  type RetentionEnds,
} from "../store/retention";
import { rollUpHours } from "../store/stats";
import { getSystemState, type SystemStateName, setSystemState } from "../store/system-state";
import { pruneTokens } from "../store/used-tokens";
import type { Deps } from "./deps";

/** What is looked at in one statement. */
const BODIES_AT_ONCE = 1_000;
const EVENTS_AT_ONCE = 5_000;
const RECEIPTS_AT_ONCE = 2_000;
/** Of each in one run, at most; more than one only where nearly all that is looked at goes. */
const STRETCHES_PER_RUN = 10;
const UNVERIFIED_PER_RUN = 1_000;
const AUDIT_PER_RUN = 1_000;
const CHANGES_PER_RUN = 10_000;
const CAUSES_PER_RUN = 5_000;
/** With the guard switched off, incidents end all the same. */
const BURST_WINDOW_MS = 3_600_000;
/** Charts of a day need hours; those of a week are by day. */
const HOURS_KEPT_DAYS = 8;
const DAY_MS = 86_400_000;
/** Longer than any provider repeats a request, and than any verification accepts its time. */
const TOKENS_KEPT_MS = 3 * 86_400_000;

export interface Pruned {
  readonly events: number;
  readonly bodies: number;
  readonly receipts: number;
}

/** One bounded run. @returns how much was removed @throws when D1 fails: what is removed by then is gone */
export async function prune(deps: Deps): Promise<Pruned> {
  const now = deps.now();
  await pruneAudit(deps.db, now - deps.retention.auditMs, AUDIT_PER_RUN);
  await pruneTokens(deps.db, now - TOKENS_KEPT_MS);
  await rollUpHours(deps.db, Math.floor(now / DAY_MS) - HOURS_KEPT_DAYS);
  await tendBursts(deps.db, windowOf(deps), now, CAUSES_PER_RUN);
  await pruneChanges(deps.db, now - deps.retention.changesMs, CHANGES_PER_RUN);
  // Before the bodies, which quarantine holds on to.
  const unverifiedUpTo = await lastReceiptBefore(deps.db, now - deps.retention.unverifiedMs);
  if (unverifiedUpTo) await pruneUnverified(deps.db, unverifiedUpTo, UNVERIFIED_PER_RUN);
  const bodiesUpTo = await lastReceiptBefore(deps.db, now - deps.retention.bodiesMs);
  const bodies = bodiesUpTo
    ? await pruneOnwards(deps, "prune_body", BODIES_AT_ONCE, (after) =>
        pruneBodies(deps.db, after, bodiesUpTo, BODIES_AT_ONCE),
      )
    : 0;
  const { deliveriesMs, deferralsMs, autoRepliesMs } = deps.retention;
  const ends: RetentionEnds = {
    delivered: await lastReceiptBefore(deps.db, now - deliveriesMs),
    deferred: await lastReceiptBefore(deps.db, now - deferralsMs),
    autoReplies: await lastReceiptBefore(deps.db, now - autoRepliesMs),
    retractedBefore: now - deliveriesMs,
  };
  const eventsUpTo = Math.max(ends.delivered, ends.deferred, ends.autoReplies);
  if (!eventsUpTo) return { events: 0, bodies, receipts: 0 };
  const events = await pruneOnwards(deps, "prune_seq", EVENTS_AT_ONCE, (after) =>
    pruneEvents(deps.db, after, ends, EVENTS_AT_ONCE),
  );
  const receiptsUpTo = Math.min(eventsUpTo, bodiesUpTo);
  const receipts = await pruneOnwards(deps, "prune_receipt", RECEIPTS_AT_ONCE, (after) =>
    pruneReceipts(deps.db, after, receiptsUpTo, RECEIPTS_AT_ONCE),
  );
  return { events, bodies, receipts };
}

function windowOf({ policy }: Deps): number {
  return (policy.ok ? policy.value.guard?.windowMs : undefined) ?? BURST_WINDOW_MS;
}

/**
 * What stays for good would be looked at again and again: each run goes on where the last one ended, and at the end begins
 * anew. A busy journal has more to let go than one stretch a minute: as long as most of what was looked at went, the next
 * one follows.
 */
async function pruneOnwards(
  deps: Deps,
  position: SystemStateName,
  stretch: number,
  pruneAfter: (position: number) => Promise<PrunedStretch>,
): Promise<number> {
  const start = (await getSystemState(deps.db, position)) ?? 0;
  let at = start;
  let total = 0;
  for (let i = 0; i < STRETCHES_PER_RUN; i++) {
    const { removed, next } = await pruneAfter(at);
    const isAtEnd = next === null;
    total += removed;
    if (isAtEnd && at === 0) break;
    at = next ?? 0;
    if (!isAtEnd && removed * 2 < stretch) break;
  }
  if (at !== start) await setSystemState(deps.db, position, at);
  return total;
}
