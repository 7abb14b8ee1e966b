/**
 * Amazon SES, through a topic of Amazon SNS: the notifications of an identity, and the events of a configuration set.
 *
 * Manual: https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html (read 2026-11).
 * SNS signs its envelope (`sns.ts`), and topics are on a list.
 *
 * Whom an event is about is in the list of the event's own object; `mail.destination` also names those whom nothing
 * befell. Only refusals of the whole message are about all of them. The message is named by `mail.messageId`: SES puts a
 * Message-ID of its own into the header, and `commonHeaders` has the one that it replaced.
 *
 * Transient/General is also what an out-of-office reply makes: without a code of the receiver's server it counts for
 * nothing, unless its words are those of a refusal.
 *
 * Identity: `feedbackId`, which is the same in a notification and in an event about the same bounce, else the
 * envelope's `MessageId`.
 */
import { diagnosticText, replyCodeIn, statusCodeIn } from "../domain/delivery-status";
import type { BounceClass, EventDraft, EventKind, StatedClass } from "../domain/event";
import { defineAdapter, type ParsedItem, type ParseOutcome } from "./adapter";
import { entryOf, isObject, type JsonObject, objectOf, parseJsonText, textOf, textsOf } from "./json";
import { eachRecord, ignored, unreadable, unreadableBody } from "./parsed";
import { SAMPLE_RECIPIENT, SAMPLE_REPLY, SAMPLE_SENDER, sampleId, sampleTime } from "./sample";
import { parseSns, readTopicArn, type SnsNotification, type SnsScheme, snsSample, verifySns } from "./sns";
import { msOfRfc3339 } from "./time";

/** A region's name and no other label: `sns.s3-us-west-2…` would be somebody's bucket. */
const HOST = String.raw`sns\.[a-z]{2,4}(?:-[a-z]{2,12}){1,3}-\d{1,2}\.amazonaws\.com(?:\.cn)?`;
const SCHEME: SnsScheme = {
  certificateUrl: new RegExp(`^https://${HOST}/SimpleNotificationService-[0-9a-f]{32}\\.pem$`),
  subscribeUrl: new RegExp(`^https://${HOST}/[\\x21-\\x7e]*$`),
  headers: {
    "x-amz-sns-message-type": "Type",
    "x-amz-sns-message-id": "MessageId",
    "x-amz-sns-topic-arn": "TopicArn",
  },
};

interface Shape {
  readonly kind: EventKind;
  /** The event's own object. */
  readonly part: string;
  /** Its list of recipients; without one the event is about the whole message. */
  readonly recipients?: string;
}

/** `eventType` or `notificationType` → what it is and where its parts are; `null`: known and not wanted. */
const SHAPES: Readonly<Record<string, Shape | null>> = {
  Bounce: { kind: "bounced", part: "bounce", recipients: "bouncedRecipients" },
  Complaint: { kind: "complained", part: "complaint", recipients: "complainedRecipients" },
  Delivery: { kind: "delivered", part: "delivery", recipients: "recipients" },
  DeliveryDelay: { kind: "deferred", part: "deliveryDelay", recipients: "delayedRecipients" },
  /** A virus was found. */
  Reject: { kind: "rejected", part: "reject" },
  "Rendering Failure": { kind: "rejected", part: "failure" },
  Subscription: { kind: "unsubscribed", part: "subscription" },
  Send: null,
  Open: null,
  Click: null,
  AmazonSnsSubscriptionSucceeded: null,
};

/** The one message that is no JSON: sent when event publishing is set up. */
const SET_UP = /^Successfully validated SNS topic\b/;
/** Feedback types (RFC 5965) that are no complaint. */
const NO_COMPLAINT = new Set(["not-spam"]);

interface Verdict {
  readonly class?: BounceClass;
  readonly category?: string;
  /** Whatever the receiver said. */
  readonly isFixed?: true;
  /** The class where no code says that a server refused it. */
  readonly silent?: BounceClass;
  /** Not sent at all: `category` says what it stands for. */
  readonly isRefused?: true;
}

const hard = (category: string): Verdict => ({ class: "hard", category });
const ofMessage = (category: string): Verdict => ({ class: "block", category, isFixed: true });
const refused = (category: string): Verdict => ({ category, isRefused: true });

