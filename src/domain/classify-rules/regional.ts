/** Receivers of single countries that label their answers, and what the labels mean. */
import type { RuleGrounds, TextRule } from "../classify-rule";

export const REGIONAL_RULES: readonly TextRule[] = [
  {
    id: "orange:unknown-recipient",
    class: "hard",
    category: "bad-mailbox",
    level: "strong",
    wording: ["(?:ofr|lpn|ouk)[0-9a-z]{0,6} ?41[68]"],
  },
  {
    id: "orange:mailbox-full",
    class: "soft",
    category: "quota-issues",
    level: "strong",
    wording: ["(?:ofr|lpn|ouk)[0-9a-z]{0,6} ?417"],
  },
  {
    id: "orange:account-inactive",
    class: "soft",
    category: "inactive-mailbox",
    level: "strong",
    wording: ["(?:ofr|lpn|ouk)[0-9a-z]{0,6} ?42[06]", "archived recipient"],
  },
  {
    id: "orange:refused",
    class: "block",
    category: "policy-related",
    level: "strong",
    wording: ["(?:ofr|lpn|lpnaaa|ouk)[0-9a-z]{0,6} ?(?:10[0-9]|201|305|40[0-9]|415|42[134]|5[01][0-9]|630|999)"],
  },
  {
    id: "sfr:abuse-detected",
    class: "block",
    category: "policy-related",
    level: "strong",
    wording: ["abus detecte", "gu eib [0-9]{2}", "too many spams from your ip"],
  },
  {
    id: "t-online:address-blocked",
    class: "block",
    category: "policy-related",
    level: "strong",
    wording: ["a problem occurred . (?:@ )?ask your postmaster for help", "contact tosa"],
  },
  {
    id: "gmx:policy",
    class: "block",
    category: "policy-related",
    level: "strong",
    wording: [
      "reject due to policy restrictions",
      "nemesis esmtp service not available",
      "bad dns ptr resource record",
      "ip address is (?:temporarily )?blocked",
    ],
  },
  {
    id: "mail-ru:inactive",
    class: "soft",
    category: "inactive-mailbox",
    level: "strong",
    wording: [
      "is unavailable (?:account is (?:disabled|blocked|frozen)|user is (?:terminated|blocked|frozen|suspended))",
    ],
  },
  {
    id: "mail-ru:full",
    class: "soft",
    category: "quota-issues",
    level: "strong",
    wording: ["is unavailable (?:mailbox|user)?{near} (?:full|over ?quota|quota exceeded)"],
  },
  {
    id: "qq:frequency-limited",
    class: "block",
    category: "rate-limited",
    level: "strong",
    wording: ["(?:ip|domain|sender|connection) frequency limited", "suspected bounce attacks", "suspected spam ip"],
  },
  {
    id: "qq:recipient-refused",
    class: "soft",
    category: "mailbox-status",
    level: "strong",
    wording: ["mailbox unavailable or access den(?:ied|ined)", "is a deactivated mailbox"],
  },
  {
    id: "netease:labelled-block",
    class: "block",
    category: "policy-related",
    level: "strong",
    wording: [
      "(?:mi|rp|hl|dt) (?:spb|stc|nhd|cel|dmc|imf|nrb|sfq|sfp|spf|qrc|rcl|drc|trc|cqr|wha|itc|ipb|ihu|mep|iph|spm|sum|erp|spz)",
      "ip is rejected smtp auth error limit exceed",
    ],
  },
  {
    id: "aliyun:behaviour",
    class: "block",
    category: "spam-related",
    level: "strong",
    wording: ["reject by (?:behaviou?r|content) spam", "antispam (?:bat|bl|ip)"],
  },
  {
    id: "docomo:too-much-mail",
    class: "soft",
    category: "quota-issues",
    level: "strong",
    wording: ["too much mail data"],
  },
  {
    id: "cable:abuse-policy",
    class: "block",
    category: "policy-related",
    level: "strong",
    wording: ["aup (?:in |out |i |o )?(?:[0-9]{4}|cx[a-z]{2,5}|cdrbl|ipbl[0-9]{4,5}|urlbl[0-9]{3,4}|pol|bl)"],
  },
  {
    id: "godaddy:labelled-block",
    class: "block",
    category: "policy-related",
    level: "strong",
    wording: ["ib007|ib10[0-9]|ib11[0-3]|ib212|ib401|ib50[0-9]|ib510|ib60[57]|ib705"],
  },
  {
    id: "i-ua:unknown-recipient",
    class: "hard",
    category: "bad-mailbox",
    level: "strong",
    wording: ["i.ua err 2"],
  },
  {
    id: "i-ua:mailbox",
    class: "soft",
    category: "inactive-mailbox",
    level: "strong",
    wording: ["i.ua err [34]"],
  },
  {
    id: "i-ua:refused",
    class: "block",
    category: "policy-related",
    level: "strong",
    wording: ["i.ua err (?:[156789]|10)"],
  },
  {
    id: "facebook:unknown-recipient",
    class: "hard",
    category: "bad-mailbox",
    level: "strong",
    wording: ["rcp p1", "int p[134]"],
    when: { at: /facebook/ },
  },
];

