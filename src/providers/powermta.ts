/**
 * PowerMTA: accounting records, posted as JSON by its webhook (an array, buffered up to a second or a megabyte and
 * posted again until it succeeds). Inboxroad posts the same records.
 *
 * Manual: https://www.postmastery.com/infrastructure/powermta-webhook (read 2026-11); the record types and bounce
 * categories as PowerMTA's user guide lists them. Nothing is signed: an unguessable secret is the only proof.
 *
 * Identity: type, time, recipient, Message-ID (else job and envelope id) and status; PowerMTA has no event id, and
 * posts a record again unchanged.
 */
import { diagnosticText, replyCodeIn, statusCodeIn } from "../domain/delivery-status";
import type { BounceClass, EventDraft, EventKind, StatedClass } from "../domain/event";
import { type Adapter, defineAdapter, type ParsedItem, type ParseOutcome } from "./adapter";
import { readSecret, SHARED_SECRET_VERIFICATION, verifySharedSecret } from "./auth";
import { isObject, type JsonObject, parseRecords, textOf } from "./json";
import { eachRecord, ignored, unreadable, unreadableBody } from "./parsed";
import { jsonSample, SAMPLE_RECIPIENT, SAMPLE_REPLY, SAMPLE_SENDER, sampleMessageId, sampleSeconds } from "./sample";
import { msOfOffset, msOfUnixSeconds } from "./time";

/** Record type → kind; `null`: known and not wanted. */
const KINDS: Readonly<Record<string, EventKind | null>> = {
  d: "delivered",
  b: "bounced",
  /** Remote bounce: an asynchronous DSN that PowerMTA parsed. */
  rb: "bounced",
  /** Feedback loop report. */
  f: "complained",
  t: "deferred",
  tq: "deferred",
  r: null,
  rs: null,
  /** In no document, but seen: pipeline records. */
  p: null,
};

/** Feedback types by which nobody complains: a report taken back (RFC 6430), failed authentication (RFC 6591). */
const NO_COMPLAINT = new Set(["not-spam", "auth-failure"]);

const MESSAGE_ID_FIELD = "header_message-id";

type CategoryMapping = Readonly<Record<string, BounceClass | null>>;

/** The seventeen bounce categories. `null`: the category says too little, the status code and the text decide. */
export const BOUNCE_CATEGORIES: CategoryMapping = {
  "bad-mailbox": "hard",
  "bad-domain": "hard",
  "quota-issues": "soft",
  "inactive-mailbox": "soft",
  "no-answer-from-host": "soft",
  "relaying-issues": "soft",
  "routing-errors": "soft",
  "message-expired": "expired",
  "bad-configuration": "soft",
  "bad-connection": "soft",
  "content-related": "block",
  "policy-related": "block",
  "spam-related": "block",
  "virus-related": "block",
  "invalid-sender": "block",
  "protocol-errors": "undetermined",
  other: null,
};

interface Variant extends Pick<Adapter, "id" | "title" | "manual" | "setUp"> {
  readonly categories: CategoryMapping;
}

/** An adapter for a source of PowerMTA records. */
export function powerMtaAdapter({ categories, ...about }: Variant): Adapter {
  return defineAdapter<string>({
    ...about,
    verifiedBy: SHARED_SECRET_VERIFICATION,
    usesBasicAuth: true,
    readCredential: readSecret,
    verify: async (request, secrets) => verifySharedSecret(request, secrets),
    parse: (request) => parseBody(request.body, about.id, categories),
    sample: (at) =>
      jsonSample({
        type: "d",
        timeLogged: String(sampleSeconds(at)),
        orig: SAMPLE_SENDER,
        rcpt: SAMPLE_RECIPIENT,
        dsnAction: "relayed",
        dsnStatus: "2.0.0 (success)",
        dsnDiag: `smtp;${SAMPLE_REPLY}`,
        "header_Message-Id": `<${sampleMessageId(at)}>`,
      }),
  });
}

