/** Retention: bounded per run, so that it never competes with the events coming in. Pruning never changes a verdict. */

import { errorFields } from "../log";
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
const TOKENS_AT_ONCE = 5_000;
/** Of each in one run, at most; more than one only where nearly all that is looked at goes. */
const STRETCHES_PER_RUN = 10;
const UNVERIFIED_PER_RUN = 1_000;
const AUDIT_PER_RUN = 1_000;
const CHANGES_PER_RUN = 10_000;
const CAUSES_PER_RUN = 5_000;
const HOURS_PER_RUN = 5_000;
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

/** @param now epoch ms @returns how much was removed */
type Part = (deps: Deps, now: number) => Promise<number>;

/** None needs what another one did. The order is that in which one holds on to the next: quarantine, bodies, receipts. */
const PARTS = {
  audit: ({ db, retention }, now) => pruneAudit(db, now - retention.auditMs, AUDIT_PER_RUN),
  tokens: ({ db }, now) => pruneAgain(TOKENS_AT_ONCE, (limit) => pruneTokens(db, now - TOKENS_KEPT_MS, limit)),
  hours: ({ db }, now) => rollUpHours(db, Math.floor(now / DAY_MS) - HOURS_KEPT_DAYS, HOURS_PER_RUN),
  bursts: (deps, now) => tendBursts(deps.db, windowOf(deps), now, CAUSES_PER_RUN),
  changes: ({ db, retention }, now) => pruneChanges(db, now - retention.changesMs, CHANGES_PER_RUN),
  unverified: async ({ db, retention }, now) => {
    const upTo = await lastReceiptBefore(db, now - retention.unverifiedMs);
    return upTo ? pruneUnverified(db, upTo, UNVERIFIED_PER_RUN) : 0;
  },
  bodies: async (deps, now) => {
    const upTo = await lastReceiptBefore(deps.db, now - deps.retention.bodiesMs);
    if (!upTo) return 0;
    return pruneOnwards(deps, "prune_body", BODIES_AT_ONCE, (after) =>
      pruneBodies(deps.db, after, upTo, BODIES_AT_ONCE),
    );
  },
  events: async (deps, now) => {
    const { deliveriesMs, deferralsMs, autoRepliesMs } = deps.retention;
    const ends: RetentionEnds = {
      delivered: await lastReceiptBefore(deps.db, now - deliveriesMs),
      deferred: await lastReceiptBefore(deps.db, now - deferralsMs),
      autoReplies: await lastReceiptBefore(deps.db, now - autoRepliesMs),
      retractedBefore: now - deliveriesMs,
    };
    if (!(ends.delivered || ends.deferred || ends.autoReplies)) return 0;
    return pruneOnwards(deps, "prune_seq", EVENTS_AT_ONCE, (after) =>
      pruneEvents(deps.db, after, ends, EVENTS_AT_ONCE),
    );
  },
  receipts: async (deps, now) => {
    const { deliveriesMs, deferralsMs, autoRepliesMs, bodiesMs } = deps.retention;
    // The shortest time that an event stays, and its bytes stay as long.
    const keptMs = Math.max(Math.min(deliveriesMs, deferralsMs, autoRepliesMs), bodiesMs);
    const upTo = await lastReceiptBefore(deps.db, now - keptMs);
    if (!upTo) return 0;
    return pruneOnwards(deps, "prune_receipt", RECEIPTS_AT_ONCE, (after) =>
      pruneReceipts(deps.db, after, upTo, RECEIPTS_AT_ONCE),
    );
  },
} satisfies Readonly<Record<string, Part>>;

/**
 * One bounded run. A part that fails keeps no other from running.
 *
 * @returns how much was removed
 * @throws what the first part that failed did: what is removed by then is gone, and the next run tries the rest again
 */
export async function prune(deps: Deps): Promise<Pruned> {
  const now = deps.now();
  const removed: Partial<Record<string, number>> = {};
  const errors: unknown[] = [];
  for (const [name, part] of Object.entries<Part>(PARTS)) {
    try {
      removed[name] = await part(deps, now);
    } catch (error) {
      deps.log.warn("prune.part_failed", { part: name, ...errorFields(error) });
      errors.push(error);
    }
  }
  if (errors.length) throw errors[0];
  return { events: removed.events ?? 0, bodies: removed.bodies ?? 0, receipts: removed.receipts ?? 0 };
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

/** The same once more as long as there was as much as it takes at once. */
async function pruneAgain(limit: number, pruneOnce: (limit: number) => Promise<number>): Promise<number> {
  let total = 0;
  for (let i = 0; i < STRETCHES_PER_RUN; i++) {
    const removed = await pruneOnce(limit);
    total += removed;
    if (removed < limit) break;
  }
  return total;
}
