/**
 * Twilio SendGrid: the Event Webhook posts batches, each an array of events.
 *
 * Manual: https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event (read 2026-11). Signed: ECDSA over the
 * timestamp's text and the raw body, which ends each event with CR LF. There is no window of time: SendGrid repeats a
 * batch for a day.
 *
 * `smtp-id` is the Message-ID header and comes with every delivery and every bounce; a bounce by returned mail has no
 * `sg_message_id`. The sender's own arguments lie among the fields, and are what no field of SendGrid's is.
 *
 * "Blocked" is a bounce that puts the address on no list: refusals of the message, but full mailboxes too. The
 * receiver's words tell these apart.
 *
 * Identity: `sg_event_id`; content where it is missing.
 */
import { importP256Key, verifyP256 } from "../crypto/ecdsa";
import { bytesOfBase64, hexOf, utf8Bytes } from "../crypto/encoding";
import { derOfPem } from "../crypto/x509";
import { replyCodeIn, statusCodeIn } from "../domain/delivery-status";
import type { BounceClass, EventDraft, EventKind, StatedClass } from "../domain/event";
import { fail, ok, type Result } from "../domain/result";
import { defineAdapter, type ParsedItem, type RawCredential, type VerifyOutcome, type WebhookRequest } from "./adapter";
import { accepted, unauthenticated } from "./auth";
import { entryOf, isObject, type JsonObject, textOf, textsOf } from "./json";
import { ignored, readRecords, unreadable } from "./parsed";
import { refusalCategory } from "./refusal";
import { jsonSample, SAMPLE_RECIPIENT, SAMPLE_REPLY, sampleId, sampleMessageId, sampleSeconds } from "./sample";
import { msOfUnixSeconds } from "./time";

const SIGNATURE = "x-twilio-email-event-webhook-signature";
const TIMESTAMP = "x-twilio-email-event-webhook-timestamp";
/** How the SubjectPublicKeyInfo (RFC 5480) of every P-256 key begins; 64 bytes follow. */
const P256_PREFIX = "3059301306072a8648ce3d020106082a8648ce3d03010703420004";
const P256_BYTES = 91;

/** Event → kind; `null`: known and not wanted. */
const KINDS: Readonly<Record<string, EventKind | null>> = {
  delivered: "delivered",
  deferred: "deferred",
  bounce: "bounced",
  /** Not even tried: the address is on a list of the account, or the message was refused. */
  dropped: "rejected",
  spamreport: "complained",
  unsubscribe: "unsubscribed",
  group_unsubscribe: "unsubscribed",
  group_resubscribe: null,
  processed: null,
  open: null,
  click: null,
  account_status_change: null,
};

/** A bounce's `type`. `expired`, a message that was given up, is in the older reference only. */
const TYPES: Readonly<Record<string, BounceClass>> = { bounce: "hard", blocked: "block", expired: "expired" };

interface Meaning {
  readonly class: BounceClass;
  readonly category: string;
}
const of = (bounceClass: BounceClass, category: string): Meaning => ({ class: bounceClass, category });

/** `bounce_classification`, in lower case: both are in use. */
const CLASSIFICATIONS: Readonly<Record<string, Meaning>> = {
  "invalid address": of("hard", "bad-mailbox"),
  "mailbox unavailable": of("soft", "inactive-mailbox"),
  technical: of("soft", "mail-system"),
  content: of("block", "content-related"),
  reputation: of("block", "policy-related"),
  "frequency or volume too high": of("block", "rate-limited"),
};

/** The reason of a `dropped` that names no list and still speaks of the address. */
const INVALID = "invalid";

/** The id that the API answered with; what follows it names a server and the recipient. */
const API_MESSAGE_ID = /^([\w-]{22})\./;

/** Everything else in an event is the sender's. `asm_group_id`, the group that somebody left, is worth keeping. */
const OWN_FIELDS = new Set(
  `attempt bounce_classification category cert_err email event ip marketing_campaign_id marketing_campaign_name
   marketing_campaign_split_id marketing_campaign_version mc_auto_id mc_auto_name mc_auto_step_id mc_pod_id mc_stats
   newsletter nlvx_campaign_id nlvx_campaign_split_id nlvx_user_id phase_id pool post_type reason response send_at
   sg_content_type sg_event_id sg_machine_open sg_message_id sg_template_id sg_template_name sg_user_id singlesend_id
   singlesend_name smtp-id status template_hash template_id template_version_id timestamp tls type url url_offset
   useragent`.split(/\s+/),
);

export const sendgrid = defineAdapter<Uint8Array>({
  id: "sendgrid",
  title: "SendGrid",
  manual: "https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event",
  setUp: [
    "In SendGrid: Settings → Mail Settings → Event Webhooks → Create new webhook. Enter {url}, for delivered, deferred, bounced, dropped, spam reports and both kinds of unsubscribes; switch Signed Event Webhook on.",
    "Save, open it again and set its verification key, which begins with MFkwEwYH: {secret}",
  ],
  verifiedBy: "X-Twilio-Email-Event-Webhook-Signature (ECDSA P-256 of timestamp and body)",
  readCredential: readPublicKey,
  verify,
  parse: (request) => readRecords(request.body, parseEvent),
  sample: (at) =>
    jsonSample([
      {
        email: SAMPLE_RECIPIENT,
        timestamp: sampleSeconds(at),
        "smtp-id": `<${sampleMessageId(at)}>`,
        event: "delivered",
        sg_event_id: sampleId(at),
        sg_message_id: sampleId(at),
        response: SAMPLE_REPLY,
      },
    ]),
});

