/**
 * Resend: one event per call, as JSON, delivered by Svix.
 *
 * Manual: https://resend.com/docs/webhooks/introduction (read 2026-11). Signed by Svix's scheme, which became Standard
 * Webhooks.
 *
 * An event names all recipients of its message and does not say which of them it is about. With several, a bounce or a
 * refusal counts against nobody, and a complaint is left to a person to look at.
 *
 * Identity: the id of the call (`svix-id`), which stays the same over retries; its timestamp does not.
 */
import { diagnosticText, replyCodeIn, statusCodeIn } from "../domain/delivery-status";
import type { EventDraft, EventKind, StatedClass } from "../domain/event";
import { defineAdapter, type ParsedItem, type ParseOutcome, type WebhookRequest } from "./adapter";
import { entryOf, isObject, type JsonObject, objectOf, parseJson, textOf, textsOf } from "./json";
import { eachRecord, ignored, unreadable, unreadableBody } from "./parsed";
import { refusalCategory } from "./refusal";
import { jsonSample, SAMPLE_RECIPIENT, SAMPLE_SENDER, sampleTime, sampleUuid } from "./sample";
import { idHeadersOf, readStandardSecret, type StandardScheme, signedIdOf, verifyStandard } from "./standard-signature";
import { msOfRfc3339 } from "./time";

const SCHEME: StandardScheme = { headerPrefixes: ["svix", "webhook"], version: "v1" };

/** Type → kind; `null`: known and not wanted. */
const KINDS: Readonly<Record<string, EventKind | null>> = {
  "email.sent": null,
  "email.scheduled": null,
  "email.received": null,
  "email.delivered": "delivered",
  "email.delivery_delayed": "deferred",
  "email.bounced": "bounced",
  "email.complained": "complained",
  /** Not sent: a quota, a domain that is not verified. */
  "email.failed": "rejected",
  /** Not sent: on Resend's list, after a bounce or a complaint. */
  "email.suppressed": "rejected",
  "email.opened": null,
  "email.clicked": null,
};

/** Types that begin like this are of the account, not of a message. */
const OTHER_FAMILIES = ["contact.", "domain.", "suppression."];

/** `bounce.type`, and the subtypes that say more; where the receiver's words do not say otherwise. */
const CLASSES: Readonly<Record<string, StatedClass>> = {
  Permanent: { class: "hard", rule: "resend:Permanent", fixed: false },
  Transient: { class: "soft", rule: "resend:Transient", fixed: false },
  /** What the manual calls it in one place. */
  Temporary: { class: "soft", rule: "resend:Temporary", fixed: false },
  "Transient/MessageTooLarge": { class: "block", rule: "resend:MessageTooLarge", fixed: false },
  "Transient/ContentRejected": { class: "block", rule: "resend:ContentRejected", fixed: false },
  "Transient/AttachmentRejected": { class: "block", rule: "resend:AttachmentRejected", fixed: false },
};
/** Whatever the words say: they may be about another recipient. */
const SOMEBODY: StatedClass = { class: "undetermined", rule: "resend:several-recipients", fixed: true };
const SOMEBODYS_CATEGORY = "other";

/** Payloads from before there was a type have a sentence of Resend's only. */
const HARD_SENTENCE = /\bhard bounce\b/i;
/** A bounce that was none: nothing was sent, because the address is on Resend's list. */
const LIST_WORDS = /suppress/i;

export const resend = defineAdapter<Uint8Array>({
  id: "resend",
  title: "Resend",
  manual: "https://resend.com/docs/webhooks/introduction",
  setUp: [
    "In Resend: Webhooks → Add Webhook. Enter {url} for email.delivered, delivery_delayed, bounced, complained, suppressed and failed.",
    "Set the signing secret of the webhook’s page, whsec_…: {secret}",
  ],
  verifiedBy: "Svix signature (HMAC-SHA256 of id, time and body)",
  readCredential: readStandardSecret,
  verify: (request, keys, { now }) => verifyStandard(request, keys, now, SCHEME),
  parse: parseBody,
  replayHeaders: idHeadersOf(SCHEME),
  sample: (at) =>
    jsonSample({
      type: "email.delivered",
      created_at: sampleTime(at),
      data: { email_id: sampleUuid(at), created_at: sampleTime(at), from: SAMPLE_SENDER, to: [SAMPLE_RECIPIENT] },
    }),
});

