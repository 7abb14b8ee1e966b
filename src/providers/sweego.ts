/**
 * Sweego: one event per call as JSON; an array of them is taken too.
 *
 * Manual: https://learn.sweego.io/docs/webhooks (read 2026-11). Signed like Standard Webhooks, but the signature stands
 * alone, without a version before it. The key is what the base64 of the secret stands for.
 *
 * Some types are written with a hyphen and some with an underscore; both are read as either.
 *
 * Identity: type and `event_id`; where there is none, message and time.
 */
import { replyCodeIn, statusCodeIn } from "../domain/delivery-status";
import type { EventDraft, EventKind, StatedClass } from "../domain/event";
import { defineAdapter, type ParsedItem } from "./adapter";
import { entryOf, isObject, type JsonObject, objectOf, textOf, textsOf } from "./json";
import { ignored, readRecords, unreadable } from "./parsed";
import { jsonSample, SAMPLE_RECIPIENT, sampleTime, sampleUuid } from "./sample";
import { readStandardSecret, type StandardScheme, verifyStandard } from "./standard-signature";
import { msOfRfc3339 } from "./time";

const SCHEME: StandardScheme = { headerPrefixes: ["webhook"], version: null };

/** Type → kind; `null`: known and not wanted. */
const KINDS: Readonly<Record<string, EventKind | null>> = {
  email_sent: null,
  delivered: "delivered",
  hard_bounce: "bounced",
  soft_bounce: "bounced",
  complaint: "complained",
  list_unsub: "unsubscribed",
  email_opened: null,
  email_clicked: null,
  email_inbound: null,
};

/** Where the receiver's words do not say otherwise. */
const CLASSES: Readonly<Record<string, StatedClass>> = {
  hard_bounce: { class: "hard", rule: "sweego:hard_bounce", fixed: false },
  soft_bounce: { class: "soft", rule: "sweego:soft_bounce", fixed: false },
};

/** Sweego sends text messages too. */
const MAIL_CHANNEL = "email";

export const sweego = defineAdapter<Uint8Array>({
  id: "sweego",
  title: "Sweego",
  manual: "https://learn.sweego.io/docs/webhooks",
  setUp: [
    "In Sweego: Webhooks. Add {url} for delivered, soft bounce, hard bounce, complaint and unsubscribe.",
    "Set the secret that Sweego shows for it: {secret}",
  ],
  verifiedBy: "Webhook-Signature (HMAC-SHA256 of id, time and body)",
  readCredential: readStandardSecret,
  verify: (request, keys, { now }) => verifyStandard(request, keys, now, SCHEME),
  parse: (request) => readRecords(request.body, parseEvent),
  sample: (at) =>
    jsonSample({
      event_type: "delivered",
      timestamp: sampleTime(at),
      swg_uid: sampleUuid(at),
      event_id: sampleUuid(at),
      channel: "email",
      headers: { "x-transaction-id": sampleUuid(at) },
      recipient: SAMPLE_RECIPIENT,
      domain_from: "example.org",
    }),
});

function parseEvent(event: unknown): ParsedItem {
  if (!isObject(event)) return unreadable("not_an_object");
  if ((textOf(event.channel) ?? MAIL_CHANNEL) !== MAIL_CHANNEL) return ignored();
  const type = textOf(event.event_type)?.replaceAll("-", "_");
  const kind = entryOf(KINDS, type);
  if (kind === undefined) return unreadable("unknown_kind", "event_type");
  if (kind === null) return ignored();
  const recipient = textOf(event.recipient);
  if (recipient === undefined) return unreadable("no_recipient");
  return { type: "events", drafts: [draftOf(event, { type, kind, recipient })] };
}

interface Subject {
  readonly type: string | undefined;
  readonly kind: EventKind;
  readonly recipient: string;
}

function draftOf(event: JsonObject, { type, kind, recipient }: Subject): EventDraft {
  const headers = objectOf(event.headers);
  const [id, time] = [textOf(event.event_id), textOf(event.timestamp)];
  const messageId = textOf(event.transaction_id) ?? textOf(headers["x-transaction-id"]) ?? textOf(event.swg_uid);
  const [reply, status] = [textOf(event.details), textOf(event.status)];
  return {
    kind,
    recipient,
    stated: entryOf(CLASSES, type),
    hint: kind === "bounced" ? textOf(event.event_type) : undefined,
    messageId,
    occurredAt: msOfRfc3339(time),
    statusCode: statusCodeIn(status) ?? statusCodeIn(reply),
    replyCode: replyCodeIn(textOf(event.response_code)) ?? replyCodeIn(reply),
    diagnosticCode: reply ?? status,
    campaign: textOf(event.campaign_id),
    tags: textsOf(event.campaign_tags),
    identity: id === undefined ? [type, messageId, time] : [type, id],
  };
}
