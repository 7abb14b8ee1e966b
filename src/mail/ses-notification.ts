/**
 * Amazon SES's notifications as Amazon SNS mails them to a subscribed address: JSON in the text of a mail, the
 * notification itself or SNS's envelope around it.
 *
 * Manual: https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html (read 2026-11).
 */
import { statusCodeIn } from "../domain/delivery-status";
import type { MailMessage } from "./message";
import type { MailEvent, MailEventKind } from "./recognition";

interface Kind {
  readonly kind: MailEventKind;
  readonly part: string;
  readonly recipients: string;
}

const KINDS: Readonly<Record<string, Kind>> = {
  Bounce: { kind: "bounced", part: "bounce", recipients: "bouncedRecipients" },
  Complaint: { kind: "complained", part: "complaint", recipients: "complainedRecipients" },
  Delivery: { kind: "delivered", part: "delivery", recipients: "recipients" },
  DeliveryDelay: { kind: "deferred", part: "deliveryDelay", recipients: "delayedRecipients" },
};
const MAX_JSON_LENGTH = 300_000;
const MAX_RECIPIENTS = 1_000;

type Json = Readonly<Record<string, unknown>>;

/** @returns `null` where the mail is no such notification */
export function readSesNotification(mail: MailMessage): MailEvent[] | null {
  const envelope = objectIn(mail.text);
  const message = envelope && typeof envelope.Message === "string" ? objectIn(envelope.Message) : envelope;
  const type = message?.notificationType ?? message?.eventType;
  const kind = typeof type === "string" && Object.hasOwn(KINDS, type) ? KINDS[type] : undefined;
  if (!message || !kind) return null;
  const part = objectOf(message[kind.part]);
  const recipients = part[kind.recipients];
  if (!Array.isArray(recipients)) return null;
  return recipients.slice(0, MAX_RECIPIENTS).map((recipient) => eventOf(recipient, kind.kind, part));
}

function eventOf(recipient: unknown, kind: MailEventKind, part: Json): MailEvent {
  const about = objectOf(recipient);
  const diagnosticCode = textOf(about.diagnosticCode) ?? textOf(part.smtpResponse);
  return {
    kind,
    recipient: textOf(recipient) ?? textOf(about.emailAddress),
    statusCode: textOf(about.status) ?? statusCodeIn(diagnosticCode),
    diagnosticCode,
    explanation:
      [part.bounceType, part.bounceSubType].filter((word) => typeof word === "string").join(" ") || undefined,
    feedbackType: kind === "complained" ? textOf(part.complaintFeedbackType) : undefined,
  };
}

/** The JSON object in a text; a line that was folded in transit is joined again. */
function objectIn(text: string): Json | null {
  const start = text.indexOf("{");
  const end = text.lastIndexOf("}");
  if (start < 0 || end < start || end - start > MAX_JSON_LENGTH || /\S/.test(text.slice(0, start))) return null;
  const json = text.slice(start, end + 1);
  for (const candidate of [json, json.replace(/\r?\n[ \t]?/g, "")]) {
    try {
      return objectOf(JSON.parse(candidate));
    } catch {}
  }
  return null;
}

function objectOf(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}
