/**
 * What can become of a message, and how often, roughly as at a sender in good standing. `category` is in PowerMTA's
 * words for bounces; a sender whose provider has others translates.
 */

const bounce = (weight, bounceClass, category, reply, status, text) => ({
  kind: "bounced",
  class: bounceClass,
  category,
  reply,
  status,
  text,
  weight,
});

/** The provider did not even try. `list`: what that stands for. */
const rejected = (weight, category, list) => ({ kind: "rejected", category, list, weight });

export const DELIVERED = { kind: "delivered", reply: "250", status: "2.0.0", text: "2.0.0 OK queued", weight: 900 };
export const FULL_MAILBOX = bounce(12, "soft", "quota-issues", "452", "4.2.2", "4.2.2 The mailbox is full");
export const NO_SUCH_USER = bounce(14, "hard", "bad-mailbox", "550", "5.1.1", "5.1.1 User unknown");
export const SPAM = bounce(9, "block", "spam-related", "554", "5.7.1", "5.7.1 Message rejected as spam");
export const COMPLAINT = { kind: "complained", text: "abuse", weight: 4 };
export const UNSUBSCRIBE = { kind: "unsubscribed", text: "list-unsubscribe", weight: 3 };
export const LISTED_BOUNCE = rejected(4, "listed-bounce", "bounced");
/** A kind that no version knows: it has to end up in quarantine, not in an error that is retried for ever. */
export const UNHEARD_OF = { kind: "unheard-of", weight: 0 };

export const OUTCOMES = [
  DELIVERED,
  FULL_MAILBOX,
  NO_SUCH_USER,
  SPAM,
  COMPLAINT,
  UNSUBSCRIBE,
  LISTED_BOUNCE,
  { kind: "deferred", reply: "451", status: "4.7.1", text: "4.7.1 Greylisted, try again later", weight: 25 },
  bounce(5, "hard", "bad-domain", "550", "5.1.2", "5.1.2 Host or domain name not found"),
  bounce(7, "soft", "inactive-mailbox", "550", "5.2.1", "5.2.1 The account is inactive"),
  bounce(6, "soft", "no-answer-from-host", "421", "4.4.1", "4.4.1 No answer from host"),
  bounce(5, "block", "policy-related", "550", "5.7.26", "5.7.26 Unauthenticated mail is not accepted"),
  bounce(3, "block", "content-related", "552", "5.3.4", "5.3.4 The message is too large"),
  bounce(4, "expired", "message-expired", "500", "4.4.7", "4.4.7 Delivery time expired"),
  rejected(2, "listed-unsubscribe", "unsubscribed"),
  rejected(1, "listed-complaint", "complained"),
  rejected(2, "not-allowed", "policy"),
];
