/** Events by recipient and by state: what is to be applied, and what a rebuild reads. */
import { FACT_COLUMNS, type FactRow, heldSql } from "./event-row";
import { type PolicyRow, selectNewestPolicy } from "./policies";
import type { RecipientRow } from "./recipients";
import { jsonChunks, rowsOf } from "./statements";

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

/** How many events are on record and not applied yet, and since when the oldest of them. */
export async function pendingSummary(db: D1Database): Promise<PendingSummary> {
  const row = await db
    .prepare(
      `SELECT (SELECT count(*) FROM events WHERE state = 0) AS count,
         (SELECT received_at FROM events WHERE state = 0 ORDER BY seq LIMIT 1) AS oldest`,
    )
    .first<{ count: number; oldest: number | null }>();
  return { count: row?.count ?? 0, oldestAt: row?.oldest ?? null };
}

/** @param names under which the journal knows the recipient: the address, and what is left of an erased one */
export async function pendingOfRecipient(db: D1Database, names: readonly string[]): Promise<FactRow[]> {
  const { results } = await db
    .prepare(
      `SELECT ${FACT_COLUMNS} FROM events WHERE address IN (SELECT value FROM json_each(?1)) AND state = 0 ORDER BY seq`,
    )
    .bind(JSON.stringify(names))
    .all<FactRow>();
  return results;
}

/** Which of these recipients have something pending. @param names under which the journal knows them */
export async function pendingNames(db: D1Database, names: readonly string[]): Promise<ReadonlySet<string>> {
  const statement = db.prepare(
    `SELECT j.value AS name FROM json_each(?1) j
     WHERE EXISTS (SELECT 1 FROM events e WHERE e.address = j.value AND e.state = 0)`,
  );
  return namesFrom(db, statement, names);
}

/** Of which of these recipients a complaint is on record that occurred after a moment of each, applied or not. */
export async function complainedAfter(
  db: D1Database,
  moments: readonly (readonly [address: string, at: number])[],
): Promise<ReadonlySet<string>> {
  const statement = db.prepare(
    `SELECT j.value->>0 AS name FROM json_each(?1) j
     WHERE EXISTS (SELECT 1 FROM events e WHERE e.address = j.value->>0 AND e.kind = 'complained'
       AND e.occurred_at > j.value->>1 AND e.retracted_by IS NULL)`,
  );
  return namesFrom(db, statement, moments);
}

async function namesFrom(
  db: D1Database,
  statement: D1PreparedStatement,
  rows: readonly unknown[],
): Promise<ReadonlySet<string>> {
  const chunks = jsonChunks(rows).map((chunk) => statement.bind(chunk.json));
  if (!chunks.length) return new Set();
  const results = await db.batch<{ name: string }>(chunks);
  return new Set(results.flatMap((result) => result.results.map((row) => row.name)));
}

/** What objects are rebuilt from: their recipients' rows, and all that is on record about them, withdrawn or not, less what is held. */
export interface RecordsOf {
  readonly rows: readonly RecipientRow[];
  readonly facts: readonly FactRow[];
  /** The newest record of a policy that was applied; what was read with it is decided by it. */
  readonly policy: PolicyRow | null;
}

/**
 * @param keys of the recipients
 * @param names under which the journal may know them, beside those in their rows
 */
export async function recordsOf(db: D1Database, keys: readonly string[], names: readonly string[]): Promise<RecordsOf> {
  const rows = "SELECT * FROM recipients WHERE key IN (SELECT value FROM json_each(?1))";
  const results = await db.batch([
    db.prepare(rows).bind(JSON.stringify(keys)),
    db
      .prepare(
        `SELECT ${FACT_COLUMNS} FROM events WHERE address IN (SELECT value FROM json_each(?2)
           UNION SELECT address FROM (${rows}) WHERE address IS NOT NULL) AND NOT ${heldSql("events")} ORDER BY seq`,
      )
      .bind(JSON.stringify(keys), JSON.stringify(names)),
    selectNewestPolicy(db),
  ]);
  return {
    rows: rowsOf<RecipientRow>(results, 0),
    facts: rowsOf<FactRow>(results, 1),
    policy: rowsOf<PolicyRow>(results, 2)[0] ?? null,
  };
}
