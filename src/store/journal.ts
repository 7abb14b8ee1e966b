/** Writing the journal: receipts, events, quarantine and statistics in one transaction. */
import { IMPORT_PROVIDER, isOperatorKind, type NormalizedEvent } from "../domain/event";
import { concernsRecipient } from "../domain/fact";
import { type AuditEntry, insertAudit } from "./audit";
import { insertStatements } from "./event-insert";
import {
  ENTRY,
  FACT_COLUMNS,
  type FactRow,
  factColumnsOf,
  insertArray,
  NEXT_RECEIPT,
  SEQ_PER_RECEIPT,
} from "./event-row";
import { type PolicyRow, selectNewestPolicy } from "./policies";
import { domainSql, jsonChunks, rowsOf } from "./statements";

export type ReceiptSource = "webhook" | "queue" | "email" | "mailbox" | "api" | "operator" | "replay";

/** What a receipt keeps of its request. No credentials. */
export interface Receipt {
  readonly requestId: string;
  readonly source: ReceiptSource;
  readonly provider: string;
  readonly connection: string;
  /** Epoch ms. */
  readonly receivedAt: number;
  readonly method: string;
  readonly query: readonly (readonly [string, string])[];
  readonly headers: readonly (readonly [string, string])[];
  readonly bodySha256: string;
  readonly bodyBytes: number;
  /** The body, gzipped, in parts of at most 1 MB. */
  readonly bodyParts: readonly Uint8Array[];
  readonly replayOf?: number;
  /** The batch that it is a part of. */
  readonly batchId?: string;
}

export interface QuarantineEntry {
  readonly id: string;
  /** Position of the record in the body; `null`: the body as a whole. */
  readonly item: number | null;
  readonly reason: string;
  readonly detail: string;
}

export interface Recorded {
  /** `null`: nothing new was said, and nothing was written. */
  readonly receiptId: number | null;
  /** By `address` and `id`, which together are the identity. */
  readonly isNew: (event: { readonly address: string; readonly id: string }) => boolean;
  readonly newCount: number;
  readonly pending: readonly FactRow[];
  /** The newest record of a policy that was applied. */
  readonly policy: PolicyRow | null;
}

export interface RecordRequest {
  readonly receipt: Receipt;
  readonly events: readonly NormalizedEvent[];
  readonly quarantined: readonly QuarantineEntry[];
  /** Items of quarantine that this request settles: the replay of them. */
  readonly settles?: readonly string[];
  readonly extra?: readonly D1PreparedStatement[];
  /** What puts events of this request on hold, before those are read that are pending. */
  readonly guard?: readonly D1PreparedStatement[];
}

/** The receipt that this very transaction wrote, if it wrote one. @param request the parameter that names the request */
const receiptOf = (request: string) =>
  `(SELECT id FROM receipts WHERE id = (SELECT max(id) FROM receipts) AND request_id = ${request})`;
/** Of the request that is the first parameter. */
export const THIS_RECEIPT = receiptOf("?1");

/**
 * What a replay still cannot read stays with the receipt that it came with: its bytes, and when they reached us. Only
 * why it is there is said anew.
 */
const INSERT_QUARANTINE = `
  INSERT INTO quarantine (id, receipt_id, item, reason, detail, created_at)
  SELECT value->>0, coalesce(?3, ${NEXT_RECEIPT}), value->>1, value->>2, value->>3, ?2 FROM json_each(?1) WHERE true
  ON CONFLICT (id) DO UPDATE SET reason = excluded.reason, detail = excluded.detail
  WHERE (quarantine.reason, quarantine.detail) <> (excluded.reason, excluded.detail)`;

const PENDING_OF = (receipt: string) => `FROM events WHERE state = 0 AND seq >= ${receipt} * ${SEQ_PER_RECEIPT}`;

