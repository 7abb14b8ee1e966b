/**
 * Cloudflare Email Service (sending): publishes its events to a queue that is bound to this worker.
 *
 * Manual: https://developers.cloudflare.com/email-service/ (event subscriptions, suppression lists; read 2026-11).
 * Not a webhook: the platform delivers to the worker's `queue()` handler, and only a subscription of the very account can
 * put a message there.
 *
 * `bounced` is said of a permanent failure and of retries that ran out; `bounce.type` tells which, and the receiver's
 * reply may know better. `failed` is an error of the service's own: nobody's fault that we know of.
 *
 * Identity: `payload.eventId`, which stays the same when the queue delivers again.
 */
import { replyCodeIn, statusCodeIn } from "../domain/delivery-status";
import type { EventDraft, EventKind, StatedClass } from "../domain/event";
import { fail } from "../domain/result";
import { defineAdapter, type ParsedItem, type ParseOutcome } from "./adapter";
import { unauthenticated } from "./auth";
import { entryOf, isObject, type JsonObject, objectOf, parseJson, textOf } from "./json";
import { ignored, unreadable, unreadableBody } from "./parsed";
import { refusalCategory } from "./refusal";
import { jsonSample, SAMPLE_RECIPIENT, SAMPLE_REPLY, SAMPLE_SENDER, sampleId, sampleTime, sampleUuid } from "./sample";
import { msOfRfc3339 } from "./time";

const TYPE_PREFIX = "cf.email.sending.message.";

/** The last part of the event's type → kind. */
const KINDS: Readonly<Record<string, EventKind>> = {
  delivered: "delivered",
  deferred: "deferred",
  bounced: "bounced",
  failed: "bounced",
  /** Refused by the service itself: its suppression list or its policy. */
  rejected: "rejected",
  complained: "complained",
};

const CLASSES: Readonly<Record<string, StatedClass>> = {
  hard: { class: "hard", rule: "cloudflare-email:hard", fixed: false },
  soft: { class: "expired", rule: "cloudflare-email:soft", fixed: false },
};

/** Feedback types (RFC 6430, RFC 6591) by which nobody complains. */
const NO_COMPLAINT = new Set(["not-spam", "auth-failure"]);

export const cloudflareEmail = defineAdapter<never>({
  id: "cloudflare-email",
  title: "Cloudflare Email Service",
  manual: "https://developers.cloudflare.com/email-service/",
  setUp: [
    "Create a queue: npx wrangler queues create email-events",
    "In the Cloudflare dashboard: Queues → the queue → Subscriptions. Subscribe it to Email Sending of your domain, for delivered, deferred, bounced, failed, rejected and complained.",
    "Uncomment the queue’s consumer in wrangler.toml and deploy. There is no URL and no secret.",
  ],
  verifiedBy: "queue bound to the worker",
  readCredential: () => fail("takes no secret: bind its queue to the worker instead"),
  verify: async () => unauthenticated("not a webhook"),
  parse: (request) => parseMessage(request.body),
  sample: (at) =>
    jsonSample({
      type: "cf.email.sending.message.delivered",
      source: { type: "email.sending", domain: "example.org" },
      payload: {
        eventId: sampleUuid(at),
        messageId: sampleId(at),
        sender: SAMPLE_SENDER,
        recipient: SAMPLE_RECIPIENT,
        delivery: { status: "delivered", smtpStatusCode: "250", smtpResponse: SAMPLE_REPLY },
      },
      metadata: { eventSchemaVersion: 1, eventTimestamp: sampleTime(at) },
    }),
});

function parseMessage(body: Uint8Array): ParseOutcome {
  const message = parseJson(body);
  return message.ok ? { type: "items", items: [parseEvent(message.value)] } : unreadableBody(message.error);
}

function parseEvent(event: unknown): ParsedItem {
  if (!isObject(event)) return unreadable("not_an_object");
  const type = textOf(event.type) ?? "";
  const kind = type.startsWith(TYPE_PREFIX) ? entryOf(KINDS, type.slice(TYPE_PREFIX.length)) : undefined;
  if (!kind) return unreadable("unknown_kind", "type");
  const payload = objectOf(event.payload);
  const recipient = textOf(payload.recipient);
  if (recipient === undefined) return unreadable("no_recipient");
  if (kind === "complained" && NO_COMPLAINT.has(textOf(objectOf(payload.complaint).type) ?? "")) return ignored();
  return { type: "events", drafts: [draftOf(kind, recipient, payload, { type, time: timeIn(event) })] };
}

function timeIn(event: JsonObject): string | undefined {
  return textOf(objectOf(event.metadata).eventTimestamp);
}

function draftOf(
  kind: EventKind,
  recipient: string,
  payload: JsonObject,
  { type, time }: { type: string; time: string | undefined },
): EventDraft {
  const [delivery, bounce] = [objectOf(payload.delivery), objectOf(payload.bounce)];
  const [rejection, failure] = [objectOf(payload.rejection), objectOf(payload.failure)];
  const [eventId, messageId] = [textOf(payload.eventId), textOf(payload.messageId)];
  const bounceType = textOf(bounce.type);
  const reason = textOf(rejection.reason) ?? textOf(failure.reason);
  const reply = textOf(delivery.smtpResponse) ?? textOf(bounce.reason);
  return {
    kind,
    recipient,
    stated: kind === "bounced" ? entryOf(CLASSES, bounceType) : undefined,
    category: kind === "rejected" ? rejectionCategory(rejection) : undefined,
    hint: textOf(bounce.classification) ?? bounceType ?? reason ?? textOf(objectOf(payload.complaint).type),
    messageId,
    occurredAt: msOfRfc3339(time),
    statusCode: statusCodeIn(textOf(delivery.smtpEnhancedStatusCode) ?? reply),
    replyCode: replyCodeIn(textOf(delivery.smtpStatusCode) ?? reply),
    diagnosticCode: reply ?? textOf(rejection.detail) ?? reason,
    identity: eventId === undefined ? [type, messageId, time] : [eventId],
  };
}

/**
 * What a refusal stands for. The service's own list (`suppressed`) holds full mailboxes for a day, hard bounces for a
 * week, complaints, and what its operator put there. Nothing says which, so it suppresses nobody here: the bounce or
 * complaint behind it was an event of its own.
 */
function rejectionCategory(rejection: JsonObject): string {
  const isOfRecipient = textOf(rejection.party) === "recipient" && rejection.reason !== "suppressed";
  return isOfRecipient ? refusalCategory(textOf(rejection.reason)?.replaceAll("_", " ")) : "policy";
}
