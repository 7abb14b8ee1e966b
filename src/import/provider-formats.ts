/**
 * What the providers' pages and APIs export.
 *
 * Sources (read 2026-11): SendGrid's suppression pages and `/v3/suppression/*`; Mailgun's suppressions API and its CSV
 * imports; Amazon SES `ListSuppressedDestinations` and the files of its import jobs; Postmark's suppressions and bounces
 * APIs; listmonk's export of subscribers (`cmd/subscribers.go`) and `GET /api/bounces`; Mandrill's rejection list;
 * SparkPost's suppression list; Brevo's blocked contacts; Mailchimp's exports of an audience.
 */
import type { Format } from "./format";

const SENDGRID: readonly Format[] = [
  {
    id: "sendgrid-bounces",
    title: "SendGrid: bounces",
    columns: ["status", "reason", "email", "created"],
    recipient: ["email"],
    occurredAt: ["created"],
    statusCode: ["status"],
    diagnosticCode: ["reason"],
    meaning: "bounce",
  },
  {
    // Refused because of the sender or the message; SendGrid does not suppress these either.
    id: "sendgrid-blocks",
    title: "SendGrid: blocks",
    columns: ["status", "reason", "email", "created"],
    isOnlyNamed: true,
    recipient: ["email"],
    meaning: "none",
  },
  {
    id: "sendgrid-spam-reports",
    title: "SendGrid: spam reports",
    columns: ["ip", "email", "created"],
    recipient: ["email"],
    occurredAt: ["created"],
    meaning: "complaint",
  },
  {
    id: "sendgrid-invalid",
    title: "SendGrid: invalid addresses",
    columns: ["reason", "email", "created"],
    isExact: true,
    recipient: ["email"],
    occurredAt: ["created"],
    diagnosticCode: ["reason"],
    meaning: "hard",
  },
  {
    id: "sendgrid-unsubscribes",
    title: "SendGrid: global unsubscribes",
    columns: ["email", "created"],
    isExact: true,
    recipient: ["email"],
    occurredAt: ["created"],
    meaning: "unsubscribe",
  },
  {
    id: "sendgrid-group-unsubscribes",
    title: "SendGrid: group unsubscribes",
    columns: ["email", "groupid"],
    recipient: ["email"],
    occurredAt: ["createdat", "created"],
    meaning: "unsubscribe",
  },
];

const MAILGUN: readonly Format[] = [
  {
    id: "mailgun-bounces",
    title: "Mailgun: bounces",
    columns: ["address", "code", "error"],
    recipient: ["address"],
    occurredAt: ["createdat"],
    diagnosticCode: ["error"],
    meaning: "hard",
  },
  {
    id: "mailgun-unsubscribes",
    title: "Mailgun: unsubscribes",
    columns: ["address", "tags"],
    recipient: ["address"],
    occurredAt: ["createdat"],
    meaning: "unsubscribe",
  },
  {
    id: "mailgun-complaints",
    title: "Mailgun: complaints",
    columns: ["address", "createdat"],
    isExact: true,
    recipient: ["address"],
    occurredAt: ["createdat"],
    meaning: "complaint",
  },
];

const SES: Format = {
  id: "ses",
  title: "Amazon SES: account-level suppression list",
  columns: ["emailaddress", "reason"],
  recipient: ["emailaddress"],
  occurredAt: ["lastupdatetime"],
  meaning: { columns: ["reason"], words: { bounce: "hard", complaint: "complaint" }, otherwise: "manual" },
};

const POSTMARK: readonly Format[] = [
  {
    id: "postmark-suppressions",
    title: "Postmark: suppressions",
    columns: ["emailaddress", "suppressionreason", "origin"],
    recipient: ["emailaddress"],
    occurredAt: ["createdat"],
    meaning: {
      columns: ["suppressionreason", "origin"],
      words: {
        hardbounce: "hard",
        spamcomplaint: "complaint",
        manualsuppression: "manual",
        // The recipient did it: by an unsubscribe link.
        "manualsuppression/recipient": "unsubscribe",
      },
      otherwise: "manual",
    },
  },
  {
    id: "postmark-bounces",
    title: "Postmark: bounces",
    columns: ["email", "type", "bouncedat", "inactive"],
    recipient: ["email"],
    occurredAt: ["bouncedat"],
    diagnosticCode: ["details"],
    meaning: {
      columns: ["type", "inactive"],
      words: {
        "hardbounce/true": "hard",
        "bademailaddress/true": "hard",
        "spamcomplaint/true": "complaint",
        "manuallydeactivated/true": "manual",
        "unsubscribe/true": "unsubscribe",
      },
      // Soft bounces, blocks, and what was activated again.
      otherwise: "none",
    },
  },
];

