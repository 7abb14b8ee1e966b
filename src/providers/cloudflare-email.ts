/**
 * Cloudflare Email Service (sending): publishes its events to a queue that is bound to this worker.
 *
 * Manual: https://developers.cloudflare.com/email-service/ (event subscriptions, read 2026-11). Not a webhook: the
 * platform delivers to the worker's `queue()` handler, and only an account's own subscription can put a message there.
 *
 * Identity: `payload.eventId`, which stays the same when the queue delivers again.
 */
import { statusCodeIn } from "../domain/delivery-status";
import type { EventDraft, EventKind, StatedClass } from "../domain/event";
import { fail } from "../domain/result";
import { defineAdapter, type ParsedItem, type ParseOutcome } from "./adapter";
import { unauthenticated } from "./auth";
import { isObject, type JsonObject, parseJson, textOf } from "./json";
import { unreadable, unreadableBody } from "./parsed";
import { msOfRfc3339 } from "./time";

const TYPE_PREFIX = "cf.email.sending.message.";

/** The last part of the event's type → kind. */
const KINDS: Readonly<Record<string, EventKind>> = {
  delivered: "delivered",
  deferred: "deferred",
  bounced: "bounced",
  /** Given up before a receiving server said anything final. */
  failed: "bounced",
  /** Refused by the service itself: its suppression list or its policy. */
  rejected: "rejected",
  complained: "complained",
};

/** `bounce.type` says whether the service will suppress; the reply's text and code may know better. */
const CLASSES: Readonly<Record<string, StatedClass>> = {
  hard: { class: "hard", rule: "cloudflare-email:hard", fixed: false },
  soft: { class: "soft", rule: "cloudflare-email:soft", fixed: false },
};

/** Feedback types (RFC 5965, RFC 6430) that are no complaint. */
const NO_COMPLAINT = new Set(["not-spam"]);

/** A rejection by the service's own list stands for what put the address there. */
const LIST_WORDS = /suppress/i;

export const cloudflareEmail = defineAdapter<never>({
  id: "cloudflare-email",
  title: "Cloudflare Email Service",
  manual: "https://developers.cloudflare.com/email-service/",
  verifiedBy: "queue bound to the worker",
  readCredential: () => fail("takes no secret: bind its queue to the worker instead"),
  verify: async () => unauthenticated("not a webhook"),
  parse: (request) => parseMessage(request.body),
});

function parseMessage(body: Uint8Array): ParseOutcome {
  const message = parseJson(body);
  return message.ok ? { type: "items", items: [parseEvent(message.value)] } : unreadableBody(message.error);
}

function parseEvent(event: unknown): ParsedItem {
  if (!isObject(event) || !isObject(event.payload)) return unreadable("not_an_object");
  const type = textOf(event.type) ?? "";
  const word = type.startsWith(TYPE_PREFIX) ? type.slice(TYPE_PREFIX.length) : "";
  const kind = Object.hasOwn(KINDS, word) ? KINDS[word] : undefined;
  if (!kind) return unreadable("unknown_kind", "type");
  const { payload } = event;
  const recipient = textOf(payload.recipient);
  if (recipient === undefined) return unreadable("no_recipient");
  if (NO_COMPLAINT.has(textOf(sub(payload, "complaint").type) ?? "")) return { type: "ignored" };
  return { type: "events", drafts: [draftOf(kind, recipient, payload, sub(event, "metadata"))] };
}

function draftOf(kind: EventKind, recipient: string, payload: JsonObject, metadata: JsonObject): EventDraft {
  const [delivery, bounce, rejection] = [sub(payload, "delivery"), sub(payload, "bounce"), sub(payload, "rejection")];
  const bounceType = textOf(bounce.type);
  const response = textOf(delivery.smtpResponse) ?? textOf(bounce.reason);
  const eventId = textOf(payload.eventId);
  const time = textOf(metadata.eventTimestamp);
  return {
    kind,
    recipient,
    stated: kind === "bounced" && bounceType && Object.hasOwn(CLASSES, bounceType) ? CLASSES[bounceType] : undefined,
    category: kind === "rejected" ? rejectionCategory(textOf(rejection.reason)) : undefined,
    hint:
      textOf(bounce.classification) ?? bounceType ?? textOf(sub(payload, "complaint").type) ?? textOf(rejection.reason),
    messageId: textOf(payload.messageId),
    occurredAt: msOfRfc3339(time),
    statusCode: statusCodeIn(textOf(delivery.smtpEnhancedStatusCode)),
    replyCode: textOf(delivery.smtpStatusCode),
    diagnosticCode: response,
    identity: eventId === undefined ? [textOf(payload.messageId), time] : [eventId],
  };
}

function rejectionCategory(reason: string | undefined): string {
  return LIST_WORDS.test(reason ?? "") ? "bounced" : "policy";
}

function sub(object: JsonObject, name: string): JsonObject {
  const value = object[name];
  return isObject(value) ? value : {};
}
