/**
 * Mandrill (Mailchimp Transactional): a form with one field, `mandrill_events`, which holds a JSON array.
 *
 * Manual: https://mailchimp.com/developer/transactional/guides/track-respond-activity-webhooks/ (read 2026-11). Signed:
 * base64 HMAC-SHA1 of the URL, exactly as it was registered, and of every field's name and value, sorted by name.
 * That URL may hold a user, a port and a query that this worker never sees, so it is part of the credentials.
 *
 * A new webhook is probed with HEAD, and then with a call without events that anybody could sign: its key is public.
 *
 * `ts` is the event's time; that of `msg` is when the message was sent.
 *
 * Identity: event, `_id` and `ts`. `_id` is the message's.
 */
import { bytesOfBase64, utf8Bytes } from "../crypto/encoding";
import { verifyHmac } from "../crypto/hmac";
import { diagnosticText, replyCodeIn, statusCodeIn } from "../domain/delivery-status";
import type { EventDraft, EventKind, StatedClass } from "../domain/event";
import { fail, ok, type Result } from "../domain/result";
import {
  defineAdapter,
  type ParsedItem,
  type ParseOutcome,
  type RawCredential,
  type VerifyOutcome,
  type WebhookRequest,
} from "./adapter";
import { accepted, unauthenticated } from "./auth";
import { parseForm } from "./form";
import { entryOf, isObject, type JsonObject, objectOf, parseJsonText, textOf, textsOf } from "./json";
import { eachRecord, type FormError, ignored, unreadable, unreadableBody } from "./parsed";
import { formSample, SAMPLE_RECIPIENT, SAMPLE_SENDER, sampleId, sampleSeconds } from "./sample";
import { msOfUnixSeconds } from "./time";

interface Credential {
  readonly key: Uint8Array;
  /** As it was registered, to the letter; absent: as it was called. */
  readonly url?: string;
}

const CREDENTIAL_KEYS = ["key", "url"];
const EVENTS_FIELD = "mandrill_events";
/** What a webhook is tested with: nothing, under a key that everybody knows. */
const TEST_EVENTS = "[]";
const TEST_KEY = utf8Bytes("test-webhook");

/** Event, or type where the rejection list changed → kind; `null`: known and not wanted. */
const KINDS: Readonly<Record<string, EventKind | null>> = {
  send: null,
  delivered: "delivered",
  deferral: "deferred",
  hard_bounce: "bounced",
  soft_bounce: "bounced",
  spam: "complained",
  unsub: "unsubscribed",
  /** Mandrill would not send it. */
  reject: "rejected",
  open: null,
  click: null,
  inbound: null,
  /** What put an address there is told by an event of its own. */
  blacklist: null,
  denylist: null,
  whitelist: null,
  allowlist: null,
};

/** Where the receiver's words in `diag` do not say otherwise. */
const CLASSES: Readonly<Record<string, StatedClass>> = {
  hard_bounce: { class: "hard", rule: "mandrill:hard_bounce", fixed: false },
  soft_bounce: { class: "soft", rule: "mandrill:soft_bounce", fixed: false },
};

/** Why an address is on the rejection list → what that stands for. After soft bounces it is there for a while only. */
const REJECTIONS: Readonly<Record<string, string>> = {
  "hard-bounce": "bounced",
  spam: "complained",
  unsub: "unsubscribed",
  invalid: "invalid",
};

export const mandrill = defineAdapter<Credential>({
  id: "mandrill",
  title: "Mandrill (Mailchimp Transactional)",
  manual: "https://mailchimp.com/developer/transactional/guides/track-respond-activity-webhooks/",
  setUp: [
    "Set any text, so that the URL answers when it is tried: {secret}",
    "In Mandrill: Settings → Webhooks. Add {url} for delivered, delayed, bounced, soft-bounced, marked as spam, unsubscribes and rejected.",
    "Set the key that Mandrill now shows: {secret}",
  ],
  verifiedBy: "HMAC-SHA1 of the registered URL and the fields (X-Mandrill-Signature)",
  readCredential,
  verify,
  parse: parseBody,
  probe: ({ method }) => (method === "HEAD" ? { status: 200 } : null),
  sample: (at) =>
    formSample({
      mandrill_events: JSON.stringify([
        {
          event: "delivered",
          _id: sampleId(at),
          ts: sampleSeconds(at),
          msg: {
            _id: sampleId(at),
            ts: sampleSeconds(at),
            email: SAMPLE_RECIPIENT,
            sender: SAMPLE_SENDER,
            state: "sent",
          },
        },
      ]),
    }),
});

