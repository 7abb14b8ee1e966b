/** The log of listings and releases. Triggers write it (migration 0011); here it is read and pruned. */
import { rowsOf } from "./statements";

export interface ChangeRow {
  readonly seq: number;
  readonly key: string;
  /** `null` where the address was erased since. */
  readonly address: string | null;
  /** From then on; `null`: it may be mailed. */
  readonly answer: string | null;
  readonly changed_at: number;
}

export interface ChangePage {
  readonly rows: readonly ChangeRow[];
  /** The oldest that is kept, and the newest; 0 where there was never one. */
  readonly oldest: number;
  readonly newest: number;
}

const BOUNDS = `
  SELECT coalesce((SELECT min(seq) FROM suppression_changes), 0) AS oldest,
    coalesce((SELECT max(seq) FROM suppression_changes), 0) AS newest`;

const PAGE = `
  SELECT c.seq, c.key, r.address, c.answer, c.changed_at
  FROM suppression_changes c LEFT JOIN recipients r ON r.key = c.key
  WHERE c.seq > ?1 ORDER BY c.seq LIMIT ?2`;

/** A page in the order in which the changes took effect, and what is kept, as of one moment. */
export async function changesAfter(db: D1Database, seq: number, limit: number): Promise<ChangePage> {
  const results = await db.batch([db.prepare(BOUNDS), db.prepare(PAGE).bind(seq, limit)]);
  const [bounds] = rowsOf<{ oldest: number; newest: number }>(results, 0);
  return { oldest: bounds?.oldest ?? 0, newest: bounds?.newest ?? 0, rows: rowsOf<ChangeRow>(results, 1) };
}

/** The newest change; 0 where there was never one. */
export async function lastChange(db: D1Database): Promise<number> {
  return (await db.prepare("SELECT max(seq) AS seq FROM suppression_changes").first<number | null>("seq")) ?? 0;
}

/**
 * Removes what is older than a moment, oldest first. The newest stays, so that no number is given out twice.
 *
 * @param changedBefore epoch ms
 */
export async function pruneChanges(db: D1Database, changedBefore: number, limit: number): Promise<number> {
  const oldest = await db
    .prepare("SELECT changed_at FROM suppression_changes ORDER BY seq LIMIT 1")
    .first<number>("changed_at");
  // Mostly there is nothing to do, and then one row is all that is read.
  if (oldest === null || oldest >= changedBefore) return 0;
  const { meta } = await db
    .prepare(
      `DELETE FROM suppression_changes WHERE seq < (SELECT max(seq) FROM suppression_changes) AND seq <= (
         SELECT max(seq) FROM (SELECT seq, changed_at FROM suppression_changes ORDER BY seq LIMIT ?2)
         WHERE changed_at < ?1)`,
    )
    .bind(changedBefore, limit)
    .run();
  return meta.changes;
}
