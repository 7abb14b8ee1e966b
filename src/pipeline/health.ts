/** Is everything reachable, and is anything stuck? */
import { revisionOf } from "../recipient/client";
import { readOne } from "../store/edge-cache";
import { pendingSummary } from "../store/pending";
import { getSystemState } from "../store/system-state";
import type { Deps } from "./deps";

/** An object that no recipient has: a recipient's name is a hash. */
const PROBE_OBJECT = "health";
/** Pending events that the cron has not finished in this time need a person. */
const STUCK_AFTER_MS = 15 * 60_000;

export interface Health {
  readonly status: "ok" | "failing";
  readonly checks: {
    readonly database: boolean;
    readonly edgeCache: boolean;
    readonly objects: boolean;
    readonly configuration: boolean;
  };
  readonly pending: number | null;
  readonly oldestPendingSeconds: number | null;
  /** Epoch ms. */
  readonly lastCronAt: number | null;
}

/**
 * @param configuration is every secret and variable usable? One bad connection is shown and does not make the service
 *   fail; a bad policy does, because then no webhook is accepted.
 */
export async function health(deps: Deps, configuration: boolean): Promise<Health> {
  const [database, edge, object] = await Promise.allSettled([
    Promise.all([pendingSummary(deps.db), getSystemState(deps.db, "last_cron")]),
    readOne(deps.kv, PROBE_OBJECT),
    revisionOf(deps.recipients, PROBE_OBJECT),
  ]);
  const [pending, lastCronAt] = database.status === "fulfilled" ? database.value : [null, null];
  const age = pending?.oldestAt == null ? null : deps.now() - pending.oldestAt;
  const checks = {
    database: database.status === "fulfilled",
    edgeCache: edge.status === "fulfilled",
    objects: object.status === "fulfilled",
    configuration,
  };
  const isReachable = checks.database && checks.edgeCache && checks.objects;
  const isStuck = age !== null && age > STUCK_AFTER_MS;
  return {
    status: isReachable && deps.policy.ok && !isStuck ? "ok" : "failing",
    checks,
    pending: pending?.count ?? null,
    oldestPendingSeconds: age === null ? null : Math.max(0, Math.floor(age / 1000)),
    lastCronAt,
  };
}