const LISTMONK: readonly Format[] = [
  {
    id: "listmonk-subscribers",
    title: "listmonk: subscribers",
    columns: ["uuid", "email", "attributes", "status"],
    recipient: ["email"],
    occurredAt: ["updatedat"],
    meaning: { columns: ["status"], words: { blocklisted: "manual" }, otherwise: "none" },
  },
  {
    id: "listmonk-bounces",
    title: "listmonk: bounces",
    columns: ["email", "type", "source", "subscriberuuid"],
    recipient: ["email", "subscriberuuid"],
    occurredAt: ["createdat"],
    meaning: { columns: ["type"], words: { hard: "hard", complaint: "complaint" }, otherwise: "none" },
  },
];

const OTHERS: readonly Format[] = [
  {
    id: "mandrill",
    title: "Mandrill: rejection list",
    columns: ["email", "reason", "detail", "expiresat"],
    recipient: ["email"],
    occurredAt: ["createdat"],
    // Mandrill tries even a hard bounce again some day; we do not.
    retriedAt: ["expiresat"],
    diagnosticCode: ["detail"],
    meaning: {
      columns: ["reason"],
      words: { hardbounce: "hard", softbounce: "temporary", spam: "complaint", unsub: "unsubscribe", custom: "manual" },
      otherwise: "manual",
    },
  },
  {
    id: "sparkpost",
    title: "SparkPost: suppression list, by its API",
    columns: ["recipient", "type", "source", "created"],
    recipient: ["recipient"],
    occurredAt: ["created"],
    note: ["description"],
    meaning: {
      columns: ["source"],
      words: {
        spamcomplaint: "complaint",
        listunsubscribe: "unsubscribe",
        unsubscribelink: "unsubscribe",
        bouncerule: "hard",
        manuallyadded: "manual",
        compliance: "manual",
      },
      otherwise: "manual",
    },
  },
  {
    id: "sparkpost-csv",
    title: "SparkPost: suppression list",
    columns: ["recipient", "transactional", "nontransactional"],
    recipient: ["recipient"],
    note: ["description"],
    meaning: {
      columns: ["transactional", "nontransactional"],
      // Whoever may still get transactional mail is somebody who left.
      words: { "true/true": "manual", "true/false": "manual", true: "manual", "false/true": "unsubscribe" },
      otherwise: "none",
    },
  },
  {
    id: "brevo",
    title: "Brevo: blocked contacts",
    columns: ["email", "blockedat", "reasoncode"],
    recipient: ["email"],
    occurredAt: ["blockedat"],
    diagnosticCode: ["reasonmessage"],
    meaning: {
      columns: ["reasoncode"],
      words: {
        unsubscribedviama: "unsubscribe",
        unsubscribedviaemail: "unsubscribe",
        unsubscribedviaapi: "unsubscribe",
        adminblocked: "manual",
        hardbounce: "hard",
        contactflaggedasspam: "complaint",
      },
      otherwise: "manual",
    },
  },
  {
    id: "mailchimp-unsubscribed",
    title: "Mailchimp: unsubscribed contacts",
    columns: ["emailaddress", "unsubtime"],
    recipient: ["emailaddress"],
    occurredAt: ["unsubtime"],
    note: ["unsubreason"],
    meaning: "unsubscribe",
  },
  {
    id: "mailchimp-cleaned",
    title: "Mailchimp: cleaned contacts",
    columns: ["emailaddress", "cleantime"],
    recipient: ["emailaddress"],
    occurredAt: ["cleantime"],
    meaning: "hard",
  },
];

/** Other services' exports, and what their columns mean. */
export const PROVIDER_FORMATS: readonly Format[] = [...SENDGRID, ...MAILGUN, SES, ...POSTMARK, ...LISTMONK, ...OTHERS];
