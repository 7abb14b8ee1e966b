/**
 * Postal, the open-source mail server: one event per call, in an envelope that its older manual leaves out.
 *
 * Manual: https://docs.postalserver.io/developer/webhooks (read 2026-11), and the server's own source for what it says
 * of failures. Signed with the server's RSA key over the body: `X-Postal-Signature-256` (SHA-256), or on older servers
 * `X-Postal-Signature` (SHA-1) alone. Where the first is there, the second is not looked at.
 *
 * What a delivery attempt came to is told by its `status`, not by the event's name. Events about incoming mail are about
 * nobody whom we write to. A bounce that comes back later brings no code and no text. A failure without the reply of a
 * server (`output`) may be Postal's own doing; then `details` says so.
 *
 * Identity: `uuid`, the same in every attempt to post the event; else event, message and time.
 */
import { readSequence } from "../crypto/asn1";
import { bytesOfBase64, hexOf } from "../crypto/encoding";
import { importRsaKey, type RsaHash, verifyRsa } from "../crypto/rsa";
import { derOfPem } from "../crypto/x509";
import { replyCodeIn, statusCodeIn } from "../domain/delivery-status";
import type { EventDraft, EventKind, StatedClass } from "../domain/event";
import { fail, ok, type Result } from "../domain/result";
import { defineAdapter, type ParsedItem, type RawCredential, type VerifyOutcome, type WebhookRequest } from "./adapter";
import { accepted, unauthenticated } from "./auth";
import { entryOf, isObject, type JsonObject, objectOf, textOf, textsOf } from "./json";
import { ignored, readRecord, unreadable } from "./parsed";
import {
  jsonSample,
  SAMPLE_RECIPIENT,
  SAMPLE_REPLY,
  SAMPLE_SENDER,
  sampleId,
  sampleMessageId,
  sampleUuid,
} from "./sample";
import { msOfUnixSeconds } from "./time";

/** The first header that is there counts. */
const SIGNATURES: readonly { readonly header: string; readonly hash: RsaHash }[] = [
  { header: "x-postal-signature-256", hash: "SHA-256" },
  { header: "x-postal-signature", hash: "SHA-1" },
];

/** The object identifier 1.2.840.113549.1.1.1 in DER (RFC 8017, appendix A.1). */
const RSA_ENCRYPTION = "06092a864886f70d010101";

/** Status of a delivery attempt, else event → kind; `null`: known and not wanted. */
const KINDS: Readonly<Record<string, EventKind | null>> = {
  Sent: "delivered",
  SoftFail: "deferred",
  HardFail: "bounced",
  Held: null,
  MessageSent: "delivered",
  MessageDelayed: "deferred",
  MessageDeliveryFailed: "bounced",
  MessageBounced: "bounced",
  MessageHeld: null,
  MessageLinkClicked: null,
  MessageLoaded: null,
  DomainDNSError: null,
  SendLimitApproaching: null,
  SendLimitExceeded: null,
};

const HARD_FAIL: StatedClass = { class: "hard", rule: "postal:HardFail", fixed: false };
const BOUNCED: StatedClass = { class: "undetermined", rule: "postal:MessageBounced", fixed: false };

