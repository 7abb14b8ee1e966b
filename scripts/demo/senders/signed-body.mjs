/** Services that sign the body with HMAC-SHA256, some of them with the time before it. */
import { bodyHmac, lettermintSignature, zeptomailSignature } from "../proofs.mjs";
import { uuidOf } from "../random.mjs";
import { hexOf, isoOf, messageIdOf, replyOf, secondsOf } from "../told.mjs";

/** Tells of bounces only. */
const forwardemail = {
  provider: "forwardemail",
  weight: 1,
  proof: bodyHmac("x-webhook-signature"),
  words: {
    "bad-mailbox": "recipient",
    "bad-domain": "dns",
    "quota-issues": "capacity",
    "no-answer-from-host": "network",
    "spam-related": "spam",
    "policy-related": "dmarc",
    "content-related": "policy",
    expired: "defer",
  },
  record: (event, category) => ({
    email_id: hexOf(event),
    recipient: event.recipient,
    response: replyOf(event),
    response_code: Number(event.reply),
    truth_source: "mx.example.net",
    headers: { "Message-ID": messageIdOf(event), "X-Listmonk-Campaign": uuidOf(event.campaign) },
    bounce: { category, message: replyOf(event), code: Number(event.reply), status: event.status },
    bounced_at: isoOf(event),
  }),
};

const lettermint = {
  provider: "lettermint",
  weight: 4,
  proof: lettermintSignature,
  words: {
    delivered: ["message.delivered"],
    bounced: ["message.soft_bounced"],
    hard: ["message.hard_bounced"],
    complained: ["message.spam_complaint"],
    unsubscribed: ["message.unsubscribed"],
    "listed-bounce": ["message.suppressed", "hard_bounce"],
    "listed-complaint": ["message.suppressed", "spam_complaint"],
    "not-allowed": ["message.policy_rejected", "The content breaks a policy."],
  },
  record: (event, [name, reason]) => ({
    id: uuidOf(event.id),
    event: name,
    timestamp: isoOf(event),
    data: {
      message_id: uuidOf(event.messageId),
      recipient: event.recipient,
      reason,
      tag: event.campaign,
      ...(event.reply
        ? {
            response: { status_code: Number(event.reply), enhanced_status_code: event.status, content: replyOf(event) },
          }
        : {}),
    },
  }),
};

const mailersend = {
  provider: "mailersend",
  weight: 5,
  proof: bodyHmac("signature"),
  words: {
    delivered: ["delivered"],
    deferred: ["deferred"],
    bounced: ["soft_bounced"],
    hard: ["hard_bounced"],
    complained: ["spam_complaint"],
    unsubscribed: ["unsubscribed"],
    "listed-bounce": ["suppressed", "hard_bounced"],
    "listed-complaint": ["suppressed", "spam_complaint"],
    "listed-unsubscribe": ["suppressed", "unsubscribed"],
    "not-allowed": ["suppressed", "on_hold"],
  },
  record: (event, [type, listed]) => ({
    type: `activity.${type}`,
    created_at: isoOf(event),
    data: {
      id: hexOf(event),
      message_id: hexOf({ id: event.messageId }),
      email_id: hexOf({ id: `mail ${event.messageId}` }),
      type,
      recipient: event.recipient,
      tags: [event.campaign],
      meta: listed
        ? { suppression_reason: listed }
        : type.endsWith("_bounced")
          ? { bounce_reason: replyOf(event), bounce_code: Number(event.reply) }
          : [],
    },
  }),
};

const listed = (why) => ({ event: "reject", reason: `Recipient in suppression list. Reason: ${why}` });

const mailtrap = {
  provider: "mailtrap",
  weight: 8,
  proof: bodyHmac("mailtrap-signature"),
  words: {
    delivered: { event: "delivery" },
    deferred: { event: "soft bounce", bounce_category: "greylisting" },
    "bad-mailbox": { event: "bounce", bounce_category: "invalid_recipient" },
    hard: { event: "bounce", bounce_category: "hard" },
    bounced: { event: "bounce", bounce_category: "unavailable" },
    block: { event: "bounce", bounce_category: "spam" },
    complained: { event: "spam" },
    unsubscribed: { event: "unsubscribe" },
    "listed-bounce": listed("hard bounce"),
    "listed-complaint": listed("spam complaint"),
    "listed-unsubscribe": listed("unsubscription"),
    "not-allowed": { event: "suspension", reason: "The domain is not verified." },
  },
  record: (event, word) => ({
    ...word,
    timestamp: secondsOf(event),
    sending_stream: "bulk",
    category: event.campaign,
    message_id: uuidOf(event.messageId),
    email: event.recipient,
    event_id: uuidOf(event.id),
    ...(word.bounce_category
      ? { response: `bounced (${replyOf(event)} ab12 - example)`, response_code: Number(event.reply) }
      : {}),
  }),
  batchSize: 20,
  body: (events) => JSON.stringify({ events }),
};

const zeptomail = {
  provider: "zeptomail",
  weight: 4,
  proof: zeptomailSignature,
  words: { delivered: "delivered", bounced: "softbounce", hard: "hardbounce", complained: "feedback_loop" },
  record: (event, object) => ({
    email_info: {
      email_reference: event.messageId,
      client_reference: event.campaign,
      bounce_address: event.sender,
      to: [{ email_address: { address: event.recipient, name: "" } }],
      processed_time: isoOf(event),
    },
    event_data: [
      {
        object,
        details: [
          {
            time: isoOf(event),
            ...(event.class
              ? {
                  reason: event.category,
                  bounced_recipient: event.recipient,
                  diagnostic_message: `smtp; ${replyOf(event)}`,
                }
              : {}),
          },
        ],
      },
    ],
    request_id: event.id,
  }),
  body: (messages) =>
    JSON.stringify({
      event_name: [...new Set(messages.flatMap(({ event_data }) => event_data.map(({ object }) => object)))],
      event_message: messages,
      webhook_request_id: messages[0].request_id,
    }),
};

export const SIGNED_BODY = [forwardemail, lettermint, mailersend, mailtrap, zeptomail];
