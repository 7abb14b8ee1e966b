/**
 * MailerSend: one event per call, in the format of its webhooks version 2 or, until the end of 2026, in the older one
 * that nests `email` and `morph`.
 *
 * Manual: https://developers.mailersend.com/api/v1/webhooks.html (read 2026-11). Signed: `Signature` is the HMAC-SHA256
 * of the body, in hex. The ping that MailerSend wants answered before it saves a webhook comes before there is a
 * signing secret; it is signed with one that everybody can read in the manual, and good for nothing else.
 *
 * The Message-ID header is the id of the mail to one recipient, at mailersend.net; the message's id is that of the
 * call that sent it.
 *
 * Identity: `data.id`, else type, message and time.
 */
import { replyCodeIn, statusCodeIn } from "../domain/delivery-status";
import type { EventDraft, EventKind, StatedClass } from "../domain/event";
import { defineAdapter, type ParsedItem, type VerifyOutcome, type WebhookRequest } from "./adapter";
import { type BodyHmac, readSecret, verifyBodyHmac } from "./auth";
import { entryOf, isObject, type JsonObject, objectOf, parseJson, textOf, textsOf } from "./json";
import { ignored, readRecord, unreadable } from "./parsed";
import { refusalCategory } from "./refusal";
import { jsonSample, SAMPLE_RECIPIENT, sampleId, sampleTime } from "./sample";
import { msOfRfc3339 } from "./time";

const SCHEME: BodyHmac = { header: "signature", encoding: "hex" };
const PING_TYPE = "webhook.test";
/** Public: it proves nothing about who sent the ping. */
const PING_SECRET = "test_Am3L1GuOIc4blLUuHqAPxxwkZaJyEk8G";

/** Type, without the `activity.` before it → kind; `null`: known and not wanted. */
const KINDS: Readonly<Record<string, EventKind | null>> = {
  delivered: "delivered",
  deferred: "deferred",
  soft_bounced: "bounced",
  hard_bounced: "bounced",
  unsubscribed: "unsubscribed",
  /** Both spellings are in use. */
  spam_complaint: "complained",
  spam_complaints: "complained",
  suppressed: "rejected",
  sent: null,
  opened: null,
  opened_unique: null,
  clicked: null,
  clicked_unique: null,
  survey_opened: null,
  survey_submitted: null,
};

/** What else an account can be told of: the part before the dot. */
const OTHER_GROUPS = new Set([
  "webhook",
  "sender_identity",
  "maintenance",
  "inbound",
  "inbound_forward",
  "inbound_message",
  "email_single",
  "email_list",
  "bulk_email",
  "recipient",
  "sms",
]);

/** Where the reason does not say otherwise. */
const CLASSES: Readonly<Record<string, StatedClass>> = {
  soft_bounced: { class: "soft", rule: "mailersend:soft_bounced", fixed: false },
  hard_bounced: { class: "hard", rule: "mailersend:hard_bounced", fixed: false },
};

export const mailersend = defineAdapter<string>({
  id: "mailersend",
  title: "MailerSend",
  manual: "https://developers.mailersend.com/api/v1/webhooks.html",
  setUp: [
    "Set any text, so that the URL answers when it is tried: {secret}",
    "In MailerSend: Email → Domains → your domain → Webhooks. Add {url} for delivered, soft and hard bounced, deferred, suppressed, unsubscribed and spam complaint.",
    "Set the signing secret that the webhook’s page now shows, in place of the first text: {secret}",
  ],
  verifiedBy: "Signature (HMAC-SHA256 of the body)",
  readCredential: readSecret,
  verify,
  parse: (request) => readRecord(request.body, parseEvent),
  sample: (at) =>
    jsonSample({
      type: "activity.delivered",
      created_at: sampleTime(at),
      data: {
        id: sampleId(at),
        message_id: sampleId(at),
        email_id: sampleId(at),
        type: "delivered",
        recipient: SAMPLE_RECIPIENT,
      },
    }),
});

async function verify(request: WebhookRequest, secrets: readonly string[]): Promise<VerifyOutcome> {
  const outcome = await verifyBodyHmac(request, secrets, SCHEME);
  return outcome.ok || !secrets.length || !isPing(request.body)
    ? outcome
    : verifyBodyHmac(request, [PING_SECRET], SCHEME);
}

function isPing(body: Uint8Array): boolean {
  const event = parseJson(body);
  return event.ok && isObject(event.value) && event.value.type === PING_TYPE;
}

function parseEvent(event: unknown): ParsedItem {
  if (!isObject(event)) return unreadable("not_an_object");
  const data = objectOf(event.data);
  const [group, name] = splitType(textOf(event.type) ?? `activity.${textOf(data.type)}`);
  if (OTHER_GROUPS.has(group)) return ignored();
  const kind = group === "activity" ? entryOf(KINDS, name) : undefined;
  if (kind === undefined) return unreadable("unknown_kind", "type");
  if (kind === null) return ignored();
  const recipient = textOf(data.recipient) ?? textOf(objectOf(objectOf(data.email).recipient).email);
  if (recipient === undefined) return unreadable("no_recipient");
  return { type: "events", drafts: [draftOf(event, data, { name, kind, recipient })] };
}

function splitType(type: string): [group: string, name: string] {
  const dot = type.indexOf(".");
  return dot < 0 ? ["", type] : [type.slice(0, dot), type.slice(dot + 1)];
}

function draftOf(
  event: JsonObject,
  data: JsonObject,
  { name, kind, recipient }: { name: string; kind: EventKind; recipient: string },
): EventDraft {
  // `meta` and `morph` are empty lists where there is nothing to say.
  const [email, meta, morph] = [objectOf(data.email), objectOf(data.meta), objectOf(data.morph)];
  const mailId = textOf(data.email_id) ?? textOf(email.id);
  const messageId = textOf(data.message_id) ?? textOf(objectOf(email.message).id);
  const reason =
    [meta.bounce_reason, meta.reject_reason, meta.suppression_reason, meta.unsubscribe_reason]
      .map(textOf)
      .find((text) => text) ??
    textOf(morph.readable_reason) ??
    textOf(morph.reason);
  const [eventId, time] = [textOf(data.id), textOf(data.created_at) ?? textOf(event.created_at)];
  const isFailure = kind === "bounced" || kind === "deferred";
  return {
    kind,
    recipient,
    stated: entryOf(CLASSES, name),
    category: kind === "rejected" ? refusalCategory(reason) : undefined,
    hint: isFailure ? name : (reason ?? name),
    messageId,
    internetMessageId: mailId === undefined ? undefined : `${mailId}@mailersend.net`,
    occurredAt: msOfRfc3339(time),
    statusCode: statusCodeIn(reason),
    replyCode: textOf(meta.bounce_code) ?? replyCodeIn(reason),
    diagnosticCode: isFailure ? reason : undefined,
    tags: textsOf(data.tags ?? email.tags),
    identity: eventId === undefined ? [name, messageId, time] : [eventId],
  };
}
