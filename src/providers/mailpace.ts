/**
 * MailPace: one event per call.
 *
 * Manual: https://docs.mailpace.com/guide/webhooks (read 2026-11). Signed: `X-MailPace-Signature` is the Ed25519
 * signature of the body, under a key of each domain.
 *
 * `email.spam` is MailPace's own filter, which refuses to send, and no complaint. An event tells of a mail with all its
 * recipients and brings no reply: where there are several, a bounce does not say whose it is, and blames nobody.
 * An HTTP error, even a 503 of ours, makes MailPace disable the webhook.
 *
 * Identity: event, id of the mail and time of the change.
 */

import { importEd25519Key, verifyEd25519 } from "../crypto/ed25519";
import { bytesOfBase64 } from "../crypto/encoding";
import type { EventDraft, EventKind, StatedClass } from "../domain/event";
import { fail, ok, type Result } from "../domain/result";
import { defineAdapter, type ParsedItem, type RawCredential, type VerifyOutcome, type WebhookRequest } from "./adapter";
import { accepted, unauthenticated } from "./auth";
import { entryOf, isObject, type JsonObject, objectOf, textOf, textsOf } from "./json";
import { ignored, readRecord, unreadable } from "./parsed";
import { jsonSample, SAMPLE_RECIPIENT, SAMPLE_SENDER, sampleMessageId, sampleTime } from "./sample";
import { msOfRfc3339 } from "./time";

const SIGNATURE_HEADER = "x-mailpace-signature";
const KEY_BYTES = 32;

/** Event → kind; `null`: known and not wanted. */
const KINDS: Readonly<Record<string, EventKind | null>> = {
  "email.delivered": "delivered",
  "email.deferred": "deferred",
  "email.bounced": "bounced",
  "email.spam": "rejected",
  "email.queued": null,
};

const BOUNCED: StatedClass = { class: "hard", rule: "mailpace:email.bounced", fixed: false };
const SOMEBODY_BOUNCED: StatedClass = { class: "undetermined", rule: "mailpace:several-recipients", fixed: true };

export const mailpace = defineAdapter<Uint8Array>({
  id: "mailpace",
  title: "MailPace",
  manual: "https://docs.mailpace.com/guide/webhooks",
  setUp: [
    "In MailPace: your domain → Webhooks. Copy the key under Public Key Verification and set it first: {secret}",
    "On the same page add {url} for email.delivered, email.deferred, email.bounced and email.spam.",
  ],
  verifiedBy: "X-MailPace-Signature (Ed25519)",
  readCredential,
  verify,
  parse: (request) => readRecord(request.body, parseEvent),
  sample: (at) =>
    jsonSample({
      event: "email.delivered",
      payload: {
        status: "delivered",
        id: at,
        created_at: sampleTime(at),
        updated_at: sampleTime(at),
        from: SAMPLE_SENDER,
        to: SAMPLE_RECIPIENT,
        message_id: `<${sampleMessageId(at)}>`,
      },
    }),
});

/** The domain's public key: base64 of its 32 bytes. */
function readCredential(raw: RawCredential): Result<Uint8Array, string> {
  const key = typeof raw === "string" ? bytesOfBase64(raw.trim()) : null;
  return key?.byteLength === KEY_BYTES ? ok(key) : fail("must be an Ed25519 public key, 32 bytes in base64");
}

async function verify(request: WebhookRequest, keys: readonly Uint8Array[]): Promise<VerifyOutcome> {
  const signature = bytesOfBase64(request.headers.get(SIGNATURE_HEADER)?.trim() ?? "");
  if (!signature?.byteLength) return unauthenticated(`${SIGNATURE_HEADER} is missing or malformed`);
  for (const raw of keys) {
    const key = await importEd25519Key(raw);
    if (key && (await verifyEd25519(key, signature, request.body))) return accepted(request);
  }
  return unauthenticated(`${SIGNATURE_HEADER} is not the signature of this body`);
}

function parseEvent(event: unknown): ParsedItem {
  if (!isObject(event)) return unreadable("not_an_object");
  const name = textOf(event.event);
  const kind = entryOf(KINDS, name);
  if (kind === undefined) return unreadable("unknown_kind", "event");
  if (kind === null) return ignored();
  const payload = objectOf(event.payload);
  const recipients = [...new Set(entriesOf(payload.to))];
  const others = [payload.cc, payload.bcc].flatMap(entriesOf).filter((entry) => entry.includes("@"));
  const isOnly = recipients.length + others.length === 1;
  return recipients.length
    ? { type: "events", drafts: recipients.map((recipient) => draftOf(payload, { name, kind, recipient, isOnly })) }
    : unreadable("no_recipient");
}

/** The entries of a comma-separated list of addresses, whose display names may have commas of their own. */
function entriesOf(list: unknown): string[] {
  const text = textOf(list)?.replace(/"[^"]*"(?!@)/g, "") ?? "";
  return text.split(",").flatMap((entry) => textOf(entry) ?? []);
}

interface Reading {
  readonly name: string | undefined;
  readonly kind: EventKind;
  readonly recipient: string;
  /** Is there nobody else whom the event could be about? */
  readonly isOnly: boolean;
}

function draftOf(payload: JsonObject, { name, kind, recipient, isOnly }: Reading): EventDraft {
  const [id, messageId] = [textOf(payload.id), textOf(payload.message_id)];
  const time = textOf(payload.updated_at) ?? textOf(payload.created_at);
  return {
    kind,
    recipient,
    stated: kind === "bounced" ? (isOnly ? BOUNCED : SOMEBODY_BOUNCED) : undefined,
    category: kind === "rejected" ? "policy" : undefined,
    hint: textOf(payload.status) ?? name,
    internetMessageId: messageId,
    // One message, one name for it: MailPace's number only where there is no header.
    messageId: messageId === undefined ? id : undefined,
    occurredAt: msOfRfc3339(time),
    tags: textsOf(payload.tags),
    identity: [name, id ?? messageId, time],
  };
}
