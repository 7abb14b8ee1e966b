/** Words that servers say of many things. A code that names a cause, and a provider's own verdict, outrank them. */
import type { RuleGrounds, TextRule } from "../classify-rule";

export const HINT_RULES: readonly TextRule[] = [
  {
    id: "hint:mailbox-busy",
    class: "soft",
    category: "mailbox-busy",
    level: "weak",
    wording: ["(?:mail ?box|account|user|recipient)(?: is)? (?:unavailable|not available|busy)"],
    when: { finality: "transient" },
  },
  {
    id: "hint:spam",
    class: "block",
    category: "spam-related",
    level: "weak",
    wording: ["spam(?:mers?|ming)?|junk|abuse|abusive|complaints?"],
  },
  {
    id: "hint:mailbox-unavailable",
    class: "hard",
    category: "bad-mailbox",
    level: "weak",
    wording: [
      "(?:mail ?box|account){name} (?:is )?(?:unavailable|unavaiable|not available)",
      "mail ?box name not allowed",
      "recipient (?:address )?rejected(?= (?:[.]|@|in reply|$)|$)",
      "recipient refused|recipient (?:address )?not accepted",
      "does not like recipient",
    ],
    when: { finality: "permanent" },
  },
  {
    id: "hint:protocol",
    class: "soft",
    category: "protocol-errors",
    level: "weak",
    wording: [
      "(?:syntax|protocol|sequence|command) error|syntax error in parameters",
      "bad (?:sequence|command|syntax|arguments?)",
      "(?:command|parameter)s? (?:not |un)(?:implemented|recogni[sz]ed|known)|command parameter not implemented",
      "(?:unknown|unrecogni[sz]ed|invalid|illegal|unexpected|improper) command",
      "improper (?:use of )?(?:command )?pipelining",
      "smtputf8|8bitmime|line too long",
      "malformed address|angle brackets nested|expected word or|source routed address",
    ],
  },
  {
    id: "hint:refused",
    class: "block",
    category: "policy-related",
    level: "weak",
    wording: [
      "not (?:authori[sz]ed|allowed|permitted|accepted|welcome)",
      "prohibited|forbidden|banned|blocked|denied|refuse[ds]?|disallowed|restricted",
      "rejected(?! by the (?:server for the )?(?:recipient|remote|destination|receiving))",
      "polic(?:y|ies)|firewall|filter(?:ed|s)?",
    ],
  },
  {
    id: "hint:quota",
    class: "soft",
    category: "quota-issues",
    level: "weak",
    wording: ["quota|storage|disk ?space"],
  },
  {
    id: "hint:temporary",
    class: "soft",
    category: "mail-system",
    level: "weak",
    wording: [
      "(?:try|retry|come back|call back) (?:again|later|in)|please retry",
      "temporar(?:y|ily)|deferred|busy|overload(?:ed)?",
      "will be retried|has been delayed|delivery attempts will continue",
    ],
  },
];

export const HINT_GROUNDS: RuleGrounds = {
  "hint:mailbox-busy": {
    because: "with 450 'mailbox unavailable' is RFC 5321's text for a mailbox that is busy or blocked for a while",
    examples: ["450 Requested mail action not taken: mailbox unavailable"],
  },
  "hint:spam": {
    because:
      "a reply that speaks of spam at all mostly refuses for it, but a server's name or a link may hold the word",
    examples: ["550 Rejected: abuse"],
  },
  "hint:mailbox-unavailable": {
    because:
      "with 550 'mailbox unavailable' is RFC 5321's text for a mailbox that is not found, and a bare refusal of the recipient is about the recipient; servers also say it where they refuse for policy",
    examples: [
      "550 Requested action not taken: mailbox unavailable",
      "550 <john@example.com>: Recipient address rejected. (in reply to RCPT TO command)",
      "553 Requested action not taken: mailbox name not allowed",
    ],
  },
  "hint:protocol": {
    because:
      "the two servers did not understand each other's SMTP; 503 also follows from every recipient having been refused",
    examples: ["503 5.5.1 Bad sequence of commands", "500 5.5.2 Syntax error, command unrecognized"],
  },
  "hint:refused": {
    because: "a refusal that gives no reason is mostly about the sender; one about the mailbox would say so",
    examples: ["550 Access denied", "554 Message refused", "550 Blocked"],
  },
  "hint:quota": {
    because: "quota and storage belong to mailboxes more often than to anything else",
    examples: ["550 quota"],
  },
  "hint:temporary": {
    because: "servers that ask for another attempt expect to take the message then",
    examples: ["451 Please try again later", "421 Please come back later"],
  },
};