function readCredential(raw: RawCredential): Result<Credential, string> {
  const { key, url, ...rest } = typeof raw === "string" ? { key: raw } : raw;
  if (Object.keys(rest).length) return fail(`may only have ${CREDENTIAL_KEYS.join(" and ")}`);
  if (typeof key !== "string" || key === "") return fail("key must be a non-empty string");
  if (url === undefined) return ok({ key: utf8Bytes(key) });
  const isUrl = typeof url === "string" && /^https?:$/.test(URL.parse(url)?.protocol ?? "");
  return isUrl ? ok({ key: utf8Bytes(key), url }) : fail("url must be the registered http(s) URL");
}

async function verify(request: WebhookRequest, credentials: readonly Credential[]): Promise<VerifyOutcome> {
  const signature = bytesOfBase64(request.headers.get("x-mandrill-signature")?.trim() ?? "");
  const fields = fieldsOf(request);
  if (!fields.ok) return unauthenticated("the body is no form");
  const isTest = fields.value.get(EVENTS_FIELD) === TEST_EVENTS;
  let matches = false;
  for (const { key, url = request.url.href } of credentials) {
    const signed = signedBytes(url, fields.value);
    for (const k of isTest ? [key, TEST_KEY] : [key]) {
      matches = (await verifyHmac("SHA-1", k, signed, signature)) || matches;
    }
  }
  return matches ? accepted(request) : unauthenticated("x-mandrill-signature is not that of this URL and these fields");
}

/** The last of each name, for the signature and for what is read. */
function fieldsOf(request: WebhookRequest): Result<ReadonlyMap<string, string>, FormError> {
  const form = parseForm(request);
  return form.ok ? ok(new Map([...form.value].map(([name, values]) => [name, values.at(-1) ?? ""]))) : form;
}

function signedBytes(url: string, fields: ReadonlyMap<string, string>): Uint8Array {
  const names = [...fields.keys()].sort();
  return utf8Bytes(url + names.map((name) => `${name}${fields.get(name)}`).join(""));
}

function parseBody(request: WebhookRequest): ParseOutcome {
  const fields = fieldsOf(request);
  if (!fields.ok) return unreadableBody(fields.error);
  const events = parseJsonText(fields.value.get(EVENTS_FIELD) ?? "");
  if (!events.ok) return unreadableBody(events.error, EVENTS_FIELD);
  return eachRecord(Array.isArray(events.value) ? events.value : [events.value], parseEvent);
}

function parseEvent(event: unknown): ParsedItem {
  if (!isObject(event)) return unreadable("not_an_object");
  const word = textOf(event.event) ?? textOf(event.type);
  const kind = entryOf(KINDS, word);
  if (kind === undefined) return unreadable("unknown_kind", "event");
  if (kind === null) return ignored();
  const recipient = textOf(objectOf(event.msg).email);
  if (recipient === undefined) return unreadable("no_recipient");
  return { type: "events", drafts: [draftOf(event, kind, recipient)] };
}

function draftOf(event: JsonObject, kind: EventKind, recipient: string): EventDraft {
  const message = objectOf(event.msg);
  const [word, id, time] = [textOf(event.event), textOf(event._id), textOf(event.ts)];
  const messageId = textOf(message._id) ?? id;
  const description = textOf(message.bounce_description);
  const rejection = rejectionOf(event, message);
  const reason = textOf(rejection.reason);
  const reply = textOf(message.diag) ?? lastReplyIn(message.smtp_events) ?? textOf(rejection.detail);
  return {
    kind,
    recipient,
    stated: entryOf(CLASSES, word),
    category: kind === "rejected" ? (entryOf(REJECTIONS, reason) ?? "policy") : undefined,
    hint: reason ?? description ?? word,
    messageId,
    occurredAt: msOfUnixSeconds(time),
    statusCode: statusCodeIn(reply),
    replyCode: replyCodeIn(diagnosticText(reply)),
    diagnosticCode: reply ?? description,
    tags: textsOf(message.tags),
    metadata: objectOf(message.metadata),
    identity: [word, messageId, time],
  };
}

/** An object with a reason, or the reason alone. */
function rejectionOf(event: JsonObject, message: JsonObject): JsonObject {
  const rejection = message.reject ?? event.reject;
  return isObject(rejection) ? rejection : { reason: rejection };
}

/** What the receiver said at the last attempt. */
function lastReplyIn(attempts: unknown): string | undefined {
  return Array.isArray(attempts) ? textOf(objectOf(attempts.at(-1)).diag) : undefined;
}
