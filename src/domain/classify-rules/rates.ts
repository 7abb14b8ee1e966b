/** How much a sender may send, and how fast. */
import type { RuleGrounds, TextRule } from "../classify-rule";

export const RATE_RULES: readonly TextRule[] = [
  {
    id: "text:sender-quota",
    class: "block",
    category: "rate-limited",
    level: "strong",
    wording: [
      "(?:daily|hourly) (?:{word} ){0,3}(?:limit|quota|maximum)",
      "(?:sending|send|senders?|outgoing|outbound|submission|relay|rate|recipient|connection|smtp) (?:{word} )?(?:quota|limit)s?{near} {exceeded}",
      "{exceeded}{near} (?:max(?:imum)? )?(?:{mail}|recipients|sending|rate|connections?) (?:{word} )?(?:per|an|each|a) (?:hour|day|minute|session|connection)",
      "{exceeded}{near} (?:rate|sending) limit",
      "{exceeded} the (?:maximum |max )?number of (?:{mail}|recipients|connections) (?:per|in|from)",
      "unusual sending activity",
      "mail sending suspended|outgoing mail suspension",
    ],
  },
  {
    id: "text:unknown-recipients-of-sender",
    class: "block",
    category: "rate-limited",
    level: "strong",
    wording: [
      "too many {bogus} (?:recipients?|users?|addresses|rcpts?|mailboxes)",
      "{bogus} (?:recipients?|users?) (?:limit|threshold|rate|count)",
      "(?:number|limit|threshold|percentage|amount|lots?|excess|rate|proportion) of {bogus} (?:recipients?|users?|addresses|mailboxes)",
      "(?:sending|sent|mail|mailing) to (?:too many )?{bogus} (?:recipients|users|addresses|mailboxes)",
      "directory harvest(?:ing)?|dictionary attack",
    ],
  },
  {
    id: "text:rate-limited",
    class: "block",
    category: "rate-limited",
    level: "strong",
    wording: [
      "rate ?limit[a-z]{0,4}",
      "(?:sending|message|mail|connection|unusual|submission|receiving|recipient|smtp)s? rate",
      "too many (?:{mail}|connections?|sessions|concurrent|simultaneous|smtp sessions|requests|errors|bad commands|spam complaints|complaints|spams|hits|transactions|mail from|deliveries)(?! (?:in|on) (?:the|this|your) (?:mail ?box|server|account|inbox))",
      "throttl(?:ed|ing|e)",
      "(?:sending|sent|sends|coming|arriving|{mail}) too (?:fast|quickly|much|frequently)",
      "(?:receiving|receives|received|getting) {mail} (?:too quickly|at a rate|too fast)",
      "too much (?:mail|traffic)",
      "slow down",
      "deferred due to{near} (?:volume|complaints|load)",
      "mail ?flood|email bombing|mail bomb",
      "(?:message|connection|session) (?:limit|threshold) {exceeded}",
      "max(?:imum)? (?:{mail}|recipients|connections?) per (?:connection|session|hour|day|minute)",
      "exceeding (?:receiving|outbound thread) limits?",
    ],
  },
];

export const RATE_GROUNDS: RuleGrounds = {
  "text:sender-quota": {
    because: "servers limit how much a sender may send; that a limit or quota is exceeded is then the sender's affair",
    examples: [
      "550 5.4.5 Daily user sending quota exceeded.",
      "550 5.4.5 Daily SMTP relay limit exceeded for customer.",
      "550 Domain example.com has exceeded the max emails per hour (51/50 (102%)) allowed. Message discarded.",
    ],
  },
  "text:unknown-recipients-of-sender": {
    because: "a sender is refused for the many unknown recipients that it had before: that says nothing of this one",
    examples: ["550 5.7.1 Too many invalid recipients", "421 4.7.0 High percentage of unknown users"],
  },
  "text:rate-limited": {
    because: "receivers slow down senders, and mailboxes that get too much at once; the mailbox itself is well",
    examples: [
      "421 4.7.28 Our system has detected an unusual rate of mail from your IP address",
      "452 4.5.3 Too many messages from you",
      "550 5.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages from being delivered.",
      "450 4.2.1 The user you are trying to contact is receiving mail too quickly.",
    ],
  },
};
