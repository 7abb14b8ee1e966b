/** Bounces: delivery status notifications (RFC 3464), whole, broken or pasted, and those in an MTA's own words. */
import { MAX_DIAGNOSTIC_LENGTH } from "../domain/text";
import { sameAddress } from "./address-text";
import { isReport, outcomeIn } from "./bounce-signs";
import type { StatusRecord } from "./delivery-status";
import type { MailMessage } from "./message";
import { type RecipientLine, recipientLinesIn } from "./recipient-lines";
import { type ReportEvidence, recipientsOf } from "./recipients";
import type { MailEvent, MailEventKind, MailForm } from "./recognition";
import type { ReportText } from "./report-text";
import { paragraphWithReply, wordsAbout } from "./report-words";
import { readSesNotification } from "./ses-notification";
import { attemptIn, isVague, replyIn } from "./smtp-text";
import { type StatedStatus, statedStatusIn } from "./stated-status";
import { type Refusal, refusalsIn } from "./transcript";

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
const MAX_EXPLANATION_LENGTH = 4_000;
/** More than anybody names in sentences; more are in a list, or in a header. */
const MAX_IN_SENTENCES = 20;
/** More recipients than any report names. */
const MAX_EVENTS = 500;

/** @returns `null` where the mail reports no delivery, delay or failure */
export function readBounce(mail: MailMessage, report: ReportText): Bounce | null {
  const notified = readSesNotification(mail);
  if (notified) return { form: "dsn", events: notified };
  const status = statedStatusIn(mail, report);
  if (isOtherReport(mail, status) || !isReport(mail, report, status.form)) return null;
  const evidence = evidenceOf(mail, report);
  return { form: status.form === "none" ? "free_text" : "dsn", events: eventsOf(evidence, status.records) };
}

/** A report of another kind (RFC 6522) than on delivery. */
function isOtherReport(mail: MailMessage, { form }: StatedStatus): boolean {
  return form === "none" && mail.type === "multipart/report" && mail.reportType !== undefined;
}

interface Evidence extends ReportEvidence {
  /** The lines of the report, joined. */
  readonly text: string;
  /** What became of the mail, by the report's words. */
  readonly kind: MailEventKind;
}

function evidenceOf(mail: MailMessage, report: ReportText): Evidence {
  return {
    mail,
    ...report,
    text: report.lines.join("\n"),
    named: recipientLinesIn(report.lines),
    refusals: refusalsIn(report.lines),
    kind: KIND_OF_OUTCOME[outcomeIn(report, mail.header("subject") ?? "")],
  };
}

/** Whom an event is about, and the fields that state it, as far as there are any. */
interface Subject {
  readonly recipient: string | undefined;
  readonly failedAddress?: string | undefined;
  readonly record?: StatusRecord | undefined;
}

function eventsOf(evidence: Evidence, records: readonly StatusRecord[]): MailEvent[] {
  const subjects = subjectsOf(evidence, records).slice(0, MAX_EVENTS);
  return subjects.map((subject) => eventOf(subject, evidence, subjects.length));
}

function subjectsOf(evidence: Evidence, records: readonly StatusRecord[]): Subject[] {
  const naming = records.filter(({ recipient }) => recipient !== undefined);
  if (naming.length > 0) {
    return naming.map((record) => ({ ...withOrigin(record.recipient, record.finalRecipient, evidence), record }));
  }
  // Fields that name nobody are about the one whom the words name.
  const record = records[0];
  const addresses = recipientsOf(evidence);
  if (addresses.length === 0) return [{ recipient: undefined, record }];
  return addresses.map((address) => ({ ...withOrigin(address, undefined, evidence), record }));
}

/** A report in words says whom the sender addressed in its own way ("expanded from"). */
function withOrigin(address: string | undefined, failedAddress: string | undefined, { named }: Evidence): Subject {
  if (address === undefined || failedAddress !== undefined) return { recipient: address, failedAddress };
  const origin = named.find((line) => sameAddress(line.address, address))?.forwardedFrom;
  return origin === undefined || sameAddress(origin, address)
    ? { recipient: address }
    : { recipient: origin, failedAddress: address };
}

