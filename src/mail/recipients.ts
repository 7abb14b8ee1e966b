/** Whom a report in words is about. */
import { addressesIn, sameAddress } from "./address-text";
import { isMachine } from "./bounce-signs";
import type { MailMessage } from "./message";
import { addressesMentionedIn, type RecipientLine, recipientPhrasesIn } from "./recipient-lines";
import { soleRecipientOf } from "./returned";
import type { Refusal } from "./transcript";

/** What is known of a report's text. */
export interface ReportEvidence {
  readonly mail: MailMessage;
  /** What the reporting system says, line by line. */
  readonly lines: readonly string[];
  /** What it returns below. */
  readonly returned: readonly string[];
  /** The lines that name a recipient. */
  readonly named: readonly RecipientLine[];
  /** The refusals in its transcripts. */
  readonly refusals: readonly Refusal[];
}

/** Fields of those who write and receive reports, and are seldom what failed. */
const OWN_FIELDS = ["from", "reply-to", "sender", "to", "return-path"];
const CONTACT_ADDRESS = /^(?:postmaster|mailer-daemon|abuse|hostmaster|helpdesk|support)@/i;
/** A name without its domain on a line of its own, with a reason in parentheses or not: AOL's screen names, GroupWise. */
const LOCAL_NAME = /^\s+([A-Za-z0-9][A-Za-z0-9._-]{1,63})(?:\s+\(.{1,200})?\s*$/;
const ANNOUNCES_NAMES = /(?:recipients?|users?|address(?:es)?|following)\b.{0,250}$/i;

type Candidates = (report: ReportEvidence, own: readonly string[]) => readonly string[];

/** Ways to find the recipients, the best evidence first; the first that finds any decides. */
const WAYS: readonly Candidates[] = [
  ({ mail }) => addressesIn(mail.header("x-failed-recipients") ?? ""),
  (report, own) => without(namedIn(report, false), own),
  ({ refusals }, own) =>
    without(
      refusals.flatMap(({ recipient }) => recipient ?? []),
      own,
    ),
  (report, own) => without(namedIn(report, true), own),
  ({ lines }, own) => withoutContacts(without(recipientPhrasesIn(lines), own)),
  (report) => namedIn(report, true),
  (report) => [soleRecipientOf(report.mail, report)].filter((address) => address !== undefined),
  ({ lines }, own) => singleOf(withoutContacts(without(addressesMentionedIn(lines), own))),
  ({ lines }) => recipientPhrasesIn(lines),
  localNamesIn,
];

/** The addresses that failed, as far as the report's words and what it returns tell; each once. */
export function recipientsOf(report: ReportEvidence): string[] {
  const own = OWN_FIELDS.flatMap((name) => addressesIn(report.mail.header(name) ?? ""));
  for (const way of WAYS) {
    const found = distinct(way(report, own));
    if (found.length > 0) return found;
  }
  return [];
}

function namedIn({ named }: ReportEvidence, isWeakEnough: boolean): string[] {
  return named.filter((line) => isWeakEnough || !line.isWeak).map(({ address }) => address);
}

/** A system that reports on its own users may name them without its domain. */
function localNamesIn({ mail, lines }: ReportEvidence): string[] {
  const domain = /@([^@\s>]{1,255})>?\s*$/.exec(mail.header("from") ?? "")?.[1];
  if (domain === undefined || !isMachine(mail)) return [];
  return lines.flatMap((line, i) => {
    const name = line.length > 300 ? undefined : LOCAL_NAME.exec(line)?.[1];
    if (name === undefined) return [];
    const above = `${lines[i - 2] ?? ""} ${lines[i - 1] ?? ""}`.trim().slice(-300);
    return ANNOUNCES_NAMES.test(above) ? [`${name}@${domain}`] : [];
  });
}

function without(addresses: readonly string[], own: readonly string[]): string[] {
  return addresses.filter((address) => !own.some((other) => sameAddress(other, address)));
}

function withoutContacts(addresses: readonly string[]): string[] {
  return addresses.filter((address) => !CONTACT_ADDRESS.test(address));
}

function singleOf(addresses: readonly string[]): string[] {
  const list = distinct(addresses);
  return list.length === 1 ? list : [];
}

function distinct(addresses: readonly string[]): string[] {
  const seen = new Set<string>();
  return addresses.filter((address) => {
    const key = address.toLowerCase();
    return !seen.has(key) && seen.add(key);
  });
}