/** By type (`bounceType`, else the event's) and status or subtype; by type alone where those say nothing more. */
const VERDICTS: Readonly<Record<string, Verdict>> = {
  Permanent: { class: "hard" },
  "Permanent/NoEmail": hard("bad-mailbox"),
  /** Bounced lately, for whichever customer of SES. */
  "Permanent/Suppressed": refused("bounced"),
  "Permanent/OnAccountSuppressionList": refused("bounced"),
  "Permanent/UnsubscribedRecipient": refused("unsubscribed"),
  Transient: { class: "soft" },
  /** SES's own status for a domain that does not exist. */
  "Transient/5.4.4": { ...hard("bad-domain"), isFixed: true },
  "Transient/General": { class: "soft", silent: "undetermined" },
  "Transient/MailboxFull": { class: "soft", category: "quota-issues" },
  "Transient/MessageTooLarge": ofMessage("message-too-large"),
  "Transient/ContentRejected": ofMessage("content-related"),
  "Transient/AttachmentRejected": ofMessage("content-related"),
  "Transient/CustomTimeoutExceeded": { class: "expired", category: "message-expired" },
  Undetermined: { class: "undetermined" },
  "Complaint/OnAccountSuppressionList": refused("complained"),
  Reject: refused("policy"),
  "Rendering Failure": refused("policy"),
};

export const ses = defineAdapter<string>({
  id: "ses",
  title: "Amazon SES",
  manual: "https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html",
  setUp: [
    "In the SNS console create a standard topic, and set its ARN: {secret}",
    "In the topic create a subscription: protocol HTTPS, endpoint {url}, raw message delivery off. It is confirmed by itself.",
    "In SES: Configuration sets → your set → Event destinations. Add the topic, for bounces, complaints, deliveries, delays, rejects, rendering failures and subscriptions.",
  ],
  verifiedBy: "Amazon SNS's signature (RSA), topics on a list",
  readCredential: readTopicArn,
  verify: (request, topics, context) => verifySns(request, topics, context, SCHEME),
  parse: (request) => parseSns(request, parseNotification),
  sample: (at) =>
    snsSample(at, {
      eventType: "Delivery",
      delivery: { timestamp: sampleTime(at), recipients: [SAMPLE_RECIPIENT], smtpResponse: SAMPLE_REPLY },
      mail: {
        timestamp: sampleTime(at),
        messageId: sampleId(at),
        source: SAMPLE_SENDER,
        destination: [SAMPLE_RECIPIENT],
      },
    }),
});

function parseNotification(notification: SnsNotification): ParseOutcome {
  if (SET_UP.test(notification.message)) return { type: "items", items: [ignored()] };
  const event = parseJsonText(notification.message);
  return event.ok
    ? eachRecord([event.value], (value) => parseEvent(value, notification))
    : unreadableBody(event.error, "Message");
}

function parseEvent(event: unknown, notification: SnsNotification): ParsedItem {
  if (!isObject(event)) return unreadable("not_an_object", "Message");
  // Incoming mail, "Received", is of no kind that belongs here either.
  const type = textOf(event.eventType) ?? textOf(event.notificationType) ?? "";
  const shape = entryOf(SHAPES, type);
  if (shape === undefined) return unreadable("unknown_kind", "eventType");
  if (shape === null) return ignored();
  const about: About = { type, shape, part: objectOf(event[shape.part]), mail: objectOf(event.mail), notification };
  if (NO_COMPLAINT.has(textOf(about.part.complaintFeedbackType) ?? "")) return ignored();
  if (shape.kind === "unsubscribed" && !isOptOut(about.part)) return ignored();
  const recipients = shape.recipients === undefined ? about.mail.destination : about.part[shape.recipients];
  const drafts = (Array.isArray(recipients) ? recipients : []).map((recipient) => draftOf(recipient, about));
  return drafts.some((draft) => draft.recipient) ? { type: "events", drafts } : unreadable("no_recipient");
}

interface About {
  readonly type: string;
  readonly shape: Shape;
  readonly part: JsonObject;
  readonly mail: JsonObject;
  readonly notification: SnsNotification;
}

