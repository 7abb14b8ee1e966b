/**
 * Who speaks to the worker, and how. Another provider is one more entry:
 *
 *   provider   the word in its URL, and in the story
 *   weight     its share of the messages
 *   secret     the name of its secret in .dev.vars
 *   path       where it posts
 *   tells      which outcomes it tells of
 *   records    an event as the provider's records: one or more texts
 *   batchSize  how many records it posts at once, and `join`, how it puts them together
 *   authorize  the headers by which it proves itself
 *   isSilent   answers without counts
 */
import { POWERMTA_KINDS, powerMtaRecord } from "./powermta-records.mjs";
import { uuidOf } from "./random.mjs";
import { SMTPETER_KINDS, smtpeterCalls } from "./smtpeter-calls.mjs";

const JSON_TYPE = "application/json";

const basic = (pair) => ({ authorization: `Basic ${Buffer.from(pair).toString("base64")}` });
const bearer = (token) => ({ authorization: `Bearer ${token}` });
/** A shared secret, or `user:password`. */
const sharedSecret = (secret) => (secret.includes(":") ? basic(secret) : { "x-webhook-token": secret });
const oneOf =
  (kinds) =>
  ({ kind }) =>
    kinds.includes(kind);
const jsonArray = (records) => `[${records.join(",")}]`;

export const SENDERS = [
  {
    provider: "inboxroad",
    weight: 30,
    secret: "WEBHOOK_INBOXROAD",
    path: "/webhooks/inboxroad",
    tells: oneOf(POWERMTA_KINDS),
    contentType: JSON_TYPE,
    records: (event) => [JSON.stringify(powerMtaRecord(event))],
    batchSize: 10,
    join: jsonArray,
    authorize: sharedSecret,
  },
  {
    provider: "powermta",
    weight: 35,
    secret: "WEBHOOK_POWERMTA",
    path: "/webhooks/powermta",
    tells: oneOf(POWERMTA_KINDS),
    contentType: JSON_TYPE,
    records: (event) => [JSON.stringify(powerMtaRecord(event))],
    batchSize: 40,
    join: jsonArray,
    authorize: sharedSecret,
  },
  {
    provider: "smtpeter",
    weight: 15,
    secret: "WEBHOOK_SMTPETER",
    path: "/webhooks/smtpeter",
    tells: oneOf(SMTPETER_KINDS),
    contentType: "application/x-www-form-urlencoded",
    records: smtpeterCalls,
    batchSize: 1,
    join: ([record]) => record,
    authorize: sharedSecret,
  },
  {
    provider: "listmonk",
    // Small, because all it tells of are bounces.
    weight: 3,
    secret: "WEBHOOK_LISTMONK",
    path: "/webhooks/bounce",
    tells: (event) => oneOf(["bounced", "complained"])(event) && event.class !== "block",
    contentType: JSON_TYPE,
    records: (event) => [JSON.stringify(listmonkBounce(event))],
    batchSize: 1,
    join: ([record]) => record,
    authorize: basic,
    isSilent: true,
  },
  {
    provider: "api",
    weight: 10,
    secret: "ADMIN_TOKENS",
    path: "/v1/events",
    tells: oneOf(["delivered", "deferred", "bounced", "complained", "unsubscribed"]),
    contentType: "application/x-ndjson",
    records: (event) => [JSON.stringify(ownEvent(event))],
    batchSize: 20,
    join: (records) => records.join("\n"),
    authorize: bearer,
  },
];

/** listmonk has three words. */
function listmonkBounce(event) {
  return {
    email: event.recipient,
    campaign_uuid: uuidOf(event.campaign),
    source: "demo",
    type: event.kind === "complained" ? "complaint" : event.class === "hard" ? "hard" : "soft",
    meta: { diagnostic: event.text ?? "" },
    created_at: new Date(event.at).toISOString(),
  };
}

function ownEvent(event) {
  return {
    kind: event.kind,
    class: event.class,
    recipient: event.recipient,
    occurredAt: new Date(event.at).toISOString(),
    messageId: event.messageId,
    statusCode: event.status,
    diagnosticCode: event.reply && `smtp; ${event.reply} ${event.text}`,
    campaign: event.campaign,
    tags: ["demo"],
  };
}
