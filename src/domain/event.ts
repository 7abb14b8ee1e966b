/**
 * The vocabulary of the product: what a provider can tell us about one message to one recipient.
 *
 * Two types on purpose: an adapter *states* (`EventDraft`), the pipeline *decides* (`NormalizedEvent`).
 */

/** What can happen to a message, or be done to a recipient. */
export const EVENT_KINDS = [
  /** The receiving server accepted it. */
  "delivered",
  /** The sending server will try again. */
  "deferred",
  /** It will not be delivered; has a class and a category. */
  "bounced",
  /** The recipient reported it as spam (feedback loop). */
  "complained",
  /** The recipient opted out. */
  "unsubscribed",
  /** The provider refused to send because of its own list or policy; the category says what it stands for. */
  "rejected",
  /** Out of office, vacation, challenge. */
  "auto_reply",
  "manual_block",
  "manual_release",
  "manual_allow",
  "manual_disallow",
] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

/** What an operator did, as opposed to what a provider reported. */
export const OPERATOR_KINDS = ["manual_block", "manual_release", "manual_allow", "manual_disallow"] as const;
export type OperatorKind = (typeof OPERATOR_KINDS)[number];

/** What an imported list says: the provider of its events. Their connection is the list's format. */
export const IMPORT_PROVIDER = "import";

/** Was it done by hand? */
export function isOperatorKind(kind: EventKind): kind is OperatorKind {
  return (OPERATOR_KINDS as readonly EventKind[]).includes(kind);
}

/** How lasting a bounce is, and whose fault. The worst for the recipient first. */
export const BOUNCE_CLASSES = [
  /** The address does not exist or will never accept mail. */
  "hard",
  /** The mailbox cannot take mail now. */
  "soft",
  /** The sender gave up retrying. */
  "expired",
  /** Refused because of the sender or the message: not the recipient's fault. */
  "block",
  /** Nothing says which. */
  "undetermined",
] as const;
export type BounceClass = (typeof BOUNCE_CLASSES)[number];

/** Why an address is suppressed, in the order in which they are listed. */
export const REASONS = ["hard", "soft", "complaint", "unsubscribe", "manual", "domain"] as const;
export type Reason = (typeof REASONS)[number];

export type BounceMode = "synchronous" | "asynchronous";

/** The command of the SMTP session that was refused: what a refusal is about depends on it (RFC 5321). */
export const SMTP_COMMANDS = ["CONNECT", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA"] as const;
export type SmtpCommand = (typeof SMTP_COMMANDS)[number];

/** What adapters and the pipeline both say about an event. Absent values are left out. */
interface EventFields {
  readonly kind: EventKind;
  /** The address as it was received. */
  readonly recipient: string;
  /** Why, in the words of RFC 3463 and PowerMTA. For `rejected`: what it stands for. */
  readonly category?: string | undefined;
  /** The provider's own verdict, verbatim. */
  readonly hint?: string | undefined;
  /** The envelope sender (RFC 5321 MAIL FROM). */
  readonly envelopeSender?: string | undefined;
  /** The provider's message id. */
  readonly messageId?: string | undefined;
  /** The Message-ID of RFC 5322, without angle brackets. */
  readonly internetMessageId?: string | undefined;
  /** Enhanced status code, RFC 3463: `5.1.1`. */
  readonly statusCode?: string | undefined;
  /** SMTP reply code, RFC 5321: `550`. */
  readonly replyCode?: string | undefined;
  readonly diagnosticCode?: string | undefined;
  readonly remoteMta?: string | undefined;
  readonly mode?: BounceMode | undefined;
  readonly campaign?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
}

/** How sure the provider's word makes us of a class: it fixes it, or it counts where our own rules find nothing. */
export interface StatedClass {
  readonly class: BounceClass;
  /** The rule that says so, e.g. `inboxroad:bad-mailbox`. */
  readonly rule: string;
  readonly fixed: boolean;
}

/** What an adapter read in one record. */
export interface EventDraft extends EventFields {
  /** For `bounced` only. Absent: the classification decides. */
  readonly stated?: StatedClass | undefined;
  /** Evidence for the classification only: the command that was refused, where it is known. */
  readonly smtpCommand?: SmtpCommand | undefined;
  /** Evidence for the classification only: what a report says beside the diagnostic text. */
  readonly explanation?: string | undefined;
  /** Epoch ms as the provider states it; absent where it states none. */
  readonly occurredAt?: number | undefined;
  /**
   * What the provider repeats unchanged when it delivers this event again: an event id where it has a
   * stable one, else content. Provider, connection and recipient are added to it.
   */
  readonly identity: readonly (string | number | undefined)[];
  /** Epoch ms at which what this event states ends by itself. */
  readonly expiresAt?: number | undefined;
}

/** One fact, ready for the journal. */
export interface NormalizedEvent extends EventFields {
  /** Names the event, not its delivery to us: the same for every repetition. */
  readonly id: string;
  readonly provider: string;
  readonly connection: string;
  /** The canonical address. */
  readonly address: string;
  readonly class?: BounceClass | undefined;
  /** The rule that decided the class. */
  readonly rule?: string | undefined;
  /** Epoch ms. Never later than `receivedAt`. */
  readonly occurredAt: number;
  /** Epoch ms. */
  readonly receivedAt: number;
  readonly expiresAt?: number | undefined;
}
