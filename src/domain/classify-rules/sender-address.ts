/** Refusals of the sender's address, and recipients that take mail from some senders only. */
import type { RuleGrounds, TextRule } from "../classify-rule";

export const SENDER_ADDRESS_RULES: readonly TextRule[] = [
  {
    id: "text:sender-refused",
    class: "block",
    category: "invalid-sender",
    level: "strong",
    wording: [
      "senders?(?: e ?mail)?(?: address| domain| host| ip)?{near} (?:{refused}|{noexist}|failed|invalid|unknown|not found|not valid|missing|unroutable|unverified)",
      "(?:invalid|unroutable|unknown|bad|forged|fake|missing|null|empty|illegal|disallowed|unverifi(?:ed|able)|blacklisted|unacceptable) (?:envelope )?senders?",
      "senders? domain{gap} (?:does|is|must|could|not|cannot|has|listed|empty|doesn|resolve|fail)",
      "sender (?:domain )?has no",
      "sender is (?:spammer|on|in|not)",
      "domain of sender",
      "send as this sender",
      // Callbacks to the sender's server
      "(?:sender|return path|reverse path|mail ?from|envelope from|from) (?:verify|verification|callout|callback|check)",
      "verification failed for",
      "(?:callback|callout) (?:setup|verification) failed",
      // MAIL FROM and From
      "mail ?from(?: domain| address)?{near} (?:{refused}|{noexist}|invalid|not owned|is listed|must)",
      "(?:your|the) (?:envelope )?(?:sender|from|return|mail ?from|sending)(?: e ?mail)?(?: address| domain)?{near} (?:{refused}|in my|not|invalid|must|empty|unknown)",
      "your (?:e ?mail )?(?:address|domain) {refused}",
      "account (?:that )?(?:you are|youre|you) (?:sending|using)",
      "from (?:address|domain|header|field) (?:is )?(?:invalid|not|missing|empty|must|does)",
      "(?:provide a |no )valid from",
      "(?:not owned by|does not own) (?:user|this)",
      "badmailfrom|bad ?sender ?mx|sendernoa",
      "unresolvable rfc.5321",
      "determine purported responsible address",
      "emetteur invalide|expediteur (?:inconnu|invalide|refuse)",
      // Bounces and backscatter
      "(?:returned mail|null sender|empty envelope sender|bounces?|bounce messages?)s? (?:is |are )?not (?:accepted|allowed)",
      "backscatter protection|batv|bounce address tag|prvs",
      // Whom the server takes mail from
      "{doesnot} accept {mail} from (?:you|this|your|the sender|external|unknown|senders?)",
      "server {doesnot} accept {mail} from",
      "you have been blocked",
      "reject mail from",
    ],
  },
  {
    id: "text:members-only",
    class: "block",
    category: "policy-related",
    level: "strong",
    wording: [
      "non ?member|not (?:a )?member|members? only|not member article",
      "(?:closed|moderated|private|restricted) (?:mailing )?(?:list|group|discussion)",
      "not (?:allowed|permitted|authori[sz]ed) to (?:post|send|submit|mail)",
      "not subscribed|subscribers only|not a subscriber",
      "(?:only accept(?:s|ing)?|accept(?:s|ing)? only) {mail} from",
      "not in (?:the )?(?:groups? )?allowed senders",
      "(?:you are|you|sender is|address is) not (?:in|on) (?:my|the|our|this)(?: recipients)?{name} (?:address book|contacts?|contact list|(?:white|allow|safe) ?list)",
      "you may not post",
      "posting{near} {refused}",
      "group you tried to contact{gap} may not exist|groups.google.com support",
    ],
  },
  {
    id: "text:recipient-restricted",
    class: "block",
    category: "policy-related",
    level: "strong",
    wording: [
      "delivery (?:is )?restrict(?:ed|ions?)",
      "sender (?:was |is )?not (?:authenticated (?:by|for)|approved)",
      "not accepting {mail} from",
      "(?:refuses?|refused|rejects?) to (?:receive|accept) (?:this |your |the )?{mail}",
      "refused due to recipient preferences|privacy settings",
      "(?:recipient|user|customer)(?: has)? blocked (?:you|your|this sender|the sender)",
      "rejected (?:by|due to) (?:the )?(?:recipients?|user)(?! (?:domain|servers?|mail|host))",
      "blocked by (?:the )?recipient",
      "{mail} filtered",
      "has restricted sms|account is protected by|user reject",
      "{doesnot} have (?:create )?permissions? to|no permission to send",
    ],
  },
];

export const SENDER_ADDRESS_GROUNDS: RuleGrounds = {
  "text:sender-refused": {
    because:
      "the address or domain in MAIL FROM or From is unknown, forged or unwanted; the words after it are about that address",
    examples: [
      "550 5.1.8 Sender address rejected: Domain not found",
      "550 Sender verify failed",
      "553 5.1.8 Domain of sender address news@example.com does not exist",
      "550 Verification failed for <news@example.com>",
      "553 sorry, your envelope sender is in my badmailfrom list (#5.7.1)",
      "501 5.1.7 Invalid sender address",
    ],
  },
  "text:members-only": {
    because: "a mailing list or group takes posts of its members only; it exists",
    examples: [
      "550 5.7.1 Post by non-member to a members-only list",
      "550 The email address used to send your message is not subscribed to this group",
      "550 5.7.124 Sender not in allowed-senders list",
    ],
  },
  "text:recipient-restricted": {
    because:
      "the recipient exists and takes mail from its own organization, from approved senders, or not from this one",
    examples: [
      "550 5.2.1 Delivery restricted for this mailbox",
      "550 5.7.1 This message was rejected by the recipient",
      "550 john@example.com IS NOT ACCEPTING MAIL FROM THIS SENDER",
    ],
  },
};
