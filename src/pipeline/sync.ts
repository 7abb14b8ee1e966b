/**
 * Keeping providers' suppression lists in step with ours: what the cron does, and what an operator asks for.
 *
 * Nothing happens by itself that was not done by hand once, the dry run first: an account may hold years of entries.
 * Sending goes before reading, so that what we have released is not read back.
 */
import type { Result } from "../domain/result";
import { type BackOff, backOffMs } from "../domain/retry";
import { errorFields } from "../log";
import type { Actor, Caller } from "../store/audit";
import { lastChange } from "../store/changes";
import { LeaseLost } from "../store/lease";
import { wasUndone } from "../store/sync-changes";
import { NEW_SYNC, type PullProgress, type SyncState, syncStates } from "../store/syncs";
import type { SyncSettings } from "../sync/adapter";
import { importConnectionOf, type Sync } from "../sync/settings";
import { noteAction } from "./audit";
import { batchIdOf } from "./batches";
import { PlatformLimit } from "./outgoing";
import type { CallFailure } from "./sync-call";
import { NOTHING_PULLED, pull } from "./sync-pull";
import { push } from "./sync-push";
import { type SyncDeps, SyncRun } from "./sync-run";

/** Of the cron, for all syncs together. */
const CRON_BUDGET_MS = 25_000;
/** Of a request: somebody waits. */
const REQUEST_BUDGET_MS = 20_000;
const DAY_MS = 86_400_000;
/** What is read again of a list that can be asked for what is new: clocks differ, and entries come late. */
const OVERLAP_MS = DAY_MS;

const BACK_OFF: BackOff = { firstMs: 60_000, longestMs: 3_600_000 };
const CRON: Actor = { id: "cron", label: "sync" };

/** What a run is to do, beside going on with what is under way. */
interface Wanted extends Caller {
  readonly budgetMs: number;
  readonly mayPush: boolean;
  readonly mayPull: boolean;
  /** Before anything is sent or read. */
  readonly prepare?: (run: SyncRun) => Promise<void>;
}

/** What the cron does. Never rejects: what fails is noted, and tried again by a later run. */
export async function tendSyncs(deps: SyncDeps, syncs: readonly Sync[]): Promise<void> {
  const usable = syncs.flatMap((sync) => (sync.settings.ok ? [{ sync, settings: sync.settings.value }] : []));
  if (!usable.length || !deps.policy.ok) return;
  const [states, newest] = await Promise.all([syncStates(deps.db), lastChange(deps.db)]);
  const endsAt = deps.now() + CRON_BUDGET_MS;
  let left = usable.length;
  for (const { sync, settings } of usable) {
    const budgetMs = Math.max(0, endsAt - deps.now()) / left--;
    const state = states.get(sync.id) ?? NEW_SYNC;
    if (state.status !== "active" || state.nextAttemptAt > deps.now()) continue;
    const mayPush = settings.push.length > 0 && hasToPush(state, newest);
    const isDue = await isPullDue(deps, sync, settings, state);
    if (!mayPush && !isDue) continue;
    const prepare = (run: SyncRun) => (isDue ? beginPull(run, false) : Promise.resolve());
    const asked = { actor: CRON, requestId: deps.newId() };
    // What failed is in the log, and one that fails does not stop the others.
    await runSync(deps, sync, settings, { ...asked, budgetMs, mayPush, mayPull: isDue, prepare }).catch(() => {});
  }
}

function hasToPush({ push: progress }: SyncState, newest: number): boolean {
  return progress !== null && (progress.walkedTo !== null || progress.seq !== newest);
}

async function isPullDue(deps: SyncDeps, sync: Sync, settings: SyncSettings, state: SyncState): Promise<boolean> {
  const { pull: last } = state;
  if (settings.pull === "off") return false;
  if (last?.cursor != null) return true;
  if (settings.pull === "asked" && last?.completedAt == null) return false;
  if (deps.now() < (last?.startedAt ?? 0) + settings.pullEveryMs) return false;
  // Whoever undid it does not want it back.
  return !(await wasUndone(deps.db, importConnectionOf(sync), batchIdOf(last?.askedAt ?? 0, "")));
}

/** Goes on with the pull that is under way, or begins one. */
async function beginPull(run: SyncRun, isAsked: boolean): Promise<void> {
  const { pull: last } = run.state;
  if (last?.cursor != null) return;
  const now = run.deps.now();
  const from = isAsked ? null : (last?.completeFrom ?? null);
  const progress: PullProgress = {
    startedAt: now,
    askedAt: isAsked ? now : (last?.askedAt ?? null),
    isFull: from === null,
    cursor: run.settings.api.firstPage({ since: from === null ? null : from - OVERLAP_MS, until: now }),
    batchId: null,
    counts: NOTHING_PULLED,
    completedAt: last?.completedAt ?? null,
    completeFrom: last?.completeFrom ?? null,
  };
  await run.notePull(progress);
}

