/**
 * Mailomat: one event per call, as JSON.
 *
 * Manual: https://api.mailomat.swiss/docs/ (webhooks; headers and events as in Symfony's bridge, read 2026-11). Signed:
 * hex HMAC-SHA256 of id, event and time, all three from headers. The body is not covered. So it must be of the event
 * that was signed, and the signed id, event and time are good once, for one event: whoever recorded a call cannot put
 * another address into it. The hash is SHA-256, whatever the header says (CVE-2026-48747).
 *
 * Nothing says how long a failed call is repeated, nor whether with a new time; two days are accepted, a day less than
 * used tokens are kept.
 *
 * Identity: event and id of the body. The header's id is unique as well, but public samples show another one there.
 */
import { bytesOfHex, utf8Bytes } from "../crypto/encoding";
import { replyCodeIn, statusCodeIn } from "../domain/delivery-status";
import type { EventDraft, EventKind } from "../domain/event";
import { ok } from "../domain/result";
import {
  defineAdapter,
  markVerified,
  type ParsedItem,
  type ParseOutcome,
  type VerifyOutcome,
  type WebhookRequest,
} from "./adapter";
import { anyHmac, readSecret, unauthenticated } from "./auth";
import { entryOf, isObject, type JsonObject, objectOf, parseJson, textOf } from "./json";
import { ignored, unreadable, unreadableBody } from "./parsed";
import { refusalCategory } from "./refusal";
import {
  jsonSample,
  SAMPLE_RECIPIENT,
  SAMPLE_REPLY,
  SAMPLE_SENDER,
  sampleMessageId,
  sampleTime,
  sampleUuid,
} from "./sample";
import { msOfRfc3339 } from "./time";

const SIGNATURE_PREFIX = "sha256=";
const MAX_AGE_MS = 2 * 86_400_000;
const MAX_CLOCK_SKEW_MS = 5 * 60_000;

/** Event → kind; `null`: known and not wanted. */
const KINDS: Readonly<Record<string, EventKind | null>> = {
  delivered: "delivered",
  failure_tmp: "deferred",
  failure_perm: "bounced",
  /** Mailomat itself refused it, e.g. beyond the plan's limit. */
  not_accepted: "rejected",
  accepted: null,
  opened: null,
  clicked: null,
};

export const mailomat = defineAdapter<string>({
  id: "mailomat",
  title: "Mailomat",
  manual: "https://api.mailomat.swiss/docs/",
  setUp: [
    "In Mailomat, add a webhook with {url} for delivered, failure_perm, failure_tmp and not_accepted.",
    "Set the secret that Mailomat shows for it: {secret}",
  ],
  verifiedBy: "HMAC-SHA256 of id, event and time (X-MOM-Webhook-Signature), good once",
  readCredential: readSecret,
  verify: (request, secrets, { now }) => verify(request, secrets, now),
  parse: (request) => parseBody(request.body),
  sample: (at) =>
    jsonSample({
      id: sampleUuid(at),
      eventType: "delivered",
      occurredAt: sampleTime(at),
      messageUuid: sampleUuid(at),
      messageId: sampleMessageId(at),
      recipient: SAMPLE_RECIPIENT,
      payload: {
        event: "delivered",
        timestamp: at / 1000,
        sender: SAMPLE_SENDER,
        recipient: SAMPLE_RECIPIENT,
        "delivery-status": { "attempt-nr": 1, code: 250, "enhanced-code": "2.0.0", message: SAMPLE_REPLY },
      },
    }),
});

async function verify(request: WebhookRequest, secrets: readonly string[], now: number): Promise<VerifyOutcome> {
  const [id, event, timestamp, signature] = ["Id", "Event", "Timestamp", "Signature"].map((name) =>
    request.headers.get(`X-MOM-Webhook-${name}`),
  );
  if (!id || !event || !timestamp || !signature?.startsWith(SIGNATURE_PREFIX)) {
    return unauthenticated("a header of the signature is missing or malformed");
  }
  const age = now - Number(timestamp) * 1000;
  if (!/^\d{1,12}$/.test(timestamp) || age > MAX_AGE_MS || age < -MAX_CLOCK_SKEW_MS) {
    return unauthenticated("the timestamp is not of the last two days");
  }
  const signed = `${id}.${event}.${timestamp}`;
  const matches = await anyHmac(secrets.map(utf8Bytes), utf8Bytes(signed), [
    bytesOfHex(signature.slice(SIGNATURE_PREFIX.length)),
  ]);
  if (!matches) return unauthenticated("the signature is not that of these headers");
  const body = parseJson(request.body);
  if (!body.ok || objectOf(body.value).eventType !== event) {
    return unauthenticated("the body is not of the event that was signed");
  }
  return ok({ request: markVerified(request), useOnce: signed });
}

function parseBody(body: Uint8Array): ParseOutcome {
  const record = parseJson(body);
  if (!record.ok) return unreadableBody(record.error);
  return { type: "items", items: [parseEvent(record.value)] };
}

function parseEvent(record: unknown): ParsedItem {
  if (!isObject(record)) return unreadable("not_an_object");
  const kind = entryOf(KINDS, textOf(record.eventType));
  if (kind === undefined) return unreadable("unknown_kind", "eventType");
  if (kind === null) return ignored();
  const recipient = textOf(record.recipient);
  if (recipient === undefined) return unreadable("no_recipient");
  return { type: "events", drafts: [draftOf(record, kind, recipient)] };
}

function draftOf(record: JsonObject, kind: EventKind, recipient: string): EventDraft {
  const [event, id, time] = [textOf(record.eventType), textOf(record.id), textOf(record.occurredAt)];
  const payload = objectOf(record.payload);
  const status = objectOf(payload["delivery-status"]);
  const [reason, message] = [textOf(payload.reason), textOf(status.message)];
  const [messageUuid, internetMessageId] = [textOf(record.messageUuid), textOf(record.messageId)];
  return {
    kind,
    recipient,
    category: kind === "rejected" ? refusalCategory(reason) : undefined,
    hint: event,
    envelopeSender: textOf(payload.sender),
    messageId: messageUuid,
    internetMessageId,
    occurredAt: msOfRfc3339(time),
    statusCode: statusCodeIn(textOf(status["enhanced-code"])),
    replyCode: replyCodeIn(textOf(status.code)),
    diagnosticCode: message ?? reason,
    remoteMta: textOf(objectOf(status.remote).mx),
    mode: kind === "bounced" ? "synchronous" : undefined,
    identity: id === undefined ? [event, messageUuid ?? internetMessageId, time] : [event, id],
  };
}
