/** Events by recipient and by state: what is to be applied, and what a rebuild reads. */
import { FACT_COLUMNS, type FactRow } from "./event-row";

/** The oldest events that no object has taken in yet, after a position. */
export async function pendingAfter(db: D1Database, seq: number, limit: number): Promise<FactRow[]> {
  const { results } = await db
    .prepare(`SELECT ${FACT_COLUMNS} FROM events WHERE state = 0 AND seq > ?1 ORDER BY seq LIMIT ?2`)
    .bind(seq, limit)
    .all<FactRow>();
  return results;
}

export interface PendingSummary {
  readonly count: number;
  /** Epoch ms, or `null` when nothing is pending. */
  readonly oldestAt: number | null;
}

export async function pendingSummary(db: D1Database): Promise<PendingSummary> {
  const row = await db
    .prepare(
      `SELECT (SELECT count(*) FROM events WHERE state = 0) AS count,
         (SELECT received_at FROM events WHERE state = 0 ORDER BY seq LIMIT 1) AS oldest`,
    )
    .first<{ count: number; oldest: number | null }>();
  return { count: row?.count ?? 0, oldestAt: row?.oldest ?? null };
}

export async function pendingOfAddress(db: D1Database, address: string): Promise<FactRow[]> {
  const { results } = await db
    .prepare(`SELECT ${FACT_COLUMNS} FROM events WHERE address = ?1 AND state = 0 ORDER BY seq`)
    .bind(address)
    .all<FactRow>();
  return results;
}

/** Is a complaint on record that occurred after a moment, applied or not, whatever hides it? */
export async function hasComplaintAfter(db: D1Database, address: string, at: number): Promise<boolean> {
  const row = await db
    .prepare(
      `SELECT 1 AS found FROM events WHERE address = ?1 AND kind = 'complained' AND occurred_at > ?2
         AND retracted_by IS NULL LIMIT 1`,
    )
    .bind(address, at)
    .first();
  return row !== null;
}

/** Everything that is on record about a recipient and not retracted: what an object is rebuilt from. */
export async function factsOfAddress(db: D1Database, address: string): Promise<FactRow[]> {
  const { results } = await db
    .prepare(`SELECT ${FACT_COLUMNS} FROM events WHERE address = ?1 AND retracted_by IS NULL ORDER BY seq`)
    .bind(address)
    .all<FactRow>();
  return results;
}
