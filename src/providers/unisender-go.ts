/**
 * Unisender Go: events in batches, or one flat event per call ("single event").
 *
 * Manual: https://godocs.unisender.ru/web-api-ref#callback-format (read 2026-11; the meaning of the delivery statuses as
 * UniOne, the same platform, lists them). Proof: `auth` in the body is the MD5 of the body with the API key in its
 * place. The value is replaced in the bytes as they came, since nothing says how the JSON was written. MD5 is what they
 * chose; to forge a body from a genuine one it would take bytes after the end of the JSON, and those are refused.
 *
 * The URL is tested with a GET, answered with 200. `soft_bounced` is not the end: the platform tries for 48 hours, and
 * then says `delivered` or `hard_bounced`. So a mailbox that stays full ends as a "hard" bounce, and the delivery status
 * decides. Times are UTC.
 *
 * Identity: status, job, time and delivery status. There is no event id; the header `ID` changes with each attempt.
 */
import { md5 } from "../crypto/digest";
import { hexOf, utf8Bytes, utf8Text } from "../crypto/encoding";
import { anySecretEqual } from "../crypto/secret-equal";
import { replyCodeIn, statusCodeIn } from "../domain/delivery-status";
import type { BounceClass, EventDraft, EventKind } from "../domain/event";
import { defineAdapter, type ParsedItem, type ParseOutcome, type VerifyOutcome, type WebhookRequest } from "./adapter";
import { accepted, readSecret, unauthenticated } from "./auth";
import { entryOf, isObject, type JsonObject, objectOf, parseJson, textOf } from "./json";
import { eachRecord, ignored, unreadable, unreadableBody } from "./parsed";
import { jsonSample, SAMPLE_RECIPIENT, SAMPLE_REPLY, sampleId, sampleTime } from "./sample";
import { msOfZoneless } from "./time";

const MD5_HEX = /^[0-9a-f]{32}$/;
const STATUS_EVENT = "transactional_email_status";
/** A sending server of theirs was blocked by a domain: nobody's bounce. */
const SPAM_BLOCK_EVENT = "transactional_spam_block";

/** Status → kind; `null`: known and not wanted. */
const KINDS: Readonly<Record<string, EventKind | null>> = {
  delivered: "delivered",
  soft_bounced: "deferred",
  hard_bounced: "bounced",
  spam: "complained",
  unsubscribed: "unsubscribed",
  accepted: null,
  sent: null,
  opened: null,
  clicked: null,
  /** Subscribed again. What is on our list is an operator's to release. */
  subscribed: null,
};

interface Meaning {
  readonly class: BounceClass;
  readonly category: string;
}

const of = (bounceClass: BounceClass, category: string): Meaning => ({ class: bounceClass, category });

/** What ended a hard bounce, where the receiver's reply does not say otherwise. */
const FAILURES: Readonly<Record<string, Meaning>> = {
  err_user_unknown: of("hard", "bad-mailbox"),
  err_user_inactive: of("hard", "bad-mailbox"),
  err_mailbox_discarded: of("hard", "bad-mailbox"),
  err_domain_inactive: of("hard", "bad-domain"),
  /** Tagged for half a year, after many attempts. */
  err_unreachable: of("hard", "no-answer-from-host"),
  err_mailbox_full: of("soft", "quota-issues"),
  err_destination_misconfigured: of("soft", "bad-configuration"),
  err_no_dns: of("soft", "routing-errors"),
  err_no_smtp: of("soft", "no-answer-from-host"),
  err_giveup: of("expired", "message-expired"),
  err_spam_rejected: of("block", "spam-related"),
  err_blacklisted: of("block", "policy-related"),
  err_too_large: of("block", "message-too-large"),
  err_delivery_failed: of("undetermined", "other"),
  err_lost: of("undetermined", "mail-system"),
  err_internal: of("undetermined", "mail-system"),
};

/** Not even tried: what it stands for. */
const REFUSALS: Readonly<Record<string, string>> = {
  err_unsubscribed: "unsubscribed",
  skip_dup_unreachable: "bounced",
  skip_dup_temp_unreachable: "policy",
  skip_dup_mailbox_full: "policy",
  err_skip_letter: "policy",
  err_spam_skipped: "policy",
  err_spam_removed: "policy",
};

