/**
 * Postmark: one event per call.
 *
 * Manual: https://postmarkapp.com/developer/webhooks/webhooks-overview and
 * https://postmarkapp.com/developer/api/bounce-api#bounce-types (read 2026-11). Nothing is signed; Postmark can send
 * basic auth or a header of one's own. It wants exactly 200, and a 403 makes it stop for good.
 *
 * The bounce webhook also tells of replies, of opt-outs and of Postmark's own refusals: `Type` says which, and never
 * `TypeCode`, which samples get wrong. Postmark reads the receiver's words itself, so its final types stand as they are.
 *
 * A subscription change says that an address went on or off Postmark's list. Where it went there for a bounce or a
 * complaint, that came by a call of its own: it counts as an echo of it, not as another one.
 *
 * Identity: `ID` where there is one (bounces and complaints), else content and time.
 */
import { diagnosticText, replyCodeIn, statusCodeIn } from "../domain/delivery-status";
import type { BounceClass, EventDraft, EventKind } from "../domain/event";
import { defineAdapter, type ParsedItem } from "./adapter";
import { BY_SHARED_SECRET } from "./auth";
import { entryOf, isObject, type JsonObject, textOf, textsOf } from "./json";
import { ignored, readRecord, unreadable } from "./parsed";
import { jsonSample, SAMPLE_RECIPIENT, SAMPLE_REPLY, sampleTime, sampleUuid } from "./sample";
import { msOfRfc3339 } from "./time";

interface Meaning {
  readonly kind: EventKind;
  readonly class?: BounceClass;
  /** Whatever the receiver said. */
  readonly isFixed?: true;
  readonly category?: string;
}

const final = (bounceClass: BounceClass, category: string): Meaning => ({
  kind: "bounced",
  class: bounceClass,
  isFixed: true,
  category,
});
const refused = (category: string): Meaning => ({ kind: "rejected", category });
const AUTO_REPLY: Meaning = { kind: "auto_reply" };
const COMPLAINT: Meaning = { kind: "complained" };
const OPT_OUT: Meaning = { kind: "unsubscribed" };

/** `Type` of a bounce; `null`: known and not wanted. */
const TYPES: Readonly<Record<string, Meaning | null>> = {
  HardBounce: final("hard", "bad-mailbox"),
  BadEmailAddress: final("hard", "bad-mailbox"),
  SoftBounce: { kind: "bounced", class: "soft" },
  DnsError: { kind: "bounced", class: "soft", category: "routing-errors" },
  Unknown: { kind: "bounced", class: "undetermined" },
  SpamNotification: final("block", "spam-related"),
  VirusNotification: final("block", "virus-related"),
  Blocked: final("block", "policy-related"),
  DMARCPolicy: final("block", "authentication"),
  /** Delayed: Postmark goes on trying. */
  Transient: { kind: "deferred" },
  AutoResponder: AUTO_REPLY,
  AddressChange: AUTO_REPLY,
  ChallengeVerification: AUTO_REPLY,
  SpamComplaint: COMPLAINT,
  Unsubscribe: OPT_OUT,
  /** The account's owner did that; and an address that is on the list, for whichever reason. */
  ManuallyDeactivated: refused("policy"),
  SMTPApiError: refused("policy"),
  Unconfirmed: refused("policy"),
  TemplateRenderingFailed: refused("policy"),
  Subscribe: null,
  OpenRelayTest: null,
  InboundError: null,
};

/** `SuppressionReason` of an address that went on the list. */
const SUPPRESSIONS: Readonly<Record<string, Meaning>> = {
  ManualSuppression: OPT_OUT,
  HardBounce: refused("bounced"),
  SpamComplaint: refused("complained"),
};

/** `RecordType` → what such a record means; `undefined`: of a kind that is not known. */
const RECORDS: Readonly<Record<string, (record: JsonObject) => Meaning | null | undefined>> = {
  // `Type` may be more precise than the list of types: "SoftBounce/Undeliverable".
  Bounce: (record) => entryOf(TYPES, textOf(record.Type)?.split("/", 1)[0]),
  SpamComplaint: () => COMPLAINT,
  Delivery: () => ({ kind: "delivered" }),
  SubscriptionChange: meaningOfChange,
  Open: () => null,
  Click: () => null,
  Inbound: () => null,
};

export const postmark = defineAdapter<string>({
  id: "postmark",
  title: "Postmark",
  manual: "https://postmarkapp.com/developer/webhooks/webhooks-overview",
  setUp: [
    "Make up a long secret and set it as postmark:<secret>: {secret}",
    "In Postmark: your server → the message stream → Webhooks → Add webhook. Enter {url}, user postmark and the secret as basic auth credentials, and tick Delivery, Bounce, Spam complaint and Subscription change.",
  ],
  ...BY_SHARED_SECRET,
  parse: (request) => readRecord(request.body, parseRecord),
  sample: (at) =>
    jsonSample({
      RecordType: "Delivery",
      ServerID: 1,
      MessageStream: "outbound",
      MessageID: sampleUuid(at),
      Recipient: SAMPLE_RECIPIENT,
      DeliveredAt: sampleTime(at),
      Details: `smtp;${SAMPLE_REPLY}`,
    }),
});

/** Taken off the list is no event: what Postmark does with its list does not release anybody from ours. */
function meaningOfChange({ SuppressSending, SuppressionReason }: JsonObject): Meaning | null | undefined {
  if (typeof SuppressSending !== "boolean") return undefined;
  if (!SuppressSending) return null;
  const reason = textOf(SuppressionReason);
  return reason === undefined ? OPT_OUT : entryOf(SUPPRESSIONS, reason);
}

function parseRecord(record: unknown): ParsedItem {
  if (!isObject(record)) return unreadable("not_an_object");
  const meaning = entryOf(RECORDS, textOf(record.RecordType))?.(record);
  if (meaning === undefined) return unreadable("unknown_kind", "RecordType, Type or SuppressionReason");
  if (meaning === null) return ignored();
  const recipient = textOf(record.Email) ?? textOf(record.Recipient);
  if (recipient === undefined) return unreadable("no_recipient");
  return { type: "events", drafts: [draftOf(record, meaning, recipient)] };
}

function draftOf(record: JsonObject, meaning: Meaning, recipient: string): EventDraft {
  const { kind, class: bounceClass, isFixed = false, category } = meaning;
  const [recordType, id, messageId] = [textOf(record.RecordType), textOf(record.ID), textOf(record.MessageID)];
  const word = textOf(record.Type) ?? textOf(record.SuppressionReason);
  const time = [record.BouncedAt, record.DeliveredAt, record.ChangedAt].map(textOf).find((text) => text !== undefined);
  const details = textOf(record.Details) ?? textOf(record.Description);
  return {
    kind,
    recipient,
    stated: bounceClass && { class: bounceClass, rule: `postmark:${word}`, fixed: isFixed },
    category,
    hint: word,
    messageId,
    occurredAt: msOfRfc3339(time),
    statusCode: statusCodeIn(details),
    replyCode: replyCodeIn(diagnosticText(details)),
    diagnosticCode: details,
    tags: textsOf(record.Tag),
    metadata: isObject(record.Metadata) ? record.Metadata : undefined,
    identity: id === undefined ? [recordType, messageId, time, word] : ["id", id],
  };
}
