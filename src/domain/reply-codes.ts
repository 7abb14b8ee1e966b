/** SMTP reply codes (RFC 5321 section 4.2) that mean something without an enhanced code. */
import type { BounceClass } from "./event";
import type { CodeMeaning, EvidenceLevel } from "./status-codes";

export interface ReplyCode {
  readonly code: string;
  readonly source: string;
  readonly meaning: CodeMeaning;
}

const RFC5321 = "RFC 5321";
const RFC4954 = "RFC 4954";
const RFC7504 = "RFC 7504";
const CUSTOM = "custom";

/** 550, 551, 553 and 554 are not here: they say no more than "no". */
const ROWS: readonly (readonly [
  code: string,
  source: string,
  bounceClass: BounceClass,
  category: string,
  level?: EvidenceLevel,
])[] = [
  ["421", RFC5321, "soft", "no-answer-from-host"],
  ["432", RFC4954, "block", "authentication"],
  ["450", RFC5321, "soft", "mailbox-busy"],
  ["451", RFC5321, "soft", "mail-system"],
  ["452", RFC5321, "soft", "mail-system-full"],
  ["454", RFC4954, "soft", "mail-system"],
  ["455", RFC5321, "soft", "protocol-errors"],
  ["500", RFC5321, "soft", "protocol-errors"],
  ["501", RFC5321, "soft", "protocol-errors"],
  ["502", RFC5321, "soft", "protocol-errors"],
  ["503", RFC5321, "soft", "protocol-errors"],
  ["504", RFC5321, "soft", "protocol-errors"],
  // The host or the domain takes no mail at all.
  ["521", RFC7504, "hard", "not-accepting-mail", "strong"],
  ["530", RFC4954, "block", "authentication"],
  ["534", RFC4954, "block", "authentication"],
  ["535", RFC4954, "block", "authentication"],
  ["538", RFC4954, "block", "authentication"],
  ["541", CUSTOM, "block", "policy-related"],
  ["552", RFC5321, "soft", "quota-issues"],
  ["555", RFC5321, "soft", "protocol-errors"],
  ["556", RFC7504, "hard", "null-mx", "strong"],
  ["571", CUSTOM, "block", "policy-related"],
];

/** SMTP reply codes that say something by themselves, with their sources. */
export const REPLY_CODES: readonly ReplyCode[] = ROWS.map(([code, source, bounceClass, category, level = "weak"]) => ({
  code,
  source,
  meaning: { class: bounceClass, category, level },
}));
