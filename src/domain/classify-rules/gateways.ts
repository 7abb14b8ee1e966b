/** Filtering services and appliances in front of mail servers: Mimecast, Cisco, Proofpoint, Symantec, Barracuda and the like. */
import type { RuleGrounds, TextRule } from "../classify-rule";

export const GATEWAY_RULES: readonly TextRule[] = [
  {
    id: "cisco:address-rejected",
    class: "hard",
    category: "bad-mailbox",
    level: "strong",
    wording: ["(?<!sender |from |client |recipient )address rejected"],
    when: { status: ["1.0", "1.1"], finality: "permanent" },
  },
  {
    id: "cisco:poor-reputation",
    class: "block",
    category: "policy-related",
    level: "strong",
    wording: [
      "your access to (?:this mail system|submit messages to this e ?mail system) has been rejected",
      "sending mtas poor reputation",
    ],
  },
  {
    id: "mimecast:envelope-blocked",
    class: "block",
    category: "policy-related",
    level: "strong",
    wording: [
      "envelope (?:blocked|rejected)",
      "administrative prohibition",
      "(?:anti ?|anti )spoofing policy",
      "local ct ip reputation",
      "header based (?:manually )?(?:blocked senders|anti ?spoofing)",
      "content examination policy",
      "rejected due to security policies",
      "host network not allowed",
    ],
  },
  {
    id: "mimecast:deferred",
    class: "soft",
    category: "greylisted",
    level: "strong",
    wording: [
      "internal resources are temporarily unavailable",
      "(?:account service|recipient) (?:is )?temporarily unavailable",
    ],
  },
  {
    id: "symantec:rejected-by-policy",
    class: "block",
    category: "policy-related",
    level: "strong",
    wording: [
      "connection rejected by policy",
      "sorry your (?:domain|ip address|e ?mail address)(?: @)? has been (?:blocked|blacklisted)",
    ],
  },
  {
    id: "symantec:mailbox-not-allowed",
    class: "hard",
    category: "bad-mailbox",
    level: "strong",
    wording: ["recipient mailbox is not allowed"],
  },
  {
    id: "barracuda:blocked",
    class: "block",
    category: "policy-related",
    level: "strong",
    wording: ["permanent failure for one or more recipients @? ?blocked", "barracuda ?networks", "bsf (?:rule|sc)"],
  },
  {
    id: "proofpoint:blocked",
    class: "block",
    category: "policy-related",
    level: "strong",
    wording: [
      "ipcheck.proofpoint.com",
      "dnsbl lookup.cgi",
      "support.proofpoint.com dnsbl",
      "blocked see http",
      "refused see http",
      "pps.reject",
    ],
  },
  {
    id: "trend-micro:reputation",
    class: "block",
    category: "policy-related",
    level: "strong",
    wording: ["ers (?:qil|dul|rbl)", "trend micro (?:rbl|e ?mail reputation)", "mail abuse.com"],
  },
  {
    id: "mxlogic:denied",
    class: "block",
    category: "policy-related",
    level: "strong",
    wording: ["denied by (?:policy|secumail)", "denied {word} mode (?:normal|low|high)|denied{gap} mode normal"],
  },
  {
    id: "cpanel:cannot-route",
    class: "undetermined",
    category: "routing-errors",
    level: "strong",
    wording: ["account or domain may not exist they may be blacklisted"],
  },
  {
    id: "challenge:sender-not-approved",
    class: "block",
    category: "policy-related",
    level: "strong",
    wording: [
      "sender not pre ?approved",
      "requires? (?:sender )?confirmation",
      "not on my (?:guest|white|allow) ?list",
    ],
  },
];

export const GATEWAY_GROUNDS: RuleGrounds = {
  "cisco:address-rejected": {
    because:
      "Cisco's appliances check recipients against LDAP and say 'Address rejected' with 5.1.0 of those that are not there; their refusals of senders say 'sender'",
    examples: [
      "550 #5.1.0 Address rejected.",
      "550 5.1.0 Address rejected john@example.com",
      "host mx.example.net[192.0.2.9] said: 550 #5.1.0 Address rejected john@example.com (in reply to RCPT TO command)",
    ],
  },
  "cisco:poor-reputation": {
    because: "Cisco's appliances refuse a connection, or all of a client's mail, by SenderBase reputation",
    examples: [
      "554 Your access to this mail system has been rejected due to the sending MTA's poor reputation.",
      "550 #5.7.1 Your access to submit messages to this e-mail system has been rejected.",
    ],
  },
  "mimecast:envelope-blocked": {
    because: "Mimecast names the policy that refused the envelope, the header or the content",
    examples: [
      "550 Administrative prohibition - envelope blocked - https://community.example.com/docs/DOC-1369#550",
      "550 Rejected by header based Anti-Spoofing policy: john@example.com",
      "554 Email rejected due to security policies - https://community.example.com/docs/DOC-1369#554",
    ],
  },
  "mimecast:deferred": {
    because: "Mimecast greylists with these words, and with the others when it cannot reach the recipient's own server",
    examples: ["451 Internal resources are temporarily unavailable - https://community.example.com/docs/DOC-1369#451"],
  },
  "symantec:rejected-by-policy": {
    because: "Symantec's towers number their policies: 7.x in brackets is the reputation of the client",
    examples: [
      "501 Connection rejected by policy [7.7] 20805, please visit www.example.com/support for more details about this error message.",
      "553-Sorry, your email address has been blacklisted. Please contact the recipient.",
    ],
  },
  "symantec:mailbox-not-allowed": {
    because: "Symantec's registered-address check says that of an address that the customer did not register",
    examples: ["553 Recipient mailbox is not allowed"],
  },
  "barracuda:blocked": {
    because:
      "Barracuda appends the reason to the recipient in brackets: 'blocked' is a refusal of the sender or the message",
    examples: ["550 permanent failure for one or more recipients (john@example.com:blocked)"],
  },
  "proofpoint:blocked": {
    because: "Proofpoint sends blocked clients to a page that explains the address's reputation",
    examples: [
      "554 Blocked - see https://ipcheck.proofpoint.com/?ip=192.0.2.4",
      "550 5.7.0 Blocked - see https://support.proofpoint.com/dnsbl-lookup.cgi?ip=192.0.2.4",
    ],
  },
  "trend-micro:reputation": {
    because: "Trend Micro's reputation service names its list: RBL+, QIL, DUL",
    examples: [
      "550 5.7.1 Service unavailable; Client host [192.0.2.4] blocked using Trend Micro Email Reputation Service. ERS-DUL",
    ],
  },
  "mxlogic:denied": {
    because: "McAfee's and MX Logic's service says 'Denied' with the mode of the filter that refused",
    examples: ["554 Denied by policy (Mode: normal)", "554 Denied [abcdef1.0.123456.00-2345] (Mode: normal)"],
  },
  "cpanel:cannot-route": {
    because:
      "cPanel's servers say this of every address that they cannot route, and name three causes that it may have",
    examples: [
      "The mail server could not deliver mail to john@example.com. The account or domain may not exist, they may be blacklisted, or missing the proper dns entries.",
    ],
  },
  "challenge:sender-not-approved": {
    because: "challenge-response services refuse senders that the recipient has not approved",
    examples: ["550 4.7.0 Sender not pre-approved. Visit http://www.example.com/approve to be approved"],
  },
};