function draftOf(recipient: unknown, { type, shape, part, mail, notification }: About): EventDraft {
  const about = objectOf(recipient);
  const diagnostic = firstText(about.diagnosticCode, part.smtpResponse, part.reason, part.errorMessage);
  const statusCode = statusCodeIn(textOf(about.status)) ?? statusCodeIn(diagnostic);
  const replyCode = replyCodeIn(diagnosticText(diagnostic));
  const word = [textOf(part.bounceType) ?? type, firstText(part.bounceSubType, part.complaintSubType)];
  const verdict =
    entryOf(VERDICTS, `${word[0]}/${textOf(about.status)}`) ??
    entryOf(VERDICTS, word.join("/")) ??
    entryOf(VERDICTS, word[0]);
  const feedbackId = textOf(part.feedbackId);
  const tags = tagsOf(mail);
  return {
    kind: verdict?.isRefused ? "rejected" : shape.kind,
    // Empty: somebody bounced, and it does not say who. The others are not to suffer from that.
    recipient: textOf(recipient) ?? textOf(about.emailAddress) ?? "",
    stated: statedClass(verdict, word.join("/"), statusCode ?? replyCode),
    category: verdict?.category,
    hint: part.bounceType === undefined ? hintOf(part) : word.join("/"),
    envelopeSender: textOf(mail.source),
    messageId: textOf(mail.messageId),
    occurredAt: msOfRfc3339(textOf(part.timestamp)) ?? msOfRfc3339(notification.timestamp),
    statusCode,
    replyCode,
    diagnosticCode: diagnostic,
    remoteMta: textOf(part.remoteMtaIp),
    campaign: tags.campaign ?? headerOf(mail, "x-listmonk-campaign"),
    metadata: tags,
    identity: feedbackId === undefined ? ["message", notification.messageId] : ["feedback", feedbackId],
  };
}

function firstText(...values: readonly unknown[]): string | undefined {
  return values.map(textOf).find((text) => text !== undefined);
}

function hintOf(part: JsonObject): string | undefined {
  return firstText(part.complaintFeedbackType, part.complaintSubType, part.delayType, part.reason, part.source);
}

function statedClass(verdict: Verdict | undefined, word: string, code: string | undefined): StatedClass | undefined {
  if (!verdict?.class) return undefined;
  const isSilent = code === undefined && verdict.silent !== undefined;
  const bounceClass = isSilent ? (verdict.silent ?? verdict.class) : verdict.class;
  return { class: bounceClass, rule: `ses:${word}`, fixed: verdict.isFixed ?? false };
}

/** Preferences also change when somebody comes back, or stays away from a list that they had left before. */
function isOptOut({ newTopicPreferences, oldTopicPreferences }: JsonObject): boolean {
  if (!isObject(newTopicPreferences)) return true;
  const before = optedOutOf(oldTopicPreferences);
  return (
    newTopicPreferences.unsubscribeAll === true ||
    optedOutOf(newTopicPreferences).some((topic) => !before.includes(topic))
  );
}

function optedOutOf(preferences: unknown): string[] {
  const topics = objectOf(preferences).topicSubscriptionStatus;
  return (Array.isArray(topics) ? topics : [])
    .map(objectOf)
    .filter((topic) => topic.subscriptionStatus === "OptOut")
    .flatMap((topic) => textOf(topic.topicName) ?? []);
}

/** The sender's own tags, each with its first value; those of SES begin with `ses:`. */
function tagsOf(mail: JsonObject): Readonly<Record<string, string>> {
  const tags = Object.entries(objectOf(mail.tags)).filter(([name]) => !name.startsWith("ses:"));
  return Object.fromEntries(
    tags.flatMap(([name, values]) =>
      textsOf(values)
        .slice(0, 1)
        .map((text) => [name, text]),
    ),
  );
}

function headerOf(mail: JsonObject, name: string): string | undefined {
  const headers = Array.isArray(mail.headers) ? mail.headers.map(objectOf) : [];
  return textOf(headers.find((header) => textOf(header.name)?.toLowerCase() === name)?.value);
}
