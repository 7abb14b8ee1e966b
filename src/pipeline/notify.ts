/**
 * Telling others: reads the logs for each subscription from where it was left, and delivers.
 *
 * The logs are the durable queue: nothing is written while events come in, and what was not delivered is still ahead of the
 * subscription's places. At least once and in order per recipient follow from that, under a lease that lets one run at a
 * time deliver.
 */
import { errorFields } from "../log";
import { LeaseLost } from "../store/lease";
import { dueNotifications, hasNotifications, leaseNotification } from "../store/notifications";
import { pruneDeliveries } from "../store/outbox";
import { DELIVERY_TIMEOUT_MS } from "./deliver";
import type { Deps } from "./deps";
import { inParallel } from "./in-parallel";
import { LEASE_MS, type NotifyLimits, NotifyRun } from "./notify-run";
import { PlatformLimit } from "./outgoing";
import { checkTarget, TARGET_PROBLEMS } from "./target";

export interface NotifyDeps extends Pick<Deps, "db" | "now" | "log"> {
  readonly newId: () => string;
  /** For local development: http, and any host. */
  readonly allowPrivateTargets: boolean;
}

/** Of the cron. */
const CRON_LIMITS: NotifyLimits = {
  budgetMs: 25_000,
  timeoutMs: DELIVERY_TIMEOUT_MS,
  messagesPerRun: 1_000,
  stretch: 5_000,
  page: 100,
};
/** After a request: what runs on after an answer is cut off after 30 seconds. */
const ANNOUNCE_LIMITS: NotifyLimits = { ...CRON_LIMITS, budgetMs: 5_000, messagesPerRun: 100 };

/** Subscriptions served at the same time, and all their connections: the platform allows six, and others need some. */
const CONNECTIONS = 4;

const DAY_MS = 86_400_000;
const ATTEMPTS_KEPT_MS = 7 * DAY_MS;
const PARKED_KEPT_MS = 30 * DAY_MS;
const PRUNED_PER_RUN = 200;

/** Tells everybody whose turn it is. Never rejects: what fails is logged, and done by the next run. */
export async function notify(deps: NotifyDeps, limits: NotifyLimits = CRON_LIMITS): Promise<void> {
  try {
    const due = await dueNotifications(deps.db, deps.now());
    const served = Math.min(due.length, CONNECTIONS);
    // Each has connections of its own: one that does not answer takes none from the others.
    const atOnce = Math.floor(CONNECTIONS / Math.max(1, served));
    await inParallel(due, served, (id) => serve(deps, id, limits, atOnce));
  } catch (error) {
    deps.log.error("notify.failed", errorFields(error));
  }
}

/** What the cron does: tells everybody, and removes what has served its time. */
export async function tendNotifications(deps: NotifyDeps): Promise<void> {
  await notify(deps);
  const now = deps.now();
  await pruneDeliveries(deps.db, {
    attemptedBefore: now - ATTEMPTS_KEPT_MS,
    parkedBefore: now - PARKED_KEPT_MS,
    limit: PRUNED_PER_RUN,
  });
}

async function serve(deps: NotifyDeps, id: string, limits: NotifyLimits, atOnce: number): Promise<void> {
  const now = deps.now();
  const lease = { id, holder: deps.newId(), until: now + LEASE_MS };
  try {
    const notification = await leaseNotification(deps.db, lease, now);
    if (!notification) return;
    const run = new NotifyRun(deps, lease, notification, limits);
    const checked = async () => {
      const target = await checkTarget(notification.url, deps.allowPrivateTargets);
      return target.ok ? null : `url: ${TARGET_PROBLEMS[target.error]}`;
    };
    await run.go(checked, atOnce).catch((error: unknown) => {
      if (!(error instanceof PlatformLimit)) throw error;
      deps.log.warn("notify.cut_short", { notification: id });
    });
    await run.end();
    const { delivered, failed } = run.counts;
    if (delivered || failed) deps.log.info("notify.done", { notification: id, delivered, failed });
  } catch (error) {
    // The lease runs out by itself; what was delivered and not noted is delivered again.
    const event = error instanceof LeaseLost ? "notify.lease_lost" : "notify.failed";
    deps.log.warn(event, { notification: id, ...errorFields(error) });
  }
}

/** What an isolate knows: whether there is anybody to tell, and whether it is telling them just now. */
interface Announcer {
  nobodyUntil: number;
  busyUntil: number;
  isAgain: boolean;
}

const announcers = new WeakMap<D1Database, Announcer>();
const NOBODY_FOR_MS = 60_000;
/** Longer than work after an answer may take. */
const BUSY_FOR_MS = 40_000;

/**
 * Tells others at once what a request has brought; without this they would hear of it from the cron, within a minute.
 * What comes while this isolate is telling is told right after. Never rejects.
 */
export async function announce(deps: NotifyDeps): Promise<void> {
  const now = deps.now();
  const known = announcers.get(deps.db) ?? { nobodyUntil: 0, busyUntil: 0, isAgain: false };
  announcers.set(deps.db, known);
  if (now < known.nobodyUntil) return;
  if (now < known.busyUntil) {
    known.isAgain = true;
    return;
  }
  known.busyUntil = now + BUSY_FOR_MS;
  try {
    if (await hasNotifications(deps.db)) await notifyWhileAsked(deps, known);
    else known.nobodyUntil = now + NOBODY_FOR_MS;
  } catch (error) {
    deps.log.error("notify.failed", errorFields(error));
  } finally {
    known.busyUntil = 0;
  }
}

async function notifyWhileAsked(deps: NotifyDeps, known: Announcer): Promise<void> {
  known.isAgain = false;
  await notify(deps, ANNOUNCE_LIMITS);
  if (known.isAgain) {
    known.isAgain = false;
    await notify(deps, ANNOUNCE_LIMITS);
  }
}

/** There is somebody to tell from now on. */
export function expectListeners(db: D1Database): void {
  announcers.delete(db);
}
