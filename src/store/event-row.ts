/** The journal's row and the two ways across: an event into a row, a row into what the pipeline and the API use. */
import { causeOf } from "../domain/cause";
import type { BounceClass, BounceMode, EventKind, NormalizedEvent } from "../domain/event";
import { messageKey, type RecordedFact } from "../domain/fact";

/** Positions in one request; `seq` = receipt id × this + position. 2^53 / 2^17 leaves 2^36 receipts. */
export const SEQ_PER_RECEIPT = 131_072;
/** Which receipt an event came with. @param seq its place in the journal */
export function receiptIdOf(seq: number): number {
  return Math.floor(seq / SEQ_PER_RECEIPT);
}

export const NEXT_RECEIPT = "(SELECT coalesce(max(id), 0) + 1 FROM receipts)";

export interface EventRow {
  seq: number;
  id: string;
  address: string;
  provider: string;
  connection: string;
  kind: EventKind;
  class: BounceClass | null;
  category: string | null;
  rule: string | null;
  hint: string | null;
  recipient: string | null;
  message_id: string | null;
  internet_message_id: string | null;
  envelope_sender: string | null;
  campaign: string | null;
  tags: string | null;
  metadata: string | null;
  status_code: string | null;
  reply_code: string | null;
  diagnostic_code: string | null;
  remote_mta: string | null;
  mode: BounceMode | null;
  occurred_at: number;
  received_at: number;
  expires_at: number | null;
  state: number;
  applied_at: number | null;
  /** The batch whose undoing, or the incident whose dropping withdrew it; `null`: it stands. */
  retracted_by: string | null;
  /** Of a bounce: what it says, and who refused. */
  cause: string | null;
  /** The incident that put it on hold; `null`: none did. */
  incident_id: string | null;
}

/** Recorded, and nobody has decided yet whether it counts: no object is told of it. SQL, of a table with an alias. */
export function heldSql(alias: string): string {
  return `(${alias}.state = 2 AND ${alias}.incident_id IS NOT NULL AND ${alias}.retracted_by IS NULL)`;
}

/** The incident that holds an event, by the same rule; `null`: it is not held. */
export function heldBy(row: Pick<EventRow, "state" | "incident_id" | "retracted_by">): string | null {
  return row.state === ENTRY.skipped && row.retracted_by === null ? row.incident_id : null;
}

/** What an event's row is inserted from, in this order. */
const INSERTED = [
  ["id", (e) => e.id],
  ["address", (e) => e.address],
  ["provider", (e) => e.provider],
  ["connection", (e) => e.connection],
  ["kind", (e) => e.kind],
  ["class", (e) => e.class],
  ["category", (e) => e.category],
  ["rule", (e) => e.rule],
  ["hint", (e) => e.hint],
  ["recipient", (e) => (e.recipient === e.address ? null : e.recipient)],
  ["message_id", (e) => e.messageId],
  ["internet_message_id", (e) => e.internetMessageId],
  ["envelope_sender", (e) => e.envelopeSender],
  ["campaign", (e) => e.campaign],
  ["tags", (e) => (e.tags?.length ? JSON.stringify(e.tags) : null)],
  ["metadata", (e) => (e.metadata ? JSON.stringify(e.metadata) : null)],
  ["status_code", (e) => e.statusCode],
  ["reply_code", (e) => e.replyCode],
  ["diagnostic_code", (e) => e.diagnosticCode],
  ["remote_mta", (e) => e.remoteMta],
  ["mode", (e) => e.mode],
  ["occurred_at", (e) => e.occurredAt],
  ["received_at", (e) => e.receivedAt],
  ["expires_at", (e) => e.expiresAt],
  ["cause", causeOf],
] as const satisfies readonly (readonly [keyof EventRow, (event: NormalizedEvent) => unknown])[];

/** Of `events`, in the order in which an insert names them. */
export const INSERTED_COLUMNS: readonly string[] = INSERTED.map(([column]) => column);

/** How an event enters the journal: to be applied, never to be, or as a delivery: if it can matter now. */
export const ENTRY = { pending: 0, skipped: 2, delivery: 3 } as const;

/**
 * The values of the columns; then how the event enters the journal, and its rank.
 *
 * @param rank of an operator's command among those about the same recipient in one request; 0 for all else
 */
export function insertArray(event: NormalizedEvent, entry: number, rank: number): unknown[] {
  return [...INSERTED.map(([, value]) => value(event) ?? null), entry, rank];
}

/** The columns that `factOf` needs. */
export const FACT_COLUMNS =
  "seq, id, address, provider, kind, class, category, message_id, internet_message_id, campaign, occurred_at, expires_at, state, retracted_by";

/** The same, of a table with an alias. */
export function factColumnsOf(alias: string): string {
  return FACT_COLUMNS.split(", ")
    .map((column) => `${alias}.${column}`)
    .join(", ");
}

export type FactRow = Pick<
  EventRow,
  | "seq"
  | "id"
  | "address"
  | "provider"
  | "kind"
  | "class"
  | "category"
  | "message_id"
  | "internet_message_id"
  | "campaign"
  | "occurred_at"
  | "expires_at"
  | "state"
  | "retracted_by"
>;

/** What of a record the fold looks at. */
export function factOf(row: FactRow): RecordedFact {
  return {
    seq: row.seq,
    eventId: row.id,
    kind: row.kind,
    at: row.occurred_at,
    message: messageKey({
      id: row.id,
      provider: row.provider,
      internetMessageId: row.internet_message_id ?? undefined,
      messageId: row.message_id ?? undefined,
      campaign: row.campaign ?? undefined,
    }),
    ...(row.class === null ? {} : { class: row.class }),
    ...(row.category === null ? {} : { category: row.category }),
    ...(row.expires_at === null ? {} : { expiresAt: row.expires_at }),
  };
}
