/**
 * Brevo (formerly Sendinblue): one event as an object, or an array of them where batching is on.
 *
 * Manual: https://developers.brevo.com/docs/transactional-webhooks (read 2026-11). Nothing is signed; Brevo can send
 * basic auth, a bearer token or a header of one's own.
 *
 * What we fail to store is answered with 429: Brevo discards an event for good on any 5xx, and on any other 4xx.
 *
 * Of the times only `ts_epoch` is UTC whatever the account's zone; it is in milliseconds, but samples hold seconds.
 * `message-id` is the Message-ID header.
 *
 * Identity: event, message id, campaign and time. `id` is the webhook's, the same in every event.
 */
import { replyCodeIn, statusCodeIn } from "../domain/delivery-status";
import type { EventDraft, EventKind, StatedClass } from "../domain/event";
import { defineAdapter, type ParsedItem } from "./adapter";
import { BY_SHARED_SECRET } from "./auth";
import { entryOf, fieldsOfText, isObject, type JsonObject, parseJsonText, textOf, textsOf } from "./json";
import { ignored, readRecords, unreadable } from "./parsed";
import { refusalCategory } from "./refusal";
import { jsonSample, SAMPLE_RECIPIENT, sampleMessageId, sampleSeconds } from "./sample";
import { msOfUnixSeconds } from "./time";

/** Event → kind; `null`: known and not wanted. */
const KINDS: Readonly<Record<string, EventKind | null>> = {
  delivered: "delivered",
  deferred: "deferred",
  soft_bounce: "bounced",
  hard_bounce: "bounced",
  invalid_email: "bounced",
  /** Not even tried: the address is on the account's list. */
  blocked: "rejected",
  error: "rejected",
  /** Two spellings of each have been seen. */
  spam: "complained",
  complaint: "complained",
  unsubscribe: "unsubscribed",
  unsubscribed: "unsubscribed",
  request: null,
  opened: null,
  unique_opened: null,
  proxy_open: null,
  unique_proxy_open: null,
  click: null,
  list_addition: null,
  contact_updated: null,
  contact_deleted: null,
};

/** Where the receiver's words in `reason` do not say otherwise. */
const CLASSES: Readonly<Record<string, StatedClass>> = {
  soft_bounce: { class: "soft", rule: "brevo:soft_bounce", fixed: false },
  hard_bounce: { class: "hard", rule: "brevo:hard_bounce", fixed: false },
  invalid_email: { class: "hard", rule: "brevo:invalid_email", fixed: false },
};

/** 5138-11-16 in seconds, 1973-03-03 in milliseconds: no event is of either time. */
const SECONDS_END = 1e11;

export const brevo = defineAdapter<string>({
  id: "brevo",
  title: "Brevo",
  manual: "https://developers.brevo.com/docs/transactional-webhooks",
  setUp: [
    "Make up a long secret and set it: {secret}",
    "In Brevo: Transactional → Settings → Webhook. Add {url} with the authentication method token and the secret, for delivered, deferred, soft and hard bounced, invalid email, blocked, error, spam and unsubscribed.",
  ],
  ...BY_SHARED_SECRET,
  retryStatus: 429,
  parse: (request) => readRecords(request.body, parseEvent),
  sample: (at) =>
    jsonSample({
      event: "delivered",
      email: SAMPLE_RECIPIENT,
      id: 814119,
      "message-id": `<${sampleMessageId(at)}>`,
      ts_event: sampleSeconds(at),
      ts_epoch: at,
    }),
});

function parseEvent(record: unknown): ParsedItem {
  if (!isObject(record)) return unreadable("not_an_object");
  const kind = entryOf(KINDS, textOf(record.event));
  if (kind === undefined) return unreadable("unknown_kind", "event");
  if (kind === null) return ignored();
  const recipient = textOf(record.email);
  if (recipient === undefined) return unreadable("no_recipient");
  return { type: "events", drafts: [draftOf(record, kind, recipient)] };
}

function draftOf(record: JsonObject, kind: EventKind, recipient: string): EventDraft {
  const event = textOf(record.event);
  const reason = textOf(record.reason);
  const messageId = textOf(record["message-id"]);
  // Events of marketing campaigns name the campaign and no message.
  const campaign = textOf(record.camp_id);
  return {
    kind,
    recipient,
    stated: entryOf(CLASSES, event),
    category: kind === "rejected" ? refusalCategory(reason) : undefined,
    hint: event,
    internetMessageId: messageId,
    occurredAt: timeOf(record),
    statusCode: statusCodeIn(reason),
    replyCode: replyCodeIn(reason),
    diagnosticCode: reason,
    campaign,
    tags: tagsOf(record),
    metadata: fieldsOfText(record["X-Mailin-custom"], "custom"),
    identity: [event, messageId, campaign, rawTimeOf(record)],
  };
}

function timeOf(record: JsonObject): number | undefined {
  const epoch = Number(textOf(record.ts_epoch));
  return (
    msOfUnixSeconds(epoch >= SECONDS_END ? epoch / 1000 : epoch) ??
    msOfUnixSeconds(textOf(record.ts_event) ?? textOf(record.ts))
  );
}

/** As it came: the dates name no zone, but they are the same when an event is delivered again. */
function rawTimeOf(record: JsonObject): string | undefined {
  return [record.ts_epoch, record.ts_event, record.ts, record.date_event, record.date].map(textOf).find((t) => t);
}

/** `tags` is a list; `tag` alone is a name, or a list that was written as a text. */
function tagsOf(record: JsonObject): string[] {
  const tags = textsOf(record.tags);
  const tag = textOf(record.tag);
  if (tags.length || tag === undefined) return tags;
  const parsed = parseJsonText(tag);
  return parsed.ok && Array.isArray(parsed.value) ? textsOf(parsed.value) : [tag];
}
