/** Services that sign with a private key of their own; the worker knows the public one. */
import { mailpaceKey, postalKey, sendgridKey } from "../proofs.mjs";
import { uuidOf } from "../random.mjs";
import { hexOf, isoOf, messageIdOf, numberOf, replyOf, secondsOf } from "../told.mjs";

/** Neither brings the receiver's reply nor says what was soft: a bounce is a hard one. */
const mailpace = {
  provider: "mailpace",
  weight: 4,
  proof: mailpaceKey,
  words: { delivered: "delivered", deferred: "deferred", hard: "bounced", "not-allowed": "spam" },
  record: (event, status) => ({
    event: `email.${status}`,
    payload: {
      status,
      id: numberOf(event),
      created_at: isoOf(event),
      updated_at: isoOf(event),
      from: event.sender,
      to: event.recipient,
      cc: null,
      bcc: null,
      message_id: messageIdOf(event),
      tags: [event.campaign],
    },
  }),
};

/** A full mailbox is a delay to Postal, until it has tried often enough. */
const postal = {
  provider: "postal",
  weight: 5,
  proof: postalKey,
  words: {
    delivered: ["MessageSent", "Sent"],
    deferred: ["MessageDelayed", "SoftFail"],
    hard: ["MessageDeliveryFailed", "HardFail"],
    block: ["MessageDeliveryFailed", "HardFail"],
    "inactive-mailbox": ["MessageDeliveryFailed", "HardFail"],
    expired: ["MessageDeliveryFailed", "HardFail", "Maximum number of delivery attempts (18) has been reached."],
  },
  record: (event, [name, status, details]) => ({
    event: name,
    timestamp: event.at / 1000,
    payload: {
      message: {
        id: numberOf(event),
        token: hexOf(event, 7),
        direction: "outgoing",
        message_id: event.messageId,
        to: event.recipient,
        from: event.sender,
        tag: event.campaign,
      },
      status,
      details: details ?? "An SMTP server was asked.",
      output: details ? "" : replyOf(event),
      timestamp: event.at / 1000,
    },
    uuid: uuidOf(event.id),
  }),
};

const bounce = (type, bounce_classification) => ({ event: "bounce", type, bounce_classification });
const dropped = (reason) => ({ event: "dropped", reason });

const sendgrid = {
  provider: "sendgrid",
  weight: 25,
  proof: sendgridKey,
  words: {
    delivered: { event: "delivered" },
    deferred: { event: "deferred" },
    hard: bounce("bounce", "Invalid Address"),
    soft: bounce("blocked", "Mailbox Unavailable"),
    expired: bounce("blocked", "Technical"),
    block: bounce("blocked", "Content"),
    "policy-related": bounce("blocked", "Reputation"),
    complained: { event: "spamreport" },
    unsubscribed: { event: "unsubscribe" },
    "listed-bounce": dropped("Bounced Address"),
    "listed-complaint": dropped("Spam Reporting Address"),
    "listed-unsubscribe": dropped("Unsubscribed Address"),
    "not-allowed": dropped("Invalid SMTPAPI header"),
  },
  record: (event, word) => ({
    email: event.recipient,
    timestamp: secondsOf(event),
    "smtp-id": messageIdOf(event),
    category: [event.campaign],
    sg_event_id: hexOf(event, 22),
    sg_message_id: `${hexOf({ id: event.messageId }, 22)}.recvd-5f54b5d587-x7k2p-1-67BADEEA-6.0`,
    ...(event.class ? { reason: replyOf(event), status: event.status } : { response: replyOf(event) }),
    ...word,
  }),
  batchSize: 20,
  // Each event ends with CR LF, and is signed with it.
  body: (events) => `[${events.map((event) => JSON.stringify(event)).join(",\r\n")}]\r\n`,
};

export const KEY_PAIRS = [mailpace, postal, sendgrid];