/** What Postal says in `details` where it failed a message without asking any server. */
const OWN_FAILURES: readonly { readonly pattern: RegExp; readonly stated: StatedClass }[] = [
  {
    pattern: /^Maximum number of delivery attempts/,
    stated: { class: "expired", rule: "postal:attempts", fixed: true },
  },
  { pattern: /^Message is likely spam/, stated: { class: "block", rule: "postal:spam", fixed: true } },
  {
    pattern: /^(?:Message's domain no longer exist|Raw message has been removed|Scope .{0,100} is not valid)/,
    stated: { class: "block", rule: "postal:message", fixed: true },
  },
];

export const postal = defineAdapter<Uint8Array>({
  id: "postal",
  title: "Postal",
  manual: "https://docs.postalserver.io/developer/webhooks",
  setUp: [
    "On the Postal server, postal default-dkim-record shows the public key behind p=. Set it: {secret}",
    "In Postal: your mail server → Webhooks. Add {url} for MessageSent, MessageDelayed, MessageDeliveryFailed and MessageBounced.",
  ],
  verifiedBy: "X-Postal-Signature-256 (RSA-SHA256), or X-Postal-Signature (RSA-SHA1) of older servers",
  readCredential,
  verify,
  parse: (request) => readRecord(request.body, parseEvent),
  sample: (at) =>
    jsonSample({
      event: "MessageSent",
      timestamp: at / 1000,
      payload: {
        message: {
          id: at,
          token: sampleId(at),
          direction: "outgoing",
          message_id: sampleMessageId(at),
          to: SAMPLE_RECIPIENT,
          from: SAMPLE_SENDER,
        },
        status: "Sent",
        output: SAMPLE_REPLY,
        timestamp: at / 1000,
      },
      uuid: sampleUuid(at),
    }),
});

/** The server's public key: base64 of its SubjectPublicKeyInfo, as the DKIM record has it, or PEM. */
function readCredential(raw: RawCredential): Result<Uint8Array, string> {
  const text = typeof raw === "string" ? raw.replaceAll("\\n", "\n") : "";
  const spki = text.includes("-----") ? derOfPem(text, "PUBLIC KEY") : bytesOfBase64(text.replace(/\s/g, ""));
  const [algorithm] = (spki && readSequence(spki)) ?? [];
  return spki && algorithm && hexOf(algorithm.content).startsWith(RSA_ENCRYPTION)
    ? ok(spki)
    : fail("must be an RSA public key, in PEM or as base64");
}

async function verify(request: WebhookRequest, keys: readonly Uint8Array[]): Promise<VerifyOutcome> {
  const scheme = SIGNATURES.find(({ header }) => request.headers.has(header));
  if (!scheme) return unauthenticated("there is no signature");
  const signature = bytesOfBase64(request.headers.get(scheme.header) ?? "");
  if (!signature?.byteLength) return unauthenticated(`${scheme.header} is malformed`);
  for (const spki of keys) {
    const key = await importRsaKey(spki, scheme.hash);
    if (key && (await verifyRsa(key, signature, request.body))) return accepted(request);
  }
  return unauthenticated(`${scheme.header} is not the signature of this body`);
}

function parseEvent(envelope: unknown): ParsedItem {
  if (!isObject(envelope)) return unreadable("not_an_object");
  const payload = objectOf(envelope.payload);
  const message = objectOf(payload.message ?? payload.original_message);
  const word = isObject(payload.bounce) ? "MessageBounced" : (textOf(payload.status) ?? textOf(envelope.event));
  const kind = entryOf(KINDS, word);
  if (kind === undefined) return unreadable("unknown_kind", "event");
  if (kind === null || message.direction === "incoming") return ignored();
  const recipient = textOf(message.to);
  if (recipient === undefined) return unreadable("no_recipient");
  return { type: "events", drafts: [draftOf(envelope, { payload, message, kind, recipient })] };
}

interface Reading {
  readonly payload: JsonObject;
  readonly message: JsonObject;
  readonly kind: EventKind;
  readonly recipient: string;
}

function draftOf(envelope: JsonObject, { payload, message, kind, recipient }: Reading): EventDraft {
  const isReturned = isObject(payload.bounce);
  const [output, details] = [textOf(payload.output), textOf(payload.details)];
  const messageId = textOf(message.message_id);
  const ownId = textOf(message.token) ?? textOf(message.id);
  // A bounce's own time is that of the mail that came back.
  const time = [objectOf(payload.bounce).timestamp, payload.timestamp, envelope.timestamp].map(textOf).find((t) => t);
  const uuid = textOf(envelope.uuid);
  return {
    kind,
    recipient,
    stated: kind === "bounced" ? statedClass(isReturned, output, details) : undefined,
    hint: textOf(payload.status) ?? textOf(envelope.event),
    envelopeSender: textOf(message.from),
    internetMessageId: messageId,
    // One message, one name for it: the server's own only where there is no header.
    messageId: messageId === undefined ? ownId : undefined,
    occurredAt: msOfUnixSeconds(time),
    statusCode: statusCodeIn(output),
    replyCode: replyCodeIn(output),
    diagnosticCode: output ?? details,
    mode: kind === "bounced" ? (isReturned ? "asynchronous" : "synchronous") : undefined,
    tags: textsOf(message.tag),
    identity: uuid === undefined ? [textOf(envelope.event), messageId ?? ownId, time] : [uuid],
  };
}

function statedClass(isReturned: boolean, output: string | undefined, details: string | undefined): StatedClass {
  if (isReturned) return BOUNCED;
  const own = output === undefined ? OWN_FAILURES.find(({ pattern }) => pattern.test(details ?? "")) : undefined;
  return own?.stated ?? HARD_FAIL;
}
