/** Services that sign nothing: a secret comes along, in the way that each of them offers. */
import { sharedSecret } from "../proofs.mjs";
import { uuidOf } from "../random.mjs";
import { FORM_TYPE, form, isoOf, jsonArray, messageIdOf, numberOf, replyOf, secondsOf } from "../told.mjs";

const azure = {
  provider: "azure",
  weight: 6,
  proof: sharedSecret("code"),
  words: { delivered: "Delivered", bounced: "Bounced", block: "Failed", "listed-bounce": "Suppressed" },
  record: (event, status) => ({
    id: uuidOf(event.id),
    topic: "/subscriptions/s/providers/microsoft.communication/communicationservices/c",
    data: {
      sender: event.sender,
      recipient: event.recipient,
      messageId: uuidOf(event.messageId),
      internetMessageId: messageIdOf(event),
      status,
      deliveryAttemptTimeStamp: isoOf(event),
      deliveryStatusDetails: { statusMessage: replyOf(event) },
    },
    eventType: "Microsoft.Communication.EmailDeliveryReportReceived",
    dataVersion: "1.0",
    eventTime: isoOf(event),
  }),
  batchSize: 5,
  body: jsonArray,
};

const brevo = {
  provider: "brevo",
  weight: 8,
  proof: sharedSecret("bearer"),
  words: {
    delivered: ["delivered"],
    deferred: ["deferred"],
    bounced: ["soft_bounce"],
    hard: ["hard_bounce"],
    complained: ["spam"],
    unsubscribed: ["unsubscribe"],
    "listed-bounce": ["blocked", "blocked : due to hard bounce"],
    "listed-unsubscribe": ["blocked", "blocked : due to unsubscribed user"],
    "not-allowed": ["blocked", "blocked : due to blacklist user"],
  },
  record: (event, [name, reason]) => ({
    event: name,
    email: event.recipient,
    id: 814119,
    "message-id": messageIdOf(event),
    tags: [event.campaign],
    ts_epoch: event.at,
    reason: reason ?? replyOf(event),
  }),
};

const error = (category) => ["Error", category];

/** `11/21/2026 10:05:09 PM` */
function monthFirst({ at }) {
  const time = new Date(at).toLocaleTimeString("en-US", { timeZone: "UTC" }).replace("\u202f", " ");
  return `${new Date(at).toLocaleDateString("en-US", { timeZone: "UTC" })} ${time}`;
}

/** The event is the URL of a GET. */
const elasticemail = {
  provider: "elasticemail",
  weight: 4,
  method: "GET",
  proof: sharedSecret("token"),
  words: {
    delivered: ["Sent", "Ignore"],
    "bad-mailbox": error("NoMailbox"),
    "quota-issues": error("AccountProblem"),
    "inactive-mailbox": error("AccountProblem"),
    "no-answer-from-host": error("Timeout"),
    "spam-related": error("Spam"),
    "policy-related": error("SPFProblem"),
    "content-related": error("ContentFilter"),
    complained: ["AbuseReport", ""],
    unsubscribed: ["Unsubscribed", ""],
    "not-allowed": error("ManualCancel"),
  },
  record: (event, [status, category]) => ({
    from: event.sender,
    to: event.recipient,
    date: monthFirst(event),
    subject: "Offers",
    status,
    channel: event.campaign,
    category,
    messageid: event.messageId,
    transaction: uuidOf(event.id),
  }),
  body: form,
};

const undelivered = (cause) => ["bounce", cause];

const mailjet = {
  provider: "mailjet",
  weight: 10,
  proof: sharedSecret("basic"),
  words: {
    delivered: ["sent"],
    deferred: undelivered("greylisted"),
    "bad-mailbox": undelivered("user unknown"),
    "bad-domain": undelivered("invalid domain"),
    "quota-issues": undelivered("quota exceeded"),
    "inactive-mailbox": undelivered("mailbox inactive"),
    "no-answer-from-host": undelivered("no mail host"),
    "spam-related": undelivered("content blocked"),
    "policy-related": undelivered("sender blocked"),
    "content-related": undelivered("content blocked"),
    expired: undelivered("connection issue"),
    complained: ["spam"],
    unsubscribed: ["unsub"],
    "listed-bounce": ["blocked", "preblocked"],
    "listed-complaint": ["blocked", "spam reporter"],
    "not-allowed": ["blocked", "policy issue"],
  },
  record: (event, [name, cause]) => ({
    event: name,
    time: secondsOf(event),
    MessageID: numberOf(event),
    email: event.recipient,
    mj_campaign_id: 7257,
    customcampaign: event.campaign,
    ...(name === "sent" ? { smtp_reply: `sent (${replyOf(event)})` } : {}),
    ...(name === "bounce" ? { hard_bounce: event.class === "hard", comment: replyOf(event) } : {}),
    error: cause,
  }),
  batchSize: 5,
  body: jsonArray,
};

const smtp2go = {
  provider: "smtp2go",
  weight: 5,
  proof: sharedSecret("basic"),
  words: {
    delivered: { event: "delivered" },
    bounced: { event: "bounce", bounce: "soft" },
    hard: { event: "bounce", bounce: "hard" },
    complained: { event: "spam" },
    unsubscribed: { event: "unsubscribe" },
    "listed-bounce": { event: "reject", message: "previously hard-bounced" },
    "listed-unsubscribe": { event: "reject", message: "recipient has unsubscribed" },
  },
  record: (event, word) => ({
    time: isoOf(event),
    sender: event.sender,
    rcpt: event.recipient,
    email_id: event.id,
    message: replyOf(event) ?? "",
    host: "mx1.example.net",
    ...word,
  }),
  contentType: FORM_TYPE,
  body: form,
};

export const SHARED_SECRET = [azure, brevo, elasticemail, mailjet, smtp2go];
