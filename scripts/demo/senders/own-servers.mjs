/** Mail servers that their operator runs, or that somebody runs as they are: accounting records and log records. */
import { sharedSecret, smtpeterSecret } from "../proofs.mjs";
import { smtpeterCalls } from "../smtpeter-calls.mjs";
import { FORM_TYPE, form, hexOf, isoOf, jsonArray, messageIdOf, replyOf, secondsOf } from "../told.mjs";

const POWERMTA_TYPES = { delivered: "d", deferred: "t", bounced: "b", complained: "f", "unheard-of": "zz" };

/** PowerMTA's accounting records, which Inboxroad posts as well. */
function powerMtaRecord(event, type) {
  const common = {
    type,
    timeLogged: `${secondsOf(event)}`,
    orig: event.sender,
    rcpt: event.recipient,
    jobId: event.campaign,
    "header_Message-Id": messageIdOf(event),
    vmta: "pool-a",
  };
  if (event.kind === "complained") return { ...common, feedbackType: event.text, reportedDomain: "mail.example.com" };
  return {
    ...common,
    dsnAction: { delivered: "relayed", deferred: "delayed" }[event.kind] ?? "failed",
    dsnStatus: event.status && `${event.status} (${event.category ?? "success"})`,
    dsnDiag: event.reply && `smtp;${replyOf(event)}`,
    bounceCat: event.category ?? "other",
    dsnMta: `mx1.${event.recipient.slice(event.recipient.lastIndexOf("@") + 1)} (192.0.2.25)`,
  };
}

const bounce = (classification) => ["Bounce", classification];

function kumomtaRecord(event, [type, classification]) {
  const [digit, subject, detail] = (event.status ?? "").split(".").map(Number);
  const isFeedback = type === "Feedback";
  return {
    type,
    id: hexOf(event, 32),
    sender: event.sender,
    recipient: isFeedback ? "fbl@mail.example.com" : event.recipient,
    queue: `${event.campaign}:shop@example.com`,
    size: 1047,
    response: event.reply && {
      code: Number(event.reply),
      enhanced_code: { class: digit, subject, detail },
      content: event.text,
      command: "RCPT TO",
    },
    peer_address: { name: "mx1.example.net.", addr: "192.0.2.25" },
    timestamp: secondsOf(event),
    event_time: isoOf(event),
    num_attempts: 1,
    bounce_classification: classification,
    feedback_report: isFeedback ? { feedback_type: "abuse", original_rcpto_to: [`<${event.recipient}>`] } : null,
    meta: { tenant: "shop" },
    headers: { "Message-ID": messageIdOf(event) },
  };
}

export const OWN_SERVERS = [
  {
    provider: "inboxroad",
    weight: 30,
    proof: sharedSecret("token"),
    words: POWERMTA_TYPES,
    record: powerMtaRecord,
    batchSize: 10,
    body: jsonArray,
  },
  {
    provider: "powermta",
    weight: 35,
    proof: sharedSecret("header"),
    words: POWERMTA_TYPES,
    record: powerMtaRecord,
    batchSize: 40,
    body: jsonArray,
  },
  {
    provider: "kumomta",
    weight: 20,
    proof: sharedSecret("bearer"),
    words: {
      delivered: ["Delivery", "Uncategorized"],
      deferred: ["TransientFailure", "TransientFailure"],
      "bad-mailbox": bounce("InvalidRecipient"),
      "bad-domain": bounce("BadDomain"),
      "quota-issues": bounce("QuotaIssues"),
      "inactive-mailbox": bounce("InactiveMailbox"),
      "no-answer-from-host": bounce("NoAnswerFromHost"),
      "spam-related": bounce("SpamBlock"),
      "policy-related": bounce("PolicyRelated"),
      "content-related": bounce("ContentRelated"),
      expired: ["Expiration", "Uncategorized"],
      complained: ["Feedback", "Uncategorized"],
      unsubscribed: ["OOB", "Unsubscribe"],
      "not-allowed": ["AdminBounce", "Uncategorized"],
    },
    record: kumomtaRecord,
    batchSize: 20,
    body: jsonArray,
  },
  {
    provider: "smtpeter",
    weight: 15,
    proof: smtpeterSecret,
    words: { delivered: "delivery", bounced: "failure", complained: "abuse" },
    record: smtpeterCalls,
    contentType: FORM_TYPE,
    body: form,
  },
];
