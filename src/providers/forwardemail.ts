/**
 * Forward Email: one bounce per call.
 *
 * Manual: https://forwardemail.net/en/faq#do-you-support-bounce-webhooks (read 2026-11). Signed:
 * `X-Webhook-Signature` is the HMAC-SHA256 of the body, in hex.
 *
 * The category is what decides: `block`, `spam` and `virus` are about the sender or the message and fix their class,
 * `recipient` is about the address. The reply's words and codes may refine all others.
 *
 * Identity: mail, category and code; a mail has one recipient here, and a call is repeated unchanged.
 */
import { statusCodeIn } from "../domain/delivery-status";
import type { EventDraft, StatedClass } from "../domain/event";
import { defineAdapter, type ParsedItem } from "./adapter";
import { type BodyHmac, readSecret, verifyBodyHmac } from "./auth";
import { entryOf, isObject, type JsonObject, objectOf, textOf } from "./json";
import { readRecord, unreadable } from "./parsed";
import { jsonSample, SAMPLE_RECIPIENT, sampleId, sampleMessageId, sampleTime } from "./sample";
import { msOfRfc3339 } from "./time";

const SCHEME: BodyHmac = { header: "x-webhook-signature", encoding: "hex" };

const stated = (word: string, bounceClass: StatedClass["class"], fixed: boolean): StatedClass => ({
  class: bounceClass,
  rule: `forwardemail:${word}`,
  fixed,
});

/** `bounce.category` → class, and the category in our words. */
const CATEGORIES: Readonly<Record<string, { readonly category: string; readonly stated: StatedClass }>> = {
  recipient: { category: "bad-mailbox", stated: stated("recipient", "hard", true) },
  block: { category: "policy-related", stated: stated("block", "block", true) },
  blocklist: { category: "policy-related", stated: stated("blocklist", "block", true) },
  spam: { category: "spam-related", stated: stated("spam", "block", true) },
  virus: { category: "virus-related", stated: stated("virus", "block", true) },
  dmarc: { category: "authentication", stated: stated("dmarc", "block", false) },
  policy: { category: "policy-related", stated: stated("policy", "block", false) },
  capacity: { category: "quota-issues", stated: stated("capacity", "soft", false) },
  defer: { category: "deferred", stated: stated("defer", "soft", false) },
  dns: { category: "routing-errors", stated: stated("dns", "soft", false) },
  network: { category: "no-answer-from-host", stated: stated("network", "soft", false) },
  protocol: { category: "protocol-errors", stated: stated("protocol", "soft", false) },
};
/** A category that nobody has written down yet, or none. */
const OTHER = { category: undefined, stated: stated("other", "soft", false) };

export const forwardemail = defineAdapter<string>({
  id: "forwardemail",
  title: "Forward Email",
  manual: "https://forwardemail.net/en/faq#do-you-support-bounce-webhooks",
  setUp: [
    "In Forward Email: your domain → Advanced settings. Enter {url} as the bounce webhook.",
    "Set the webhook signature key that the same page shows: {secret}",
  ],
  verifiedBy: "X-Webhook-Signature (HMAC-SHA256 of the body)",
  readCredential: readSecret,
  verify: (request, secrets) => verifyBodyHmac(request, secrets, SCHEME),
  parse: (request) => readRecord(request.body, parseBounce),
  sample: (at) =>
    jsonSample({
      email_id: sampleId(at),
      recipient: SAMPLE_RECIPIENT,
      message: "554 5.7.1 Not accepted for policy reasons",
      response_code: 554,
      response: "554 5.7.1 Not accepted for policy reasons",
      truth_source: "example.com",
      headers: { "Message-ID": `<${sampleMessageId(at)}>` },
      bounce: { action: "reject", category: "policy", code: 554, status: "5.7.1" },
      bounced_at: sampleTime(at),
    }),
});

function parseBounce(record: unknown): ParsedItem {
  if (!isObject(record)) return unreadable("not_an_object");
  // There are bounces only: what has no `bounce` is something that this version does not know.
  if (!isObject(record.bounce)) return unreadable("unknown_kind", "bounce");
  const recipient = textOf(record.recipient);
  if (recipient === undefined) return unreadable("no_recipient");
  return { type: "events", drafts: [draftOf(record, record.bounce, recipient)] };
}

function draftOf(record: JsonObject, bounce: JsonObject, recipient: string): EventDraft {
  const word = textOf(bounce.category);
  const known = entryOf(CATEGORIES, word) ?? OTHER;
  const headers = objectOf(record.headers);
  const [mailId, code] = [textOf(record.email_id), textOf(record.response_code) ?? textOf(bounce.code)];
  const diagnostic = textOf(record.response) ?? textOf(record.message) ?? textOf(bounce.message);
  return {
    kind: "bounced",
    recipient,
    ...known,
    hint: word ?? textOf(bounce.action),
    messageId: mailId,
    internetMessageId: textOf(headers["Message-ID"]) ?? textOf(headers["Message-Id"]),
    campaign: textOf(headers["X-Listmonk-Campaign"]) ?? textOf(record.list_id),
    occurredAt: msOfRfc3339(textOf(record.bounced_at)),
    statusCode: statusCodeIn(textOf(bounce.status)),
    replyCode: code,
    diagnosticCode: diagnostic,
    remoteMta: textOf(record.truth_source),
    mode: "synchronous",
    identity: mailId === undefined ? [word, code, diagnostic, textOf(record.bounced_at)] : [mailId, word, code],
  };
}
