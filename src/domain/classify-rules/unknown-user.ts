/** Mailboxes that do not exist, in English. */
import type { RuleGrounds, TextRule } from "../classify-rule";

export const UNKNOWN_USER_RULES: readonly TextRule[] = [
  {
    id: "text:address-unverified",
    class: "soft",
    category: "mailbox-busy",
    level: "strong",
    wording: [
      "unverified address",
      "address (?:verification|lookup){near} (?:in progress|temporarily)",
      "recipient (?:verification|verify|callout){near} (?:defer(?:red)?|in progress|temporar(?:y|ily)|time)",
      "could not complete recipient verify",
      "(?:user|recipient|ldap|alias|directory|address){near} (?:lookup|database|server|table|map){near} (?:failure|failed|unavailable|error|temporar(?:y|ily))",
      "unable to (?:contact|connect to|bind to|query) (?:the )?ldap",
      "{cannot} verify (?:the )?(?:recipient|user|address|mailbox)",
    ],
  },
  {
    id: "text:recipient-access-denied",
    class: "hard",
    category: "bad-mailbox",
    level: "strong",
    wording: ["recipient address rejected access denied"],
    when: { finality: "permanent" },
  },
  {
    id: "text:recipient-listed",
    class: "hard",
    category: "bad-mailbox",
    level: "strong",
    wording: [
      "badrcptto|badrecipientto|validrcptto",
      "list of allowed recipients",
      "envelope recipient has been denied",
    ],
  },
  {
    id: "text:user-unknown",
    class: "hard",
    category: "bad-mailbox",
    level: "strong",
    wording: [
      "{who}{name} {unknown}(?! (?:servers?|error|reason|problem|failure|hosts?)(?![a-z]))",
      "(?:unknown|illegal|undefined){kind} (?:{who}|mbox|e ?mail(?! address))(?! (?:error|servers?|in (?:the |your )?(?:from|sender|header)))",
      "no such{kind} (?:{who}|mbox|name|person|party|login|id)",
      "no{kind} (?:{who}|mbox|one|person) (?:here|by|with|of|named|called|found|exists?|available|for|at|associated|matching|that)(?! (?:with )?host)",
      "there is no{kind} (?:{who}|mbox|one)",
      "nosuchuser|userunknown|usernotfound|unknownuser|nouser",
      "{who}{gap} {noexist}",
      "@ (?:{noexist}|{unknown})",
      "{noexist} here",
      "destination addresses were unknown",
      "not our (?:customer|user)",
      "(?:user|recipient|person|subscriber|this|that){name} (?:{doesnot} have|has no) (?:an? |any )?(?:{word} )?(?:account|mail ?box|e ?mail address)",
      "(?:user|person|recipient|he|she) {doesnot} (?:live|work|receive mail|reside) here",
      "{cannot} (?:accept|handle) (?:mail for )?(?:this |that |the )?(?:user|recipient)",
    ],
  },
  {
    id: "text:user-not-found",
    class: "hard",
    category: "bad-mailbox",
    level: "strong",
    wording: [
      "{who}{gap} {isnot} (?:found|located|resolved|matched|identified)(?! (?:yet|in (?:the )?(?:white|allow|dns|to|cc|header|message)))",
      "@ (?:is |was )?not found(?! by)",
      "(?:wasn ?t|was not|couldn ?t be|could not be) found at",
      "{cannot} (?:find|locate|identify|match|recogni[sz]e){kind}(?: your| this| that| any)? {who}(?! (?:mail )?(?:server|host|domain|home))",
      "{doesnot} (?:exactly )?match (?:an?|any) (?:{word} ){0,2}(?:e ?mail )?address",
      "resolver.adr.(?:ex)?recip(?:ient)? ?not ?found",
      "not found by smtp address lookup",
      "not found in the recipients e ?mail system",
    ],
  },
  {
    id: "text:address-invalid",
    class: "hard",
    category: "bad-mailbox",
    level: "strong",
    wording: [
      "(?:invalid|non ?existe?nt|bogus|bad){kind} (?:{who}|mbox|mailbox path|e ?mail(?! address))(?! (?:error|servers?|in (?:the |your )?(?:from|sender|header|return path)))",
      "{isnot}(?: one of our)?(?: a| an)? (?:valid|known|existing|registered|active|recogni[sz]ed|legitimate|real|local){kind} {who}",
      "{who}{name} (?:is |was |are |appears to be )?(?:invalid|not valid|not present|illegal|wrong|misspelled)",
      "recipient address rejected undeliverable",
      "recipient (?:not ok|is not local)",
    ],
  },
  {
    id: "text:not-in-directory",
    class: "hard",
    category: "bad-mailbox",
    level: "strong",
    wording: [
      "(?<!(?:you are|you|sender is|address is|senders?) ){isnot} (?:present |listed |found |defined |registered |contained )?in (?:the |our |this |my |a )?(?:{word} ){0,3}(?:address book|directory|address list|recipient (?:map|table|list)|user (?:database|list|table)|mailbox table|alias table|password file)",
      "no{gap} in name directory",
    ],
  },
];

