/**
 * SMTP2GO: one event per call, as a form or as JSON, as chosen in its settings.
 *
 * Manual: https://developers.smtp2go.com/docs/webhooks-overview (read 2026-11). Nothing is signed; SMTP2GO can send basic
 * auth or a bearer token.
 *
 * The calls vary: fields come in upper and in lower case, and some libraries know events by names that the manual does
 * not have. A mail that was refused tells in a sentence which list the address is on.
 *
 * Identity: event, mail, time and verdict. An `id` has been seen, of which no document says whether it stays the same.
 */
import { replyCodeIn, statusCodeIn } from "../domain/delivery-status";
import type { EventDraft, EventKind, StatedClass } from "../domain/event";
import { defineAdapter, type ParsedItem } from "./adapter";
import { BY_SHARED_SECRET } from "./auth";
import { readFormOrJson } from "./form";
import { entryOf, isObject, type JsonObject, textOf, textsOf } from "./json";
import { ignored, unreadable } from "./parsed";
import { refusalCategory } from "./refusal";
import { jsonSample, SAMPLE_RECIPIENT, SAMPLE_REPLY, SAMPLE_SENDER, sampleId, sampleTime } from "./sample";
import { msOfRfc3339, msOfUnixSeconds, msOfZoneless } from "./time";

/** Event → kind; `null`: known and not wanted. */
const KINDS: Readonly<Record<string, EventKind | null>> = {
  delivered: "delivered",
  bounce: "bounced",
  reject: "rejected",
  spam: "complained",
  spam_complaint: "complained",
  unsubscribe: "unsubscribed",
  unsubscribed: "unsubscribed",
  processed: null,
  open: null,
  opened: null,
  click: null,
  clicked: null,
  /** Takes nothing back here: only a person does that. */
  resubscribe: null,
  /** Of text messages, which the same webhook may tell of. */
  sms_sending: null,
  sms_submitted: null,
  sms_delivered: null,
  sms_failed: null,
  sms_rejected: null,
  "opt-out": null,
};

/** `bounce`, where the receiver's words do not say otherwise. */
const CLASSES: Readonly<Record<string, StatedClass>> = {
  hard: { class: "hard", rule: "smtp2go:hard", fixed: false },
  soft: { class: "soft", rule: "smtp2go:soft", fixed: false },
};

export const smtp2go = defineAdapter<string>({
  id: "smtp2go",
  title: "SMTP2GO",
  manual: "https://developers.smtp2go.com/docs/webhooks-overview",
  setUp: [
    "Make up a long secret and set it: {secret}",
    "In SMTP2GO: Settings → Webhooks → Add Webhook. Enter {url} with the secret as bearer authorization, for delivered, bounce, spam, unsubscribe and reject.",
  ],
  ...BY_SHARED_SECRET,
  parse: (request) => readFormOrJson(request, parseEvent),
  sample: (at) =>
    jsonSample({
      event: "delivered",
      time: sampleTime(at),
      sender: SAMPLE_SENDER,
      rcpt: SAMPLE_RECIPIENT,
      email_id: sampleId(at),
      message: SAMPLE_REPLY,
    }),
});

function parseEvent(record: unknown): ParsedItem {
  if (!isObject(record)) return unreadable("not_an_object");
  const fields = Object.fromEntries(Object.entries(record).map(([name, value]) => [name.toLowerCase(), value]));
  const kind = entryOf(KINDS, textOf(fields.event));
  if (kind === undefined) return unreadable("unknown_kind", "event");
  if (kind === null) return ignored();
  const recipient = recipientOf(fields);
  if (recipient === undefined) return unreadable("no_recipient");
  return { type: "events", drafts: [draftOf(fields, kind, recipient)] };
}

/** Whom the event is about; the list of everybody in the mail will do where there is only one. */
function recipientOf(fields: JsonObject): string | undefined {
  const [first, another] = textsOf(fields.recipients);
  return textOf(fields.rcpt) ?? (another === undefined ? first : undefined);
}

function draftOf(fields: JsonObject, kind: EventKind, recipient: string): EventDraft {
  const [event, bounce] = [textOf(fields.event), textOf(fields.bounce)?.toLowerCase()];
  const message = textOf(fields.message);
  const [mailId, time] = [textOf(fields.email_id), textOf(fields.time)];
  return {
    kind,
    recipient,
    stated: kind === "bounced" ? entryOf(CLASSES, bounce) : undefined,
    category: kind === "rejected" ? refusalCategory(message ?? textOf(fields.context)) : undefined,
    hint: textOf(fields.bounce) ?? event,
    envelopeSender: textOf(fields.sender),
    messageId: mailId,
    internetMessageId: textOf(fields["message-id"]),
    occurredAt: msOfRfc3339(time) ?? msOfZoneless(time) ?? msOfUnixSeconds(time),
    statusCode: statusCodeIn(message),
    replyCode: replyCodeIn(message),
    // The context is at what command it happened.
    diagnosticCode: message ?? textOf(fields.context),
    remoteMta: textOf(fields.host),
    metadata: ownHeadersIn(fields),
    identity: [event, mailId, time, bounce],
  };
}

/** The headers of the mail that the operator asked SMTP2GO to send along. */
function ownHeadersIn(fields: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => name.startsWith("x-")));
}
