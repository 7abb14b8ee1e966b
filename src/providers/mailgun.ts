/**
 * Mailgun: one event per call, as JSON; webhooks from before 2018 post a form, urlencoded or multipart.
 *
 * Manual: https://documentation.mailgun.com/docs/mailgun/user-manual/tracking-messages/ (read 2026-11). Signed: hex
 * HMAC-SHA256 of timestamp and token, both in the body. The rest of the body is not covered, so a token is good once,
 * for one event. Retries repeat timestamp and token, the last one after eight hours. `parent-signature` is the same
 * with the key of the account above a subaccount.
 *
 * In a form the sender's own variables are mixed with Mailgun's fields: what proves the call comes last of its name,
 * anything else first.
 *
 * Identity: event, id and timestamp, as an id is unique within a day only; without an id (forms): message, timestamp
 * and what is said of the failure.
 */
import { bytesOfHex, utf8Bytes } from "../crypto/encoding";
import { replyCodeIn, statusCodeIn } from "../domain/delivery-status";
import type { BounceClass, EventDraft, EventKind } from "../domain/event";
import { ok, type Result } from "../domain/result";
import {
  defineAdapter,
  markVerified,
  type ParsedItem,
  type ParseOutcome,
  type VerifyContext,
  type VerifyOutcome,
  type WebhookRequest,
} from "./adapter";
import { anyHmac, readSecret, unauthenticated } from "./auth";
import { type FormFields, parseForm } from "./form";
import { entryOf, isObject, type JsonObject, objectOf, parseJson, textOf, textsOf } from "./json";
import { eachRecord, ignored, type UnreadableReason, unreadable, unreadableBody } from "./parsed";
import { refusalCategory } from "./refusal";
import { jsonSample, SAMPLE_RECIPIENT, SAMPLE_SENDER, sampleId, sampleMessageId } from "./sample";
import { msOfUnixSeconds } from "./time";

/** Half as long again as retries go on. */
const MAX_AGE_MS = 12 * 3_600_000;
const MAX_CLOCK_SKEW_MS = 5 * 60_000;
/** The two are signed without anything between them: a fixed length leaves one way to take them apart. */
const TIMESTAMP = /^\d{10}$/;
const TOKEN = /^[\x21-\x7e]{1,100}$/;

/** Event → kind; `null`: known and not wanted. */
const KINDS: Readonly<Record<string, EventKind | null>> = {
  accepted: null,
  stored: null,
  delivered: "delivered",
  /** Bounced if `severity` is permanent. */
  failed: "bounced",
  /** Mailgun would not even try. */
  rejected: "rejected",
  complained: "complained",
  unsubscribed: "unsubscribed",
  opened: null,
  clicked: null,
  /** Forms only. */
  bounced: "bounced",
  dropped: "bounced",
};

/** A failure by reason, or by Mailgun's own codes beside SMTP's, that is a refusal by its lists → what it stands for. */
const REFUSALS: Readonly<Record<string, string>> = {
  "suppress-bounce": "bounced",
  "suppress-complaint": "complained",
  "suppress-unsubscribe": "unsubscribed",
  "605": "bounced",
  "606": "unsubscribed",
  "607": "complained",
  /** Poor quality of the mailing list. */
  "625": "policy",
};

interface Meaning {
  readonly class: BounceClass;
  readonly category?: string;
  readonly fixed: boolean;
}

/** What else a reason or a code says. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  espblock: { class: "block", category: "policy-related", fixed: true },
  old: { class: "expired", category: "message-expired", fixed: true },
  /** No server of the domain could be reached. */
  "499": { class: "expired", fixed: false },
};

const BOUNCE_TYPES: Readonly<Record<string, BounceClass>> = { hard: "hard", soft: "soft" };

