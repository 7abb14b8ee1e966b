/** Services whose proof stands in the body, covers only a part of the call, or covers more than the body. */
import { mailgunSignature, mailomatSignature, mandrillSignature, unisenderGoDigest } from "../proofs.mjs";
import { uuidOf } from "../random.mjs";
import { FORM_TYPE, form, hexOf, isoOf, replyOf, secondsOf, zonelessOf } from "../told.mjs";

const permanent = (reason) => ({ event: "failed", severity: "permanent", reason });

const mailgun = {
  provider: "mailgun",
  weight: 15,
  proof: mailgunSignature,
  words: {
    delivered: { event: "delivered" },
    deferred: { event: "failed", severity: "temporary", reason: "greylisted" },
    bounced: permanent("bounce"),
    expired: permanent("old"),
    complained: { event: "complained" },
    unsubscribed: { event: "unsubscribed" },
    "listed-bounce": permanent("suppress-bounce"),
    "listed-complaint": permanent("suppress-complaint"),
    "listed-unsubscribe": permanent("suppress-unsubscribe"),
    "not-allowed": { event: "rejected", reject: { reason: "Sandbox subdomains are for test purposes only." } },
  },
  record: (event, word) => ({
    ...word,
    id: hexOf(event, 22),
    timestamp: event.at / 1000,
    recipient: event.recipient,
    message: { headers: { to: event.recipient, from: event.sender, "message-id": event.messageId } },
    tags: [event.campaign],
    "user-variables": {},
    flags: { "is-test-mode": false },
    envelope: { sender: event.sender },
    "delivery-status": event.reply && {
      "mx-host": "mx.example.net",
      code: Number(event.reply),
      "enhanced-code": event.status,
      message: event.text,
      "attempt-no": 1,
    },
  }),
  body: ([event]) => JSON.stringify({ "event-data": event }),
};

const mailomat = {
  provider: "mailomat",
  weight: 4,
  proof: mailomatSignature,
  words: {
    delivered: "delivered",
    deferred: "failure_tmp",
    bounced: "failure_perm",
    "not-allowed": "not_accepted",
  },
  record: (event, eventType) => ({
    id: uuidOf(event.id),
    eventType,
    occurredAt: isoOf(event),
    messageUuid: uuidOf(event.messageId),
    messageId: event.messageId,
    recipient: event.recipient,
    payload: {
      event: eventType,
      sender: event.sender,
      ...(event.reply
        ? { "delivery-status": { code: Number(event.reply), "enhanced-code": event.status, message: event.text } }
        : { reason: "Not enough mails left to send 3 mails (limit 1000)" }),
    },
  }),
};

const mandrill = {
  provider: "mandrill",
  weight: 12,
  proof: mandrillSignature,
  words: {
    delivered: ["delivered"],
    deferred: ["deferral"],
    bounced: ["soft_bounce"],
    hard: ["hard_bounce"],
    complained: ["spam"],
    unsubscribed: ["unsub"],
    "listed-bounce": ["reject", "hard-bounce"],
    "listed-complaint": ["reject", "spam"],
    "listed-unsubscribe": ["reject", "unsub"],
    "not-allowed": ["reject", "rule"],
  },
  record: (event, [name, reason]) => ({
    event: name,
    _id: hexOf(event, 32),
    ts: secondsOf(event),
    msg: {
      _id: hexOf(event, 32),
      ts: secondsOf(event) - 40,
      email: event.recipient,
      sender: event.sender,
      tags: [event.campaign],
      metadata: {},
      diag: event.class ? `smtp;${replyOf(event)}` : null,
      smtp_events: event.kind === "deferred" ? [{ type: "deferred", diag: replyOf(event) }] : [],
      ...(reason ? { reject: { reason } } : {}),
    },
  }),
  batchSize: 10,
  contentType: FORM_TYPE,
  body: (events) => form([{ mandrill_events: JSON.stringify(events) }]),
};

const ended = (delivery_status) => ["hard_bounced", delivery_status];

const unisenderGo = {
  provider: "unisender-go",
  weight: 6,
  proof: unisenderGoDigest,
  words: {
    delivered: ["delivered", "ok_delivered"],
    deferred: ["soft_bounced", "err_will_retry"],
    "bad-mailbox": ended("err_user_unknown"),
    "bad-domain": ended("err_domain_inactive"),
    "quota-issues": ended("err_mailbox_full"),
    "inactive-mailbox": ended("err_user_inactive"),
    "no-answer-from-host": ended("err_no_smtp"),
    "spam-related": ended("err_spam_rejected"),
    "policy-related": ended("err_blacklisted"),
    "content-related": ended("err_too_large"),
    expired: ended("err_giveup"),
    complained: ["spam", "ok_fbl"],
    unsubscribed: ["unsubscribed"],
    "listed-bounce": ended("skip_dup_unreachable"),
    "listed-unsubscribe": ended("err_unsubscribed"),
    "not-allowed": ended("err_skip_letter"),
  },
  record: (event, [status, delivery_status]) => ({
    event_name: "transactional_email_status",
    event_data: {
      job_id: event.messageId,
      metadata: { campaign: event.campaign },
      email: event.recipient,
      status,
      event_time: zonelessOf(event),
      delivery_info: { delivery_status, destination_response: replyOf(event) },
    },
  }),
  batchSize: 10,
  body: (events) => JSON.stringify({ events_by_user: [{ user_id: 111111, project_name: "Shop", events }] }),
};

export const SIGNED_IN_PART = [mailgun, mailomat, mandrill, unisenderGo];
