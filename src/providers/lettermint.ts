/**
 * Lettermint: one event per call.
 *
 * Manual: https://docs.lettermint.co/platform/webhooks/introduction (read 2026-11). Signed: `X-Lettermint-Signature: t=<unix>,v1=<hex>`, the
 * HMAC-SHA256 over `t.body`; `X-Lettermint-Delivery` repeats `t`. The time may be five minutes away.
 *
 * Identity: `id`, which names the event and not its delivery.
 */
import { bytesOfHex, utf8Bytes } from "../crypto/encoding";
import { replyCodeIn, statusCodeIn } from "../domain/delivery-status";
import type { EventDraft, EventKind, StatedClass } from "../domain/event";
import { defineAdapter, type ParsedItem, type VerifyOutcome, type WebhookRequest } from "./adapter";
import { accepted, anyHmac, isWithin, readSecret, unauthenticated } from "./auth";
import { entryOf, isObject, type JsonObject, objectOf, textOf } from "./json";
import { ignored, readRecord, unreadable } from "./parsed";
import { refusalCategory } from "./refusal";
import { jsonSample, SAMPLE_RECIPIENT, SAMPLE_REPLY, sampleId, sampleTime, sampleUuid } from "./sample";
import { msOfRfc3339, msOfUnixSeconds } from "./time";

const TOLERANCE_MS = 5 * 60_000;
const SIGNATURE = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/i;
const OUR_METADATA_LIMIT = 50;

/** Event → kind; `null`: known and not wanted. */
const KINDS: Readonly<Record<string, EventKind | null>> = {
  "message.delivered": "delivered",
  "message.hard_bounced": "bounced",
  "message.soft_bounced": "bounced",
  "message.spam_complaint": "complained",
  "message.unsubscribed": "unsubscribed",
  "message.failed": "rejected",
  "message.suppressed": "rejected",
  "message.policy_rejected": "rejected",
  "message.auto_replied": "auto_reply",
  "message.created": null,
  "message.sent": null,
  "message.opened": null,
  "message.clicked": null,
  "message.inbound": null,
  "message.scheduled": null,
  "message.rescheduled": null,
  "message.canceled": null,
  "message.released": null,
  /** Follows from a bounce, a complaint or an opt-out that was told of, or is its operator's doing. */
  "suppression.added": null,
  "suppression.removed": null,
  "webhook.test": null,
};

/** These may name nobody: a policy is broken before anybody looks at recipients, and a reply may leave out who wrote it. */
const NAMELESS = new Set(["message.policy_rejected", "message.auto_replied"]);

const CLASSES: Readonly<Record<string, StatedClass>> = {
  "message.hard_bounced": { class: "hard", rule: "lettermint:hard_bounced", fixed: false },
  "message.soft_bounced": { class: "soft", rule: "lettermint:soft_bounced", fixed: false },
};

export const lettermint = defineAdapter<string>({
  id: "lettermint",
  title: "Lettermint",
  manual: "https://docs.lettermint.co/platform/webhooks/introduction",
  setUp: [
    "In Lettermint: Project → Routes → your route → Webhooks. Add {url} for all events of delivery, bounces, complaints and unsubscriptions.",
    "Set the webhook’s signing secret: {secret}",
  ],
  verifiedBy: "X-Lettermint-Signature (HMAC-SHA256 of time and body)",
  readCredential: readSecret,
  verify: (request, secrets, { now }) => verify(request, secrets, now),
  parse: (request) => readRecord(request.body, parseEvent),
  sample: (at) =>
    jsonSample({
      id: sampleUuid(at),
      event: "message.delivered",
      timestamp: sampleTime(at),
      data: {
        message_id: sampleId(at),
        recipient: SAMPLE_RECIPIENT,
        response: { status_code: 250, enhanced_status_code: "2.0.0", content: SAMPLE_REPLY },
      },
    }),
});

async function verify(request: WebhookRequest, secrets: readonly string[], now: number): Promise<VerifyOutcome> {
  const [, time = "", signature = ""] = SIGNATURE.exec(request.headers.get("x-lettermint-signature") ?? "") ?? [];
  if (time === "") return unauthenticated("X-Lettermint-Signature is missing or malformed");
  const delivery = request.headers.get("x-lettermint-delivery");
  if (delivery !== null && delivery !== time) return unauthenticated("X-Lettermint-Delivery names another time");
  if (!isWithin(Number(time) * 1000, now, TOLERANCE_MS)) return unauthenticated("the time is not of the last minutes");
  const head = utf8Bytes(`${time}.`);
  const signed = new Uint8Array(head.byteLength + request.body.byteLength);
  signed.set(head);
  signed.set(request.body, head.byteLength);
  const matches = await anyHmac(secrets.map(utf8Bytes), signed, [bytesOfHex(signature)]);
  return matches ? accepted(request) : unauthenticated("X-Lettermint-Signature is not the signature of this body");
}

function parseEvent(event: unknown): ParsedItem {
  if (!isObject(event)) return unreadable("not_an_object");
  const name = textOf(event.event) ?? "";
  const kind = entryOf(KINDS, name);
  if (kind === undefined) return unreadable("unknown_kind", "event");
  // Nothing is sent from a sandbox, whatever is reported.
  if (kind === null || event.sandbox === true) return ignored();
  const data = objectOf(event.data);
  // Of an automatic reply the one whom we wrote to is the sender.
  const recipient = textOf(kind === "auto_reply" ? objectOf(data.auto_reply).sender : data.recipient);
  if (recipient === undefined) return NAMELESS.has(name) ? ignored() : unreadable("no_recipient");
  return { type: "events", drafts: [draftOf(event, data, { name, kind, recipient })] };
}

function draftOf(
  event: JsonObject,
  data: JsonObject,
  { name, kind, recipient }: { name: string; kind: EventKind; recipient: string },
): EventDraft {
  const response = objectOf(data.response);
  const [eventId, messageId, time] = [textOf(event.id), textOf(data.message_id), textOf(event.timestamp)];
  const content = textOf(response.content);
  const reason = textOf(data.reason);
  const isFailure = kind === "bounced";
  return {
    kind,
    recipient,
    stated: entryOf(CLASSES, name),
    category: kind === "rejected" ? rejectedFor(name, reason) : undefined,
    hint: isFailure ? name : (reason ?? name),
    messageId,
    occurredAt: msOfRfc3339(time) ?? msOfUnixSeconds(time),
    statusCode: statusCodeIn(textOf(response.enhanced_status_code)) ?? statusCodeIn(content),
    replyCode: textOf(response.status_code) ?? replyCodeIn(content),
    diagnosticCode: content ?? (isFailure ? reason : undefined),
    tags: textOf(data.tag) === undefined ? undefined : [String(data.tag)],
    metadata: metadataOf(data.metadata),
    identity: eventId === undefined ? [name, messageId, time] : [eventId],
  };
}

/** Its suppression list holds hard bounces, complaints and opt-outs; where no reason says which, it was a bounce. */
function rejectedFor(name: string, reason: string | undefined): string {
  if (name !== "message.suppressed") return "policy";
  const category = refusalCategory(reason);
  return category === "policy" ? "bounced" : category;
}

/** An empty list where there is none; values are of any type. */
function metadataOf(value: unknown): EventDraft["metadata"] {
  const entries = Object.entries(objectOf(value)).slice(0, OUR_METADATA_LIMIT);
  return entries.length ? Object.fromEntries(entries) : undefined;
}
