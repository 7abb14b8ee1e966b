/** Refusals of the message: viruses, spam, policy, content, form. */
import type { RuleGrounds, TextRule } from "../classify-rule";

export const MESSAGE_RULES: readonly TextRule[] = [
  {
    id: "text:virus",
    class: "block",
    category: "virus-related",
    level: "strong",
    wording: [
      "virus(?:es)?|malware|trojan|worm|phish(?:ing)?|ransomware|infected|malicious",
      "(?:dangerous|executable|unacceptable|restricted|banned|forbidden|blocked|prohibited|illegal|unsafe) (?:attachment|file|extension|content)s?",
      "attachment{near} {refused}",
      "potential security issue",
    ],
  },
  {
    id: "text:spam",
    class: "block",
    category: "spam-related",
    level: "strong",
    wording: [
      // "rejected as spam", "probably spam", "no spam please"
      "(?:as|is|was|be|for|of|to|no|has|being|sending|contains?|like|similar to|{refused}) (?:a |an |our |your |this |probable |potential )?(?:spam|junk|bulk|ube|uce)",
      "(?:suspected|possibl[ey]|probabl[ey]|likely|potential|definite|high|identified|considered|classified|marked|flagged|detected) (?:as |to be )?(?:spam|junk|bulk|ube|uce)",
      "(?:{doesnot}|dont) accept spam",
      // "spam message rejected", "spam score too high"
      "spam(?:my|ming)? (?:{mail}|contents?|detect(?:ed|ion)|scores?|filter(?:ing)?|block(?:ed)?|reject(?:ed|ion)|refused|suspected|suspicious|probability|points|not|engine|checks?|lists?|rules?|found|like|hosts?|hits|level|threshold|signature|please|policy)",
      "[245][0-9]{2} spam",
      "spamassassin|antispam|anti spam|spambouncer|spamprofiler|spamshield|mailmarshal|rspamd|dspam|spam ?trap|spamblock|spamtext",
      "unsolicited|bulk (?:{mail}|advertising)|mass mail(?:er|ing)?|junk ?{mail}",
      "suspicion of spam|under suspicion",
      "url{near}(?: is)? (?:black ?listed|listed|blocked)|black ?listed url",
      "recurrent pattern detection",
      "(?:hit|triggered|matched) (?:a |our )?(?:spam|content)",
      "percent probability",
      "{mail} (?:scored|looks like)",
      "on spam scale",
    ],
  },
  {
    id: "text:policy-refused",
    class: "block",
    category: "policy-related",
    level: "strong",
    wording: [
      "(?:due to|for|by|against|violat(?:es|ed|ion of)|because of|under) (?:{word} ){0,2}polic(?:y|ies)",
      "polic(?:y|ies) (?:violation|reject(?:ion|ed)?|reasons?|restrictions?|prohibit(?:s|ed)?|denied|that prohibited|does not allow)",
      "local policy",
      "(?:security|legal) (?:reasons?|restrictions?)",
      "protocol violation",
      "message given low priority",
      "blocked by (?:your|the|our) (?:organi[sz]ation|administrator|firewall)",
      "administratively {refused}|administrative (?:denial|prohibition)",
    ],
  },
  {
    id: "text:content-refused",
    class: "block",
    category: "content-related",
    level: "strong",
    wording: [
      "{mail}{near} (?:content|body|headers?){near} (?:{refused}|restrictions?|unacceptable|error|violation)",
      "(?:content|header|body|url|uri|word|keyword|subject|language|attachment) (?:filter(?:ing)?|restrictions?|policy|check|error)",
      "(?:unacceptable|inappropriate|objectionable|offensive|invalid message|rejected for|rejecting banned|reject) content",
      "content {refused}",
      "filtered by",
      "not accepting {mail} with",
      "character sets?",
      "(?:malformed|invalid|bad|illegal|missing|duplicated?|multiple|improper|too many|non compliant) (?:message |mail |mime |rfc )?(?:headers?|mime|message id|content type|encoding|structure|subject)",
      "(?:headers?|{mail}|from) (?:is |are )?(?:not |non )?(?:rfc ?[0-9]{0,4} )?(?:compliant|malformed|not accepted|conformant)",
      "rfc ?[0-9]{3,4}(?: section [0-9.]{1,8})? compliant|violates rfc 2?[0-9]{3}",
      "(?:bare|stray|invalid) (?:lf|cr|line ?feeds?|characters)",
      "multiple addresses in from|messages with multiple addresses|missing a valid",
      "data format error|conversion to internet format failed|can ?not decode",
      "transport.rules|mail flow rule|transport rule",
      "rejected by (?:{word} )?(?:local ?scan|filter|rules?|milter)",
      "local ?scan|milter reject",
      "{mail} {refused} (?:due to|because of|for|by|based on) (?:{word} ){0,2}(?:content|filter|rules?|url|body|subject|administrator)",
    ],
  },
];

export const MESSAGE_GROUNDS: RuleGrounds = {
  "text:virus": {
    because: "scanners name what they found",
    examples: [
      "554 5.7.1 Message refused: virus found",
      "552-5.7.0 This message was blocked because its content presents a potential security issue.",
      "550 5.7.1 Attachment extension is forbidden",
    ],
  },
  "text:spam": {
    because: "filters say that they took the message for spam, or bulk mail, or how high it scored",
    examples: [
      "550 5.7.1 Message rejected as spam by content filtering",
      "550 High probability of spam",
      "554 5.7.1 [1] Message rejected under suspicion of SPAM",
      "550 spam message rejected. Please visit https://help.example.com/notspam",
      "550-5.7.1 Our system has detected that this message is likely unsolicited mail.",
    ],
  },
  "text:policy-refused": {
    because: "the receiver says that its policy, and nothing about the mailbox, is the reason",
    examples: [
      "554 5.7.9 Message not accepted for policy reasons.",
      "550 5.7.0 Local Policy Violation",
      "554 5.7.1 [CS01] Message rejected due to local policy.",
    ],
  },
  "text:content-refused": {
    because: "the message's content, form or headers are refused by a filter or a parser",
    examples: [
      "550 5.7.1 Message content rejected, id=12345-67",
      "550 5.7.1 Messages missing a valid Message-ID header are not accepted.",
      "550 5.7.1 TRANSPORT.RULES.RejectMessage; rejected by a mail flow rule",
    ],
  },
};
