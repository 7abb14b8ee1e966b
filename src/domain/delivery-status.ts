/**
 * Enhanced mail system status codes (RFC 3463, kept in the IANA registry that RFC 5248 founded) and SMTP reply
 * codes (RFC 5321), as evidence for a bounce's class.
 */
import type { BounceClass } from "./event";

export interface CodeMeaning {
  /** The class of a failure with this code when nothing else is known. */
  readonly class: BounceClass;
  /** In the words of the registry and of PowerMTA. */
  readonly category: string;
}

const of = (bounceClass: BounceClass, category: string): CodeMeaning => ({ class: bounceClass, category });

/**
 * By subject and detail (`X.1.1` is `1.1`): what a failure with it means for the recipient. The class digit says
 * only whether the sender may try again, so it decides nothing here.
 */
const ENHANCED: Readonly<Record<string, CodeMeaning>> = {
  // X.1: addressing
  "1.1": of("hard", "bad-mailbox"),
  "1.2": of("hard", "bad-domain"),
  "1.3": of("hard", "bad-mailbox"),
  "1.4": of("soft", "ambiguous-mailbox"),
  "1.6": of("hard", "mailbox-moved"),
  "1.7": of("block", "invalid-sender"),
  "1.8": of("block", "invalid-sender"),
  "1.10": of("hard", "null-mx"),
  // X.2: mailbox
  "2.0": of("soft", "mailbox-status"),
  "2.1": of("soft", "inactive-mailbox"),
  "2.2": of("soft", "quota-issues"),
  "2.3": of("block", "message-too-large"),
  "2.4": of("soft", "list-expansion"),
  // X.3: mail system
  "3.0": of("soft", "mail-system"),
  "3.1": of("soft", "mail-system-full"),
  "3.2": of("soft", "not-accepting-mail"),
  "3.3": of("soft", "bad-configuration"),
  "3.4": of("block", "message-too-large"),
  "3.5": of("soft", "bad-configuration"),
  // X.4: network and routing
  "4.0": of("soft", "routing-errors"),
  "4.1": of("soft", "no-answer-from-host"),
  "4.2": of("soft", "bad-connection"),
  "4.3": of("soft", "directory-failure"),
  "4.4": of("soft", "routing-errors"),
  "4.5": of("soft", "congestion"),
  "4.6": of("soft", "routing-loop"),
  "4.7": of("expired", "message-expired"),
  // X.5: protocol
  "5.0": of("soft", "protocol-errors"),
  "5.1": of("soft", "protocol-errors"),
  "5.2": of("soft", "protocol-errors"),
  "5.3": of("soft", "too-many-recipients"),
  "5.4": of("soft", "protocol-errors"),
  "5.5": of("soft", "protocol-errors"),
  "5.6": of("soft", "protocol-errors"),
  // X.6: content
  "6.0": of("block", "content-related"),
  "6.1": of("block", "content-related"),
  "6.2": of("block", "content-related"),
  "6.3": of("block", "content-related"),
  "6.5": of("block", "content-related"),
  "6.6": of("soft", "content-unavailable"),
  "6.7": of("soft", "non-ascii-address"),
  "6.8": of("soft", "non-ascii-address"),
  "6.9": of("soft", "non-ascii-address"),
  "6.10": of("soft", "non-ascii-address"),
  // X.7: security and policy
  "7.0": of("block", "policy-related"),
  "7.1": of("block", "policy-related"),
  "7.2": of("block", "policy-related"),
  "7.3": of("block", "security"),
  "7.4": of("block", "security"),
  "7.5": of("block", "security"),
  "7.6": of("block", "security"),
  "7.7": of("block", "security"),
  "7.8": of("block", "authentication"),
  "7.9": of("block", "authentication"),
  "7.10": of("block", "security"),
  "7.11": of("block", "security"),
  "7.12": of("block", "authentication"),
  "7.13": of("soft", "inactive-mailbox"),
  "7.14": of("block", "security"),
  "7.15": of("soft", "priority-too-low"),
  "7.16": of("soft", "message-too-large"),
  "7.17": of("hard", "owner-changed"),
  "7.18": of("hard", "owner-changed"),
  "7.19": of("soft", "owner-check"),
  "7.20": of("block", "authentication"),
  "7.21": of("block", "authentication"),
  "7.22": of("block", "authentication"),
  "7.23": of("block", "authentication"),
  "7.24": of("block", "authentication"),
  "7.25": of("block", "reverse-dns"),
  "7.26": of("block", "authentication"),
  "7.27": of("block", "invalid-sender"),
  "7.28": of("block", "rate-limited"),
  "7.29": of("block", "authentication"),
  "7.30": of("block", "security"),
};

/** SMTP replies that mean something without an enhanced code. 550, 551, 553 and 554 say only "no". */
const REPLY: Readonly<Record<string, CodeMeaning>> = {
  "421": of("soft", "no-answer-from-host"),
  "450": of("soft", "mailbox-busy"),
  "451": of("soft", "mail-system"),
  "452": of("soft", "mail-system-full"),
  "454": of("soft", "mail-system"),
  "455": of("soft", "protocol-errors"),
  // RFC 7504: the host or the domain takes no mail at all.
  "521": of("hard", "not-accepting-mail"),
  "552": of("soft", "quota-issues"),
  "555": of("soft", "protocol-errors"),
  "556": of("hard", "null-mx"),
  "541": of("block", "policy-related"),
  "571": of("block", "policy-related"),
};

/** At most three digits a field, and neither an IPv4 address nor a date or version around it. */
const STATUS_CODE = /(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d]|\.\d)/;

/**
 * The first enhanced status code in a text, e.g. of `5.2.1 (mailbox disabled)` or of `smtp;550 5.1.1 unknown`.
 *
 * @returns `5.2.1`, or `undefined`
 */
export function statusCodeIn(text: string | undefined): string | undefined {
  const match = STATUS_CODE.exec(text ?? "");
  return match ? `${match[1]}.${Number(match[2])}.${Number(match[3])}` : undefined;
}

/** The SMTP reply code at the start of a reply (after `smtp;`, `host said:` and the like), or `undefined`. */
export function replyCodeIn(text: string | undefined): string | undefined {
  return /^(?:\s*(?:x-)?[a-z]+\s*;)?\s*(?:.{0,200}?(?:said|replied|responded)\s*:\s*)?([245][0-5]\d)(?=[\s\-;:#]|$)/i.exec(
    text ?? "",
  )?.[1];
}

/** What a failure with this enhanced status code means, or `undefined` where the code says nothing (`5.0.0`, `5.1.0`). */
export function meaningOfStatus(statusCode: string | undefined): CodeMeaning | undefined {
  return statusCode === undefined ? undefined : ENHANCED[statusCode.slice(statusCode.indexOf(".") + 1)];
}

export function meaningOfReply(replyCode: string | undefined): CodeMeaning | undefined {
  return replyCode === undefined ? undefined : REPLY[replyCode];
}

/** Diagnostic text without the `smtp;` type that RFC 3464 puts before it. */
export function diagnosticText(text: string | undefined): string {
  return (text ?? "").replace(/^\s*(?:x-)?[a-z0-9-]+\s*;\s*/i, "").trim();
}
