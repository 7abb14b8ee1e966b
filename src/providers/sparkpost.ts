/**
 * SparkPost (Bird): batches, as a JSON array of `{"msys":{"<class>":{…}}}`. An empty `msys` is a ping.
 *
 * Manual: https://support.sparkpost.com/docs/deliverability/bounce-classification-codes and the webhooks' reference,
 * https://developers.sparkpost.com/api/webhooks/ (read 2026-11). Nothing is signed; SparkPost can send basic auth, or a
 * bearer token that it would fetch from a server of one's own.
 *
 * SparkPost reads each reply of a receiver and says what it means, by number; also that a "bounce" was no bounce but an
 * automatic reply or an unsubscription. Where the number names a cause, it stands; the general ones are hints.
 *
 * Identity: `event_id`; where there is none, type, message and time. A batch has an id of its own, which is not needed.
 */
import { replyCodeIn, statusCodeIn } from "../domain/delivery-status";
import type { BounceClass, EventDraft, EventKind } from "../domain/event";
import { defineAdapter, type ParsedItem } from "./adapter";
import { BY_SHARED_SECRET } from "./auth";
import { entryOf, isObject, type JsonObject, objectOf, textOf, textsOf } from "./json";
import { ignored, readRecords, unreadable } from "./parsed";
import { refusalCategory } from "./refusal";
import { jsonSample, SAMPLE_RECIPIENT, SAMPLE_SENDER, sampleId, sampleSeconds } from "./sample";
import { msOfRfc3339, msOfUnixSeconds } from "./time";

/** Classes of events that are about incoming mail, A/B tests and recipient lists. */
const OTHER_CLASSES = new Set(["relay_event", "relay_message", "ab_test_event", "ingest_event"]);

/** Type → kind; `null`: known and not wanted. */
const KINDS: Readonly<Record<string, EventKind | null>> = {
  injection: null,
  delivery: "delivered",
  delay: "deferred",
  bounce: "bounced",
  /** Out of band: refused after it was accepted. */
  out_of_band: "bounced",
  spam_complaint: "complained",
  list_unsubscribe: "unsubscribed",
  link_unsubscribe: "unsubscribed",
  /** Not sent: SparkPost's list or policy, or a template that failed. */
  policy_rejection: "rejected",
  generation_failure: "rejected",
  generation_rejection: "rejected",
  open: null,
  initial_open: null,
  click: null,
  amp_open: null,
  amp_initial_open: null,
  amp_click: null,
  sms_status: null,
};

interface Meaning {
  /** What the "bounce" is, if it is none; `null`: nothing that is wanted. */
  readonly kind?: EventKind | null;
  readonly class?: BounceClass;
  readonly category?: string;
  readonly fixed?: boolean;
}

/** Bounce classification codes. */
const BOUNCE_CLASSES: Readonly<Record<string, Meaning>> = {
  /** The reply could not be understood: ours may. */
  "1": {},
  "10": { class: "hard", category: "bad-mailbox", fixed: true },
  "20": { class: "soft" },
  "21": { class: "soft" },
  "22": { class: "soft", category: "quota-issues", fixed: true },
  "23": { class: "soft" },
  "24": { class: "expired", category: "message-expired", fixed: true },
  /** Failed by a policy of the account's own. */
  "25": { class: "block", category: "policy-related", fixed: true },
  /** Held back by SparkPost's own "Smart Send". */
  "26": { class: "block", category: "policy-related", fixed: true },
  "30": { class: "hard" },
  "40": { class: "soft" },
  "50": { class: "block", category: "policy-related", fixed: true },
  "51": { class: "block", category: "spam-related", fixed: true },
  "52": { class: "block", category: "spam-related", fixed: true },
  "53": { class: "block", category: "content-related", fixed: true },
  "54": { class: "block", category: "relaying-issues", fixed: true },
  "60": { kind: "auto_reply" },
  "70": { class: "soft" },
  /** Mail that subscribes somebody. */
  "80": { kind: null },
  "90": { kind: "unsubscribed" },
  /** A challenge to the sender. */
  "100": { kind: "auto_reply" },
};

/** A feedback report that takes a complaint back (RFC 6430). */
const NO_COMPLAINT = "not-spam";