/** A request that says nothing new leaves no receipt: a provider's retries cost no rows. */
const INSERT_RECEIPT = `
  INSERT INTO receipts (id, request_id, source, provider, connection, received_at, method, query, headers,
    body_sha256, body_bytes, status, replay_of, batch_id)
  SELECT next.id, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,
    CASE WHEN EXISTS (SELECT 1 FROM quarantine q WHERE q.receipt_id = next.id) THEN 'quarantined' ELSE 'recorded' END, ?11, ?12
  FROM (SELECT ${NEXT_RECEIPT} AS id) AS next
  WHERE EXISTS (SELECT 1 FROM events e WHERE e.seq >= next.id * ${SEQ_PER_RECEIPT})
     OR EXISTS (SELECT 1 FROM quarantine q WHERE q.receipt_id = next.id)
  RETURNING id, EXISTS (SELECT 1 ${PENDING_OF("receipts.id")}) AS has_pending`;

const INSERT_BODY = `INSERT INTO receipt_bodies (receipt_id, part, bytes) SELECT id, ?2, ?3 FROM receipts WHERE id = ${THIS_RECEIPT}`;

/** Rows of this receipt are exactly the new ones, so each event counts once and none costs a row of its own. */
const NEW_ROWS = `e.seq >= ${THIS_RECEIPT} * ${SEQ_PER_RECEIPT} AND e.kind NOT LIKE 'manual%'`;

const ADD_DAYS = `
  INSERT INTO daily_stats (dimension, day, value, kind, class, count)
  SELECT d.value, e.occurred_at / 86400000,
    CASE d.value WHEN 'domain' THEN ${domainSql("e.address")} ELSE e.campaign END AS subject,
    e.kind, coalesce(e.class, ''), count(*)
  FROM events e, json_each('["domain","campaign"]') d WHERE ${NEW_ROWS} AND subject IS NOT NULL
  GROUP BY 1, 2, 3, 4, 5
  ON CONFLICT (dimension, day, value, kind, class) DO UPDATE SET count = count + excluded.count`;

const ADD_HOURS = `
  INSERT INTO hourly_stats (hour, connection, kind, class, count)
  SELECT e.occurred_at / 3600000, e.provider || '/' || e.connection, e.kind, coalesce(e.class, ''), count(*)
  FROM events e WHERE ${NEW_ROWS} GROUP BY 1, 2, 3, 4
  ON CONFLICT (hour, connection, kind, class) DO UPDATE SET count = count + excluded.count`;

const ADD_REASONS = `
  INSERT INTO daily_reasons (day, class, category, count)
  SELECT e.occurred_at / 86400000, e.class, e.category, count(*)
  FROM events e WHERE ${NEW_ROWS} AND e.kind = 'bounced' AND e.category IS NOT NULL GROUP BY 1, 2, 3
  ON CONFLICT (day, class, category) DO UPDATE SET count = count + excluded.count`;

/** Of an entry of the audit trail: did this very transaction record a command of its kind? */
const HAS_COMMAND = `EXISTS (
  SELECT 1 FROM events e
  WHERE e.seq >= ${receiptOf("?2")} * ${SEQ_PER_RECEIPT} AND e.kind = 'manual_' || ?3)`;

const SELECT_PENDING_OF_THIS = `SELECT ${FACT_COLUMNS} ${PENDING_OF(THIS_RECEIPT)} ORDER BY seq`;

const SELECT_PENDING_OF_RECEIPT = `
  SELECT ${FACT_COLUMNS} ${PENDING_OF("?1")} AND seq < (?1 + 1) * ${SEQ_PER_RECEIPT} ORDER BY seq`;

const SELECT_IDENTITIES_OF_RECEIPT = `
  SELECT id, address FROM events WHERE seq >= ?1 * ${SEQ_PER_RECEIPT} AND seq < (?1 + 1) * ${SEQ_PER_RECEIPT}`;

const SELECT_PENDING_BY_IDENTITY = `
  SELECT ${factColumnsOf("e")} FROM json_each(?1) j
  JOIN events e ON e.address = j.value->>0 AND e.id = j.value->>1 WHERE e.state = 0 ORDER BY e.seq`;

