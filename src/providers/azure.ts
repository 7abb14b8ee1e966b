/**
 * Azure Communication Services: delivery reports by Event Grid, in its own schema (an array) or as CloudEvents (one, or
 * an array).
 *
 * Manual: https://learn.microsoft.com/azure/event-grid/communication-services-email-events and
 * …/end-point-validation-event-grid-events-schema (read 2026-11). Nothing is signed: the subscription's URL carries a
 * secret, or a delivery header does. Handshakes must carry it too: a subscription that we did not make is not confirmed.
 *
 * Identity: the event's id and its status; where the id is that of the message, each status is an event of its own.
 */
import { replyCodeIn, statusCodeIn } from "../domain/delivery-status";
import type { EventDraft, EventKind, StatedClass } from "../domain/event";
import { defineAdapter, type ParsedItem, type ParseOutcome, type ProbeAnswer, type WebhookRequest } from "./adapter";
import { readSecret, SHARED_SECRET_VERIFICATION, verifySharedSecret } from "./auth";
import { entryOf, isObject, type JsonObject, objectOf, parseRecords, textOf } from "./json";
import { eachRecord, ignored, unreadable, unreadableBody } from "./parsed";
import { jsonSample, SAMPLE_RECIPIENT, SAMPLE_SENDER, sampleMessageId, sampleTime, sampleUuid } from "./sample";
import { msOfRfc3339 } from "./time";

/** Azure Functions' name for it, which Event Grid's users know. */
const SECRET_QUERY = ["code"];
const VALIDATION_TYPE = "Microsoft.EventGrid.SubscriptionValidationEvent";
const REPORT_TYPE = "Microsoft.Communication.EmailDeliveryReportReceived";
/** Known and not wanted. */
const OTHER_TYPES = new Set([
  "Microsoft.Communication.EmailEngagementTrackingReportReceived",
  "Microsoft.EventGrid.SubscriptionDeletedEvent",
]);

interface Meaning {
  readonly kind: EventKind | null;
  readonly stated?: StatedClass;
  readonly category?: string;
}

const blocked = (status: string): Meaning => ({
  kind: "bounced",
  stated: { class: "block", rule: `azure:${status}`, fixed: true },
  category: "spam-related",
});

/** `data.status` → what it means; a `null` kind: not final, not wanted. */
const STATUSES: Readonly<Record<string, Meaning>> = {
  Delivered: { kind: "delivered" },
  /** The recipient was a distribution group, and its server took the mail. */
  Expanded: { kind: "delivered" },
  Bounced: { kind: "bounced", stated: { class: "hard", rule: "azure:Bounced", fixed: false } },
  /** Azure's own list of addresses that bounced before. */
  Suppressed: { kind: "rejected", category: "bounced" },
  /** The text says why, if anything does. */
  Failed: { kind: "bounced" },
  Quarantined: blocked("Quarantined"),
  FilteredSpam: blocked("FilteredSpam"),
  OutForDelivery: { kind: null },
  Queued: { kind: null },
};

export const azure = defineAdapter<string>({
  id: "azure",
  title: "Azure Communication Services",
  manual: "https://learn.microsoft.com/azure/event-grid/communication-services-email-events",
  setUp: [
    "Make up a long secret and set it: {secret}",
    "In the Azure portal: your Communication Services resource → Events → + Event Subscription. Event type Email Delivery Report Received, endpoint type Web Hook, and {url} with ?code=<secret> behind it.",
  ],
  verifiedBy: `${SHARED_SECRET_VERIFICATION}, also ?code=`,
  usesBasicAuth: true,
  readCredential: readSecret,
  verify: async (request, secrets) => verifySharedSecret(request, secrets, SECRET_QUERY),
  parse: (request) => parseBody(request.body),
  probe: allowOrigin,
  sample: (at) =>
    jsonSample([
      {
        id: sampleUuid(at),
        topic: "/subscriptions/s/providers/microsoft.communication/communicationservices/c",
        data: {
          sender: SAMPLE_SENDER,
          recipient: SAMPLE_RECIPIENT,
          messageId: sampleUuid(at),
          internetMessageId: `<${sampleMessageId(at)}>`,
          status: "Delivered",
          deliveryAttemptTimeStamp: sampleTime(at),
        },
        eventType: "Microsoft.Communication.EmailDeliveryReportReceived",
        dataVersion: "1.0",
        eventTime: sampleTime(at),
      },
    ]),
});

/** CloudEvents' handshake (HTTP 1.1 Web Hooks for Event Delivery §4): who asks to send is told that it may. */
function allowOrigin(request: WebhookRequest, secrets: readonly string[]): ProbeAnswer | null {
  const origin = request.headers.get("webhook-request-origin");
  if (request.method !== "OPTIONS" || origin === null) return null;
  if (!verifySharedSecret(request, secrets, SECRET_QUERY).ok) return { status: 401 };
  return { status: 200, headers: { "webhook-allowed-origin": origin, "webhook-allowed-rate": "*" } };
}

function parseBody(body: Uint8Array): ParseOutcome {
  const records = parseRecords(body);
  if (!records.ok) return unreadableBody(records.error);
  const [first] = records.value;
  const validation = first?.ok ? validationCodeOf(first.value) : undefined;
  if (validation !== undefined) return { type: "answer", body: { validationResponse: validation } };
  return eachRecord(records.value, (record) => (record.ok ? parseEvent(record.value) : unreadable(record.error)));
}

/** Event Grid's handshake: the code has to come back in the body of a 200. */
function validationCodeOf(event: unknown): string | undefined {
  if (!isObject(event) || event.eventType !== VALIDATION_TYPE) return undefined;
  return textOf(objectOf(event.data).validationCode);
}

function parseEvent(event: unknown): ParsedItem {
  if (!isObject(event)) return unreadable("not_an_object");
  // Event Grid's schema says `eventType` and `eventTime`, CloudEvents `type` and `time`.
  const type = textOf(event.eventType) ?? textOf(event.type) ?? "";
  if (OTHER_TYPES.has(type)) return ignored();
  const data = objectOf(event.data);
  const status = textOf(data.status);
  const meaning = type === REPORT_TYPE ? entryOf(STATUSES, status) : undefined;
  if (!meaning || status === undefined) return unreadable("unknown_kind", "event type or status");
  if (meaning.kind === null) return ignored();
  const recipient = textOf(data.recipient);
  if (recipient === undefined) return unreadable("no_recipient");
  return { type: "events", drafts: [draftOf(event, data, { ...meaning, kind: meaning.kind, status, recipient })] };
}

function draftOf(
  event: JsonObject,
  data: JsonObject,
  { kind, stated, category, status, recipient }: Meaning & { kind: EventKind; status: string; recipient: string },
): EventDraft {
  // Both spellings are in Microsoft's own samples.
  const time = textOf(data.deliveryAttemptTimeStamp) ?? textOf(data.deliveryAttemptTimestamp);
  const message = textOf(objectOf(data.deliveryStatusDetails).statusMessage);
  const messageId = textOf(data.messageId);
  return {
    kind,
    recipient,
    stated,
    category,
    hint: status,
    envelopeSender: textOf(data.sender),
    messageId,
    internetMessageId: textOf(data.internetMessageId),
    occurredAt: msOfRfc3339(time ?? textOf(event.eventTime) ?? textOf(event.time)),
    statusCode: statusCodeIn(message),
    replyCode: replyCodeIn(message),
    diagnosticCode: message,
    identity: [textOf(event.id) ?? messageId, status],
  };
}
