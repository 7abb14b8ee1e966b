/** What could not be read. */

export interface QuarantineRow {
  id: string;
  receipt_id: number;
  item: number | null;
  reason: string;
  detail: string;
  created_at: number;
  provider: string;
  connection: string;
  received_at: number;
  body_bytes: number;
}

const SELECT = `
  SELECT q.id, q.receipt_id, q.item, q.reason, q.detail, q.created_at, r.provider, r.connection, r.received_at, r.body_bytes
  FROM quarantine q JOIN receipts r ON r.id = q.receipt_id`;

/** Newest first. The cursor is the last item's receipt and id. */
export async function quarantinePage(
  db: D1Database,
  limit: number,
  before: { readonly receiptId: number; readonly id: string } | null,
): Promise<QuarantineRow[]> {
  const { results } = await db
    .prepare(`${SELECT} WHERE (q.receipt_id, q.id) < (?1, ?2) ORDER BY q.receipt_id DESC, q.id DESC LIMIT ?3`)
    .bind(before?.receiptId ?? Number.MAX_SAFE_INTEGER, before?.id ?? "", limit)
    .all<QuarantineRow>();
  return results;
}

/** `null`: it was handled, or there never was one. */
export async function quarantineItem(db: D1Database, id: string): Promise<QuarantineRow | null> {
  return db.prepare(`${SELECT} WHERE q.id = ?1`).bind(id).first<QuarantineRow>();
}

/** Why mail is in quarantine that anybody can send. The index of these reasons states them too. */
const OPEN_REASONS = "('unverified', 'unrecognized')";

/** How much mail waits that nothing vouches for, or that says nothing; counted up to a limit. */
export async function unverifiedCount(db: D1Database, limit: number): Promise<number> {
  const sql = `SELECT count(*) AS n FROM (SELECT 1 FROM quarantine WHERE reason IN ${OPEN_REASONS} LIMIT ?1)`;
  return (await db.prepare(sql).bind(limit).first<number>("n")) ?? 0;
}

/** Such mail, up to a receipt, oldest first; a receipt with none left counts as recorded. */
export async function pruneUnverified(db: D1Database, upToReceipt: number, limit: number): Promise<number> {
  const stretch = `SELECT id FROM quarantine WHERE reason IN ${OPEN_REASONS} AND receipt_id <= ?1 ORDER BY receipt_id LIMIT ?2`;
  const results = await db.batch([
    db
      .prepare(
        `UPDATE receipts SET status = 'recorded'
         WHERE id IN (SELECT receipt_id FROM quarantine WHERE id IN (${stretch}))
         AND NOT EXISTS (SELECT 1 FROM quarantine q WHERE q.receipt_id = receipts.id AND q.id NOT IN (${stretch}))`,
      )
      .bind(upToReceipt, limit),
    db.prepare(`DELETE FROM quarantine WHERE id IN (${stretch})`).bind(upToReceipt, limit),
  ]);
  return results[1]?.meta.changes ?? 0;
}

/** How much is in quarantine; counted up to a limit. */
export async function quarantineCount(db: D1Database, limit: number): Promise<number> {
  const sql = "SELECT count(*) AS n FROM (SELECT 1 FROM quarantine LIMIT ?1)";
  return (await db.prepare(sql).bind(limit).first<number>("n")) ?? 0;
}
