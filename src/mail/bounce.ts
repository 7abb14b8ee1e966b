/** Bounces: delivery status notifications (RFC 3464), whole, broken or pasted, and those in an MTA's own words. */
import { addressesIn, sameAddress } from "./address-text";
import { isMachine, isReport, outcomeIn } from "./bounce-signs";
import { pastedStatusIn, type StatusRecord, statusRecordsIn, statusTextsOf } from "./delivery-status";
import type { MailMessage } from "./message";
import { addressesMentionedIn, type RecipientLine, recipientLinesIn, recipientPhrasesIn } from "./recipient-lines";
import type { MailEvent, MailEventKind, MailForm } from "./recognition";
import { splitReport } from "./report-text";
import { wordsAbout } from "./report-words";
import { returnedMailOf } from "./returned";
import { readSesNotification } from "./ses-notification";
import { replyIn, transcriptsIn } from "./smtp-text";

export interface Bounce {
  readonly form: Extract<MailForm, "dsn" | "free_text">;
  readonly events: readonly MailEvent[];
}

/** RFC 3464 §2.3.3, and what MTAs write in its place. */
const KIND_OF_ACTION: Readonly<Record<string, MailEventKind>> = {
  failed: "bounced",
  failure: "bounced",
  expired: "bounced",
  delayed: "deferred",
  delivered: "delivered",
  relayed: "delivered",
  expanded: "delivered",
  deliverable: "delivered",
};
const KIND_OF_OUTCOME = { failed: "bounced", delayed: "deferred", delivered: "delivered" } as const;
/** Sendmail's last warning says `delayed` and means the end. */
const LAST_WARNING = /will be deleted from queue|giving up on this message|no longer be retried/i;
/** People forward notifications; that is no notification. */
const FORWARDED = /^\s*(?:fwd?|wg|tr|rv|enc|vb|vs|vl|i|转发|轉寄|転送)\s*:/i;
const MAX_EXPLANATION_LENGTH = 4_000;

/** @returns `null` where the mail reports no delivery, delay or failure */
export function readBounce(mail: MailMessage): Bounce | null {
  const notified = readSesNotification(mail);
  if (notified) return { form: "dsn", events: notified };
  const report = splitReport(mail.text);
  const text = report.lines.join("\n");
  const isForwarded = FORWARDED.test(mail.header("subject") ?? "") && !isMachine(mail);
  if (isForwarded) return null;
  const statusTexts = statusTextsOf(mail);
  const pasted = statusTexts.length ? null : (pastedStatusIn(text) ?? lostStatusIn(mail));
  const records = [...statusTexts, ...(pasted === null ? [] : [pasted])].flatMap(statusRecordsIn);
  const isDsn = records.length > 0 || statusTexts.length > 0 || mail.reportType === "delivery-status";
  if (!isDsn && !isReport(mail, text)) return null;
  const about = { mail, lines: report.lines, returned: report.returned, text };
  const events = records.some((record) => record.recipient !== undefined)
    ? records.filter((record) => record.recipient !== undefined).map((record) => eventOfRecord(record, about))
    : eventsInWords(about, records[0]);
  return { form: isDsn ? "dsn" : "free_text", events };
}

interface Report {
  readonly mail: MailMessage;
  readonly lines: readonly string[];
  readonly returned: readonly string[];
  readonly text: string;
}

/** Fields of a notification whose MIME is broken, so that no part of it is one. */
function lostStatusIn(mail: MailMessage): string | null {
  return mail.reportType === "delivery-status" || /^content-type:\s*message\/delivery-status/im.test(mail.source)
    ? pastedStatusIn(mail.source)
    : null;
}

function eventOfRecord(record: StatusRecord, report: Report): MailEvent {
  const address = record.recipient ?? "";
  const known = [address, record.finalRecipient ?? address];
  const lines = recipientLinesIn(report.lines);
  const own = lines.filter((line) => known.some((other) => sameAddress(other, line.address)));
  const words = wordsAbout(report.lines, own, lines);
  const transcript = transcriptsIn(report.lines)[0];
  const diagnostic = record.diagnostic ?? (transcript?.reply || words || undefined);
  return {
    kind: kindOfRecord(record, report),
    recipient: address,
    failedAddress: record.finalRecipient,
    statusCode: bestStatus(record.statusCode, diagnostic, words),
    replyCode: replyIn(diagnostic ?? "").replyCode ?? replyIn(words).replyCode,
    diagnosticCode: diagnostic,
    explanation: explanationOf([words, transcript?.reply ?? "", lines.length > 1 ? "" : report.text]),
    remoteMta: record.remoteMta,
    smtpCommand: transcript?.command,
    category: record.category,
  };
}

function kindOfRecord({ action, statusCode }: StatusRecord, { text, mail }: Report): MailEventKind {
  const stated = action === undefined ? undefined : KIND_OF_ACTION[action];
  if (stated === "deferred" && LAST_WARNING.test(text)) return "bounced";
  if (stated !== undefined) return stated;
  if (statusCode?.startsWith("2")) return "delivered";
  return KIND_OF_OUTCOME[outcomeIn(text, mail.header("subject") ?? "")];
}