/**
 * Records a request: one transaction, one round trip. Up to two more where some of it was known already and may still be
 * pending, and one where a delivery turns out to matter. When it returns, everything in it is committed; when it throws,
 * nothing is, or all of it: told again, it is known, and what is pending of it is found.
 */
export async function recordRequest(db: D1Database, request: RecordRequest): Promise<Recorded> {
  const { receipt } = request;
  const inserts = insertEvents(db, request.events);
  const statements = [...inserts];
  for (const { json } of jsonChunks(request.quarantined.map((q) => [q.id, q.item, q.reason, q.detail]))) {
    statements.push(db.prepare(INSERT_QUARANTINE).bind(json, receipt.receivedAt, receipt.replayOf ?? null));
  }
  const receiptAt = statements.push(insertReceipt(db, receipt)) - 1;
  receipt.bodyParts.forEach((bytes, part) => {
    statements.push(db.prepare(INSERT_BODY).bind(receipt.requestId, part, bytes));
  });
  statements.push(...statisticsOf(request.events).map((sql) => db.prepare(sql).bind(receipt.requestId)));
  statements.push(...(request.guard ?? []));
  // Nearly all requests are of deliveries, and nearly no delivery is pending: then there is nothing to be read.
  const isForNow = request.events.some((event) => entryOf(event) === ENTRY.pending);
  const workAt = isForNow ? statements.push(...selectWork(db, SELECT_PENDING_OF_THIS, receipt.requestId)) - WORK : -1;
  if (request.settles?.length) statements.push(...settleQuarantine(db, request.settles));
  statements.push(...(request.extra ?? []));

  const results = await db.batch(statements);
  const written = rowsOf<{ id: number; has_pending: number }>(results, receiptAt)[0];
  const receiptId = written?.id ?? null;
  const isLate = !isForNow && written?.has_pending === 1;
  const work = isForNow ? workOf(results, workAt) : isLate ? await workOfReceipt(db, written.id) : NO_WORK;
  const newCount = inserts.reduce((sum, _, i) => sum + (results[i]?.meta.changes ?? 0), 0);
  // The usual request is news as a whole: then nothing has to be asked about its events one by one.
  if (newCount === request.events.length) return { receiptId, isNew: () => true, newCount, ...work };
  const added = await identitiesOf(db, receiptId);
  const isNew = (event: { readonly address: string; readonly id: string }) => added.has(identityOf(event));
  const known = request.events.filter((event) => entryOf(event) !== ENTRY.skipped && !isNew(event));
  return { receiptId, isNew, newCount, ...(known.length ? await withKnown(db, work, known) : work) };
}

type Work = Pick<Recorded, "pending" | "policy">;

const NO_WORK: Work = { pending: [], policy: null };
/** Statements that read it. */
const WORK = 2;

/** What is to be applied, and by which policy. */
function selectWork(db: D1Database, pending: string, receipt: string | number): D1PreparedStatement[] {
  return [db.prepare(pending).bind(receipt), selectNewestPolicy(db)];
}

function workOf(results: readonly D1Result<unknown>[], at: number): Work {
  return { pending: rowsOf<FactRow>(results, at), policy: rowsOf<PolicyRow>(results, at + 1)[0] ?? null };
}

async function workOfReceipt(db: D1Database, receiptId: number): Promise<Work> {
  return workOf(await db.batch(selectWork(db, SELECT_PENDING_OF_RECEIPT, receiptId)), 0);
}

/** The same, and those of these events that are in the journal and still to be applied. */
async function withKnown(db: D1Database, work: Work, known: readonly NormalizedEvent[]): Promise<Work> {
  const statements = jsonChunks(known.map((event) => [event.address, event.id])).map((chunk) =>
    db.prepare(SELECT_PENDING_BY_IDENTITY).bind(chunk.json),
  );
  const results = await db.batch([...statements, selectNewestPolicy(db)]);
  const rows = statements.flatMap((_, i) => rowsOf<FactRow>(results, i));
  return { pending: [...work.pending, ...rows], policy: rowsOf<PolicyRow>(results, statements.length)[0] ?? null };
}