export const unisenderGo = defineAdapter<string>({
  id: "unisender-go",
  title: "Unisender Go",
  manual: "https://godocs.unisender.ru/web-api-ref#callback-format",
  setUp: [
    "Set the API key of the project, else of the account: {secret}",
    "In Unisender Go: Settings → Webhooks. Add {url}, format JSON, not gzipped, for delivered, unsubscribed, soft bounced, hard bounced and spam; turn on the delivery details.",
  ],
  verifiedBy: "MD5 of the body with the API key in place of `auth`",
  readCredential: readSecret,
  probe: ({ method }) => (method === "GET" || method === "HEAD" ? { status: 200 } : null),
  verify,
  parse: (request) => parseBody(request.body),
  sample: (at) =>
    jsonSample({
      events_by_user: [
        {
          user_id: 1,
          events: [
            {
              event_name: "transactional_email_status",
              event_data: {
                job_id: sampleId(at),
                email: SAMPLE_RECIPIENT,
                status: "delivered",
                event_time: sampleTime(at).slice(0, 19).replace("T", " "),
                delivery_info: { delivery_status: "ok_delivered", destination_response: SAMPLE_REPLY },
              },
            },
          ],
        },
      ],
    }),
});

async function verify(request: WebhookRequest, keys: readonly string[]): Promise<VerifyOutcome> {
  const body = parseJson(request.body);
  const auth = body.ok ? objectOf(body.value).auth : undefined;
  if (typeof auth !== "string" || !MD5_HEX.test(auth)) return unauthenticated("auth is missing or malformed");
  // Strict UTF-8 to text and back gives the same bytes: nothing but the value is replaced.
  const around = utf8Text(request.body)?.split(auth) ?? [];
  if (around.length !== 2) return unauthenticated("auth does not stand in the body once");
  const digests = await Promise.all(keys.map((key) => md5(utf8Bytes(around.join(key)))));
  return anySecretEqual(auth, digests.map(hexOf)) ? accepted(request) : unauthenticated("auth is not of this body");
}

function parseBody(bytes: Uint8Array): ParseOutcome {
  const body = parseJson(bytes);
  if (!body.ok) return unreadableBody(body.error);
  if (!isObject(body.value)) return unreadableBody("not_an_object");
  const { events_by_user: users } = body.value;
  if (users === undefined) return eachRecord([body.value], (event) => parseEvent(textOf(event.event_name), event));
  if (!Array.isArray(users)) return unreadableBody("not_an_object", "events_by_user");
  const events = users.flatMap((user) => (isObject(user) && Array.isArray(user.events) ? user.events : [null]));
  return eachRecord(events, (event) =>
    isObject(event) ? parseEvent(textOf(event.event_name), event.event_data) : unreadable("not_an_object"),
  );
}

function parseEvent(name: string | undefined, data: unknown): ParsedItem {
  if (name === SPAM_BLOCK_EVENT) return ignored();
  if (name !== undefined && name !== STATUS_EVENT) return unreadable("unknown_kind", "event_name");
  if (!isObject(data)) return unreadable("not_an_object", "event_data");
  const kind = entryOf(KINDS, textOf(data.status));
  if (kind === undefined) return unreadable("unknown_kind", "status");
  if (kind === null) return ignored();
  const recipient = textOf(data.email);
  if (recipient === undefined) return unreadable("no_recipient");
  return { type: "events", drafts: [draftOf(data, kind, recipient)] };
}

function draftOf(data: JsonObject, stated: EventKind, recipient: string): EventDraft {
  const [status, jobId, time] = [textOf(data.status), textOf(data.job_id), textOf(data.event_time)];
  const delivery = objectOf(data.delivery_info);
  const [detail, response] = [textOf(delivery.delivery_status), textOf(delivery.destination_response)];
  const refusal = status?.endsWith("_bounced") ? entryOf(REFUSALS, detail) : undefined;
  const kind = refusal === undefined ? stated : "rejected";
  const verdict = kind === "bounced" ? verdictOf(detail) : {};
  return {
    kind,
    recipient,
    ...verdict,
    ...(refusal === undefined ? {} : { category: refusal }),
    hint: detail ?? status,
    messageId: jobId,
    occurredAt: msOfZoneless(time),
    statusCode: statusCodeIn(response),
    replyCode: replyCodeIn(response),
    diagnosticCode: response,
    metadata: objectOf(data.metadata),
    identity: [status, jobId, time, detail],
  };
}

/** Without a delivery status, "hard" is all there is to go by; with one that is new, only the reply is. */
function verdictOf(detail: string | undefined): Pick<EventDraft, "stated" | "category"> {
  if (detail === undefined) return { stated: { class: "hard", rule: "unisender-go:hard_bounced", fixed: false } };
  const meaning = entryOf(FAILURES, detail);
  if (!meaning) return {};
  return {
    stated: { class: meaning.class, rule: `unisender-go:${detail}`, fixed: false },
    category: meaning.category,
  };
}
