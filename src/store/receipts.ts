/** Reading back what was received. */

import type { Actor } from "./audit";
import { SEQ_PER_RECEIPT } from "./event-row";
import { rowsOf } from "./statements";

export interface ReceiptRow {
  id: number;
  request_id: string;
  source: string;
  provider: string;
  connection: string;
  received_at: number;
  method: string;
  query: string;
  headers: string;
  body_bytes: number;
  replay_of: number | null;
}

/** What the partial index `receipts_received` holds; both have to say the same. */
const IS_INDEXED = "id % 64 = 0";

/** The first number that no receipt can have: a place in the journal of such a one would be no exact number any more. */
const BEHIND_ALL_RECEIPTS = Math.ceil(Number.MAX_SAFE_INTEGER / SEQ_PER_RECEIPT);

/**
 * SQL for the number of the first receipt of a moment or later; where there is none, for one behind all of them. Receipts
 * are in the order of time, and one of 64 is in an index by it.
 *
 * @param time SQL for epoch ms
 */
export function firstReceiptSince(time: string): string {
  return `coalesce((SELECT id FROM receipts WHERE received_at >= ${time} AND id > coalesce(
    (SELECT id FROM receipts WHERE ${IS_INDEXED} AND received_at < ${time} ORDER BY received_at DESC LIMIT 1), 0)
    ORDER BY id LIMIT 1), ${BEHIND_ALL_RECEIPTS})`;
}

/** A receipt with its gzipped bytes; `body` is `null` where retention has removed them. */
export async function receiptWithBody(
  db: D1Database,
  id: number,
): Promise<{ receipt: ReceiptRow; body: Uint8Array | null } | null> {
  const results = await db.batch([
    db.prepare("SELECT * FROM receipts WHERE id = ?1").bind(id),
    db.prepare("SELECT bytes FROM receipt_bodies WHERE receipt_id = ?1 ORDER BY part").bind(id),
  ]);
  const receipt = rowsOf<ReceiptRow>(results, 0)[0];
  if (!receipt) return null;
  const parts = rowsOf<{ bytes: ArrayLike<number> }>(results, 1).map((row) => Uint8Array.from(row.bytes));
  return { receipt, body: parts.length ? concat(parts) : null };
}

/** A receipt whose bytes are kept. */
export interface KeptReceipt extends ReceiptRow {
  /** Of the gzipped bytes. */
  kept_bytes: number;
}

/** Those of these receipts whose bytes are kept. */
export async function keptReceipts(db: D1Database, ids: readonly number[]): Promise<KeptReceipt[]> {
  const { results } = await db
    .prepare(
      `SELECT r.*, sum(length(b.bytes)) AS kept_bytes FROM json_each(?1) j JOIN receipts r ON r.id = j.value
       JOIN receipt_bodies b ON b.receipt_id = r.id GROUP BY r.id`,
    )
    .bind(JSON.stringify(ids))
    .all<KeptReceipt>();
  return results;
}

/** The gzipped bytes of receipts. */
export async function bodiesOf(db: D1Database, ids: readonly number[]): Promise<ReadonlyMap<number, Uint8Array>> {
  const { results } = await db
    .prepare(
      `SELECT receipt_id, bytes FROM receipt_bodies WHERE receipt_id IN (SELECT value FROM json_each(?1))
       ORDER BY receipt_id, part`,
    )
    .bind(JSON.stringify(ids))
    .all<{ receipt_id: number; bytes: ArrayLike<number> }>();
  const parts = Map.groupBy(results, (row) => row.receipt_id);
  return new Map([...parts].map(([id, rows]) => [id, concat(rows.map((row) => Uint8Array.from(row.bytes)))]));
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}

/**
 * Who gave the commands behind these receipts: of a batch, whoever began it; of a single one, whoever the audit trail
 * names for the same request.
 *
 * @returns by receipt
 */
export async function actorsOf(db: D1Database, receiptIds: readonly number[]): Promise<ReadonlyMap<number, Actor>> {
  if (!receiptIds.length) return new Map();
  const { results } = await db
    .prepare(
      `SELECT r.id AS receipt, coalesce(b.actor, a.actor) AS id, coalesce(b.actor_label, a.actor_label) AS label
       FROM json_each(?1) j JOIN receipts r ON r.id = j.value
       LEFT JOIN batches b ON b.id = r.batch_id
       LEFT JOIN audit a ON r.batch_id IS NULL AND a.at = r.received_at AND a.request_id = r.request_id
       WHERE coalesce(b.actor, a.actor) IS NOT NULL`,
    )
    .bind(JSON.stringify(receiptIds))
    .all<{ receipt: number; id: string; label: string | null }>();
  return new Map(results.map(({ receipt, ...actor }) => [receipt, actor]));
}