/** Statements for events of one receipt, to come before the receipt's own. */
export function insertEvents(db: D1Database, events: readonly NormalizedEvent[]): D1PreparedStatement[] {
  return insertStatements(db, insertArrays(events));
}

/** Only what these events can add to. */
function statisticsOf(events: readonly NormalizedEvent[]): string[] {
  if (!events.length) return [];
  return events.some((event) => event.kind === "bounced") ? [ADD_DAYS, ADD_HOURS, ADD_REASONS] : [ADD_DAYS, ADD_HOURS];
}

/** The events that a receipt brought. */
export async function identitiesOf(db: D1Database, receiptId: number | null): Promise<ReadonlySet<string>> {
  if (receiptId === null) return new Set();
  const { results } = await db
    .prepare(SELECT_IDENTITIES_OF_RECEIPT)
    .bind(receiptId)
    .all<{ id: string; address: string }>();
  return new Set(results.map(identityOf));
}

/** Takes items out of quarantine; a receipt with none left counts as recorded. */
export function settleQuarantine(db: D1Database, ids: readonly string[]): D1PreparedStatement[] {
  const json = JSON.stringify(ids);
  return [
    db
      .prepare(
        `UPDATE receipts SET status = 'recorded' WHERE id IN (SELECT receipt_id FROM quarantine WHERE id IN (SELECT value FROM json_each(?1)))
         AND NOT EXISTS (SELECT 1 FROM quarantine q WHERE q.receipt_id = receipts.id AND q.id NOT IN (SELECT value FROM json_each(?1)))`,
      )
      .bind(json),
    db.prepare("DELETE FROM quarantine WHERE id IN (SELECT value FROM json_each(?1))").bind(json),
  ];
}

/** A statement for the receipt, which is written only if its request said something new. */
export function insertReceipt(db: D1Database, r: Receipt): D1PreparedStatement {
  return db
    .prepare(INSERT_RECEIPT)
    .bind(
      r.requestId,
      r.source,
      r.provider,
      r.connection,
      r.receivedAt,
      r.method,
      JSON.stringify(r.query),
      JSON.stringify(r.headers),
      r.bodySha256,
      r.bodyBytes,
      r.replayOf ?? null,
      r.batchId ?? null,
    );
}

/** Of an operator's commands about one recipient in one request, too, the later gets the later time. */
function insertArrays(events: readonly NormalizedEvent[]): unknown[][] {
  const commands = new Map<string, { readonly at: number; readonly rank: number }>();
  return events.map((event) => {
    if (!isOperatorKind(event.kind) || event.provider === IMPORT_PROVIDER) return insertArray(event, entryOf(event), 0);
    const before = commands.get(event.address);
    const at = before ? Math.max(event.occurredAt, before.at + 1) : event.occurredAt;
    const rank = before ? before.rank + 1 : 0;
    commands.set(event.address, { at, rank });
    return insertArray({ ...event, occurredAt: at }, entryOf(event), rank);
  });
}

function entryOf(event: NormalizedEvent): number {
  if (event.kind === "delivered") return ENTRY.delivery;
  return concernsRecipient(event) ? ENTRY.pending : ENTRY.skipped;
}

/** What the journal recognizes a repetition by, as one text: `UNIQUE (address, id)`. */
export function identityOf(event: { readonly address: string; readonly id: string }): string {
  return `${event.id} ${event.address}`;
}

/** Notes commands that are among the events of a request, for the batch that records it; none where it is known already. */
export function auditCommands(db: D1Database, entry: AuditEntry): D1PreparedStatement {
  return insertAudit(db, entry, HAS_COMMAND);
}
