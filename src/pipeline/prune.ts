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

interface Run extends Deps {
  /** Epoch ms. */
  readonly at: number;
  /** The newest receipt that is older than a moment. Most parts ask for the same one, and D1 is asked once. */
  readonly lastBefore: (time: number) => Promise<number>;
}

/** @returns how much was removed */
type Part = (run: Run) => Promise<number>;

/** None needs what another one did. The order is that in which one holds on to the next: quarantine, bodies, receipts. */
const PARTS = {
  audit: ({ db, retention, at }) => pruneAudit(db, at - retention.auditMs, AUDIT_PER_RUN),
  tokens: ({ db, at }) => pruneAgain(TOKENS_AT_ONCE, (limit) => pruneTokens(db, at - TOKENS_KEPT_MS, limit)),
  hours: ({ db, at }) => rollUpHours(db, Math.floor(at / DAY_MS) - HOURS_KEPT_DAYS, HOURS_PER_RUN),
  bursts: (run) => tendBursts(run.db, windowOf(run), run.at, CAUSES_PER_RUN),
  changes: ({ db, retention, at }) => pruneChanges(db, at - retention.changesMs, CHANGES_PER_RUN),
  unverified: async ({ db, retention, at, lastBefore }) => {
    const upTo = await lastBefore(at - retention.unverifiedMs);
    return upTo ? pruneUnverified(db, upTo, UNVERIFIED_PER_RUN) : 0;
  },
  bodies: async (run) => {
    const upTo = await run.lastBefore(run.at - run.retention.bodiesMs);
    if (!upTo) return 0;
    return pruneOnwards(run, "prune_body", BODIES_AT_ONCE, (after) => pruneBodies(run.db, after, upTo, BODIES_AT_ONCE));
  },
  events: async (run) => {
    const { deliveriesMs, deferralsMs, autoRepliesMs } = run.retention;
    const ends: RetentionEnds = {
      delivered: await run.lastBefore(run.at - deliveriesMs),
      deferred: await run.lastBefore(run.at - deferralsMs),
      autoReplies: await run.lastBefore(run.at - autoRepliesMs),
      retractedBefore: run.at - deliveriesMs,
    };
    if (!(ends.delivered || ends.deferred || ends.autoReplies)) return 0;
    return pruneOnwards(run, "prune_seq", EVENTS_AT_ONCE, (after) => pruneEvents(run.db, after, ends, EVENTS_AT_ONCE));
  },
  receipts: async (run) => {
    const { deliveriesMs, deferralsMs, autoRepliesMs, bodiesMs } = run.retention;
    // The shortest time that an event stays, and its bytes stay as long.
    const keptMs = Math.max(Math.min(deliveriesMs, deferralsMs, autoRepliesMs), bodiesMs);
    const upTo = await run.lastBefore(run.at - keptMs);
    if (!upTo) return 0;
    return pruneOnwards(run, "prune_receipt", RECEIPTS_AT_ONCE, (after) =>
      pruneReceipts(run.db, after, upTo, RECEIPTS_AT_ONCE),
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
  const run: Run = { ...deps, at: deps.now(), lastBefore: askedOnce((time) => lastReceiptBefore(deps.db, time)) };
  const removed: Partial<Record<string, number>> = {};
  const errors: unknown[] = [];
  for (const [name, part] of Object.entries<Part>(PARTS)) {
    try {
      removed[name] = await part(run);
    } catch (error) {
      deps.log.warn("prune.part_failed", { part: name, ...errorFields(error) });
      errors.push(error);
    }
  }
  if (errors.length) throw errors[0];
  return { events: removed.events ?? 0, bodies: removed.bodies ?? 0, receipts: removed.receipts ?? 0 };
}

/** An answer is remembered, a failure is not. */
function askedOnce(ask: (time: number) => Promise<number>): (time: number) => Promise<number> {
  const known = new Map<number, number>();
  return async (time) => {
    const answer = known.get(time) ?? (await ask(time));
    known.set(time, answer);
    return answer;
  };
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