export const powermta = powerMtaAdapter({
  id: "powermta",
  title: "PowerMTA",
  manual: "https://www.postmastery.com/infrastructure/powermta-webhook",
  setUp: [
    "Make up a long secret and set it: {secret}",
    "Point PowerMTA’s webhook at {url} with ?token=<secret> behind it, or with the header Authorization: Bearer <secret>. Record the types d, b, rb and f.",
  ],
  categories: BOUNCE_CATEGORIES,
});

function parseBody(body: Uint8Array, provider: string, categories: CategoryMapping): ParseOutcome {
  const records = parseRecords(body);
  if (!records.ok) return unreadableBody(records.error);
  return eachRecord(records.value, (record) =>
    record.ok ? parseRecord(record.value, provider, categories) : unreadable(record.error),
  );
}

function parseRecord(record: unknown, provider: string, categories: CategoryMapping): ParsedItem {
  if (!isObject(record)) return unreadable("not_an_object");
  const type = textOf(record.type);
  if (type === undefined || !Object.hasOwn(KINDS, type)) return unreadable("unknown_kind", "record type");
  const kind = KINDS[type];
  if (!kind || (kind === "complained" && NO_COMPLAINT.has(textOf(record.feedbackType) ?? ""))) return ignored();
  // Feedback records name the recipient in fields of their own.
  const recipient = textOf(record.rcpt) ?? textOf(record.originalRcptTo) ?? textOf(record.orcpt);
  if (recipient === undefined) return unreadable("no_recipient");
  return { type: "events", drafts: [draftOf(record, { type, kind, recipient }, provider, categories)] };
}

function draftOf(
  record: JsonObject,
  { type, kind, recipient }: { type: string; kind: EventKind; recipient: string },
  provider: string,
  categories: CategoryMapping,
): EventDraft {
  const time = textOf(record.timeLogged);
  const status = textOf(record.dsnStatus);
  const diagnostic = textOf(record.dsnDiag);
  const messageId = messageIdIn(record);
  // Delivered records carry a `bounceCat` too: the type decides what a record is.
  const word = kind === "bounced" ? textOf(record.bounceCat) : undefined;
  return {
    kind,
    recipient,
    stated: word === undefined ? undefined : statedClass(word, provider, categories),
    category: word !== undefined && Object.hasOwn(categories, word) && word !== "other" ? word : undefined,
    hint: word ?? (kind === "complained" ? textOf(record.feedbackType) : undefined),
    envelopeSender: textOf(record.orig),
    internetMessageId: messageId,
    // One message, one name for it: the envelope's id only where the header was not logged.
    messageId: messageId === undefined ? textOf(record.envId) : undefined,
    // As its accounting is configured: seconds, or a date with the server's offset.
    occurredAt: msOfUnixSeconds(time) ?? msOfOffset(time),
    statusCode: statusCodeIn(status),
    replyCode: replyCodeIn(diagnosticText(diagnostic)),
    diagnosticCode: diagnostic,
    remoteMta: textOf(record.dsnMta),
    mode: kind === "bounced" ? (type === "rb" ? "asynchronous" : "synchronous") : undefined,
    campaign: textOf(record.jobId),
    identity: [type, time, messageId ?? textOf(record.envId) ?? textOf(record.jobId), status],
  };
}

/** The field is spelt as the operator spelt the header. */
function messageIdIn(record: JsonObject): string | undefined {
  return textOf(Object.entries(record).find(([name]) => name.toLowerCase() === MESSAGE_ID_FIELD)?.[1]);
}

function statedClass(word: string, provider: string, categories: CategoryMapping): StatedClass | undefined {
  const bounceClass = Object.hasOwn(categories, word) ? categories[word] : null;
  return bounceClass ? { class: bounceClass, rule: `${provider}:${word}`, fixed: true } : undefined;
}
