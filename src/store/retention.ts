/** Removing what has served its time. Every statement looks at a bounded stretch of the journal. */
import { SEQ_PER_RECEIPT } from "./event-row";
import { firstReceiptSince } from "./receipts";

/**
 * The newest receipt that is older than a moment; everything up to it is, because receipts are in order of time. None is
 * older than what is no moment.
 */
export async function lastReceiptBefore(db: D1Database, time: number): Promise<number> {
  if (!Number.isFinite(time)) return 0;
  const id = await db
    .prepare(`SELECT max(id) AS id FROM receipts WHERE id < ${firstReceiptSince("?1")}`)
    .bind(time)
    .first<number>("id");
  return id ?? 0;
}

/** A part of what is in order of age. */
export interface PrunedStretch {
  readonly removed: number;
  /** Where the next stretch begins; `null` when the end is reached. */
  readonly next: number | null;
}

/** What is pruned stretch by stretch, and the column that it is in the order of. */
const STRETCHED = { events: "seq", receipts: "id", receipt_bodies: "receipt_id" } as const;

/** @returns the last place of the next stretch; `null`: there is nothing between the two */
async function endOfStretch(
  db: D1Database,
  table: keyof typeof STRETCHED,
  [after, upTo]: readonly [after: number, upTo: number],
  stretch: number,
): Promise<number | null> {
  const column = STRETCHED[table];
  const places = `SELECT ${column} AS place FROM ${table} WHERE ${column} > ?1 AND ${column} <= ?2 ORDER BY ${column} LIMIT ?3`;
  const end = await db
    .prepare(`SELECT max(place) AS place FROM (${places})`)
    .bind(after, upTo, stretch)
    .first<number | null>("place");
  return end ?? null;
}

/** Raw bodies in the next stretch up to a receipt, except those that quarantine still needs. */
export async function pruneBodies(
  db: D1Database,
  afterReceipt: number,
  upToReceipt: number,
  stretch: number,
): Promise<PrunedStretch> {
  const next = await endOfStretch(db, "receipt_bodies", [afterReceipt, upToReceipt], stretch);
  if (next === null) return { removed: 0, next: null };
  const { meta } = await db
    .prepare(
      `DELETE FROM receipt_bodies WHERE receipt_id > ?1 AND receipt_id <= ?2
       AND NOT EXISTS (SELECT 1 FROM quarantine q WHERE q.receipt_id = receipt_bodies.receipt_id)`,
    )
    .bind(afterReceipt, next)
    .run();
  return { removed: meta.changes, next };
}

/** Up to which receipt each kind of event has served its time. */
export interface RetentionEnds {
  readonly delivered: number;
  readonly deferred: number;
  readonly autoReplies: number;
  /** Epoch ms: what was withdrawn before may go. */
  readonly retractedBefore: number;
}

/**
 * What was withdrawn, and told to its recipient, decides nothing any more. A delivery may go unless a rebuild still needs it to take back an older bounce: of those that outlived retention,
 * the latest that is not void does that job alone. Void: the same message bounced.
 */
const PRUNE_EVENTS = `
  DELETE FROM events WHERE seq IN (
    SELECT d.seq FROM (SELECT * FROM events WHERE seq > ?1 AND seq < ?2 ORDER BY seq LIMIT ?3) AS d
    WHERE d.state <> 0 AND (
      (d.kind = 'deferred' AND d.seq < ?5) OR (d.kind = 'auto_reply' AND d.seq < ?6)
      OR (d.retracted_by IS NOT NULL AND EXISTS (
        SELECT 1 FROM batches u WHERE u.id = d.retracted_by AND u.status = 'reverted' AND u.reverted_at < ?7))
      OR (d.kind = 'delivered' AND d.seq < ?4 AND (
        NOT EXISTS (SELECT 1 FROM events b WHERE b.address = d.address AND b.kind = 'bounced' AND b.occurred_at <= d.occurred_at)
        OR EXISTS (SELECT 1 FROM events later WHERE later.address = d.address AND later.kind = 'delivered'
          AND later.seq < ?4 AND later.occurred_at > d.occurred_at AND later.retracted_by IS NULL
          AND NOT EXISTS (SELECT 1 FROM events v WHERE v.address = later.address AND v.kind = 'bounced'
            AND coalesce(v.internet_message_id, v.message_id, v.campaign, v.id)
              = coalesce(later.internet_message_id, later.message_id, later.campaign, later.id))))
      )))`;

/** What has served its time in the next stretch of the journal. */
export async function pruneEvents(
  db: D1Database,
  afterSeq: number,
  ends: RetentionEnds,
  stretch: number,
): Promise<PrunedStretch> {
  const endOf = (receipt: number) => (receipt + 1) * SEQ_PER_RECEIPT;
  const kinds = [ends.delivered, ends.deferred, ends.autoReplies].map(endOf);
  const end = Math.max(...kinds);
  const next = await endOfStretch(db, "events", [afterSeq, end - 1], stretch);
  if (next === null) return { removed: 0, next: null };
  const { meta } = await db
    .prepare(PRUNE_EVENTS)
    .bind(afterSeq, end, stretch, ...kinds, ends.retractedBefore)
    .run();
  return { removed: meta.changes, next };
}

/**
 * Receipts of the next stretch of which nothing is left: those of bounces stay for good, and are not to be looked at in
 * every run. The newest of all stays: it says where the next one begins.
 */
export async function pruneReceipts(
  db: D1Database,
  afterReceipt: number,
  upToReceipt: number,
  stretch: number,
): Promise<PrunedStretch> {
  const next = await endOfStretch(db, "receipts", [afterReceipt, upToReceipt], stretch);
  if (next === null) return { removed: 0, next: null };
  const { meta } = await db
    .prepare(
      `DELETE FROM receipts WHERE id IN (
         SELECT r.id FROM receipts r WHERE r.id > ?1 AND r.id <= ?2 AND r.id < (SELECT max(id) FROM receipts)
         AND NOT EXISTS (SELECT 1 FROM events e WHERE e.seq >= r.id * ${SEQ_PER_RECEIPT} AND e.seq < (r.id + 1) * ${SEQ_PER_RECEIPT})
         AND NOT EXISTS (SELECT 1 FROM receipt_bodies b WHERE b.receipt_id = r.id)
         AND NOT EXISTS (SELECT 1 FROM quarantine q WHERE q.receipt_id = r.id))`,
    )
    .bind(afterReceipt, next)
    .run();
  return { removed: meta.changes, next };
}
