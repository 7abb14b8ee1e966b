/**
 * ZeptoMail (Zoho): events as JSON, or as JSON in the field `data` of a form.
 *
 * Manual: https://www.zoho.com/zeptomail/help/webhooks.html (read 2026-11). Signed: HMAC-SHA256 of the JSON, without
 * the form around it. The time in the header is not signed, so a call can be replayed; the identity makes that harmless.
 *
 * A call has a list of names and a list of messages, and each message a list of reports. A report names its event
 * (`object`); where it does not, a name counts for all messages if it is the only one, or for the message at its place.
 * Names and messages are never multiplied: one of them would be accused of what happened to another.
 *
 * Identity: event, request, message and time. There is no event id; `request_id` is that of the sending.
 */
import { bytesOfBase64, utf8Bytes } from "../crypto/encoding";
import { replyCodeIn, statusCodeIn } from "../domain/delivery-status";
import type { EventDraft, EventKind, StatedClass } from "../domain/event";
import { defineAdapter, type ParsedItem, type ParseOutcome, type VerifyOutcome, type WebhookRequest } from "./adapter";
import { accepted, anyHmac, readSecret, unauthenticated } from "./auth";
import { parseForm } from "./form";
import { entryOf, isObject, type JsonObject, objectOf, parseJson, textOf, textsOf } from "./json";
import { eachRecord, ignored, unreadable, unreadableBody } from "./parsed";
import { BOUNCE_CATEGORIES } from "./powermta";
import { jsonSample, SAMPLE_RECIPIENT, SAMPLE_SENDER, sampleId, sampleTime } from "./sample";
import { msOfRfc3339, msOfZoneless } from "./time";

const SIGNATURE_HEADER = "producer-signature";
/** The only one there is; the header may name it, and not choose it. */
const SIGNATURE_ALGORITHM = "HmacSHA256";

/** Event → kind; `null`: known and not wanted. */
const KINDS: Readonly<Record<string, EventKind | null>> = {
  hardbounce: "bounced",
  softbounce: "bounced",
  feedback_loop: "complained",
  delivered: "delivered",
  email_open: null,
  email_link_click: null,
};

/** Where the receiver's words do not say otherwise. */
const CLASSES: Readonly<Record<string, StatedClass>> = {
  hardbounce: { class: "hard", rule: "zeptomail:hardbounce", fixed: false },
  softbounce: { class: "soft", rule: "zeptomail:softbounce", fixed: false },
};

export const zeptomail = defineAdapter<string>({
  id: "zeptomail",
  title: "Zoho ZeptoMail",
  manual: "https://www.zoho.com/zeptomail/help/webhooks.html",
  setUp: [
    "In ZeptoMail: the Mail Agent → Webhooks. Add {url} for soft bounces, hard bounces and, where it is offered, feedback loop.",
    "Set the authorization key that ZeptoMail shows for it: {secret}",
  ],
  verifiedBy: "HMAC-SHA256 of the JSON (producer-signature)",
  readCredential: readSecret,
  verify,
  parse: parseBody,
  sample: (at) =>
    jsonSample({
      event_name: ["delivered"],
      event_message: [
        {
          email_info: {
            email_reference: sampleId(at),
            bounce_address: SAMPLE_SENDER,
            to: [{ email_address: { address: SAMPLE_RECIPIENT } }],
            object: "email",
          },
          event_data: [{ details: [{ time: sampleTime(at) }] }],
          request_id: sampleId(at),
        },
      ],
      webhook_request_id: sampleId(at),
    }),
});

async function verify(request: WebhookRequest, secrets: readonly string[]): Promise<VerifyOutcome> {
  const signature = signatureIn(request.headers.get(SIGNATURE_HEADER) ?? "");
  if (signature === null) return unauthenticated(`${SIGNATURE_HEADER} is missing or malformed`);
  const json = jsonIn(request);
  const matches = json !== null && (await anyHmac(secrets.map(utf8Bytes), json, [signature]));
  return matches ? accepted(request) : unauthenticated(`${SIGNATURE_HEADER} is not the signature of this body`);
}

/** `ts=<ms>;s=<percent-encoded base64>;s-algorithm=HmacSHA256`; base64 may end with the sign that divides names and values. */
function signatureIn(header: string): Uint8Array | null {
  const parts = new Map(
    header.split(";").map((part) => {
      const end = part.indexOf("=");
      return [part.slice(0, end).trim(), part.slice(end + 1).trim()] as const;
    }),
  );
  const encoded = parts.get("s");
  if (!encoded || parts.get("s-algorithm") !== SIGNATURE_ALGORITHM) return null;
  try {
    return bytesOfBase64(decodeURIComponent(encoded));
  } catch {
    return null;
  }
}