/** A generic status (`5.0.0`) says less than the one inside the receiver's reply. */
function bestStatus(stated: string | undefined, ...texts: readonly (string | undefined)[]): string | undefined {
  if (stated !== undefined && !/^[245]\.0\.0$/.test(stated)) return stated;
  for (const text of texts) {
    const { statusCode } = replyIn(text ?? "");
    if (statusCode !== undefined && !statusCode.endsWith(".0.0")) return statusCode;
  }
  return stated;
}

/** A report in words, and one whose fields name nobody. */
function eventsInWords(report: Report, record: StatusRecord | undefined): MailEvent[] {
  const lines = recipientLinesIn(report.lines);
  const addresses = recipientsOf(report, lines);
  const outcome = KIND_OF_OUTCOME[outcomeIn(report.text, report.mail.header("subject") ?? "")];
  const kind = record ? kindOfRecord(record, report) : outcome;
  if (!addresses.length) return [eventInWords(report, record, kind, undefined, lines)];
  return addresses.map((address) => eventInWords(report, record, kind, address, lines));
}

function eventInWords(
  report: Report,
  record: StatusRecord | undefined,
  kind: MailEventKind,
  address: string | undefined,
  lines: readonly RecipientLine[],
): MailEvent {
  const own = lines.filter((line) => address !== undefined && sameAddress(line.address, address));
  const words = wordsAbout(report.lines, own, lines, address);
  const transcript = transcriptsIn(report.lines)[0];
  const diagnostic = record?.diagnostic ?? (words || transcript?.reply);
  return {
    kind,
    recipient: address,
    statusCode: bestStatus(record?.statusCode, diagnostic, transcript?.reply, report.text),
    replyCode: replyIn(diagnostic ?? "").replyCode ?? replyIn(transcript?.reply ?? report.text).replyCode,
    diagnosticCode: diagnostic,
    explanation: explanationOf([
      transcript?.reply ?? "",
      new Set(lines.map((l) => l.address)).size > 1 ? "" : report.text,
    ]),
    remoteMta: record?.remoteMta,
    smtpCommand: transcript?.command,
    category: record?.category,
  };
}

/** Whom a report in words is about, by the best evidence that it offers. */
function recipientsOf({ mail, lines, returned }: Report, shaped: readonly RecipientLine[]): string[] {
  const stated = addressesIn(mail.header("x-failed-recipients") ?? "");
  const own = ownAddresses(mail);
  const byShape = shaped.map(({ address }) => address);
  const candidates: readonly (readonly string[])[] = [
    stated,
    withoutOwn(byShape, own),
    byShape,
    withoutOwn(recipientPhrasesIn(lines), own),
    singleOf(withoutOwn(returnedMailOf(mail, returned).to, own)),
    singleOf(withoutOwn(addressesMentionedIn(lines), own)),
    recipientPhrasesIn(lines),
    singleOf(returnedMailOf(mail, returned).to),
    localNamesIn(mail, lines),
  ];
  return distinct(candidates.find((list) => list.length > 0) ?? []);
}

/** A system that reports on its own users may name them without its domain (AOL's screen names). */
function localNamesIn(mail: MailMessage, lines: readonly string[]): string[] {
  const domain = /@([^@\s>]+)>?\s*$/.exec(mail.header("from") ?? "")?.[1];
  if (domain === undefined || !isMachine(mail)) return [];
  return lines.flatMap((line, i) => {
    const name = /^\s+([A-Za-z0-9][A-Za-z0-9._-]{1,63})\s*$/.exec(line)?.[1];
    const isAnnounced = /(?:recipients?|users?|address(?:es)?)\b.*:?\s*$/i.test(
      `${lines[i - 2] ?? ""} ${lines[i - 1] ?? ""}`,
    );
    return name !== undefined && isAnnounced ? [`${name}@${domain}`] : [];
  });
}

/** Those who write and receive reports, and are seldom what failed. */
function ownAddresses(mail: MailMessage): string[] {
  return ["from", "reply-to", "sender", "to", "return-path"].flatMap((name) => addressesIn(mail.header(name) ?? ""));
}

function withoutOwn(addresses: readonly string[], own: readonly string[]): string[] {
  return addresses.filter(
    (address) =>
      !own.some((other) => sameAddress(other, address)) &&
      !/^(?:postmaster|mailer-daemon|abuse|hostmaster|helpdesk|support)@/i.test(address),
  );
}

function singleOf(addresses: readonly string[]): string[] {
  const list = distinct(addresses);
  return list.length === 1 ? list : [];
}

function distinct(addresses: readonly string[]): string[] {
  return addresses.filter((address, i) => addresses.findIndex((other) => sameAddress(other, address)) === i);
}

function explanationOf(texts: readonly string[]): string | undefined {
  const text = texts
    .filter((part) => part !== "")
    .join("\n")
    .slice(0, MAX_EXPLANATION_LENGTH);
  return text === "" ? undefined : text;
}
