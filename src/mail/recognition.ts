/** What reading a raw mail gives: what it is, and what it says about whom. */
import type { EventKind, SmtpCommand } from "../domain/event";

/** What a mail can be. */
export const MAIL_FORMS = ["dsn", "arf", "auto_reply", "free_text", "unrecognized"] as const;
/**
 * `dsn`: a delivery status notification (RFC 3464), also a broken or a pasted one. `arf`: a feedback report (RFC 5965),
 * also those that follow no standard. `free_text`: a bounce in an MTA's own words. `unrecognized`: anything else; it
 * does nothing.
 */
export type MailForm = (typeof MAIL_FORMS)[number];

export type MailEventKind = Extract<
  EventKind,
  "bounced" | "deferred" | "delivered" | "complained" | "unsubscribed" | "auto_reply"
>;

/** What a mail says about one recipient. Absent values are left out. */
export interface MailEvent {
  readonly kind: MailEventKind;
  /** Whom we mailed, as written; absent where the report hides or forgets it. */
  readonly recipient?: string | undefined;
  /** Where it failed in the end, where that is another address: the recipient forwards. */
  readonly failedAddress?: string | undefined;
  /** Enhanced status code, RFC 3463. */
  readonly statusCode?: string | undefined;
  /** SMTP reply code. */
  readonly replyCode?: string | undefined;
  /** The receiver's words, or those of the MTA that gave up. */
  readonly diagnosticCode?: string | undefined;
  /** What else the report says in words; evidence where `diagnosticCode` decides nothing. */
  readonly explanation?: string | undefined;
  readonly remoteMta?: string | undefined;
  readonly smtpCommand?: SmtpCommand | undefined;
  /**
   * In our own words, where the report itself states a cause (PowerMTA's category); of an auto-reply: `vacation`,
   * `challenge`, `left-company`, `address-changed`.
   */
  readonly category?: string | undefined;
  /** Of a feedback report: RFC 5965, `abuse`. */
  readonly feedbackType?: string | undefined;
}

/** The mail that a report is about, as far as it returns it. Evidence of identity, never of the verdict. */
export interface ReturnedMail {
  /** Without angle brackets. */
  readonly messageId?: string | undefined;
  readonly envelopeSender?: string | undefined;
  /** The addresses of its To header, as written. */
  readonly to: readonly string[];
  /** From our own headers (`X-Listmonk-Campaign`, `Feedback-ID`, `List-Id`). */
  readonly campaign?: string | undefined;
  /** `X-Listmonk-Subscriber`: a uuid. */
  readonly subscriber?: string | undefined;
}

export interface RecognizedMail {
  readonly form: MailForm;
  readonly events: readonly MailEvent[];
  readonly returned: ReturnedMail;
  /** The report's own Message-ID, without angle brackets. */
  readonly reportId?: string | undefined;
  /** Epoch ms of the report's own Date header. */
  readonly reportedAt?: number | undefined;
  /** Addresses to which the report was sent (To, Delivered-To, X-Original-To): where a signed return path may stand. */
  readonly sentTo: readonly string[];
}