/** What is signed and read: the body, or the field of the form that it is. No form begins with a bracket. */
function jsonIn(request: WebhookRequest): Uint8Array | null {
  if (/^\s*[[{]/.test(new TextDecoder().decode(request.body.subarray(0, 100)))) return request.body;
  const form = parseForm(request);
  const data = form.ok ? form.value.get("data") : undefined;
  return data?.length === 1 ? utf8Bytes(data[0] ?? "") : null;
}

function parseBody(request: WebhookRequest): ParseOutcome {
  const json = jsonIn(request);
  if (json === null) return unreadableBody("unsupported_content_type");
  const body = parseJson(json);
  if (!body.ok) return unreadableBody(body.error);
  if (!isObject(body.value) || !Array.isArray(body.value.event_message) || !body.value.event_message.length) {
    return unreadableBody("not_an_object", "event_message");
  }
  const names = textsOf(body.value.event_name);
  const messages: readonly unknown[] = body.value.event_message;
  const isOne = new Set(names).size === 1;
  const nameAt = (position: number) =>
    isOne ? names[0] : names.length === messages.length ? names[position] : undefined;
  return eachRecord(
    messages.flatMap((message, position) => reportsOf(objectOf(message), nameAt(position))),
    parseReport,
  );
}

interface Report {
  readonly event: string | undefined;
  /** About the message. */
  readonly info: JsonObject;
  readonly requestId: string | undefined;
  readonly detail: JsonObject;
}

function reportsOf(message: JsonObject, name: string | undefined): Report[] {
  const about = { info: objectOf(message.email_info), requestId: textOf(message.request_id) };
  return membersOf(message.event_data).flatMap((data) => {
    const own = textOf(data.object);
    const event = own !== undefined && Object.hasOwn(KINDS, own) ? own : name;
    return membersOf(data.details).map((detail) => ({ ...about, event, detail }));
  });
}

/** One without fields where there are none: what happened may be told without details. */
function membersOf(list: unknown): JsonObject[] {
  return Array.isArray(list) && list.length ? list.map(objectOf) : [{}];
}

function parseReport(report: Report): ParsedItem {
  const kind = entryOf(KINDS, report.event);
  if (kind === undefined) return unreadable("unknown_kind", "event_name");
  if (kind === null) return ignored();
  const recipient = textOf(report.detail.bounced_recipient) ?? onlyAddressee(report.info);
  if (recipient === undefined) return unreadable("no_recipient");
  return { type: "events", drafts: [draftOf(report, kind, recipient)] };
}

/** Of several addressees nothing says which one it was. */
function onlyAddressee({ to, cc, bcc }: JsonObject): string | undefined {
  const entries = [to, cc, bcc].flatMap((list) => (Array.isArray(list) ? list : []));
  const addresses = entries.flatMap((entry) => textOf(objectOf(objectOf(entry).email_address).address) ?? []);
  return addresses.length === 1 ? addresses[0] : undefined;
}

function draftOf({ event, info, requestId, detail }: Report, kind: EventKind, recipient: string): EventDraft {
  const reason = textOf(detail.reason);
  const diagnostic = textOf(detail.diagnostic_message) ?? reason;
  const time = textOf(detail.time) ?? textOf(info.processed_time);
  const messageId = textOf(info.email_reference);
  const clientReference = textOf(info.client_reference);
  return {
    kind,
    recipient,
    stated: statedClass(event, reason),
    category: kind === "bounced" && entryOf(BOUNCE_CATEGORIES, reason) ? reason : undefined,
    hint: reason ?? event,
    envelopeSender: textOf(info.bounce_address),
    messageId,
    occurredAt: msOfRfc3339(time) ?? msOfZoneless(time),
    statusCode: statusCodeIn(diagnostic),
    replyCode: replyCodeIn(diagnostic),
    diagnosticCode: diagnostic,
    tags: textsOf(info.tag),
    metadata: clientReference === undefined ? undefined : { clientReference },
    identity: [event, requestId, messageId, time],
  };
}

/** Reasons read like PowerMTA's (`bad-mailbox`): where one blames the sender or the message, so does the class, be the bounce hard or soft. */
function statedClass(event: string | undefined, reason: string | undefined): StatedClass | undefined {
  const isRefusal = entryOf(CLASSES, event) && entryOf(BOUNCE_CATEGORIES, reason) === "block";
  return isRefusal ? { class: "block", rule: `zeptomail:${reason}`, fixed: false } : entryOf(CLASSES, event);
}
