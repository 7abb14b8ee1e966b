/**
 * Status codes that no registry has but that large receivers send, read like those of the registry. Where a code is
 * registered for something else (Google's 5.7.27, Microsoft's 5.7.12), the registry's meaning leads to the same class
 * and stands.
 *
 * Sources: Microsoft, "Email non-delivery reports and SMTP errors in Exchange Online"; Google, "Gmail SMTP errors and
 * codes"; Yahoo, "SMTP error codes", which has none of its own beyond labels in the text.
 */
import type { CodeMeaning } from "./status-codes";

/** A code, or a range of details under one subject, that an operator made up. */
export interface PrivateCodes {
  readonly subject: number;
  /** First and last detail. */
  readonly from: number;
  readonly to: number;
  readonly owner: "Microsoft" | "Google";
  readonly name: string;
  readonly meaning: CodeMeaning;
}

const MICROSOFT = "Microsoft";
const GOOGLE = "Google";

type Row = readonly [
  subject: number,
  from: number,
  to: number,
  owner: PrivateCodes["owner"],
  name: string,
  ...meaning: readonly [CodeMeaning["class"], string, CodeMeaning["level"]],
];

const ROWS: readonly Row[] = [
  [1, 20, 20, MICROSOFT, "several From addresses without a Sender", "block", "content-related", "strong"],
  [1, 90, 90, MICROSOFT, "sender's daily limit of recipients reached", "block", "rate-limited", "strong"],
  [1, 350, 351, MICROSOFT, "remote server knows no such mailbox or cannot reach it", "soft", "mailbox-status", "weak"],
  [2, 14, 14, MICROSOFT, "forwarding address misconfigured", "soft", "bad-configuration", "strong"],
  [2, 121, 122, MICROSOFT, "recipient's hourly limit from this sender reached", "block", "rate-limited", "strong"],
  [3, 190, 190, MICROSOFT, "journaling misconfigured", "soft", "bad-configuration", "strong"],
  [4, 11, 12, MICROSOFT, "message depth exceeded by an agent", "soft", "routing-loop", "strong"],
  [4, 14, 14, MICROSOFT, "hop count exceeded", "soft", "routing-loop", "strong"],
  [4, 300, 300, MICROSOFT, "message expired", "expired", "message-expired", "strong"],
  [4, 310, 310, MICROSOFT, "DNS domain does not exist", "hard", "bad-domain", "strong"],
  [4, 312, 312, MICROSOFT, "DNS query failed", "soft", "routing-errors", "strong"],
  [
    4,
    315,
    319,
    MICROSOFT,
    "message expired, no connection to the remote server",
    "expired",
    "message-expired",
    "strong",
  ],
  [5, 133, 133, MICROSOFT, "sender not authenticated for the group", "block", "policy-related", "strong"],
  [
    6,
    11,
    16,
    MICROSOFT,
    "invalid characters, or content that cannot be converted",
    "block",
    "content-related",
    "strong",
  ],
  [7, 32, 32, GOOGLE, "From is not aligned with SPF or DKIM", "block", "authentication", "strong"],
  [7, 40, 40, GOOGLE, "no DMARC record", "block", "authentication", "strong"],
  [
    7,
    51,
    53,
    MICROSOFT,
    "restricted by a connector of the recipient's organization",
    "block",
    "policy-related",
    "strong",
  ],
  [7, 54, 54, MICROSOFT, "unable to relay", "soft", "relaying-issues", "strong"],
  [7, 57, 57, MICROSOFT, "client was not authenticated", "block", "authentication", "strong"],
  [7, 60, 60, MICROSOFT, "client may not send as this sender", "block", "authentication", "strong"],
  [7, 64, 64, MICROSOFT, "tenant attribution failed, relay denied", "soft", "relaying-issues", "strong"],
  [7, 124, 136, MICROSOFT, "sender not allowed for this group or mailbox", "block", "policy-related", "strong"],
  [7, 232, 236, MICROSOFT, "tenant's limit of external recipients reached", "block", "rate-limited", "strong"],
  [7, 321, 325, MICROSOFT, "TLS or DANE validation failed", "block", "security", "strong"],
  [7, 500, 699, MICROSOFT, "access denied: address, domain or tenant blocked", "block", "policy-related", "strong"],
  [7, 700, 799, MICROSOFT, "tenant blocked or over its limit", "block", "policy-related", "strong"],
  [
    7,
    900,
    999,
    MICROSOFT,
    "refused by a mail flow rule of the recipient's organization",
    "block",
    "policy-related",
    "strong",
  ],
];

/** Ranges of codes beyond the registry, and what their owner means by them. */
export const PRIVATE_CODES: readonly PrivateCodes[] = ROWS.map(
  ([subject, from, to, owner, name, bounceClass, category, level]) => ({
    subject,
    from,
    to,
    owner,
    name,
    meaning: { class: bounceClass, category, level },
  }),
);
