/** What of our list concerns a sync: who changed since it was last told, who is on the list, what came from there. */
import { jsonChunks, rowsOf } from "./statements";

/** A recipient as it stands now. */
export interface StandingRow {
  /** The change up to which that is known; 0 in a walk through the whole list. */
  readonly seq: number;
  readonly key: string;
  /** `null`: it was erased. */
  readonly address: string | null;
  readonly answer: string | null;
  /** JSON of what the answers were before the changes: a release is sent only of who was sent. */
  readonly previous: string;
  /** Reasons, with commas between them, for which it is on the list because an import under this connection said so. */
  readonly pulled: string | null;
}

export interface ChangedPage {
  readonly rows: readonly StandingRow[];
  /** The last change that was looked at; that of the last row or later. */
  readonly end: number;
  /** The oldest and the newest that are kept; 0 where there was never one. */
  readonly oldest: number;
  readonly newest: number;
}

/** The reasons that stand because of events of an import: `?1` is its connection. */
const PULLED = `
  (SELECT group_concat(s.value->>'reason') FROM json_each(r.suppressions) s
   JOIN events e ON e.address = r.address AND e.id = s.value->>'eventId'
   WHERE e.provider = 'import' AND e.connection = ?1)`;

/** Each recipient that changed after a place is in the page once, at its last change in it, as it stands now. */
const CHANGED = `
  SELECT c.seq, c.key, c.previous, r.address, r.answer, ${PULLED} AS pulled
  FROM (SELECT max(seq) AS seq, key, json_group_array(previous) AS previous
        FROM (SELECT seq, key, previous FROM suppression_changes WHERE seq > ?2 ORDER BY seq LIMIT ?3)
        GROUP BY key) c
  LEFT JOIN recipients r ON r.key = c.key ORDER BY c.seq`;

const BOUNDS = `
  SELECT coalesce((SELECT min(seq) FROM suppression_changes), 0) AS oldest,
    coalesce((SELECT max(seq) FROM suppression_changes), 0) AS newest,
    coalesce((SELECT max(seq) FROM (SELECT seq FROM suppression_changes WHERE seq > ?1 ORDER BY seq LIMIT ?2)), 0) AS last`;

/** @param connection under which what came from the provider is recorded */
export async function changedSince(
  db: D1Database,
  connection: string,
  seq: number,
  limit: number,
): Promise<ChangedPage> {
  const results = await db.batch([
    db.prepare(BOUNDS).bind(seq, limit),
    db.prepare(CHANGED).bind(connection, seq, limit),
  ]);
  const [bounds] = rowsOf<{ oldest: number; newest: number; last: number }>(results, 0);
  const { oldest = 0, newest = 0, last = 0 } = bounds ?? {};
  return { rows: rowsOf<StandingRow>(results, 1), end: Math.max(last, seq), oldest, newest };
}

/** Who has an answer, in the order of keys. */
export async function listedAfter(
  db: D1Database,
  connection: string,
  key: string,
  limit: number,
): Promise<StandingRow[]> {
  const { results } = await db
    .prepare(
      `SELECT 0 AS seq, r.key, '[]' AS previous, r.address, r.answer, ${PULLED} AS pulled
       FROM recipients r WHERE r.key > ?2 AND r.answer IS NOT NULL ORDER BY r.key LIMIT ?3`,
    )
    .bind(connection, key, limit)
    .all<StandingRow>();
  return results;
}

/** The answers of those of these addresses that have one. */
export async function answersOf(db: D1Database, addresses: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const statement = db.prepare(
    `SELECT j.value AS address, r.answer FROM json_each(?1) j JOIN recipients r ON r.address = j.value
     WHERE r.answer IS NOT NULL`,
  );
  const chunks = jsonChunks(addresses).map(({ json }) => statement.bind(json));
  if (!chunks.length) return new Map();
  const results = await db.batch<{ address: string; answer: string }>(chunks);
  return new Map(results.flatMap((result) => result.results.map((row) => [row.address, row.answer] as const)));
}

/** So many changes back one is looked for that was sent a moment ago. */
const LATELY_CHANGES = 2_000;

/**
 * Those of these addresses that changed here, and of whom the provider has not been told yet, or only just now.
 *
 * @param seq up to which it has been told
 * @param since epoch ms: what changed later was told just now
 */
export async function changedLately(
  db: D1Database,
  addresses: readonly string[],
  seq: number,
  since: number,
): Promise<ReadonlySet<string>> {
  const statement = db.prepare(
    `SELECT r.address FROM suppression_changes c JOIN recipients r ON r.key = c.key
     WHERE c.seq > ?1 - ${LATELY_CHANGES} AND (c.seq > ?1 OR c.changed_at >= ?2)
       AND r.address IN (SELECT value FROM json_each(?3))`,
  );
  const chunks = jsonChunks(addresses).map(({ json }) => statement.bind(seq, since, json));
  if (!chunks.length) return new Set();
  const results = await db.batch<{ address: string }>(chunks);
  return new Set(results.flatMap((result) => result.results.map((row) => row.address)));
}

/**
 * Was an import under this connection undone that was begun since?
 *
 * @param since what the ids of batches of that time begin with; they are in the order of time
 */
export async function wasUndone(db: D1Database, connection: string, since: string): Promise<boolean> {
  const row = await db
    .prepare(
      `SELECT 1 AS yes FROM batches WHERE id >= ?2 AND kind = 'import' AND format = ?1
         AND status IN ('reverting', 'reverted') LIMIT 1`,
    )
    .bind(connection, since)
    .first();
  return row !== null;
}
