/**
 * Batches: what was done to many recipients at once, part by part, and its undoing.
 *
 * A batch's events are those of its receipts, one receipt a part. Undoing it withdraws them: they stay in the journal,
 * marked, and become pending, until their recipients' objects have been rebuilt without them. What a part found on record
 * already is not the batch's, and is not undone.
 *
 * A withdrawn event gives its identity free, so that the same list can be imported again: what an operator claims, and
 * takes back, he may claim anew. Events of providers are never part of a batch; they happened, and keep theirs for good.
 */
import type { NormalizedEvent } from "../domain/event";
import { type Actor, insertAudit } from "./audit";
import { SEQ_PER_RECEIPT } from "./event-row";
import { identitiesOf, identityOf, insertEvents, insertReceipt, THIS_RECEIPT } from "./journal";
import { rowsOf } from "./statements";

/** What can be undone as a whole. */
export const BATCH_KINDS = ["import", "block", "release", "policy"] as const;
export type BatchKind = (typeof BATCH_KINDS)[number];

/** In the order in which a batch goes through them. */
export const BATCH_STATUSES = ["incomplete", "recorded", "reverting", "reverted"] as const;
export type BatchStatus = (typeof BATCH_STATUSES)[number];

/** Events of one part: what one transaction records, and one withdraws. */
export const MAX_PART_EVENTS = 5_000;

export interface NewBatch {
  /** A UUID of version 7. */
  readonly id: string;
  readonly kind: BatchKind;
  /** Of an import: what the list was read as. */
  readonly format: string | null;
  readonly note: string | null;
  readonly actor: Actor;
  readonly requestId: string;
  /** Epoch ms. */
  readonly createdAt: number;
}

export interface BatchRow {
  id: string;
  kind: BatchKind;
  format: string | null;
  note: string | null;
  request_id: string;
  actor: string;
  actor_label: string | null;
  created_at: number;
  status: BatchStatus;
  recorded_at: number | null;
  row_count: number;
  skipped: number;
  invalid: number;
  added: number;
  known: number;
  reverted_at: number | null;
  reverted_by: string | null;
  reverted_by_label: string | null;
  retracted: number;
  /** Events whose recipients are still to be told, of their recording or of their withdrawal. */
  pending: number;
}

/** What a part adds to its batch. */
export interface BatchPart {
  readonly batchId: string;
  /** Of the part alone. */
  readonly requestId: string;
  readonly provider: string;
  readonly connection: string;
  /** Epoch ms. */
  readonly receivedAt: number;
  /** At most `MAX_PART_EVENTS`. */
  readonly events: readonly NormalizedEvent[];
  readonly rows: number;
  readonly skipped: number;
  readonly invalid: number;
}

/** The batch was undone while it was being recorded. */
export class BatchClosed extends Error {}