export const mailgun = defineAdapter<string>({
  id: "mailgun",
  title: "Mailgun",
  manual: "https://documentation.mailgun.com/docs/mailgun/user-manual/tracking-messages/",
  setUp: [
    "Set the key from API security, HTTP webhook signing key (not the API key): {secret}",
    "In Mailgun: Sending → Webhooks. For each domain add {url} for Delivered, Permanent failure, Temporary failure, Spam complaints and Unsubscribes.",
  ],
  verifiedBy: "HMAC-SHA256 of timestamp and token, each token once",
  readCredential: readSecret,
  verify,
  parse: parseBody,
  sample: (at) =>
    jsonSample({
      "event-data": {
        event: "delivered",
        id: sampleId(at),
        timestamp: at / 1000,
        recipient: SAMPLE_RECIPIENT,
        message: { headers: { to: SAMPLE_RECIPIENT, from: SAMPLE_SENDER, "message-id": sampleMessageId(at) } },
        envelope: { sender: SAMPLE_SENDER, transport: "smtp", targets: SAMPLE_RECIPIENT },
        "delivery-status": { "mx-host": "mx1.example.com", code: 250, message: "OK", "attempt-no": 1 },
      },
    }),
});

interface Post {
  readonly signatures: readonly JsonObject[];
  readonly event: JsonObject;
}

async function verify(
  request: WebhookRequest,
  keys: readonly string[],
  { now }: VerifyContext,
): Promise<VerifyOutcome> {
  const post = readPost(request);
  for (const { timestamp, token, signature } of post.ok ? post.value.signatures : []) {
    const [time, nonce] = [String(timestamp), String(token)];
    if (!TIMESTAMP.test(time) || !TOKEN.test(nonce) || typeof signature !== "string") continue;
    const age = now - Number(time) * 1000;
    if (age > MAX_AGE_MS || age < -MAX_CLOCK_SKEW_MS) continue;
    const matches = await anyHmac(keys.map(utf8Bytes), utf8Bytes(`${time}${nonce}`), [bytesOfHex(signature)]);
    if (matches) return ok({ request: markVerified(request), useOnce: nonce });
  }
  return unauthenticated("no signature of the last hours that is ours");
}

function readPost(request: WebhookRequest): Result<Post, UnreadableReason> {
  if (/\bform\b/i.test(request.headers.get("content-type") ?? "")) {
    const fields = parseForm(request);
    return fields.ok ? ok({ signatures: [signatureOfForm(fields.value)], event: eventOfForm(fields.value) }) : fields;
  }
  const json = parseJson(request.body);
  if (!json.ok) return json;
  const body = objectOf(json.value);
  const signatures = [body.signature, body["parent-signature"]].filter(isObject);
  return ok({ signatures, event: objectOf(body["event-data"]) });
}

function signatureOfForm(fields: FormFields): JsonObject {
  const last = (name: string) => fields.get(name)?.at(-1);
  return { timestamp: last("timestamp"), token: last("token"), signature: last("signature") };
}

/** A form's fields where JSON has them. */
function eventOfForm(fields: FormFields): JsonObject {
  const first = (...names: string[]) => names.map((name) => fields.get(name)?.[0]).find((value) => textOf(value));
  return {
    event: first("event"),
    severity: "permanent",
    timestamp: fields.get("timestamp")?.at(-1),
    recipient: first("recipient"),
    reason: first("reason"),
    "delivery-status": {
      code: first("code"),
      message: first("error", "notification"),
      description: first("description"),
    },
    message: { headers: { "message-id": first("Message-Id", "message-id") } },
    campaigns: [{ name: first("campaign-name", "campaign-id") }],
    tags: fields.get("tag") ?? fields.get("X-Mailgun-Tag"),
  };
}

function parseBody(request: WebhookRequest): ParseOutcome {
  const post = readPost(request);
  return post.ok ? eachRecord([post.value.event], parseEvent) : unreadableBody(post.error);
}