/** As the dashboard shows it, base64 in one line, or as a PEM file. */
function readPublicKey(raw: RawCredential): Result<Uint8Array, string> {
  const text = typeof raw === "string" ? raw : "";
  const spki = derOfPem(text, "PUBLIC KEY") ?? bytesOfBase64(text.trim());
  const isP256 = spki?.byteLength === P256_BYTES && hexOf(spki).startsWith(P256_PREFIX);
  return isP256 ? ok(spki) : fail("must be the base64 of a P-256 public key (the dashboard's verification key)");
}

async function verify(request: WebhookRequest, keys: readonly Uint8Array[]): Promise<VerifyOutcome> {
  const timestamp = request.headers.get(TIMESTAMP) ?? "";
  const signature = bytesOfBase64(request.headers.get(SIGNATURE)?.trim() ?? "");
  // Nothing stands between the two: digits only, so that no part of the body can pass for the timestamp.
  if (!/^\d{1,12}$/.test(timestamp) || !signature?.byteLength) {
    return unauthenticated("the signature or timestamp header is missing or malformed");
  }
  const head = utf8Bytes(timestamp);
  const signed = new Uint8Array(head.byteLength + request.body.byteLength);
  signed.set(head);
  signed.set(request.body, head.byteLength);
  for (const spki of keys) {
    const key = await importP256Key(spki);
    if (key && (await verifyP256(key, signature, signed))) return accepted(request);
  }
  return unauthenticated("the signature is not that of this body");
}

function parseEvent(event: unknown): ParsedItem {
  if (!isObject(event)) return unreadable("not_an_object");
  const kind = entryOf(KINDS, textOf(event.event));
  if (kind === undefined) return unreadable("unknown_kind", "event");
  if (kind === null) return ignored();
  const recipient = textOf(event.email);
  if (recipient === undefined) return unreadable("no_recipient");
  return { type: "events", drafts: [draftOf(event, kind, recipient)] };
}

function draftOf(event: JsonObject, kind: EventKind, recipient: string): EventDraft {
  const [type, classification] = [textOf(event.type), textOf(event.bounce_classification)];
  const reply = textOf(event.reason) ?? textOf(event.response);
  const verdict = kind === "bounced" ? verdictOf(type, classification) : undefined;
  const [id, messageId] = [textOf(event.sg_event_id), textOf(event.sg_message_id)];
  const time = textOf(event.timestamp);
  return {
    kind,
    recipient,
    stated: verdict?.stated,
    category: kind === "rejected" ? droppedFor(reply) : verdict?.category,
    hint: kind === "rejected" ? reply : (classification ?? type ?? textOf(event.event)),
    messageId: API_MESSAGE_ID.exec(messageId ?? "")?.[1] ?? messageId,
    internetMessageId: textOf(event["smtp-id"]),
    occurredAt: msOfUnixSeconds(time),
    statusCode: statusCodeIn(textOf(event.status)) ?? statusCodeIn(reply),
    replyCode: replyCodeIn(reply),
    diagnosticCode: reply,
    tags: textsOf(event.category),
    campaign: campaignOf(event),
    metadata: argumentsOf(event),
    identity: id === undefined ? [textOf(event.event), messageId ?? textOf(event["smtp-id"]), time, reply] : [id],
  };
}

/** The type decides, else the classification; without either a bounce is for good. */
function verdictOf(type: string | undefined, classification: string | undefined): Verdict {
  const meaning = entryOf(CLASSIFICATIONS, classification?.toLowerCase());
  const byType = entryOf(TYPES, type);
  const word = byType ? type : meaning ? classification : "bounce";
  const bounceClass = byType ?? meaning?.class ?? "hard";
  return {
    stated: { class: bounceClass, rule: `sendgrid:${word}`, fixed: false },
    category: meaning?.class === bounceClass ? meaning.category : undefined,
  };
}

interface Verdict {
  readonly stated: StatedClass;
  readonly category: string | undefined;
}

function droppedFor(reason: string | undefined): string {
  return reason?.toLowerCase() === INVALID ? INVALID : refusalCategory(reason);
}

function campaignOf(event: JsonObject): string | undefined {
  return (
    textOf(event.singlesend_name) ??
    textOf(event.marketing_campaign_name) ??
    textOf(event.singlesend_id) ??
    textOf(event.marketing_campaign_id)
  );
}

function argumentsOf(event: JsonObject): EventDraft["metadata"] {
  const names = Object.keys(event).filter((name) => !OWN_FIELDS.has(name));
  return names.length ? Object.fromEntries(names.map((name) => [name, event[name]])) : {};
}