/** A statement that begins a batch: nothing of it is recorded yet. */
export function insertBatch(db: D1Database, batch: NewBatch): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO batches (id, kind, format, note, request_id, actor, actor_label, created_at, status, row_count, skipped,
         invalid, added, known, reverted_up_to, retracted)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'incomplete', 0, 0, 0, 0, 0, 0, 0)`,
    )
    .bind(
      batch.id,
      batch.kind,
      batch.format,
      batch.note,
      batch.requestId,
      batch.actor.id,
      batch.actor.label,
      batch.createdAt,
    );
}

/** Counts what this very transaction wrote. A batch that was closed meanwhile has no status to keep: the transaction fails. */
const ADD_PART = `
  UPDATE batches SET row_count = row_count + ?3, skipped = skipped + ?4, invalid = invalid + ?5,
    added = added + part.events, known = known + ?6 - part.events,
    status = CASE status WHEN 'incomplete' THEN status END
  FROM (SELECT count(*) AS events FROM events WHERE seq >= ${THIS_RECEIPT} * ${SEQ_PER_RECEIPT}) AS part
  WHERE id = ?2`;

/**
 * Records a part: one transaction.
 *
 * @returns which of its events are new
 * @throws BatchClosed
 */
export async function recordPart(
  db: D1Database,
  part: BatchPart,
): Promise<(event: { readonly address: string; readonly id: string }) => boolean> {
  const inserts = insertEvents(db, part.events);
  const receipt = {
    requestId: part.requestId,
    source: "operator" as const,
    provider: part.provider,
    connection: part.connection,
    receivedAt: part.receivedAt,
    method: "POST",
    query: [],
    headers: [],
    bodySha256: "",
    bodyBytes: 0,
    bodyParts: [],
    batchId: part.batchId,
  };
  const tally = [part.requestId, part.batchId, part.rows, part.skipped, part.invalid, part.events.length];
  const statements = [...inserts, insertReceipt(db, receipt), db.prepare(ADD_PART).bind(...tally)];
  const results = await db.batch(statements).catch((error: unknown) => {
    throw error instanceof Error && error.message.includes("batches.status") ? new BatchClosed() : error;
  });
  const newCount = inserts.reduce((sum, _, i) => sum + (results[i]?.meta.changes ?? 0), 0);
  if (newCount === part.events.length) return () => true;
  const added = await identitiesOf(db, rowsOf<{ id: number }>(results, inserts.length)[0]?.id ?? null);
  return (event) => added.has(identityOf(event));
}

/** Nothing more will come. */
export async function finishBatch(db: D1Database, id: string, now: number): Promise<void> {
  await db
    .prepare("UPDATE batches SET status = 'recorded', recorded_at = ?2 WHERE id = ?1 AND status = 'incomplete'")
    .bind(id, now)
    .run();
}

/** Of a policy: recipients that are still to be looked at. */
const PENDING = `
  CASE b.kind WHEN 'policy'
    THEN (SELECT CASE WHEN p.finished_at IS NULL THEN max(1, p.total - p.looked) ELSE 0 END FROM policy_runs p WHERE p.id = b.id)
    ELSE (SELECT count(*) FROM receipts r JOIN events e INDEXED BY events_pending
     ON e.state = 0 AND e.seq >= r.id * ${SEQ_PER_RECEIPT} AND e.seq < (r.id + 1) * ${SEQ_PER_RECEIPT}
   WHERE r.batch_id = b.id) END AS pending`;

/** A batch, and how far it has come; `null`: there is none. */
export async function batchById(db: D1Database, id: string): Promise<BatchRow | null> {
  return db.prepare(`SELECT b.*, ${PENDING} FROM batches b WHERE b.id = ?1`).bind(id).first<BatchRow>();
}

/** A page, newest first. @param before the id of the last one of the page before */
export async function batchPage(db: D1Database, limit: number, before: string | null): Promise<BatchRow[]> {
  const { results } = await db
    .prepare(`SELECT b.*, ${PENDING} FROM batches b WHERE b.id < ?1 ORDER BY b.id DESC LIMIT ?2`)
    .bind(before ?? "~", limit)
    .all<BatchRow>();
  return results;
}

/** Places in the journal between which a batch's events lie, others' among them; `null`: it brought none. */
export async function spanOfBatch(db: D1Database, id: string): Promise<{ after: number; upTo: number } | null> {
  const row = await db
    .prepare("SELECT min(id) AS first, max(id) AS last FROM receipts WHERE batch_id = ?1")
    .bind(id)
    .first<{ first: number | null; last: number | null }>();
  if (row?.first == null || row.last === null) return null;
  return { after: row.first * SEQ_PER_RECEIPT - 1, upTo: (row.last + 1) * SEQ_PER_RECEIPT - 1 };
}

export interface Revert {
  readonly id: string;
  readonly actor: Actor;
  readonly requestId: string;
  /** Epoch ms. */
  readonly at: number;
}

/** Closes a batch and marks it to be undone. Changes nothing where that was done before. */
export async function startRevert(db: D1Database, { id, actor, requestId, at }: Revert): Promise<void> {
  await db.batch([
    db
      .prepare(
        `UPDATE batches SET status = 'reverting', reverted_at = ?2, reverted_by = ?3, reverted_by_label = ?4,
           revert_request_id = ?5 WHERE id = ?1 AND status IN ('incomplete', 'recorded')`,
      )
      .bind(id, at, actor.id, actor.label, requestId),
    insertAudit(
      db,
      { at, requestId, action: "revert", actor, subject: id },
      "EXISTS (SELECT 1 FROM batches b WHERE b.id = ?6 AND b.revert_request_id = ?2)",
    ),
  ]);
}

const NEXT_PART = `
  (SELECT min(r.id) FROM receipts r JOIN batches b ON b.id = r.batch_id
   WHERE r.batch_id = ?1 AND r.id > b.reverted_up_to AND b.status = 'reverting')`;

/** Withdraws the events of the next part: they stay on record, and are pending until their recipients are told. */
const WITHDRAW_PART = `
  UPDATE events SET retracted_by = ?1, id = id || '~' || ?1, state = 0, applied_at = NULL
  WHERE retracted_by IS NULL AND seq >= ${NEXT_PART} * ${SEQ_PER_RECEIPT} AND seq < (${NEXT_PART} + 1) * ${SEQ_PER_RECEIPT}`;

const NOTE_PART = `
  UPDATE batches SET reverted_up_to = coalesce(part.id, reverted_up_to), retracted = retracted + part.events,
    status = CASE WHEN part.id IS NULL THEN 'reverted' ELSE status END
  FROM (SELECT next.id, (SELECT count(*) FROM events e WHERE e.retracted_by = ?1
          AND e.seq >= next.id * ${SEQ_PER_RECEIPT} AND e.seq < (next.id + 1) * ${SEQ_PER_RECEIPT}) AS events
        FROM (SELECT ${NEXT_PART} AS id) AS next) AS part
  WHERE batches.id = ?1 AND batches.status = 'reverting' RETURNING status`;

/**
 * Withdraws the next part of a batch that is being undone.
 *
 * @returns is there more to withdraw?
 */
export async function withdrawNextPart(db: D1Database, id: string): Promise<boolean> {
  const results = await db.batch([db.prepare(WITHDRAW_PART).bind(id), db.prepare(NOTE_PART).bind(id)]);
  return rowsOf<{ status: BatchStatus }>(results, 1)[0]?.status === "reverting";
}

/** Batches whose events are being withdrawn, oldest first. */
export async function revertingBatches(db: D1Database, limit: number): Promise<string[]> {
  const { results } = await db
    .prepare(
      "SELECT id FROM batches INDEXED BY batches_reverting WHERE status = 'reverting' AND kind <> 'policy' ORDER BY id LIMIT ?1",
    )
    .bind(limit)
    .all<{ id: string }>();
  return results.map((row) => row.id);
}
