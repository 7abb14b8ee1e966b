/** Services that sign nothing and tell of a bounce by a number or a type of their own. */
import { sharedSecret } from "../proofs.mjs";
import { uuidOf } from "../random.mjs";
import { hexOf, isoOf, jsonArray, numberOf, replyOf, secondsOf } from "../told.mjs";

const bounce = (type) => ["Bounce", type];

/** Each type of record has a name of its own for the time. */
const TIMES = { Delivery: "DeliveredAt", SubscriptionChange: "ChangedAt" };

const postmark = {
  provider: "postmark",
  weight: 10,
  proof: sharedSecret("basic"),
  words: {
    delivered: ["Delivery"],
    deferred: bounce("Transient"),
    hard: bounce("HardBounce"),
    bounced: bounce("SoftBounce"),
    "spam-related": bounce("SpamNotification"),
    "policy-related": bounce("DMARCPolicy"),
    "content-related": bounce("Blocked"),
    complained: ["SpamComplaint", "SpamComplaint"],
    unsubscribed: ["SubscriptionChange", "ManualSuppression"],
    "listed-bounce": ["SubscriptionChange", "HardBounce"],
    "listed-complaint": ["SubscriptionChange", "SpamComplaint"],
    "not-allowed": bounce("ManuallyDeactivated"),
  },
  record: (event, [RecordType, word]) => ({
    RecordType,
    ...(RecordType === "SubscriptionChange" ? { SuppressSending: true, SuppressionReason: word } : { Type: word }),
    ...(word && RecordType !== "SubscriptionChange"
      ? { ID: numberOf(event), Email: event.recipient }
      : { Recipient: event.recipient }),
    MessageID: uuidOf(event.messageId),
    MessageStream: "broadcast",
    Tag: event.campaign,
    Metadata: {},
    Details: event.reply && `smtp;${replyOf(event)}`,
    // Seven digits of a second.
    [TIMES[RecordType] ?? "BouncedAt"]: isoOf(event).replace("Z", "0000Z"),
  }),
};

const failed = (bounceClass) => ["message_event", "bounce", bounceClass];

const sparkpost = {
  provider: "sparkpost",
  weight: 15,
  proof: sharedSecret("basic"),
  words: {
    delivered: ["message_event", "delivery"],
    deferred: ["message_event", "delay", "21"],
    "bad-mailbox": failed("10"),
    "bad-domain": failed("30"),
    "quota-issues": failed("22"),
    "inactive-mailbox": failed("20"),
    "no-answer-from-host": failed("21"),
    "spam-related": failed("51"),
    "policy-related": failed("50"),
    "content-related": failed("53"),
    expired: failed("24"),
    complained: ["message_event", "spam_complaint"],
    unsubscribed: ["unsubscribe_event", "list_unsubscribe"],
    "not-allowed": ["message_event", "policy_rejection", "25"],
  },
  record: (event, [family, type, bounceClass]) => ({
    msys: {
      [family]: {
        type,
        event_id: `${numberOf(event)}`,
        timestamp: `${secondsOf(event)}`,
        rcpt_to: event.recipient.toLowerCase(),
        raw_rcpt_to: event.recipient,
        message_id: hexOf(event, 20),
        campaign_id: event.campaign,
        rcpt_meta: {},
        msg_from: event.sender,
        bounce_class: bounceClass,
        error_code: event.reply,
        raw_reason: replyOf(event),
        ...(type === "spam_complaint" ? { fbtype: event.text } : {}),
      },
    },
  }),
  batchSize: 20,
  body: jsonArray,
};

export const SHARED_SECRET_IN_DETAIL = [postmark, sparkpost];
