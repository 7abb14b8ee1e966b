/** Services that sign as Standard Webhooks says, or nearly so. Our own format over it is in `own-format.mjs`. */
import { ahasendSignature, svix, sweegoSignature } from "../proofs.mjs";
import { uuidOf } from "../random.mjs";
import { hexOf, isoOf, messageIdOf, replyOf } from "../told.mjs";

const bounced = (classification) => ["message.bounced", classification];

const ahasend = {
  provider: "ahasend",
  weight: 4,
  proof: ahasendSignature,
  words: {
    delivered: ["message.delivered"],
    deferred: ["message.transient_error", "TransientFailure"],
    "bad-mailbox": bounced("InvalidRecipient"),
    "bad-domain": bounced("BadDomain"),
    "quota-issues": bounced("QuotaIssues"),
    "inactive-mailbox": bounced("InactiveMailbox"),
    "no-answer-from-host": bounced("NoAnswerFromHost"),
    block: bounced("PolicyRelated"),
    expired: ["message.failed"],
    "listed-bounce": ["message.suppressed"],
  },
  record: (event, [type, classification]) => ({
    type,
    // Nanoseconds.
    timestamp: isoOf(event).replace("Z", "687031Z"),
    data: {
      from: event.sender,
      recipient: event.recipient,
      message_id_header: messageIdOf(event),
      id: hexOf(event, 32),
      ...(classification || event.kind === "delivered"
        ? {
            delivery_attempt: {
              classification,
              smtp_code: Number(event.reply),
              enhanced_status_code: event.status,
              response: event.text,
            },
          }
        : {}),
    },
  }),
};

const bounce = (type, subType) => ({ type: "email.bounced", bounce: { type, subType } });

const resend = {
  provider: "resend",
  weight: 10,
  proof: svix,
  words: {
    delivered: { type: "email.delivered" },
    deferred: { type: "email.delivery_delayed" },
    hard: bounce("Permanent", "General"),
    bounced: bounce("Transient", "General"),
    "quota-issues": bounce("Transient", "MailboxFull"),
    "content-related": bounce("Transient", "MessageTooLarge"),
    complained: { type: "email.complained" },
    "listed-bounce": { type: "email.suppressed", suppressed: { type: "OnAccountSuppressionList" } },
    "not-allowed": { type: "email.failed", failed: { reason: "reached_daily_quota" } },
  },
  record: (event, { type, bounce: verdict, ...rest }) => ({
    type,
    created_at: isoOf(event),
    data: {
      email_id: uuidOf(event.messageId),
      from: event.sender,
      to: [event.recipient],
      tags: [{ name: "campaign", value: event.campaign }],
      ...rest,
      ...(verdict
        ? { bounce: { ...verdict, message: "It was refused.", diagnosticCode: [`smtp; ${replyOf(event)}`] } }
        : {}),
    },
  }),
};

const sweego = {
  provider: "sweego",
  weight: 4,
  proof: sweegoSignature,
  words: {
    delivered: "delivered",
    // Both spellings are in use.
    bounced: "soft-bounce",
    hard: "hard_bounce",
    complained: "complaint",
    unsubscribed: "list_unsub",
  },
  record: (event, event_type) => ({
    event_type,
    timestamp: isoOf(event).replace("Z", "+00:00"),
    event_id: uuidOf(event.id),
    channel: "email",
    transaction_id: uuidOf(event.messageId),
    campaign_id: event.campaign,
    recipient: event.recipient,
    ...(event.class ? { response_code: Number(event.reply), details: replyOf(event) } : {}),
  }),
};

export const STANDARD_WEBHOOKS = [ahasend, resend, sweego];
