/**
 * AhaSend: one event per call, as JSON.
 *
 * Manual: https://ahasend.com/docs/api-reference/webhooks (read 2026-11). Signed as Standard Webhooks says, except that
 * the characters of the secret are the key: nothing is decoded and no prefix is taken off. Six retries within a
 * quarter of an hour; a hundred failures in a row disable the webhook.
 *
 * A bounce has no class. Where the attempt is described, AhaSend's classifier and the reply decide; a bounce that came
 * by mail later has no such description. `message.failed` is the end of all retries.
 *
 * Identity: type, message id and timestamp (nanoseconds).
 */
import { replyCodeIn, statusCodeIn } from "../domain/delivery-status";
import type { BounceClass, EventDraft, EventKind, StatedClass } from "../domain/event";
import { defineAdapter, type ParsedItem } from "./adapter";
import { entryOf, isObject, type JsonObject, objectOf, textOf } from "./json";
import { ignored, readRecord, unreadable } from "./parsed";
import {
  jsonSample,
  SAMPLE_RECIPIENT,
  SAMPLE_SENDER,
  sampleId,
  sampleMessageId,
  sampleTime,
  sampleUuid,
} from "./sample";
import { refusedCommand } from "./smtp-command";
import { readPlainSecret, type StandardScheme, verifyStandard } from "./standard-signature";
import { msOfRfc3339 } from "./time";

const SCHEME: StandardScheme = { headerPrefixes: ["webhook"], version: "v1" };

/** Type → kind; `null`: known and not wanted. */
const KINDS: Readonly<Record<string, EventKind | null>> = {
  "message.reception": null,
  "message.delivered": "delivered",
  "message.transient_error": "deferred",
  "message.bounced": "bounced",
  "message.failed": "bounced",
  /** Not sent: the address is on AhaSend's list. */
  "message.suppressed": "rejected",
  "message.opened": null,
  "message.clicked": null,
  /** Incoming mail, under its present and its former name. */
  "message.routing": null,
  "route.message": null,
  /** Follows from bounces that were told of, and ends after a month. */
  "suppression.created": null,
  "domain.dns_error": null,
};

const FAILED: StatedClass = { class: "expired", rule: "ahasend:message.failed", fixed: true };

/** What AhaSend's classifier says of an attempt; names that are not here, and may come, leave it to the reply. */
const CLASSIFICATIONS: Readonly<Record<string, BounceClass>> = {
  InvalidRecipient: "hard",
  BadDomain: "hard",
  InactiveMailbox: "soft",
  QuotaIssues: "soft",
  NoAnswerFromHost: "soft",
  BadConnection: "soft",
  DNSFailure: "soft",
  RoutingErrors: "soft",
  TransientFailure: "soft",
  MessageExpired: "expired",
  InvalidSender: "block",
  AuthenticationFailed: "block",
  PolicyRelated: "block",
};

export const ahasend = defineAdapter<Uint8Array>({
  id: "ahasend",
  title: "AhaSend",
  manual: "https://ahasend.com/docs/api-reference/webhooks",
  setUp: [
    "In AhaSend: Webhooks. Add {url} for delivered, transient error, failed, bounced and suppressed.",
    "Set the secret that AhaSend shows for the webhook, whole: {secret}",
  ],
  verifiedBy: "Standard Webhooks signature (HMAC-SHA256 of id, time and body; the secret as it is)",
  readCredential: readPlainSecret,
  verify: (request, keys, { now }) => verifyStandard(request, keys, now, SCHEME),
  parse: (request) => readRecord(request.body, parseEvent),
  sample: (at) =>
    jsonSample({
      type: "message.delivered",
      webhook_id: sampleUuid(at),
      timestamp: sampleTime(at),
      data: {
        event: "on_delivered",
        from: SAMPLE_SENDER,
        recipient: SAMPLE_RECIPIENT,
        message_id_header: `<${sampleMessageId(at)}>`,
        id: sampleId(at),
        delivery_attempt: { smtp_code: 250, enhanced_status_code: "2.0.0", response: "OK", command: "DATA" },
      },
    }),
});

function parseEvent(event: unknown): ParsedItem {
  if (!isObject(event)) return unreadable("not_an_object");
  const kind = entryOf(KINDS, textOf(event.type));
  if (kind === undefined) return unreadable("unknown_kind", "type");
  if (kind === null) return ignored();
  const recipient = textOf(objectOf(event.data).recipient);
  if (recipient === undefined) return unreadable("no_recipient");
  return { type: "events", drafts: [draftOf(event, kind, recipient)] };
}

function draftOf(event: JsonObject, kind: EventKind, recipient: string): EventDraft {
  const data = objectOf(event.data);
  const attempt = objectOf(data.delivery_attempt);
  const [type, id, time] = [textOf(event.type), textOf(data.id), textOf(event.timestamp)];
  const [word, reply] = [textOf(attempt.classification), textOf(attempt.response)];
  const statusCode = statusCodeIn(textOf(attempt.enhanced_status_code));
  return {
    kind,
    recipient,
    stated: kind === "bounced" ? (type === "message.failed" ? FAILED : classOf(word)) : undefined,
    // Earlier bounces are all that puts an address there, beside the operator's own hand.
    category: kind === "rejected" ? "bounced" : undefined,
    hint: word,
    messageId: id,
    internetMessageId: textOf(data.message_id_header),
    occurredAt: msOfRfc3339(time),
    statusCode,
    replyCode: replyCodeIn(textOf(attempt.smtp_code)),
    smtpCommand: refusedCommand(textOf(attempt.command), statusCode),
    diagnosticCode: reply ?? textOf(attempt.description),
    identity: [type, id, time],
  };
}

function classOf(word: string | undefined): StatedClass | undefined {
  const bounceClass = entryOf(CLASSIFICATIONS, word);
  return bounceClass && { class: bounceClass, rule: `ahasend:${word}`, fixed: false };
}
