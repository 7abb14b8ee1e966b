/** Mailboxes that were there once: disabled, or gone for good. */
import type { RuleGrounds, TextRule } from "../classify-rule";

export const MAILBOX_RULES: readonly TextRule[] = [
  {
    id: "text:disabled-or-gone",
    class: "soft",
    category: "inactive-mailbox",
    level: "strong",
    wording: [
      "disabled or discontinued",
      "(?:full|disabled|inactive|suspended|blocked|locked) or (?:{noexist}|unknown|invalid|closed|deleted)",
    ],
  },
  {
    id: "text:mailbox-moved",
    class: "hard",
    category: "mailbox-moved",
    level: "strong",
    wording: [
      "{who}{gap} no longer (?:exists?|valid|a valid|available|current|deliverable|in use|in service|used|supported|hosted|maintained)",
      "{who}{gap} no longer (?:here|at this|on (?:this|the|our)|works?|with|part of|belongs|employed|associated|an active)",
      "{who}{gap} no longer (?:accepts? {mail}|accepting|receives?)",
      "recipient no longer on",
      "{who}{near} (?:has|have|was|has been|is)(?: permanently)? (?:moved|relocated)",
      "(?:user|recipient|mail ?box) moved",
      "{who}{gap} has been replaced by",
      "address (?:has )?changed to",
      "{who}{name} (?:has been|have been|was|is|is now) (?:permanently |already |recently )?(?:closed|deleted|removed|cancell?ed|decommissioned|retired|erased)(?! from)",
      "(?:account|mail ?box|user) (?:closed|deleted|cancell?ed|removed)(?! from)",
      "(?:closed|deleted|cancell?ed) (?:mail ?box|account)",
      "{who}{gap} permanently (?:closed|disabled|deleted|removed|deactivated)",
      "{who}{gap} (?:closed|disabled|deleted|removed) permanently",
      "left (?:the |our |this )(?:company|organi[sz]ation|firm|school|university|institution)",
      "no longer (?:employed|work(?:s|ing)? (?:here|for|at)|with (?:the|this|our) (?:company|organi[sz]ation))",
    ],
  },
  {
    id: "text:inactive",
    class: "soft",
    category: "inactive-mailbox",
    level: "strong",
    wording: [
      "{who}{gap} (?:disabled|inactive|deactivated|suspended|locked|frozen|dormant|expired|terminated|hibernated|unactivated|blocked|turned off|on hold|temporarily limited)",
      "{who}{gap} not (?:enabled|active|activated)",
      "{who}{gap} not (?:accepting|accept) any {mail}",
      "(?:disabled|inactive|suspended|deactivated|locked|frozen|dormant|expired|blocked|non ?active|terminated|unactivated) (?:e ?mail )?(?:user|mail ?box|account|recipient|inbox|address)",
      "{who}{near} temporar(?:il)?y (?:unavailable|not available)",
      "not accepting {mail}(?! (?:from|with))",
      "user or domain is (?:disabled|suspended)",
      "recipient suspend the service",
      "p disableduser",
      "has not (?:been activated|logged in|been used|collected)",
    ],
  },
  {
    id: "text:ambiguous",
    class: "soft",
    category: "ambiguous-mailbox",
    level: "strong",
    wording: [
      "(?:recipient|user|name|address){gap} (?:not unique|ambiguous)",
      "(?:several|multiple|more than one) (?:matches|match|entries) (?:found )?(?:in|for)",
      "resolver.adr.ambiguous|ambiguous (?:user|name|address|recipient)",
    ],
  },
];

export const MAILBOX_GROUNDS: RuleGrounds = {
  "text:disabled-or-gone": {
    because: "Yahoo and others do not say which: an account that is disabled may come back",
    examples: [
      "554 delivery error: dd Sorry your message to john@example.com cannot be delivered. This account has been disabled or discontinued [#102].",
    ],
  },
  "text:mailbox-moved": {
    because: "the mailbox was there once and is gone for good: moved, closed or deleted, or its owner left",
    examples: [
      "550 5.1.6 Recipient has moved",
      "550 This account is no longer available",
      "550 The mailbox no longer exists",
      "550 5.1.6 recipient no longer on server: john@example.com",
      "551 User has moved; please try <john@example.org>",
      "550 5.1.1 This account has been permanently closed",
      "This address no longer accepts mail.",
    ],
  },
  "text:inactive": {
    because: "an account that is disabled, suspended, locked or dormant exists, and owners come back or pay their bill",
    examples: [
      "550 5.2.1 The email account that you tried to reach is disabled",
      "550 Mailbox suspended",
      "554 Inactive account",
      "550 5.2.1 The email account that you tried to reach is inactive.",
      "554 30 Sorry, your message to john@example.com cannot be delivered. This mailbox is disabled (554.30).",
    ],
  },
  "text:ambiguous": {
    because: "directories that find several entries for a name refuse all of them",
    examples: [
      "User name not unique. Multiple matches found in Domino Directory.",
      "550 5.1.4 RESOLVER.ADR.Ambiguous; ambiguous address",
    ],
  },
};
