/** What is too much: for a mailbox, for a server, in one message. */
import type { RuleGrounds, TextRule } from "../classify-rule";

export const LIMIT_RULES: readonly TextRule[] = [
  {
    id: "text:mailbox-full",
    class: "soft",
    category: "quota-issues",
    level: "strong",
    wording: [
      "(?:{box}|recipients?|users?){near} {full}",
      "full {box}",
      "over ?(?:the |its |his |her |their |your )?(?:{word} ){0,2}quota",
      "{quota}{near} (?:{exceeded}|full|violat(?:ed|ion)|overflow|overrun|overdrawn|used up|depleted)",
      "(?:{exceeded}|overdrawn|out of|above|violat(?:es|ed)) (?:{word} ){0,4}{quota}",
      "maildir{gap} quota",
      "out of (?:disk |storage |mail |mailbox )?(?:storage|space)(?! on device)",
      "(?:{box}|user|recipient|folder){gap} (?:{exceeded}|over){gap} (?:limits?|size|storage|space|maximum|allocation|capacity)",
      "(?:over|{exceeded}) (?:the )?(?:maximum |max )?(?:allowed |permitted )?(?:mail ?box size|number of messages|message count|storage)",
      "storage allocation exceeded",
      "not enough (?:storage |disk |free )?space (?:in|for|on){near} (?:{box}|users?|recipients?)",
      "{doesnot} have (?:enough |sufficient |any )?(?:disk |storage |free |mailbox )?(?:space|room)",
      "(?:{box}|space) (?:space )?(?:not enough|(?:has )?(?:been )?used up)",
      "space (?:has )?(?:been )?used up",
      "space available (?:in|for) (?:the )?(?:{box}|user|recipient)",
      "no (?:more )?(?:room|space) (?:left )?in (?:the )?{box}",
      "too many messages (?:on|in) (?:the |this |your )?(?:server|{box})",
      "(?:disk ?space|{box}|disk) (?:quota|limit|size limit|capacity|storage limit)",
      "(?:capacity|size) of (?:the )?{box}{near} {exceeded}",
      "quotaexceeded|overquota(?:temp|perm)?|shutoffquotaexceeded|mailboxfull",
      "error writing message{gap} (?:file too large|no space|quota)",
      "mail file size exceeds",
      "not able to receive any more",
    ],
  },
  {
    id: "text:too-large",
    class: "block",
    category: "message-too-large",
    level: "strong",
    wording: [
      "(?:{mail}|content|attachments?|headers?|body|data|file|it)(?: size| length)?{near} (?:too (?:big|large|long)|{exceeded}|larger than|bigger than|greater than|over (?:the )?(?:maximum|size|limit))",
      "(?:size|length) (?:limit |restriction )?(?:{exceeded}|too (?:big|large)|violation|violated)",
      "{exceeded}{near} (?:{word} ){0,3}(?:size|length|databytes|bytes|mb|kb|attachment count)",
      "too (?:big|large|long) (?:a )?(?:{mail}|for|attachment)",
      "message ?size|max(?:imum)? {mail} size",
      "recipsizelimit|databytes limit",
      "taille (?:limite )?(?:du |maximale )?message",
    ],
  },
  {
    id: "text:too-many-recipients",
    class: "soft",
    category: "too-many-recipients",
    level: "strong",
    wording: [
      "too many (?:recipients?|rcpts?|addresses|destinations|receivers|to addresses)",
      "too much recipients?",
      "recipient limit",
    ],
  },
  {
    id: "text:system-full",
    class: "soft",
    category: "mail-system-full",
    level: "strong",
    wording: [
      "insufficient (?:{word} )?(?:storage|space|resources|memory)",
      "no space left on device|out of space on device",
      "(?:file ?system|disk|system|queue) (?:is )?full",
      "not enough (?:disk |storage |free )?space",
      "file too large|out of memory",
    ],
  },
];

export const LIMIT_GROUNDS: RuleGrounds = {
  "text:mailbox-full": {
    because: "stores say that the mailbox, or its owner's quota, is full, with any code: 5.2.2, 4.2.2, 5.1.1, 552",
    examples: [
      "452 4.2.2 Mailbox full",
      "552 5.2.2 The email account that you tried to reach is over quota",
      "552 Quota exceeded for this user",
      "552 5.2.2 <john@example.com>: user is over quota",
      "552 Requested mail action aborted: exceeded storage allocation",
      "452-4.2.2 The recipient's inbox is out of storage space.",
      "552 Account(s) <john@example.com> does not have enough space",
      "554 5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException.MapiExceptionShutoffQuotaExceeded",
      "550 5.1.1 user over quota. (#5.1.1)",
    ],
  },
  "text:too-large": {
    because: "servers announce the size they take (RFC 1870) and refuse what is larger",
    examples: [
      "552 5.3.4 Message size exceeds fixed limit",
      "552 Message too large",
      "552 sorry, that message size exceeds my databytes limit (#5.3.4)",
      "550 5.2.3 RESOLVER.RST.RecipSizeLimit; message too large for this recipient",
    ],
  },
  "text:too-many-recipients": {
    because: "the message named more recipients than the server takes at once",
    examples: ["452 4.5.3 Error: too many recipients", "552 Too many recipients"],
  },
  "text:system-full": {
    because: "the disk that is full is the server's",
    examples: ["452 4.3.1 Insufficient system storage", "No space left on device"],
  },
};
