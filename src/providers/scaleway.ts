/**
 * Scaleway Transactional Email, through a topic of Scaleway's Topics and Events, which posts as Amazon SNS does.
 *
 * Manual: https://www.scaleway.com/en/docs/transactional-email/reference-content/webhook-events-payloads/ and
 * https://www.scaleway.com/en/docs/topics-and-events/reference-content/veriying-webhooks (sic; both read 2026-11). The
 * envelope is signed (`sns.ts`), and topics are on a list. The certificate is believed because it lies in Scaleway's
 * own bucket; that Scaleway's authority issued it, which the manual wants checked too, is not.
 *
 * `email_spam` says that Scaleway or the receiving server took the message for spam: no complaint.
 *
 * Identity: `id`, the event's; a notification that is delivered again repeats it.
 */
import { replyCodeIn, statusCodeIn } from "../domain/delivery-status";
import type { EventDraft, EventKind, StatedClass } from "../domain/event";
import { defineAdapter, type ParsedItem, type ParseOutcome } from "./adapter";
import { entryOf, isObject, type JsonObject, objectOf, parseJsonText, textOf } from "./json";
import { eachRecord, ignored, unreadable, unreadableBody } from "./parsed";
import { SAMPLE_RECIPIENT, SAMPLE_SENDER, sampleTime, sampleUuid } from "./sample";
import { parseSns, readTopicArn, type SnsScheme, snsSample, verifySns } from "./sns";
import { msOfRfc3339 } from "./time";

/** The bucket `messaging`, in any region, and no other. */
const BUCKET = String.raw`messaging\.s3\.[a-z]{2}-[a-z]{3}\.scw\.cloud`;
const API = String.raw`sns\.mnq\.[a-z]{2}-[a-z]{3}\.scaleway\.com`;
const SCHEME: SnsScheme = {
  certificateUrl: new RegExp(`^https://${BUCKET}/[\\w./-]+\\.(?:pem|crt)$`),
  subscribeUrl: new RegExp(`^https://(?:${API}|${BUCKET})/[\\x21-\\x7e]*$`),
  headers: {},
};

/** Type → kind; `null`: known and not wanted. */
const KINDS: Readonly<Record<string, EventKind | null>> = {
  email_delivered: "delivered",
  /** Tried again by itself. */
  email_deferred: "deferred",
  email_dropped: "bounced",
  email_mailbox_not_found: "bounced",
  email_spam: "bounced",
  /** Not even tried: the address is on the domain's blocklist. */
  email_blocklisted: "rejected",
  email_queued: null,
  /** Comes with the bounce that put the address on the list. */
  blocklist_created: null,
};

/** A final refusal is hard where the receiver's words do not say otherwise. */
const CLASSES: Readonly<Record<string, StatedClass>> = {
  email_dropped: { class: "hard", rule: "scaleway:email_dropped", fixed: false },
  email_mailbox_not_found: { class: "hard", rule: "scaleway:email_mailbox_not_found", fixed: false },
  email_spam: { class: "block", rule: "scaleway:email_spam", fixed: true },
};

/** Of a bounce by its type, of a refusal by the kind of list (`blocklist_type`). */
const CATEGORIES: Readonly<Record<string, string>> = {
  email_mailbox_not_found: "bad-mailbox",
  email_spam: "spam-related",
  mailbox_not_found: "bounced",
  /** For some days only: it is not for us to make that last. */
  mailbox_full: "policy",
};

export const scaleway = defineAdapter<string>({
  id: "scaleway",
  title: "Scaleway Transactional Email",
  manual: "https://www.scaleway.com/en/docs/transactional-email/reference-content/webhook-events-payloads/",
  setUp: [
    "In Topics and Events create a topic, and set its ARN: {secret}",
    "In the topic create a subscription: protocol HTTPS, endpoint {url}, raw delivery off. It is confirmed by itself.",
    "In Transactional Email: your domain → Webhooks. Choose the topic, for delivered, deferred, dropped, mailbox not found, spam and blocklisted.",
  ],
  verifiedBy: "Topics and Events' signature (RSA), topics on a list",
  readCredential: readTopicArn,
  verify: (request, topics, context) => verifySns(request, topics, context, SCHEME),
  parse: (request) => parseSns(request, ({ message }) => parseMessage(message)),
  sample: (at) =>
    snsSample(at, {
      id: sampleUuid(at),
      type: "email_delivered",
      domain_name: "example.org",
      created_at: sampleTime(at),
      email_id: sampleUuid(at),
      email_from: SAMPLE_SENDER,
      email_to: SAMPLE_RECIPIENT,
      email_response_code: 250,
      email_response_message: "2.0.0 OK",
    }),
});

function parseMessage(message: string): ParseOutcome {
  const event = parseJsonText(message);
  return event.ok ? eachRecord([event.value], parseEvent) : unreadableBody(event.error, "Message");
}

function parseEvent(event: unknown): ParsedItem {
  if (!isObject(event)) return unreadable("not_an_object", "Message");
  const kind = entryOf(KINDS, textOf(event.type));
  if (kind === undefined) return unreadable("unknown_kind", "type");
  if (kind === null) return ignored();
  const recipient = textOf(event.email_to);
  if (recipient === undefined) return unreadable("no_recipient");
  return { type: "events", drafts: [draftOf(event, kind, recipient)] };
}

function draftOf(event: JsonObject, kind: EventKind, recipient: string): EventDraft {
  const [type, list] = [textOf(event.type), textOf(event.blocklist_type)];
  const [id, emailId, time] = [textOf(event.id), textOf(event.email_id), textOf(event.created_at)];
  // `email_error` is the older field; it begins with the code.
  const error = textOf(event.email_error);
  const response = textOf(event.email_response_message) ?? error ?? textOf(event.blocklist_reason);
  return {
    kind,
    recipient,
    stated: entryOf(CLASSES, type),
    category: kind === "rejected" ? (entryOf(CATEGORIES, list) ?? "policy") : entryOf(CATEGORIES, type),
    hint: list ?? type,
    envelopeSender: textOf(event.email_from),
    // What was never sent has no id of its own.
    messageId: emailId ?? id,
    internetMessageId: messageIdHeaderOf(event),
    occurredAt: msOfRfc3339(time),
    statusCode: statusCodeIn(response),
    replyCode: replyCodeIn(textOf(event.email_response_code)) ?? replyCodeIn(error),
    diagnosticCode: response,
    identity: id === undefined ? [type, emailId, time] : [id],
  };
}

function messageIdHeaderOf(event: JsonObject): string | undefined {
  const headers = Array.isArray(event.email_headers) ? event.email_headers.map(objectOf) : [];
  return textOf(headers.find((header) => textOf(header.key)?.toLowerCase() === "message-id")?.value);
}
