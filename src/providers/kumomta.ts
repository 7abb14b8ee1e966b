/**
 * KumoMTA: log records, posted as JSON by a log hook that the operator writes in Lua; one record, or an array where the
 * hook batches them.
 *
 * Manual: https://docs.kumomta.com/userguide/operation/webhooks/ and https://docs.kumomta.com/reference/log_record/
 * (read 2026-11). Nothing is signed: the hook sends a secret along.
 *
 * `bounce_classification` is the verdict of the operator's own classifier and decides the class, as PowerMTA's does;
 * without a classifier every record says `Uncategorized`. The `recipient` of a feedback record is the mailbox that the
 * report came to: who complained stands in the report. The id of an `OOB` record is that of the returned mail.
 *
 * Identity: type, id, time, attempt and reply. A record is posted again unchanged.
 */
import type { BounceClass, EventDraft, EventKind, StatedClass } from "../domain/event";
import { defineAdapter, type ParsedItem } from "./adapter";
import { BY_SHARED_SECRET } from "./auth";
import { entryOf, isObject, type JsonObject, objectOf, textOf, textsOf } from "./json";
import { ignored, readRecords, unreadable } from "./parsed";
import {
  jsonSample,
  SAMPLE_RECIPIENT,
  SAMPLE_SENDER,
  sampleId,
  sampleMessageId,
  sampleSeconds,
  sampleTime,
} from "./sample";
import { refusedCommand } from "./smtp-command";
import { msOfRfc3339, msOfUnixSeconds } from "./time";

/** Record type → kind; `null`: known and not wanted. */
const KINDS: Readonly<Record<string, EventKind | null>> = {
  Delivery: "delivered",
  Bounce: "bounced",
  /** Out of band: a delivery status notification that came back later. */
  OOB: "bounced",
  Expiration: "bounced",
  TransientFailure: "deferred",
  Delayed: "deferred",
  Delay: "deferred",
  /** An operator threw it out of the queue. */
  AdminBounce: "rejected",
  Feedback: "complained",
  Reception: null,
  /** Of mail that was offered to KumoMTA. */
  Rejection: null,
  AdminRebind: null,
  DeferredInjectionRebind: null,
  XferOut: null,
  XferIn: null,
};

/** Returned mail that is no bounce. */
const KINDS_OF_CLASSIFICATIONS: Readonly<Record<string, EventKind | null>> = {
  AutoReply: "auto_reply",
  ChallengeResponse: "auto_reply",
  Unsubscribe: "unsubscribed",
  Subscribe: null,
};

/** Feedback types (RFC 5965, RFC 6430, RFC 6591 and drafts) that are no complaint; `null`: nothing to us. */
const KINDS_OF_FEEDBACK: Readonly<Record<string, EventKind | null>> = {
  "not-spam": null,
  "auth-failure": null,
  miscategorized: null,
  dkim: null,
  "opt-out": "unsubscribed",
  "opt-out-list": "unsubscribed",
};

type Meaning = readonly [bounceClass: BounceClass, category: string];

/** The predefined classifications; `Uncategorized` and the operator's own leave the class to the reply. */
const CLASSIFICATIONS: Readonly<Record<string, Meaning>> = {
  InvalidRecipient: ["hard", "bad-mailbox"],
  BadDomain: ["hard", "bad-domain"],
  DNSFailure: ["soft", "routing-errors"],
  RoutingErrors: ["soft", "routing-errors"],
  RelayingIssues: ["soft", "relaying-issues"],
  QuotaIssues: ["soft", "quota-issues"],
  InactiveMailbox: ["soft", "inactive-mailbox"],
  NoAnswerFromHost: ["soft", "no-answer-from-host"],
  BadConnection: ["soft", "bad-connection"],
  BadConfiguration: ["soft", "bad-configuration"],
  TransientFailure: ["soft", "mail-system"],
  /** Says nothing of this recipient, with whatever code it comes. */
  TooManyRecipients: ["soft", "too-many-recipients"],
  MessageExpired: ["expired", "message-expired"],
  SpamBlock: ["block", "spam-related"],
  SpamContent: ["block", "spam-related"],
  SpamRelated: ["block", "spam-related"],
  VirusRelated: ["block", "virus-related"],
  ContentRelated: ["block", "content-related"],
  ProhibitedAttachment: ["block", "content-related"],
  PolicyRelated: ["block", "policy-related"],
  AuthenticationFailed: ["block", "authentication"],
  InvalidSender: ["block", "invalid-sender"],
  RelayDenied: ["block", "relaying-issues"],
  ProtocolErrors: ["undetermined", "protocol-errors"],
};

const EXPIRATION: StatedClass = { class: "expired", rule: "kumomta:Expiration", fixed: true };