export const REGIONAL_GROUNDS: RuleGrounds = {
  "orange:unknown-recipient": {
    because:
      "Orange, La Poste and Orange UK end each answer with OFR, LPN or OUK and a number: 416 and 418 are unknown recipients",
    examples: [
      "550 5.1.1 Adresse d au moins un destinataire invalide. Invalid recipient. OFR_416 [416]",
      "550 5.5.0 Adresse d au moins un destinataire invalide. LPN416",
    ],
  },
  "orange:mailbox-full": {
    because: "417 of the same numbers is a full mailbox, whatever the enhanced code says",
    examples: ["552 5.1.1 Boite du destinataire pleine. Recipient overquota. OFR004_417 [417]"],
  },
  "orange:account-inactive": {
    because: "420 (archived) and 426 (blocked) of the same numbers are accounts that exist",
    examples: [
      "550 5.5.0 Boite du destinataire archivee. Archived recipient. LPN007_420",
      "550 5.5.0 Le compte du destinataire est bloque. The recipient account isblocked. LPN007_426",
    ],
  },
  "orange:refused": {
    because:
      "the other numbers of 1xx, 3xx, 4xx, 5xx, 6xx and 999 refuse the sending address, the sender or the message",
    examples: [
      "550 5.5.0 Service refuse. Veuillez essayer plus tard. Service refused, please try later. LPN004_510",
      "550 5.7.0 Mail rejete. Mail rejected. OFR_506 [506]",
      "421 mwinf5c79 ME Trop de connexions, veuillez verifier votre configuration. Too many connections, slow down. OFR005_104 [104]",
    ],
  },
  "sfr:abuse-detected": {
    because: "SFR refuses clients with 'Abus detecte' and a GU_EIB number",
    examples: ["554 5.7.1 <mx.example.net[192.0.2.3]>: Client host rejected: Abus detecte GU_EIB_04"],
  },
  "t-online:address-blocked": {
    because: "Telekom asks postmasters of blocked addresses to write to its team, naming the IP address",
    examples: [
      "554 IP=192.0.2.3 - A problem occurred. (Ask your postmaster for help or to contact tosa@example.de to clarify.) (BL)",
    ],
  },
  "gmx:policy": {
    because: "GMX, web.de and 1&1 give blocks of addresses and of content these fixed texts",
    examples: [
      "554 Transaction failed Reject due to policy restrictions. For explanation visit https://postmaster.example.net/case?c=r0103",
      "554-No SMTP service 554-Bad DNS PTR resource record.",
    ],
  },
  "mail-ru:inactive": {
    because: "Mail.ru says of every refused mailbox that it is invalid, and after 'is unavailable:' why",
    examples: [
      "550 Message was not accepted -- invalid mailbox. Local mailbox john@example.com is unavailable: account is disabled",
      "550 Message was not accepted -- invalid mailbox. Local mailbox john@example.com is unavailable: user is terminated",
    ],
  },
  "mail-ru:full": {
    because: "the same sentence, with a full mailbox as the reason",
    examples: [
      "550 Message was not accepted -- invalid mailbox. Local mailbox john@example.com is unavailable: mailbox is full",
    ],
  },
  "qq:frequency-limited": {
    because: "Tencent limits by address, domain, sender and connection, and says which",
    examples: [
      "550 Ip frequency limited. http://service.example.com/help?id=1000725",
      "550 Connection frequency limited",
    ],
  },
  "qq:recipient-refused": {
    because:
      "Tencent says 'Mailbox unavailable or access denied' of suspended mailboxes and of senders that it limits alike",
    examples: ["550 Mailbox unavailable or access denied", "550 john@example.com is a deactivated mailbox"],
  },
  "netease:labelled-block": {
    because:
      "NetEase (163, 126, yeah.net) labels refusals of addresses, rates and content: MI, RP, HL and DT with three letters",
    examples: [
      "554 DT:SPM 163 mx5,PMCowAD3example 1700000000,please see http://mail.example.com/help/help_spam_16.htm",
      "421 RP:CEL 163 mx7 http://mail.example.com/help_spam_16.htm",
    ],
  },
  "aliyun:behaviour": {
    because: "Alibaba's servers name the filter and the SMTP state in which it refused",
    examples: [
      "551 Reject by behaviour spam at Rcpt State(Connection IP address:192.0.2.3)ANTISPAM_BAT[01201311R076a]",
    ],
  },
  "docomo:too-much-mail": {
    because: "NTT docomo holds a bounded amount of mail for a phone that is off or out of reach",
    examples: ["552 too much mail data"],
  },
  "cable:abuse-policy": {
    because: "Charter and Cox end refusals with AUP# and a number or word: all are about addresses, rates and content",
    examples: [
      "421 4.7.1 - Connection refused - 192.0.2.3 . AUP#In-1310",
      "554 5.7.1 ERROR: Mail refused - 192.0.2.3 - See https://www.example.com/errors AUP#CXSNDR",
    ],
  },
  "godaddy:labelled-block": {
    because: "GoDaddy's inbound servers end refusals of addresses, senders, rates and content with IB and three digits",
    examples: [
      "550 5.7.1 192.0.2.3 has sent to too many recipients this hour. IB607",
      "554 5.7.1 Connection refused. This IP has a poor reputation on Cloudmark Sender Intelligence (CSI). IB103",
    ],
  },
  "i-ua:unknown-recipient": {
    because: "I.UA ends each refusal with a link whose number is the reason: 2 is an unknown user",
    examples: ["550 5.2.1 Mailbox unavailable, http://mail.i.ua/err/2/"],
  },
  "i-ua:mailbox": {
    because: "3 and 4 of the same numbers are mailboxes that are unused or full",
    examples: ["550 Mailbox was not used for more than 3 months, http://mail.i.ua/err/3/"],
  },
  "i-ua:refused": {
    because: "the other numbers refuse the client, its greeting, the sender or its rate",
    examples: ["550 IP-address of the sender is blacklisted, http://mail.i.ua/err/9/"],
  },
  "facebook:unknown-recipient": {
    because: "Facebook's response codes RCP-P1, INT-P1, INT-P3 and INT-P4 are recipients that do not exist",
    examples: [
      { text: "550 5.1.1 RCP-P1 http://postmaster.example.com/response_codes", remoteMta: "msgin.facebook.com" },
    ],
  },
};
