/**
 * Mailjet: the Event API posts one event as an object (version 1), or those of a second as an array (version 2).
 *
 * Manual: https://dev.mailjet.com/email/guides/webhooks/ (read 2026-11). Nothing is signed; Mailjet advises basic
 * auth in the URL. It wants exactly 200, and repeats anything else every 30 seconds for a day.
 *
 * `sent` says that the receiving server accepted the message: a delivery. Message ids exceed 2^53 and are read as
 * text. Without the receiver's reply (`comment`) Mailjet's verdict stands; with it, the reply may know better.
 *
 * Identity: event, time and message id. There is no event id.
 */
import { replyCodeIn, statusCodeIn } from "../domain/delivery-status";
import type { BounceClass, EventDraft, EventKind, StatedClass } from "../domain/event";
import { defineAdapter, type ParsedItem } from "./adapter";
import { BY_SHARED_SECRET } from "./auth";
import { entryOf, fieldsOfText, isObject, type JsonObject, textOf } from "./json";
import { ignored, readRecords, unreadable } from "./parsed";
import { jsonSample, SAMPLE_RECIPIENT, SAMPLE_REPLY, sampleSeconds, sampleUuid } from "./sample";
import { msOfUnixSeconds } from "./time";

/** Event → kind; `null`: known and not wanted. */
const KINDS: Readonly<Record<string, EventKind | null>> = {
  sent: "delivered",
  bounce: "bounced",
  /** Mailjet itself did not try. */
  blocked: "rejected",
  spam: "complained",
  unsub: "unsubscribed",
  open: null,
  click: null,
};

interface Meaning {
  readonly category: string;
  /** Where the error names the class, whatever `hard_bounce` says. */
  readonly class?: BounceClass;
  /** For `blocked`: what put the address on Mailjet's list. */
  readonly refusal?: string;
}

const refusedFor = (category: string): Meaning => ({ category, class: "block" });

/** Mailjet's table of errors, and the groups of it (`error_related_to`) that come without an error. */
const ERRORS: Readonly<Record<string, Meaning>> = {
  "user unknown": { category: "bad-mailbox", refusal: "bounced" },
  "mailbox inactive": { category: "inactive-mailbox", refusal: "bounced" },
  "quota exceeded": { category: "quota-issues" },
  "spam reporter": { category: "spam-related", refusal: "complained" },
  "invalid domain": { category: "bad-domain", refusal: "invalid" },
  "no mail host": { category: "no-answer-from-host" },
  "relay/access denied": refusedFor("relaying-issues"),
  greylisted: { category: "greylisted" },
  typofix: { category: "bad-domain", refusal: "invalid" },
  "sender blocked": refusedFor("policy-related"),
  "content blocked": refusedFor("content-related"),
  "policy issue": refusedFor("policy-related"),
  spam: refusedFor("spam-related"),
  content: refusedFor("content-related"),
  policy: refusedFor("policy-related"),
  "system issue": { category: "mail-system" },
  "protocol issue": { category: "protocol-errors" },
  "connection issue": { category: "bad-connection" },
  /** The address bounced lately, or again and again. */
  preblocked: { category: "other", refusal: "bounced" },
};

export const mailjet = defineAdapter<string>({
  id: "mailjet",
  title: "Mailjet",
  manual: "https://dev.mailjet.com/email/guides/webhooks/",
  setUp: [
    "Make up a long secret and set it as mailjet:<secret>: {secret}",
    "In Mailjet: Account settings → Event notifications. Enter {url} with mailjet:<secret>@ before the host, for sent, bounce, blocked, spam and unsub.",
  ],
  ...BY_SHARED_SECRET,
  parse: (request) => readRecords(request.body, parseEvent),
  sample: (at) =>
    jsonSample({
      event: "sent",
      time: sampleSeconds(at),
      MessageID: at,
      Message_GUID: sampleUuid(at),
      email: SAMPLE_RECIPIENT,
      smtp_reply: `sent (${SAMPLE_REPLY})`,
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

function draftOf(record: JsonObject, stated: EventKind, recipient: string): EventDraft {
  const [error, group] = [textOf(record.error), textOf(record.error_related_to)];
  const word = [error, group].map((w) => w?.toLowerCase()).find((w) => entryOf(ERRORS, w));
  const meaning = entryOf(ERRORS, word);
  const isHard = record.hard_bounce === true;
  // Mailjet goes on trying.
  const kind = stated === "bounced" && word === "greylisted" && !isHard ? "deferred" : stated;
  const comment = textOf(record.comment);
  const messageId = textOf(record.MessageID) ?? textOf(record.mj_message_id);
  const time = textOf(record.time);
  // `sent (250 2.0.0 OK …)`
  const reply = comment ?? textOf(record.smtp_reply)?.replace(/^sent \(/, "");
  return {
    kind,
    recipient,
    stated: kind === "bounced" ? statedClass({ word, meaning, isHard, isFinal: comment === undefined }) : undefined,
    category: kind === "rejected" ? (meaning?.refusal ?? "policy") : kind === "bounced" ? meaning?.category : undefined,
    hint: error ?? group ?? textOf(record.source),
    messageId,
    occurredAt: msOfUnixSeconds(time),
    statusCode: statusCodeIn(reply),
    replyCode: replyCodeIn(reply),
    diagnosticCode: comment ?? textOf(record.smtp_reply) ?? error ?? group,
    campaign: campaignOf(record),
    metadata: metadataOf(record),
    identity: [textOf(record.event), time, messageId],
  };
}

interface Verdict {
  readonly word: string | undefined;
  readonly meaning: Meaning | undefined;
  readonly isHard: boolean;
  readonly isFinal: boolean;
}

function statedClass({ word, meaning, isHard, isFinal }: Verdict): StatedClass {
  if (meaning?.class) return { class: meaning.class, rule: `mailjet:${word}`, fixed: true };
  return isHard
    ? { class: "hard", rule: "mailjet:hard_bounce", fixed: isFinal }
    : { class: "soft", rule: "mailjet:bounce", fixed: isFinal };
}

/** What the sender called it, else Mailjet's number; 0 is none. */
function campaignOf(record: JsonObject): string | undefined {
  const number = textOf(record.mj_campaign_id);
  return textOf(record.customcampaign) ?? (number === "0" ? undefined : number);
}

/** What the sender gave along: an id, and a payload that may be JSON. */
function metadataOf(record: JsonObject): EventDraft["metadata"] {
  const customId = textOf(record.CustomID);
  return { ...fieldsOfText(record.Payload, "payload"), ...(customId === undefined ? {} : { customId }) };
}
