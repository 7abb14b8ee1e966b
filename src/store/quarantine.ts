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

export async function quarantineItem(db: D1Database, id: string): Promise<QuarantineRow | null> {
  return db.prepare(`${SELECT} WHERE q.id = ?1`).bind(id).first<QuarantineRow>();
}

export async function quarantineCount(db: D1Database): Promise<number> {
  return (await db.prepare("SELECT count(*) AS n FROM quarantine").first<number>("n")) ?? 0;
}