function parseBody(request: WebhookRequest): ParseOutcome {
  const event = parseJson(request.body);
  if (!event.ok) return unreadableBody(event.error);
  return eachRecord([event.value], (record) => parseEvent(record, signedIdOf(request.headers, SCHEME) ?? undefined));
}

function parseEvent(event: unknown, callId: string | undefined): ParsedItem {
  if (!isObject(event)) return unreadable("not_an_object");
  const type = textOf(event.type) ?? "";
  if (OTHER_FAMILIES.some((family) => type.startsWith(family))) return ignored();
  const kind = entryOf(KINDS, type);
  if (kind === undefined) return unreadable("unknown_kind", "type");
  if (kind === null) return ignored();
  const data = objectOf(event.data);
  const recipients = [...new Set([data.to, data.cc, data.bcc].flatMap(textsOf))];
  if (!recipients.length) return unreadable("no_recipient");
  const isAmbiguous = recipients.length > 1;
  if (isAmbiguous && kind === "complained") return unreadable("ambiguous_recipient");
  return { type: "events", drafts: recipients.map((to) => draftOf(event, { kind, to, isAmbiguous }, callId)) };
}

interface Subject {
  readonly kind: EventKind;
  readonly to: string;
  readonly isAmbiguous: boolean;
}

function draftOf(
  event: JsonObject,
  { kind: stated, to, isAmbiguous }: Subject,
  callId: string | undefined,
): EventDraft {
  const data = objectOf(event.data);
  const [bounce, suppressed] = [objectOf(data.bounce), objectOf(data.suppressed)];
  const reason = textOf(objectOf(data.failed).reason) ?? textOf(suppressed.message);
  const message = textOf(bounce.message);
  const types = [textOf(bounce.type), textOf(bounce.subType)].filter((word) => word !== undefined);
  const isListed = stated === "bounced" && LIST_WORDS.test([...types, message].join(" "));
  const kind = isListed ? "rejected" : stated;
  const words = textsOf([reason ?? message, suppressed.reason]).join(" ");
  const [reply] = textsOf(bounce.diagnosticCode);
  const time = textOf(event.created_at);
  return {
    kind,
    recipient: to,
    stated: kind === "bounced" ? (isAmbiguous ? SOMEBODY : classOf(types, message)) : undefined,
    category: kind !== "rejected" ? undefined : isAmbiguous ? SOMEBODYS_CATEGORY : categoryOf(event, words),
    hint: types.length ? types.join("/") : (textOf(suppressed.type) ?? reason),
    messageId: textOf(data.email_id),
    internetMessageId: textOf(data.message_id),
    occurredAt: msOfRfc3339(time),
    statusCode: statusCodeIn(reply ?? message),
    replyCode: replyCodeIn(diagnosticText(reply)),
    diagnosticCode: reply ?? message ?? reason,
    campaign: textOf(data.broadcast_id),
    metadata: metadataOf(data.tags),
    identity: callId === undefined ? [textOf(event.type), textOf(data.email_id), time] : [callId],
  };
}

function classOf(types: readonly string[], message: string | undefined): StatedClass | undefined {
  const stated = entryOf(CLASSES, types.join("/")) ?? entryOf(CLASSES, types[0]);
  if (stated || types.length) return stated;
  return HARD_SENTENCE.test(message ?? "") ? CLASSES.Permanent : undefined;
}

/** Only bounces and complaints put an address on Resend's list; what failed for another reason says nothing of it. */
function categoryOf(event: JsonObject, reason: string): string {
  if (event.type === "email.failed") return refusalCategory(reason);
  return refusalCategory(reason) === "complained" ? "complained" : "bounced";
}

/** Names and values, as an object or as a list of pairs. */
function metadataOf(tags: unknown): EventDraft["metadata"] {
  if (!Array.isArray(tags)) return objectOf(tags);
  return Object.fromEntries(tags.flatMap((tag) => (isObject(tag) ? [[textOf(tag.name) ?? "", tag.value]] : [])));
}
