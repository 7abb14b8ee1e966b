/** Erasing a recipient from the journal and the projection: one transaction; and what it leaves for a while. */
import { ERASED_DOMAIN } from "../domain/address";
import type { NormalizedEvent } from "../domain/event";
import { type Actor, insertAudit } from "./audit";
import { NEXT_RECEIPT, SEQ_PER_RECEIPT } from "./event-row";
import { insertEvents, insertReceipt } from "./journal";

export interface Erasure {
  /** Hex SHA-256 of the address. */
  readonly key: string;
  /** Under which the journal may know it. */
  readonly names: readonly string[];
  /** What goes on suppressing it, under the pseudo-address that is made of the key; `null`: nothing. */
  readonly kept: NormalizedEvent | null;
  /** Epoch ms. */
  readonly at: number;
  readonly actor: Actor;
  readonly requestId: string;
}

export interface Erased {
  /** Events that are gone. */
  readonly events: number;
  /** The version of the row that is left. */
  readonly version: number;
}

const EVENTS_OF = "address IN (SELECT value FROM json_each(?1))";

/** Receipts that brought an event of it, and those that share their bytes: what was replayed, and its replays. */
const RECEIPTS_OF = `
  WITH held AS (SELECT DISTINCT seq / ${SEQ_PER_RECEIPT} AS id FROM events WHERE ${EVENTS_OF}),
    origins AS (SELECT id FROM held UNION SELECT r.replay_of FROM receipts r JOIN held ON held.id = r.id
      WHERE r.replay_of IS NOT NULL)
  SELECT id FROM origins UNION SELECT r.id FROM receipts r JOIN origins ON r.replay_of = origins.id`;

/** Raw bytes may hold others' events too: these stay in the journal, and only the bytes go. */
const CLEAR_RECEIPTS = [
  `DELETE FROM receipt_bodies WHERE receipt_id IN (${RECEIPTS_OF})`,
  `DELETE FROM quarantine WHERE receipt_id IN (${RECEIPTS_OF})`,
  `UPDATE receipts SET query = '[]', headers = '[]', status = 'recorded' WHERE id IN (${RECEIPTS_OF})`,
];

/**
 * What is left of the row: key and version, and up to which place in the journal everything is gone. No decision that
 * does not know of that gets past it. Where somebody is to stay suppressed, the answer stays until the object has decided.
 */
const LEAVE_ROW = `
  INSERT INTO recipients (key, version, address, domain, suppressed, allowed, suppressions, since, until, soft_count,
    counting_since, released_at, answer, answer_version, answered_at, kv_version, updated_at, erased_at, erased_seq, erasing)
  VALUES (?1, ?2, NULL, NULL, 0, 0, '[]', NULL, NULL, 0, NULL, NULL, NULL, ?2, ?2, 0, ?2, ?2,
    ${NEXT_RECEIPT} * ${SEQ_PER_RECEIPT} - 1, 1)
  ON CONFLICT (key) DO UPDATE SET
    version = max(recipients.version + 1, excluded.version),
    address = CASE WHEN ?3 AND recipients.suppressed = 1 THEN recipients.key || '@${ERASED_DOMAIN}' END,
    domain = CASE WHEN ?3 AND recipients.suppressed = 1 THEN '${ERASED_DOMAIN}' END,
    suppressed = CASE WHEN ?3 THEN recipients.suppressed ELSE 0 END,
    allowed = 0,
    suppressions = CASE WHEN ?3 THEN recipients.suppressions ELSE '[]' END,
    since = CASE WHEN ?3 THEN recipients.since END,
    until = CASE WHEN ?3 THEN recipients.until END,
    soft_count = 0, counting_since = NULL, released_at = NULL,
    answer = CASE WHEN ?3 AND recipients.suppressed = 1 THEN recipients.answer END,
    answer_version = max(recipients.version + 1, excluded.version),
    answered_at = excluded.answered_at, updated_at = excluded.updated_at,
    erased_at = excluded.erased_at, erased_seq = excluded.erased_seq, erasing = 1
  RETURNING version`;

/** When it returns, everything in it is committed; when it throws, nothing is. Said again, it finds nothing more. */
export async function eraseRecords(db: D1Database, erasure: Erasure): Promise<Erased> {
  const { key, names, kept, at, actor, requestId } = erasure;
  const json = JSON.stringify(names);
  const statements = CLEAR_RECEIPTS.map((sql) => db.prepare(sql).bind(json));
  const rowAt = statements.push(db.prepare(LEAVE_ROW).bind(key, at, kept ? 1 : 0)) - 1;
  const eventsAt = statements.push(db.prepare(`DELETE FROM events WHERE ${EVENTS_OF}`).bind(json)) - 1;
  if (kept) statements.push(...insertEvents(db, [kept]), insertReceipt(db, receiptOf(kept, requestId)));
  const detail = { keepSuppressed: kept !== null };
  statements.push(insertAudit(db, { at, requestId, action: "erase", actor, subject: key, detail }));
  const results = await db.batch<{ version: number }>(statements);
  return { events: results[eventsAt]?.meta.changes ?? 0, version: results[rowAt]?.results[0]?.version ?? at };
}

function receiptOf({ provider, connection, receivedAt }: NormalizedEvent, requestId: string) {
  const empty = { query: [], headers: [], bodySha256: "", bodyBytes: 0, bodyParts: [] };
  return { ...empty, requestId, source: "operator" as const, provider, connection, receivedAt, method: "DELETE" };
}

/** Is anything on record about it, or did it leave a row? */
export async function isKnown(db: D1Database, key: string, names: readonly string[]): Promise<boolean> {
  const known = await db
    .prepare(
      `SELECT EXISTS (SELECT 1 FROM recipients WHERE key = ?2) OR EXISTS (SELECT 1 FROM events WHERE ${EVENTS_OF}) AS known`,
    )
    .bind(JSON.stringify(names), key)
    .first<number>("known");
  return known === 1;
}

export interface ErasedRow {
  key: string;
  version: number;
  /** Known again, or what is left of it; `null`: nothing is. */
  address: string | null;
  erased_at: number;
  /** 1: the object has still to be told. */
  erasing: number;
  answer_version: number;
  kv_version: number;
}

/** What erasures left behind. */
export async function erasedRows(db: D1Database, limit: number): Promise<ErasedRow[]> {
  const { results } = await db
    .prepare(
      `SELECT key, version, address, erased_at, erasing, answer_version, kv_version FROM recipients
       WHERE erased_at IS NOT NULL ORDER BY erasing DESC, key LIMIT ?1`,
    )
    .bind(limit)
    .all<ErasedRow>();
  return results;
}

/** Removes the row of whom nothing is left, unless something has happened since. */
export async function dropErasedRow(db: D1Database, { key, version }: ErasedRow): Promise<void> {
  await db
    .prepare("DELETE FROM recipients WHERE key = ?1 AND version = ?2 AND address IS NULL AND erased_at IS NOT NULL")
    .bind(key, version)
    .run();
}

/** Of whom something is known again, or kept, the erasure need not be remembered any longer. */
export async function forgetErasure(db: D1Database, { key, erased_at }: ErasedRow): Promise<void> {
  await db
    .prepare("UPDATE recipients SET erased_at = NULL, erased_seq = 0 WHERE key = ?1 AND erased_at = ?2 AND erasing = 0")
    .bind(key, erased_at)
    .run();
}
