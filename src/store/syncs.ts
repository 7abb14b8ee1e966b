/** How far each provider's list has been brought in step with ours, and who may do so now. */
import { type Asked, type AuditAction, insertAudit } from "./audit";
import type { Lease } from "./lease";
import { jsonChunks, rowsOf } from "./statements";

/** `paused`: by an operator. `stopped`: the provider refuses us. */
export const SYNC_STATUSES = ["active", "paused", "stopped"] as const;
export type SyncStatus = (typeof SYNC_STATUSES)[number];

/** What was read of a provider's list, in entries. */
export interface PullCounts {
  readonly rows: number;
  readonly new: number;
  readonly known: number;
  readonly skipped: number;
  readonly invalid: number;
}

/** A pull: under way while it has a cursor, else the last one. Times are epoch ms. */
export interface PullProgress {
  readonly startedAt: number;
  /** When the last one was asked for by hand; `null`: never. */
  readonly askedAt: number | null;
  /** Of everything, and not only of what is new. */
  readonly isFull: boolean;
  readonly cursor: string | null;
  /** What it brought is in there; `null`: nothing new. */
  readonly batchId: string | null;
  readonly counts: PullCounts;
  /** When a pull last came to its end, and when that one had begun. */
  readonly completedAt: number | null;
  readonly completeFrom: number | null;
}

/** What the provider was told, in recipients. */
export interface PushCounts {
  readonly listed: number;
  readonly released: number;
  /** Not let go of by the provider. */
  readonly kept: number;
  /** Not taken by the provider. */
  readonly refused: number;
  /** Not to be sent: domains, erased recipients, reasons that are not asked for, what came from there. */
  readonly skipped: number;
}

export interface PushProgress {
  /** Up to this change of the list everything was sent. */
  readonly seq: number;
  /** While the whole list is being sent: up to this key. `null`: that is done, or was not wanted. */
  readonly walkedTo: string | null;
  readonly startedAt: number;
  readonly counts: PushCounts;
}

export interface SyncState {
  readonly status: SyncStatus;
  readonly pull: PullProgress | null;
  readonly push: PushProgress | null;
  readonly failures: number;
  /** Epoch ms, as all times here. */
  readonly failingSince: number | null;
  readonly nextAttemptAt: number;
  readonly lastError: string | null;
  readonly lastErrorAt: number | null;
  readonly lastSuccessAt: number | null;
  readonly leasedUntil: number;
}

/** Of a sync that never ran. */
export const NEW_SYNC: SyncState = {
  status: "active",
  pull: null,
  push: null,
  failures: 0,
  failingSince: null,
  nextAttemptAt: 0,
  lastError: null,
  lastErrorAt: null,
  lastSuccessAt: null,
  leasedUntil: 0,
};

interface SyncRow extends Omit<SyncState, "pull" | "push"> {
  readonly id: string;
  readonly pull: string | null;
  readonly push: string | null;
}

const COLUMNS = `id, status, pull, push, failures, failing_since AS failingSince, next_attempt_at AS nextAttemptAt,
  last_error AS lastError, last_error_at AS lastErrorAt, last_success_at AS lastSuccessAt, leased_until AS leasedUntil`;

function stateOf({ id: _, pull, push, ...rest }: SyncRow): SyncState {
  return { ...rest, pull: parsed<PullProgress>(pull), push: parsed<PushProgress>(push) };
}

function parsed<T>(json: string | null): T | null {
  return json === null ? null : (JSON.parse(json) as T);
}

/** By `provider/connection`; one that nothing was done with yet is not there. */
export async function syncStates(db: D1Database): Promise<Map<string, SyncState>> {
  const { results } = await db.prepare(`SELECT ${COLUMNS} FROM syncs`).all<SyncRow>();
  return new Map(results.map((row) => [row.id, stateOf(row)]));
}

/** Takes the right to run, where nobody has it. @returns how it stands; `null`: somebody else has it */
export async function leaseSync(db: D1Database, { id, holder, until }: Lease, now: number): Promise<SyncState | null> {
  const row = await db
    .prepare(
      `INSERT INTO syncs (id, status, failures, next_attempt_at, leased_by, leased_until) VALUES (?1, 'active', 0, 0, ?2, ?3)
       ON CONFLICT (id) DO UPDATE SET leased_by = ?2, leased_until = ?3 WHERE leased_until <= ?4 RETURNING ${COLUMNS}`,
    )
    .bind(id, holder, until, now)
    .first<SyncRow>();
  return row && stateOf(row);
}