function parseEvent(event: JsonObject): ParsedItem {
  const kind = entryOf(KINDS, textOf(event.event));
  if (kind === undefined) return unreadable("unknown_kind", "event");
  // Nothing is delivered in test mode, whatever is reported.
  if (kind === null || objectOf(event.flags)["is-test-mode"] === true) return ignored();
  const recipients = recipientsOf(event, kind);
  if (!recipients.length) return unreadable("no_recipient");
  return { type: "events", drafts: recipients.map((recipient) => draftOf(event, kind, recipient)) };
}

/** A rejected message has not been split by recipient yet: its `To` header is all there is. */
function recipientsOf(event: JsonObject, kind: EventKind): string[] {
  const recipient = textOf(event.recipient);
  if (recipient !== undefined || kind !== "rejected") return textsOf(recipient);
  const parts = (textOf(headersOf(event).to) ?? "").split(",").filter((part) => part.includes("@"));
  return textsOf(parts.map((part) => /<([^<>]*)>/.exec(part)?.[1] ?? part));
}

function draftOf(event: JsonObject, stated: EventKind, recipient: string): EventDraft {
  const status = objectOf(event["delivery-status"]);
  const [reason, severity, code] = [textOf(event.reason), textOf(event.severity), textOf(status.code)];
  const refusal = textOf(objectOf(event.reject).reason);
  const reply = textOf(status.message) ?? textOf(status.description) ?? refusal;
  const list = entryOf(REFUSALS, reason) ?? entryOf(REFUSALS, code);
  const failure = severity === "temporary" ? "deferred" : list === undefined ? "bounced" : "rejected";
  const kind = stated === "bounced" ? failure : stated;
  const [word, id, time] = [textOf(event.event), textOf(event.id), textOf(event.timestamp)];
  const messageId = textOf(headersOf(event)["message-id"]);
  return {
    kind,
    recipient,
    ...(kind === "bounced" ? verdictOf(event) : {}),
    ...(kind === "rejected" ? { category: list ?? refusalCategory(reply) } : {}),
    hint: reason ?? refusal,
    internetMessageId: messageId,
    occurredAt: msOfUnixSeconds(time),
    statusCode: statusCodeIn(textOf(status["enhanced-code"])) ?? statusCodeIn(code) ?? statusCodeIn(reply),
    replyCode: replyCodeIn(code),
    diagnosticCode: reply,
    remoteMta: textOf(status["mx-host"]),
    envelopeSender: textOf(objectOf(event.envelope).sender),
    campaign: campaignOf(event),
    tags: textsOf(event.tags),
    metadata: objectOf(event["user-variables"]),
    identity: id === undefined ? [word, messageId, time, severity, reason, code] : [word, id, time],
  };
}

/** Permanent failures are hard, unless the receiver's words, a code or Mailgun's own classification say otherwise. */
function verdictOf(event: JsonObject): Pick<EventDraft, "stated" | "category"> {
  const status = objectOf(event["delivery-status"]);
  const reason = textOf(event.reason);
  const word = [reason, textOf(status.code)].find((text) => entryOf(MEANINGS, text));
  const meaning = entryOf(MEANINGS, word);
  if (meaning) {
    const { category, ...verdict } = meaning;
    return { stated: { ...verdict, rule: `mailgun:${word}` }, category };
  }
  if (event.severity !== "permanent") return {};
  const bounceClass = entryOf(BOUNCE_TYPES, textOf(status["bounce-type"])) ?? "hard";
  return { stated: { class: bounceClass, rule: `mailgun:${reason ?? "permanent"}`, fixed: false } };
}

function campaignOf(event: JsonObject): string | undefined {
  const [campaign] = Array.isArray(event.campaigns) ? event.campaigns : [];
  return textOf(objectOf(campaign).name) ?? textOf(objectOf(campaign).id);
}

function headersOf(event: JsonObject): JsonObject {
  return objectOf(objectOf(event.message).headers);
}