export const kumomta = defineAdapter<string>({
  id: "kumomta",
  title: "KumoMTA",
  manual: "https://docs.kumomta.com/userguide/operation/webhooks/",
  setUp: [
    "Make up a long secret and set it: {secret}",
    "In your policy, add a log hook that posts to {url} with the header Authorization: Bearer <secret>. The manual has it in full.",
  ],
  ...BY_SHARED_SECRET,
  parse: (request) => readRecords(request.body, parseRecord),
  sample: (at) =>
    jsonSample({
      type: "Delivery",
      id: sampleId(at),
      sender: SAMPLE_SENDER,
      recipient: SAMPLE_RECIPIENT,
      queue: "example.com",
      response: { code: 250, enhanced_code: { class: 2, subject: 0, detail: 0 }, content: "OK" },
      peer_address: { name: "mx1.example.com.", addr: "192.0.2.25" },
      timestamp: sampleSeconds(at),
      event_time: sampleTime(at),
      num_attempts: 1,
      headers: { "Message-ID": `<${sampleMessageId(at)}>` },
    }),
});

function parseRecord(record: unknown): ParsedItem {
  if (!isObject(record)) return unreadable("not_an_object");
  const kind = kindOf(record);
  if (kind === undefined) return unreadable("unknown_kind", "type");
  if (kind === null) return ignored();
  const recipients = recipientsOf(record);
  return recipients.length
    ? { type: "events", drafts: recipients.map((recipient) => draftOf(record, kind, recipient)) }
    : unreadable("no_recipient");
}

function kindOf(record: JsonObject): EventKind | null | undefined {
  const kind = entryOf(KINDS, textOf(record.type));
  const other =
    kind === "bounced"
      ? entryOf(KINDS_OF_CLASSIFICATIONS, textOf(record.bounce_classification))
      : kind === "complained"
        ? entryOf(KINDS_OF_FEEDBACK, feedbackTypeOf(record)?.toLowerCase())
        : undefined;
  return other === undefined ? kind : other;
}

function feedbackTypeOf(record: JsonObject): string | undefined {
  return textOf(objectOf(record.feedback_report).feedback_type);
}

/** One, or several in one transaction; of a report those whom it names, or the one in KumoMTA's own trace header. */
function recipientsOf(record: JsonObject): readonly string[] {
  if (textOf(record.type) !== "Feedback") return [...new Set(textsOf(record.recipient))];
  const report = objectOf(record.feedback_report);
  const candidates = [
    // KumoMTA's spelling, and the right one.
    report.original_rcpto_to,
    report.original_rcpt_to,
    objectOf(report.supplemental_trace).recipient,
    objectOf(report.extensions)["removal-recipient"],
  ];
  // Some receivers leave the field in and take the address out.
  const lists = candidates.map((candidate) =>
    textsOf(candidate)
      .filter((text) => text.includes("@"))
      .map((text) => text.replace(/^<|>$/g, "")),
  );
  return [...new Set(lists.find((list) => list.length))];
}

function draftOf(record: JsonObject, kind: EventKind, recipient: string): EventDraft {
  const type = textOf(record.type);
  const response = objectOf(record.response);
  const classification = textOf(record.bounce_classification);
  const meaning = kind === "bounced" ? entryOf(CLASSIFICATIONS, classification) : undefined;
  const [id, time] = [textOf(record.id), textOf(record.event_time) ?? textOf(record.timestamp)];
  const [code, statusCode] = [textOf(response.code), statusCodeOf(response.enhanced_code)];
  return {
    kind,
    recipient,
    stated: kind === "bounced" ? statedClass(type, classification, meaning) : undefined,
    category: kind === "rejected" ? "policy" : meaning?.[1],
    hint: feedbackTypeOf(record) ?? classification,
    envelopeSender: textOf(record.sender),
    messageId: id,
    internetMessageId: messageIdIn(objectOf(record.headers)),
    occurredAt: msOfRfc3339(textOf(record.event_time)) ?? msOfUnixSeconds(textOf(record.timestamp)),
    statusCode,
    replyCode: code,
    smtpCommand: refusedCommand(textOf(response.command), statusCode),
    diagnosticCode: textOf(response.content),
    remoteMta: textOf(objectOf(record.peer_address).name),
    mode: type === "OOB" ? "asynchronous" : type === "Bounce" ? "synchronous" : undefined,
    campaign: textOf(objectOf(record.meta).campaign) ?? campaignIn(textOf(record.queue)),
    metadata: objectOf(record.meta),
    identity: [type, id, time, textOf(record.num_attempts), code],
  };
}

function statedClass(
  type: string | undefined,
  classification: string | undefined,
  meaning: Meaning | undefined,
): StatedClass | undefined {
  if (type === "Expiration") return EXPIRATION;
  return meaning && { class: meaning[0], rule: `kumomta:${classification}`, fixed: true };
}

/** `{"class":5,"subject":1,"detail":1}` → `5.1.1` */
function statusCodeOf(enhanced: unknown): string | undefined {
  const { class: digit, subject, detail } = objectOf(enhanced);
  const parts = [digit, subject, detail].flatMap((part) => textOf(part) ?? []);
  return parts.length === 3 ? parts.join(".") : undefined;
}

/** Headers are there as the operator has them logged. */
function messageIdIn(headers: JsonObject): string | undefined {
  const [, value] = Object.entries(headers).find(([name]) => name.toLowerCase() === "message-id") ?? [];
  return textsOf(value)[0];
}

/** A queue is `campaign:tenant@domain!routing`, where only the domain must be there. */
function campaignIn(queue: string | undefined): string | undefined {
  return /^([^:@![]+):/.exec(queue ?? "")?.[1];
}
