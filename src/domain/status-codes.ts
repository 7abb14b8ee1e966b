/**
 * The registry of enhanced mail system status codes (IANA, founded by RFC 5248, begun by RFC 3463), read as what a
 * failed delivery with that code says about the recipient.
 *
 * The class digit is left out: it says only whether the sender may try again, and full mailboxes and blocked senders
 * come with a 5 as often as dead addresses do. So `4.2.2` and `5.2.2` are one row, `2.2`.
 */
import type { BounceClass } from "./event";

/**
 * How much a code, or a wording, proves. A strong one names the cause. A weak one is what servers also say when they
 * mean something else, and anything that names the cause outranks it.
 */
export type EvidenceLevel = "strong" | "weak";

export interface CodeMeaning {
  readonly class: BounceClass;
  /** Why, in words of the registry and of PowerMTA. */
  readonly category: string;
  readonly level: EvidenceLevel;
}

/** One row of the registry. Without a meaning: a code of success, or one that stands for nothing in particular. */
export interface StatusCode {
  /** Subject and detail, `1.1` of `5.1.1`. */
  readonly code: string;
  readonly name: string;
  /** The RFC that defines it; `registry` where only the registry does. */
  readonly source: string;
  readonly meaning?: CodeMeaning;
}

const strong = (bounceClass: BounceClass, category: string): CodeMeaning => ({
  class: bounceClass,
  category,
  level: "strong",
});
const weak = (bounceClass: BounceClass, category: string): CodeMeaning => ({
  class: bounceClass,
  category,
  level: "weak",
});

function row(code: string, name: string, source: string, meaning?: CodeMeaning): StatusCode {
  return meaning ? { code, name, source, meaning } : { code, name, source };
}

const RFC3463 = "RFC 3463";

