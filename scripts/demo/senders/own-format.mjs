/** listmonk's API, and our own format: posted by an operator's scripts, or signed as Standard Webhooks says. */
import { sharedSecret, standardWebhooks, userAndToken } from "../proofs.mjs";
import { uuidOf } from "../random.mjs";
import { isoOf, jsonArray, jsonLines, replyOf } from "../told.mjs";

const KINDS = ["delivered", "deferred", "bounced", "complained", "unsubscribed", "rejected"];
const words = Object.fromEntries(KINDS.map((kind) => [kind, kind]));

function ownEvent(event, kind) {
  return {
    kind,
    class: event.class,
    category: event.list,
    recipient: event.recipient,
    occurredAt: isoOf(event),
    messageId: event.messageId,
    statusCode: event.status,
    diagnosticCode: event.reply && `smtp; ${replyOf(event)}`,
    campaign: event.campaign,
    tags: ["demo"],
  };
}

function listmonkBounce(event, type) {
  return {
    email: event.recipient,
    campaign_uuid: uuidOf(event.campaign),
    source: "demo",
    type,
    meta: { diagnostic: event.text ?? "" },
    created_at: isoOf(event),
  };
}

export const OWN_FORMAT = [
  {
    provider: "listmonk",
    // Small, because all it tells of are bounces.
    weight: 3,
    path: "/webhooks/bounce",
    proof: userAndToken,
    words: { hard: "hard", soft: "soft", complained: "complaint" },
    record: listmonkBounce,
    isSilent: true,
  },
  {
    provider: "api",
    weight: 10,
    secret: "ADMIN_TOKENS",
    path: "/v1/events",
    proof: sharedSecret("bearer"),
    words,
    record: ownEvent,
    contentType: "application/x-ndjson",
    batchSize: 20,
    body: jsonLines,
  },
  {
    provider: "standard-webhooks",
    weight: 6,
    proof: standardWebhooks,
    words,
    record: ownEvent,
    batchSize: 10,
    body: jsonArray,
  },
];