/** `running`: another run is under way. */
export type RunOutcome = "done" | "running";

/** Reads the provider's list, as far as there is time; the cron goes on. It begins anew where none is under way. */
export async function pullNow(deps: SyncDeps, sync: Sync, settings: SyncSettings, asked: Caller): Promise<RunOutcome> {
  await noteAction(deps, { ...asked, action: "pull_sync", subject: sync.id });
  const prepare = (run: SyncRun) => beginPull(run, true);
  return runSync(deps, sync, settings, {
    ...asked,
    budgetMs: REQUEST_BUDGET_MS,
    mayPush: true,
    mayPull: true,
    prepare,
  });
}

/** From which point on the list is sent: all that is on it, or what changes from now on. */
export const PUSH_STARTS = ["beginning", "now"] as const;
export type PushStart = (typeof PUSH_STARTS)[number];

/** Sends what is to be sent, as far as there is time; the cron goes on. @param from `null`: from where it was left */
export async function pushNow(
  deps: SyncDeps,
  sync: Sync,
  settings: SyncSettings,
  from: PushStart | null,
  asked: Caller,
): Promise<RunOutcome> {
  const detail = from === null ? undefined : { from };
  await noteAction(deps, { ...asked, action: "push_sync", subject: sync.id, detail });
  const prepare = async (run: SyncRun) => {
    if (from === null) return;
    const counts = { listed: 0, released: 0, kept: 0, refused: 0, skipped: 0 };
    // Before the walk begins: what changes while it goes on is sent after it.
    const seq = await lastChange(deps.db);
    await run.note({ push: { seq, walkedTo: from === "beginning" ? "" : null, startedAt: deps.now(), counts } });
  };
  const budgetMs = REQUEST_BUDGET_MS;
  return runSync(deps, sync, settings, { ...asked, budgetMs, mayPush: true, mayPull: false, prepare });
}

async function runSync(deps: SyncDeps, sync: Sync, settings: SyncSettings, wanted: Wanted): Promise<RunOutcome> {
  const run = await SyncRun.begin(deps, sync, settings, wanted.budgetMs);
  if (!run) return "running";
  try {
    await wanted.prepare?.(run);
    const failure = await work(run, wanted);
    const now = deps.now();
    await run.end(failure ? afterFailure(run, failure, now) : afterSuccess(now));
    if (failure) deps.log.warn("sync.failed", { sync: sync.id, type: failure.type });
    const { listed, released, kept, refused } = run.told;
    if (listed || released || kept || refused) deps.log.info("sync.pushed", { sync: sync.id, ...run.told });
  } catch (error) {
    // What was done and not noted is done again: sent once more, or read once more and known.
    const event = error instanceof LeaseLost ? "sync.lease_lost" : "sync.failed";
    deps.log.error(event, { sync: sync.id, ...errorFields(error) });
    await run.end({}).catch(() => {});
    if (!(error instanceof LeaseLost || error instanceof PlatformLimit)) throw error;
  }
  return "done";
}

async function work(run: SyncRun, { mayPush, mayPull, actor, requestId }: Wanted): Promise<CallFailure | null> {
  if (mayPush && run.settings.push.length && run.state.push) {
    const sent = await push(run);
    if (!sent.ok) return sent.error;
    // What we have released and not sent yet would be read back.
    if (!sent.value && run.state.push.walkedTo === null) return null;
  }
  if (!mayPull || run.state.pull?.cursor == null) return null;
  const read: Result<boolean, CallFailure> = await pull(run, actor, requestId);
  const { new: fresh, rows } = run.state.pull.counts;
  run.deps.log.info("sync.pulled", { sync: run.id, rows, new: fresh, isOver: run.state.pull.cursor === null });
  return read.ok ? null : read.error;
}

function afterSuccess(now: number): Partial<SyncState> {
  return { status: "active", failures: 0, failingSince: null, nextAttemptAt: 0, lastSuccessAt: now };
}

function afterFailure(run: SyncRun, { type, error, retryAfterMs }: CallFailure, now: number): Partial<SyncState> {
  const { state } = run;
  // A provider that allows few calls at a time is one that works.
  const failures = run.hasMoved ? 1 : state.failures + 1;
  return {
    status: type === "stopped" ? "stopped" : state.status,
    failures,
    failingSince: run.hasMoved ? now : (state.failingSince ?? now),
    nextAttemptAt: now + Math.max(backOffMs(BACK_OFF, failures, run.id), retryAfterMs ?? 0),
    lastError: error,
    lastErrorAt: now,
  };
}
