/**
 * Mailtrap (Email Sending): up to 500 events in one call, as `{"events":[…]}` or as JSON Lines, as chosen in its settings.
 *
 * Manual: https://docs.mailtrap.io/email-api-smtp/advanced/webhooks (read 2026-11). Signed: `Mailtrap-Signature` is the
 * HMAC-SHA256 of the body, in hex. An `X-Mt-Signature`, which some old code asks for, counts for nothing.
 *
 * A soft bounce is a deferral: Mailtrap tries ten more times, and then tells of a delivery or a bounce.
 *
 * Identity: event, `event_id` (else the time) and message id.
 */
import { replyCodeIn, statusCodeIn } from "../domain/delivery-status";
import type { EventDraft, EventKind, StatedClass } from "../domain/event";
import type { Result } from "../domain/result";
import { defineAdapter, type ParsedItem, type ParseOutcome } from "./adapter";
import { readSecret, verifyBodyHmac } from "./auth";
import { entryOf, isObject, type JsonError, type JsonObject, parseRecords, textOf, textsOf } from "./json";
import { eachRecord, ignored, unreadable, unreadableBody } from "./parsed";
import { refusalCategory } from "./refusal";
import { jsonSample, SAMPLE_RECIPIENT, sampleSeconds, sampleUuid } from "./sample";
import { msOfUnixSeconds } from "./time";

/** Event → kind; `null`: known and not wanted. */
const KINDS: Readonly<Record<string, EventKind | null>> = {
  delivery: "delivered",
  "soft bounce": "deferred",
  bounce: "bounced",
  /** Held back or refused by Mailtrap: the domain, a limit, its list of suppressions. */
  suspension: "rejected",
  reject: "rejected",
  spam: "complained",
  unsubscribe: "unsubscribed",
  open: null,
  click: null,
};

/** Events of incoming mail, and of the account's audit log. */
const OTHER_GROUPS = new Set(["inbound", "activity_log"]);

/** `bounce_category`, where the receiver's words do not say otherwise. */
const CLASSES: Readonly<Record<string, StatedClass>> = {
  hard: { class: "hard", rule: "mailtrap:hard", fixed: false },
  invalid_recipient: { class: "hard", rule: "mailtrap:invalid_recipient", fixed: false },
  spam: { class: "block", rule: "mailtrap:spam", fixed: false },
  greylisting: { class: "soft", rule: "mailtrap:greylisting", fixed: false },
  unavailable: { class: "soft", rule: "mailtrap:unavailable", fixed: false },
};
/** By itself a bounce is what Mailtrap will not try again. */
const BOUNCE: StatedClass = { class: "hard", rule: "mailtrap:bounce", fixed: false };

export const mailtrap = defineAdapter<string>({
  id: "mailtrap",
  title: "Mailtrap",
  manual: "https://docs.mailtrap.io/email-api-smtp/advanced/webhooks",
  setUp: [
    "In Mailtrap: Settings → Webhooks → Create New Webhook. Enter {url}, area Email Sending, for delivery, bounce, soft bounce, spam complaint, unsubscribe, suspension and reject. Each stream needs its own.",
    "Set the signing secret among the webhook’s details: {secret}",
  ],
  verifiedBy: "Mailtrap-Signature (HMAC-SHA256 of the body)",
  readCredential: readSecret,
  verify: (request, secrets) => verifyBodyHmac(request, secrets, { header: "mailtrap-signature", encoding: "hex" }),
  parse: (request) => parseBody(request.body),
  sample: (at) =>
    jsonSample({
      events: [
        {
          event: "delivery",
          timestamp: sampleSeconds(at),
          sending_stream: "transactional",
          message_id: sampleUuid(at),
          email: SAMPLE_RECIPIENT,
          event_id: sampleUuid(at),
          sending_domain_name: "example.org",
        },
      ],
    }),
});

function parseBody(body: Uint8Array): ParseOutcome {
  const records = parseRecords(body);
  if (!records.ok) return unreadableBody(records.error);
  return eachRecord(records.value.flatMap(eventsIn), (event) =>
    event.ok ? parseEvent(event.value) : unreadable(event.error),
  );
}

/** The events of the envelope, or the record itself where each line is an event. */
function eventsIn(record: Result<unknown, JsonError>): readonly Result<unknown, JsonError>[] {
  const events = record.ok && isObject(record.value) ? record.value.events : undefined;
  return Array.isArray(events) ? events.map((value: unknown) => ({ ok: true, value })) : [record];
}

function parseEvent(event: unknown): ParsedItem {
  if (!isObject(event)) return unreadable("not_an_object");
  const name = textOf(event.event) ?? "";
  if (OTHER_GROUPS.has(name.split(".", 1)[0] ?? "")) return ignored();
  const kind = entryOf(KINDS, name);
  if (kind === undefined) return unreadable("unknown_kind", "event");
  if (kind === null) return ignored();
  const recipient = textOf(event.email);
  if (recipient === undefined) return unreadable("no_recipient");
  return { type: "events", drafts: [draftOf(event, { name, kind, recipient })] };
}

function draftOf(
  event: JsonObject,
  { name, kind, recipient }: { name: string; kind: EventKind; recipient: string },
): EventDraft {
  const [response, reason] = [textOf(event.response), textOf(event.reason)];
  const category = textOf(event.bounce_category);
  const [messageId, time] = [textOf(event.message_id), textOf(event.timestamp)];
  return {
    kind,
    recipient,
    stated: kind === "bounced" ? (entryOf(CLASSES, category) ?? BOUNCE) : undefined,
    category: kind === "rejected" ? refusalCategory(reason) : undefined,
    hint: category ?? reason ?? name,
    messageId,
    occurredAt: msOfUnixSeconds(time),
    statusCode: statusCodeIn(response),
    replyCode: textOf(event.response_code) ?? replyCodeIn(response),
    diagnosticCode: response ?? reason,
    tags: textsOf(event.category),
    metadata: isObject(event.custom_variables) ? event.custom_variables : undefined,
    identity: [name, textOf(event.event_id) ?? time, messageId],
  };
}
