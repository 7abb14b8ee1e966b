/** Reading back what was received. */

import type { Actor } from "./audit";
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
