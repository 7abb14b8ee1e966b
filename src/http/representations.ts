/** From rows to what the API shows. */
import { shownEnd } from "../domain/answer";
import type { Suppression } from "../domain/recipient-state";
import { type EventRow, heldBy, receiptIdOf } from "../store/event-row";
import { type RecipientRow, suppressionsOf } from "../store/recipients";
import type { ExportedSuppressionRow } from "../store/suppressions";
import type { eventSchema, exportedSuppressionSchema, probationSchema, Wire } from "./schemas";

/** Epoch ms → ISO 8601 in UTC, with milliseconds. */
export function iso(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}

/** An event on the wire. Absent values are `null`, but for what most events are not: withdrawn, held. */
export function eventOf(row: EventRow): Wire<typeof eventSchema> {
  return {
    id: row.id,
    provider: row.provider,
    connection: row.connection,
    kind: row.kind,
    class: row.class,
    category: row.category,
    rule: row.rule,
    hint: row.hint,
    recipient: row.recipient ?? row.address,
    messageId: row.message_id ?? row.internet_message_id,
    envelopeSender: row.envelope_sender,
    campaign: row.campaign,
    tags: row.tags === null ? null : (JSON.parse(row.tags) as string[]),
    metadata: row.metadata === null ? null : (JSON.parse(row.metadata) as Record<string, unknown>),
    statusCode: row.status_code,
    replyCode: row.reply_code,
    diagnosticCode: row.diagnostic_code,
    remoteMta: row.remote_mta,
    mode: row.mode,
    occurredAt: new Date(row.occurred_at).toISOString(),
    receivedAt: new Date(row.received_at).toISOString(),
    appliedAt: iso(row.applied_at),
    receiptId: receiptIdOf(row.seq),
    ...(row.retracted_by === null ? {} : { retractedBy: row.retracted_by }),
    ...(heldBy(row) === null ? {} : { heldBy: row.incident_id ?? undefined }),
  };
}

/** An entry of the list on the wire: what stands at this time. @param now epoch ms */
export function suppressionOf(row: RecipientRow, now: number) {
  const standing = suppressionsOf(row, now);
  return {
    ...entryOf(
      row,
      standing.map((s) => ({ ...s, until: shownEnd({ until: s.until, probeFrom: s.probation?.probeFrom }, now) })),
    ),
    ...probationOf(standing),
  };
}

/** How far the soft one among them has come. */
export function probationOf(standing: readonly Suppression[]): { probation?: Wire<typeof probationSchema> } {
  const probation = standing.find((s) => s.probation)?.probation;
  if (!probation) return {};
  const { step, of, probeFrom, probedAt } = probation;
  return {
    probation: { step, of, probeFrom: new Date(probeFrom).toISOString(), probedAt: iso(probedAt ?? null) },
  };
}

function entryOf(row: RecipientRow, standing: readonly Suppression[]) {
  const ends = standing.map((s) => s.until);
  return {
    recipient: row.address ?? row.key,
    // A block of a whole domain is manual; for its addresses it is the reason `domain`.
    reasons: standing.map((s) => s.reason),
    since: standing.length ? iso(Math.min(...standing.map((s) => s.since))) : null,
    until: standing.length && !ends.includes(null) ? iso(Math.max(...ends.map(Number))) : null,
  };
}

/** A row of an export. @param now epoch ms */
export function exportedSuppressionOf(
  row: ExportedSuppressionRow,
  now: number,
): Wire<typeof exportedSuppressionSchema> {
  return {
    // Whoever keeps a copy cannot be given a probe there: on probation it has no end.
    ...entryOf(row, suppressionsOf(row, now)),
    provider: row.event_provider,
    kind: row.event_kind,
    class: row.event_class,
    statusCode: row.event_status_code,
    diagnosticCode: row.event_diagnostic_code,
    note: row.event_note,
  };
}