export const sparkpost = defineAdapter<string>({
  id: "sparkpost",
  title: "SparkPost",
  manual: "https://developers.sparkpost.com/api/webhooks/",
  setUp: [
    "Make up a long secret and set it as sparkpost:<secret>: {secret}",
    "In SparkPost: Configuration → Webhooks. Create one with the target {url} and basic authentication with that user and secret, for deliveries, delays, bounces, complaints, rejections and unsubscribes.",
  ],
  ...BY_SHARED_SECRET,
  parse: (request) => readRecords(request.body, parseRecord),
  sample: (at) =>
    jsonSample([
      {
        msys: {
          message_event: {
            type: "delivery",
            event_id: String(at),
            timestamp: String(sampleSeconds(at)),
            rcpt_to: SAMPLE_RECIPIENT,
            message_id: sampleId(at),
            transmission_id: String(at),
            msg_from: SAMPLE_SENDER,
          },
        },
      },
    ]),
});

/** One event of one class; no class at all is a ping. */
function parseRecord(record: unknown): ParsedItem {
  if (!isObject(record)) return unreadable("not_an_object");
  const classes = Object.entries(objectOf(record.msys));
  const [[name, event] = []] = classes;
  if (name === undefined) {
    const isPing = isObject(record.msys) || Object.keys(record).length === 0;
    return isPing ? ignored() : unreadable("unknown_kind", "msys");
  }
  if (classes.length > 1) return unreadable("unknown_kind", "several classes");
  return OTHER_CLASSES.has(name) ? ignored() : parseEvent(objectOf(event));
}

function parseEvent(event: JsonObject): ParsedItem {
  const stated = entryOf(KINDS, textOf(event.type));
  if (stated === undefined) return unreadable("unknown_kind", "type");
  const meaning = (stated === "bounced" && entryOf(BOUNCE_CLASSES, textOf(event.bounce_class))) || {};
  const kind = meaning.kind === undefined ? stated : meaning.kind;
  if (kind === null || (kind === "complained" && feedbackTypeOf(event) === NO_COMPLAINT)) return ignored();
  // `rcpt_to` is in lower case.
  const recipient = textOf(event.raw_rcpt_to) ?? textOf(event.rcpt_to);
  if (recipient === undefined) return unreadable("no_recipient");
  return { type: "events", drafts: [draftOf(event, { kind, recipient, meaning })] };
}

interface Subject {
  readonly kind: EventKind;
  readonly recipient: string;
  readonly meaning: Meaning;
}

function draftOf(event: JsonObject, { kind, recipient, meaning }: Subject): EventDraft {
  const [type, id, time] = [textOf(event.type), textOf(event.event_id), textOf(event.timestamp)];
  const bounceClass = textOf(event.bounce_class);
  const messageId = textOf(event.message_id) ?? textOf(event.transmission_id);
  const reply = textOf(event.raw_reason) ?? textOf(event.reason);
  const isBounce = kind === "bounced";
  return {
    kind,
    recipient,
    stated:
      isBounce && meaning.class
        ? { class: meaning.class, rule: `sparkpost:${bounceClass}`, fixed: meaning.fixed ?? false }
        : undefined,
    category: kind === "rejected" ? refusalCategory(reply) : isBounce ? meaning.category : undefined,
    hint: bounceClass ?? feedbackTypeOf(event) ?? (kind === "rejected" ? type : undefined),
    messageId,
    occurredAt: msOfUnixSeconds(time) ?? msOfRfc3339(time),
    statusCode: statusCodeIn(reply),
    replyCode: replyCodeIn(textOf(event.error_code)) ?? replyCodeIn(reply),
    diagnosticCode: reply,
    remoteMta: textOf(event.ip_address),
    envelopeSender: textOf(event.msg_from),
    mode: isBounce ? (type === "out_of_band" ? "asynchronous" : "synchronous") : undefined,
    campaign: textOf(event.campaign_id),
    tags: textsOf(event.rcpt_tags),
    metadata: objectOf(event.rcpt_meta),
    identity: id === undefined ? [type, messageId, time] : [id],
  };
}

function feedbackTypeOf(event: JsonObject): string | undefined {
  return textOf(event.fbtype) ?? textOf(event.feedback_type);
}