/** By subject and detail, for any class. Without `meaning`, a code says nothing about whose fault it is. */
export const STATUS_CODES: readonly StatusCode[] = [
  row("0.0", "other undefined status", RFC3463),

  // X.1: addressing. X.1.0 is said of senders as often as of recipients, so it says nothing.
  row("1.0", "other address status", RFC3463),
  row("1.1", "bad destination mailbox address", RFC3463, strong("hard", "bad-mailbox")),
  row("1.2", "bad destination system address", RFC3463, strong("hard", "bad-domain")),
  row("1.3", "bad destination mailbox address syntax", RFC3463, strong("hard", "bad-mailbox")),
  row("1.4", "destination mailbox address ambiguous", RFC3463, strong("soft", "ambiguous-mailbox")),
  row("1.5", "destination address valid", RFC3463),
  row("1.6", "mailbox has moved, no forwarding address", RFC3463, strong("hard", "mailbox-moved")),
  row("1.7", "bad sender's mailbox address syntax", RFC3463, strong("block", "invalid-sender")),
  row("1.8", "bad sender's system address", RFC3463, strong("block", "invalid-sender")),
  row("1.9", "message relayed to non-compliant mailer", "RFC 3886"),
  row("1.10", "recipient address has null MX", "RFC 7505", strong("hard", "null-mx")),

  // X.2: mailbox
  row("2.0", "other or undefined mailbox status", RFC3463, weak("soft", "mailbox-status")),
  row("2.1", "mailbox disabled, not accepting messages", RFC3463, strong("soft", "inactive-mailbox")),
  row("2.2", "mailbox full", RFC3463, strong("soft", "quota-issues")),
  row("2.3", "message length exceeds administrative limit", RFC3463, strong("block", "message-too-large")),
  row("2.4", "mailing list expansion problem", RFC3463, strong("soft", "list-expansion")),

  // X.3: mail system
  row("3.0", "other or undefined mail system status", RFC3463, weak("soft", "mail-system")),
  row("3.1", "mail system full", RFC3463, strong("soft", "mail-system-full")),
  row("3.2", "system not accepting network messages", RFC3463, weak("soft", "not-accepting-mail")),
  row("3.3", "system not capable of selected features", RFC3463, weak("soft", "bad-configuration")),
  row("3.4", "message too big for system", RFC3463, strong("block", "message-too-large")),
  row("3.5", "system incorrectly configured", RFC3463, weak("soft", "bad-configuration")),
  row("3.6", "requested priority was changed", "RFC 6710"),

  // X.4: network and routing
  row("4.0", "other or undefined network or routing status", RFC3463, weak("soft", "routing-errors")),
  row("4.1", "no answer from host", RFC3463, strong("soft", "no-answer-from-host")),
  row("4.2", "bad connection", RFC3463, strong("soft", "bad-connection")),
  row("4.3", "directory server failure", RFC3463, strong("soft", "directory-failure")),
  row("4.4", "unable to route", RFC3463, weak("soft", "routing-errors")),
  row("4.5", "mail system congestion", RFC3463, strong("soft", "congestion")),
  row("4.6", "routing loop detected", RFC3463, strong("soft", "routing-loop")),
  row("4.7", "delivery time expired", RFC3463, strong("expired", "message-expired")),

  // X.5: protocol
  row("5.0", "other or undefined protocol status", RFC3463, weak("soft", "protocol-errors")),
  row("5.1", "invalid command", RFC3463, weak("soft", "protocol-errors")),
  row("5.2", "syntax error", RFC3463, weak("soft", "protocol-errors")),
  row("5.3", "too many recipients", RFC3463, strong("soft", "too-many-recipients")),
  row("5.4", "invalid command arguments", RFC3463, weak("soft", "protocol-errors")),
  row("5.5", "wrong protocol version", RFC3463, weak("soft", "protocol-errors")),
  row("5.6", "authentication exchange line too long", "RFC 4954", weak("soft", "protocol-errors")),

  // X.6: content or media
  row("6.0", "other or undefined media error", RFC3463, weak("block", "content-related")),
  row("6.1", "media not supported", RFC3463, strong("block", "content-related")),
  row("6.2", "conversion required and prohibited", RFC3463, strong("block", "content-related")),
  row("6.3", "conversion required but not supported", RFC3463, strong("block", "content-related")),
  row("6.4", "conversion with loss performed", RFC3463),
  row("6.5", "conversion failed", RFC3463, strong("block", "content-related")),
  row("6.6", "message content not available", "RFC 4468", strong("soft", "content-unavailable")),
  row("6.7", "non-ASCII addresses not permitted", "RFC 6531", strong("soft", "non-ascii-address")),
  row("6.8", "UTF-8 string reply required, not permitted", "RFC 6531", strong("soft", "non-ascii-address")),
  row("6.9", "UTF-8 header message cannot be transferred", "RFC 6531", strong("soft", "non-ascii-address")),
  row("6.10", "deprecated duplicate of X.6.8", "RFC 6531", strong("soft", "non-ascii-address")),

  // X.7: security or policy
  row("7.0", "other or undefined security status", RFC3463, strong("block", "policy-related")),
  row("7.1", "delivery not authorized, message refused", RFC3463, strong("block", "policy-related")),
  row("7.2", "mailing list expansion prohibited", RFC3463, strong("block", "policy-related")),
  row("7.3", "security conversion required but not possible", RFC3463, strong("block", "security")),
  row("7.4", "security features not supported", RFC3463, strong("block", "security")),
  row("7.5", "cryptographic failure", RFC3463, strong("block", "security")),
  row("7.6", "cryptographic algorithm not supported", RFC3463, strong("block", "security")),
  row("7.7", "message integrity failure", RFC3463, strong("block", "security")),
  row("7.8", "authentication credentials invalid", "RFC 4954", strong("block", "authentication")),
  row("7.9", "authentication mechanism is too weak", "RFC 4954", strong("block", "authentication")),
  row("7.10", "encryption needed", "RFC 5248", strong("block", "security")),
  row("7.11", "encryption required for requested mechanism", "RFC 4954", strong("block", "security")),
  row("7.12", "a password transition is needed", "RFC 4954", strong("block", "authentication")),
  row("7.13", "user account disabled", "RFC 5248", strong("soft", "inactive-mailbox")),
  row("7.14", "trust relationship required", "RFC 5248", strong("block", "security")),
  row("7.15", "priority level is too low", "RFC 6710", strong("soft", "priority-too-low")),
  row("7.16", "message is too big for the priority", "RFC 6710", strong("soft", "message-too-large")),
  row("7.17", "mailbox owner has changed", "RFC 7293", strong("hard", "owner-changed")),
  row("7.18", "domain owner has changed", "RFC 7293", strong("hard", "owner-changed")),
  row("7.19", "owner test cannot be completed", "RFC 7293", strong("soft", "owner-check")),
  row("7.20", "no passing DKIM signature found", "RFC 7372", strong("block", "authentication")),
  row("7.21", "no acceptable DKIM signature found", "RFC 7372", strong("block", "authentication")),
  row("7.22", "no valid author-matched DKIM signature", "RFC 7372", strong("block", "authentication")),
  row("7.23", "SPF validation failed", "RFC 7372", strong("block", "authentication")),
  row("7.24", "SPF validation error", "RFC 7372", strong("block", "authentication")),
  row("7.25", "reverse DNS validation failed", "RFC 7372", strong("block", "reverse-dns")),
  row("7.26", "multiple authentication checks failed", "RFC 7372", strong("block", "authentication")),
  row("7.27", "sender address has null MX", "RFC 7505", strong("block", "invalid-sender")),
  row("7.28", "mail flood detected", "registry", strong("block", "rate-limited")),
  row("7.29", "ARC validation failure", "RFC 8617", strong("block", "authentication")),
  row("7.30", "REQUIRETLS support required", "RFC 8689", strong("block", "security")),
];