/** Something that the provider did not do. */
export interface Refusal {
  /** Of the recipient. */
  readonly key: string;
  readonly action: "list" | "release";
  readonly outcome: "kept" | "refused";
  readonly detail: string | null;
}

/** What a step settled. */
export interface Settled {
  readonly refusals: readonly Refusal[];
  /** Keys of those about whom all is well now. */
  readonly done: readonly string[];
}

const HOLDS_LEASE = "EXISTS (SELECT 1 FROM syncs s WHERE s.id = ?1 AND s.leased_by = ?2)";

/**
 * Notes how far it has come, in one transaction with what was settled; keeps the lease, or gives it back (`until` 0).
 *
 * @returns is the lease still the holder's? If not, nothing was noted
 */
export async function noteSync(
  db: D1Database,
  { id, holder, until }: Lease,
  state: SyncState,
  { refusals, done }: Settled = { refusals: [], done: [] },
  now = 0,
): Promise<boolean> {
  const results = await db.batch([
    ...jsonChunks(done).map(({ json }) =>
      db
        .prepare(
          `DELETE FROM sync_refusals WHERE sync = ?1 AND key IN (SELECT value FROM json_each(?3)) AND ${HOLDS_LEASE}`,
        )
        .bind(id, holder, json),
    ),
    ...jsonChunks(refusals.map((r) => [r.key, r.action, r.outcome, r.detail])).map(({ json }) =>
      db
        .prepare(
          `INSERT INTO sync_refusals (sync, key, action, outcome, detail, at)
           SELECT ?1, value->>0, value->>1, value->>2, value->>3, ?4 FROM json_each(?3) WHERE ${HOLDS_LEASE}
           ON CONFLICT (sync, key) DO UPDATE SET action = excluded.action, outcome = excluded.outcome,
             detail = excluded.detail, at = excluded.at`,
        )
        .bind(id, holder, json, now),
    ),
    db
      .prepare(
        `UPDATE syncs SET status = CASE WHEN status = 'paused' THEN status ELSE ?3 END, pull = ?4, push = ?5, failures = ?6,
           failing_since = ?7, next_attempt_at = ?8, last_error = ?9, last_error_at = ?10, last_success_at = ?11,
           leased_until = ?12, leased_by = CASE WHEN ?12 > 0 THEN leased_by END
         WHERE id = ?1 AND leased_by = ?2`,
      )
      .bind(
        id,
        holder,
        state.status,
        state.pull && JSON.stringify(state.pull),
        state.push && JSON.stringify(state.push),
        state.failures,
        state.failingSince,
        state.nextAttemptAt,
        state.lastError,
        state.lastErrorAt,
        state.lastSuccessAt,
        until,
      ),
  ]);
  return results.at(-1)?.meta.changes === 1;
}

/** Pauses it, or has it go on: at once, whatever failed. It may be one that nothing was done with yet. */
export async function setSyncStatus(
  db: D1Database,
  id: string,
  status: Exclude<SyncStatus, "stopped">,
  { actor, requestId, at }: Asked,
): Promise<void> {
  const action: AuditAction = status === "paused" ? "pause_sync" : "resume_sync";
  await db.batch([
    db
      .prepare(
        `INSERT INTO syncs (id, status, failures, next_attempt_at, leased_until) VALUES (?1, ?2, 0, 0, 0)
         ON CONFLICT (id) DO UPDATE SET status = ?2, failures = 0, failing_since = NULL, next_attempt_at = 0`,
      )
      .bind(id, status),
    insertAudit(db, { at, requestId, action, actor, subject: id }),
  ]);
}

export interface RefusalRow extends Refusal {
  /** `null`: it was erased since. */
  readonly address: string | null;
  readonly at: number;
}

/** What the provider did not do, the newest first, and how much of it there is. */
export async function refusalsOf(
  db: D1Database,
  id: string,
  limit: number,
): Promise<{ readonly rows: readonly RefusalRow[]; readonly count: number }> {
  const results = await db.batch([
    db
      .prepare(
        `SELECT f.key, f.action, f.outcome, f.detail, f.at, r.address FROM sync_refusals f
         LEFT JOIN recipients r ON r.key = f.key WHERE f.sync = ?1 ORDER BY f.at DESC, f.key LIMIT ?2`,
      )
      .bind(id, limit),
    db.prepare("SELECT count(*) AS n FROM sync_refusals WHERE sync = ?1").bind(id),
  ]);
  return { rows: rowsOf<RefusalRow>(results, 0), count: rowsOf<{ n: number }>(results, 1)[0]?.n ?? 0 };
}
