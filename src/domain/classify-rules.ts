/**
 * What receivers write, and what it means. Rules are data: an id, the class and category they give, a pattern
 * over the lower-cased diagnostic text, and examples that a test holds to be decided by their own rule.
 *
 * The order is the procedure: the first rule that matches decides. Refusals of the sender and the message come
 * before the words about mailboxes, because filters like to say "mailbox unavailable" about a spammer.
 */
import type { BounceClass } from "./event";

export interface TextRule {
  readonly id: string;
  readonly class: BounceClass;
  readonly category: string;
  /** Over the diagnostic text in lower case. */
  readonly pattern: RegExp;
  readonly examples: readonly string[];
}

export const TEXT_RULES: readonly TextRule[] = [
  {
    id: "text:authentication",
    class: "block",
    category: "authentication",
    pattern:
      /\bdmarc\b|\bspf\b.{0,60}(?:fail|reject|not pass|did not)|\bdkim\b.{0,60}(?:fail|reject|not pass|did not)|unauthenticated (?:email|mail|sender)/,
    examples: [
      "550 5.7.26 This mail is unauthenticated: unauthenticated email from example.com is not accepted due to domain's DMARC policy",
      "550 5.7.23 SPF validation failed for example.com",
    ],
  },
  {
    id: "text:blocklisted",
    class: "block",
    category: "policy-related",
    pattern:
      /spamhaus|spamcop|barracudacentral|\b(?:rbl|dnsbl|blocklist|blacklist)\b|black-?listed|block-?listed|listed (?:at|by|in|on) |poor reputation|low reputation|bad reputation|reputation of (?:your|the sending)|ip (?:address )?(?:has been |is )?(?:temporarily )?blocked/,
    examples: [
      "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org",
      "550 Your IP is blacklisted, see our postmaster page",
    ],
  },
  {
    id: "text:spam",
    class: "block",
    category: "spam-related",
    pattern: /\bspam(?:my|ming)?\b|\bunsolicited\b|\bbulk mail\b|junk ?mail/,
    examples: ["550 5.7.1 Message rejected as spam by content filtering", "550 High probability of spam"],
  },
  {
    id: "text:virus",
    class: "block",
    category: "virus-related",
    pattern: /\bvirus\b|\bmalware\b|infected (?:with|message)/,
    examples: ["554 5.7.1 Message refused: virus found"],
  },
  {
    id: "text:reverse-dns",
    class: "block",
    category: "reverse-dns",
    pattern: /reverse (?:dns|hostname)|\bptr record\b|\brdns\b|cannot find your hostname/,
    examples: ["550 5.7.25 The IP address sending this message does not have a PTR record"],
  },
  {
    id: "text:sender-refused",
    class: "block",
    category: "invalid-sender",
    pattern:
      /sender (?:address )?(?:verify|verification) failed|sender address rejected|sender (?:domain )?(?:not allowed|denied|rejected)|domain of sender address .{0,120}does not (?:exist|resolve)|mail from .{0,80}(?:denied|rejected|not allowed)/,
    examples: ["550 5.1.8 Sender address rejected: Domain not found", "550 Sender verify failed"],
  },
  {
    id: "text:rate-limited",
    class: "block",
    category: "rate-limited",
    pattern: /rate ?limit|too many (?:messages|connections|e-?mails|mails)|throttl|unusual rate|sending too fast/,
    examples: [
      "421 4.7.28 Our system has detected an unusual rate of mail from your IP address",
      "452 4.5.3 Too many messages from you",
    ],
  },
  {
    id: "text:too-large",
    class: "block",
    category: "message-too-large",
    pattern:
      /(?:message|mail|content)(?: size)? (?:is )?(?:too (?:big|large)|exceeds)|size (?:limit )?exceed|exceeds (?:the )?(?:maximum|fixed|size)/,
    examples: ["552 5.3.4 Message size exceeds fixed limit", "552 Message too large"],
  },
  {
    id: "text:mailbox-full",
    class: "soft",
    category: "quota-issues",
    pattern:
      /(?:mailbox|inbox|account|user|storage|quota).{0,40}(?:is |has |are )?(?:full|over ?quota|exceeded|exceeds|out of (?:storage|space))|over (?:its |the |his |her )?(?:disk ?)?quota|quota (?:is |has been )?exceeded|insufficient (?:disk|storage|system storage)/,
    examples: [
      "452 4.2.2 Mailbox full",
      "552 5.2.2 The email account that you tried to reach is over quota",
      "552 Quota exceeded for this user",
      "452 4.3.1 Insufficient system storage",
    ],
  },
  {
    id: "text:domain-unknown",
    class: "hard",
    category: "bad-domain",
    pattern:
      /(?:host|domain)(?: name)?(?: [\w.-]+)?(?: was)? (?:not found|unknown|does not exist|doesn't exist)|unknown (?:host|domain)|no such (?:host|domain)|\bnxdomain\b|null mx|unrouteable (?:address|domain)|domain does not accept mail|no mx (?:or a )?record/,
    examples: [
      "Host or domain name not found. Name service error for name=example.invalid type=MX: Host not found",
      "550 5.1.2 Unknown domain",
      "556 5.1.10 Domain example.com has a null MX record",
    ],
  },
  {
    id: "text:mailbox-moved",
    class: "hard",
    category: "mailbox-moved",
    pattern:
      /(?:user|mailbox|account|recipient|address).{0,30}(?:has moved|no longer (?:exists|valid|available|active|works|here)|closed permanently|permanently (?:closed|removed|deleted))/,
    examples: [
      "550 5.1.6 Recipient has moved",
      "550 This account is no longer available",
      "550 The mailbox no longer exists",
    ],
  },
  {
    id: "text:user-unknown",
    class: "hard",
    category: "bad-mailbox",
    pattern:
      /(?:user|recipient|mailbox|account|address|addressee|alias)(?: [\w.<>@+="'-]+){0,6} (?:is |was )?(?:unknown|not found|does(?: not|n't) exist|not exist|invalid|not known|not recogni[sz]ed)|(?:unknown|invalid|no such|nonexistent|non-existent|bad destination) (?:local part|local user|user|recipient|mailbox|account|address|addressee)|no mailbox (?:here )?by that name|not a (?:valid|known) (?:user|mailbox|recipient|address)|there is no (?:such )?(?:user|one) |user does(?: not|n't) have an? .{0,30}account|recipient address rejected: (?:user|undeliverable|unknown)/,
    examples: [
      "550 5.1.1 User unknown",
      "550 5.1.1 The email account that you tried to reach does not exist",
      "550 No such user here",
      "550 5.1.1 <john@example.net>: Recipient address rejected: User unknown in virtual mailbox table",
      "550 sorry, no mailbox here by that name",
      "550 Invalid recipient",
    ],
  },
  {
    id: "text:inactive",
    class: "soft",
    category: "inactive-mailbox",
    pattern:
      /(?:user|mailbox|account|recipient|address).{0,40}(?:disabled|inactive|suspended|deactivated|locked|expired|not active|temporarily unavailable)|(?:disabled|inactive|suspended|deactivated) (?:user|mailbox|account|recipient|address)/,
    examples: [
      "550 5.2.1 The email account that you tried to reach is disabled",
      "550 Mailbox suspended",
      "554 Inactive account",
    ],
  },
  {
    id: "text:expired",
    class: "expired",
    category: "message-expired",
    pattern:
      /delivery time expired|(?:message|mail|delivery|queue).{0,30}expired|retry time(?:out)? (?:not reached|exceeded)|retry timeout exceeded|(?:unable|failed) to deliver.{0,60}after \d+ (?:days|hours)|too old|could not be delivered for \d/,
    examples: [
      "400 4.4.7 unable to deliver this message after 5 days",
      "451 4.4.7 Message expired",
      "retry timeout exceeded",
    ],
  },
  {
    id: "text:relaying",
    class: "soft",
    category: "relaying-issues",
    pattern:
      /relay(?:ing)?(?: access)? (?:is )?(?:denied|not permitted|not allowed|prohibited)|unable to relay|not permitted to relay|we do not relay/,
    examples: ["554 5.7.1 <john@example.net>: Relay access denied", "550 5.7.1 Unable to relay"],
  },
  {
    id: "text:greylisted",
    class: "soft",
    category: "greylisted",
    pattern: /gr[ea]y-?list/,
    examples: ["450 4.7.1 Greylisted, please try again later"],
  },
  {
    id: "text:no-answer",
    class: "soft",
    category: "no-answer-from-host",
    pattern:
      /connection (?:timed out|refused|reset|lost|dropped|closed)|no route to host|network is unreachable|host (?:is )?unreachable|(?:did not|not) respond|timed? ?out|lost connection/,
    examples: ["Connection timed out while talking to mx.example.net", "connect to mx.example.net: Connection refused"],
  },
];