function eventOf(subject: Subject, evidence: Evidence, count: number): MailEvent {
  const { recipient, failedAddress, record } = subject;
  const isOnly = count === 1;
  const own = linesOf(subject, evidence.named);
  const words = wordsAbout(
    evidence.lines,
    own,
    evidence.named.filter(isBoundary(own)),
    count > MAX_IN_SENTENCES ? undefined : recipient,
  );
  const refusal = refusalOf(subject, words, evidence.refusals, isOnly);
  const diagnosticCode = record?.diagnostic ?? receiversWords(words, refusal, isOnly ? evidence.lines : []);
  // What the report says to all is nobody's own cause where there are several.
  const texts = [diagnosticCode, words, refusal?.reply, isOnly ? evidence.text : undefined];
  const attempt = attemptOf(texts, refusal);
  return {
    kind: kindOf(record, evidence),
    recipient,
    failedAddress,
    statusCode: bestStatus(record?.statusCode, texts),
    replyCode: firstOf(texts, (text) => replyIn(text).replyCode),
    diagnosticCode: diagnosticCode?.slice(0, MAX_DIAGNOSTIC_LENGTH),
    explanation: explanationOf([words, refusal?.reply ?? "", isOnly ? evidence.text : ""]),
    remoteMta: record?.remoteMta ?? attempt.host,
    smtpCommand: attempt.command,
    category: record?.category,
  };
}

/** Words end at the next recipient; a line that only may name one ends nobody's. */
function isBoundary(own: readonly RecipientLine[]): (line: RecipientLine) => boolean {
  return (line) => !line.isWeak || own.includes(line);
}

/** What the receiver answered, rather than what the MTA makes of it. */
function receiversWords(words: string, refusal: OwnRefusal | undefined, lines: readonly string[]): string | undefined {
  if (refusal?.isNaming) return refusal.reply;
  if (saysReply(words)) return words;
  return refusal?.reply || paragraphWithReply(lines) || words || undefined;
}

function saysReply(words: string): boolean {
  const { replyCode, statusCode } = replyIn(words);
  return (replyCode ?? statusCode) !== undefined;
}

function linesOf({ recipient, failedAddress }: Subject, named: readonly RecipientLine[]): RecipientLine[] {
  const known = [recipient, failedAddress].flatMap((address) => address ?? []);
  return named.filter((line) => known.some((address) => sameAddress(line.address, address)));
}

interface OwnRefusal extends Refusal {
  /** It names the recipient: whatever else is said, these are the receiver's words. */
  readonly isNaming: boolean;
}

/** The last refusal that names the recipient, or whose answer the report repeats about it; of a single one the last. */
function refusalOf(
  { recipient, failedAddress }: Subject,
  words: string,
  refusals: readonly Refusal[],
  isOnly: boolean,
): OwnRefusal | undefined {
  const known = [recipient, failedAddress].flatMap((address) => address ?? []);
  const naming = refusals.findLast((refusal) => known.some((address) => sameAddress(refusal.recipient ?? "", address)));
  if (naming) return { ...naming, isNaming: true };
  const other = refusals.findLast(({ reply }) => words.includes(reply)) ?? (isOnly ? refusals.at(-1) : undefined);
  return other && { ...other, isNaming: false };
}

function attemptOf(texts: readonly (string | undefined)[], refusal: Refusal | undefined) {
  const flat = texts.flatMap((text) => (text === undefined ? [] : text.replace(/\s+/g, " ")));
  return {
    host: refusal?.host ?? firstOf(flat, (text) => attemptIn(text).host),
    command: refusal?.command ?? firstOf(flat, (text) => attemptIn(text).command),
  };
}

function kindOf(record: StatusRecord | undefined, { text, kind }: Evidence): MailEventKind {
  const { action, statusCode } = record ?? {};
  const stated = action === undefined ? undefined : KIND_OF_ACTION[action];
  if (stated === "deferred" && LAST_WARNING.test(text)) return "bounced";
  if (stated !== undefined) return stated;
  return statusCode?.startsWith("2") ? "delivered" : kind;
}

/** The status that the fields state, unless it is vague and the receiver's reply has a better one. */
function bestStatus(stated: string | undefined, texts: readonly (string | undefined)[]): string | undefined {
  if (stated !== undefined && !isVague(stated)) return stated;
  const found = texts.flatMap((text) => replyIn(text ?? "").statusCode ?? []);
  return found.find((code) => !isVague(code)) ?? stated ?? found.find((code) => !code.endsWith(".0.0"));
}

function firstOf<T>(texts: readonly (string | undefined)[], read: (text: string) => T | undefined): T | undefined {
  for (const text of texts) {
    const found = text === undefined ? undefined : read(text);
    if (found !== undefined) return found;
  }
  return undefined;
}

function explanationOf(texts: readonly string[]): string | undefined {
  const text = texts
    .filter((part) => part !== "")
    .join("\n")
    .slice(0, MAX_EXPLANATION_LENGTH);
  return text === "" ? undefined : text;
}