export const UNKNOWN_USER_GROUNDS: RuleGrounds = {
  "text:address-unverified": {
    because: "a server that asks another one about the recipient, and gets no answer, knows nothing about it yet",
    examples: [
      "450 4.1.1 <john@example.com>: Recipient address rejected: unverified address: Address verification in progress",
      "Unable to contact LDAP server. (#4.4.3)",
      "451 4.3.0 <john@example.com>: Recipient address rejected: user lookup failed, database unavailable",
    ],
  },
  "text:recipient-access-denied": {
    because:
      "Postfix says this where an access table lists the recipient itself, as it does for addresses that were given up; clients and senders have sentences of their own",
    examples: ["554 5.7.1 <john@example.com>: Recipient address rejected: Access denied"],
  },
  "text:recipient-listed": {
    because:
      "qmail's lists of recipients: one of those that exist (validrcptto), and one that the administrator gave up (badrcptto)",
    examples: ["550 sorry, this recipient is in my badrecipientto list (#5.7.1)", "553 sorry, badrcptto (#5.7.1)"],
  },
  "text:user-unknown": {
    because: "servers of every make say in these words that their user table has no such entry",
    examples: [
      "550 5.1.1 User unknown",
      "550 5.1.1 The email account that you tried to reach does not exist",
      "550 No such user here",
      "550 5.1.1 <john@example.net>: Recipient address rejected: User unknown in virtual mailbox table",
      "550 sorry, no mailbox here by that name",
      "550-Mailbox unknown. Either there is no mailbox associated with this 550-name or you do not have authorization to see it. 550 5.1.1 User unknown",
      "550 5.7.1 No such user!",
      "553 5.1.1 unknown or illegal user: john@example.com",
      "551 not our customer",
      "550 Unknown local part john in <john@example.com>",
      "550 5.1.1 <john@example.com> User doesn't exist: john@example.com",
    ],
  },
  "text:user-not-found": {
    because: "the look-up of the recipient had an answer, and the answer was nobody",
    examples: [
      "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient john@example.com not found by SMTP address lookup",
      "550 5.1.1 <john@example.com>: Email address could not be found, or was misspelled (G8)",
      "550 Mailbox not found",
      "local: Sorry, can't find user's mailbox. (#5.1.1)",
    ],
  },
  "text:address-invalid": {
    because: "the recipient's address is no valid one on that server, or none that can be delivered to",
    examples: [
      "550 Invalid recipient",
      "553 5.1.3 john@example.com: bad destination mailbox address",
      "550 john@example.com is not a valid mailbox",
      "550 5.1.1 <john@example.com>: Recipient address rejected: undeliverable address",
    ],
  },
  "text:not-in-directory": {
    because: "Domino, Notes and servers with LDAP say which directory does not have the recipient",
    examples: [
      "User john (john@example.com) not listed in Domino Directory",
      "User john (john@example.com) not listed in public Name & Address Book",
    ],
  },
};
