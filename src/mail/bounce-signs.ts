/** Does a mail report on another mail? Several signs together, never one alone. */
import { addressesIn, sameAddress } from "./address-text";
import { addressOf, isOfSystemAddress } from "./author";
import { readSubject } from "./auto-reply-subject";
import { failureSubjects } from "./bounce-subjects";
import { failureWords, reportSentences } from "./bounce-words";
import type { MailMessage } from "./message";
import { delayWords, finalWords, notDeliveredWords, successWords } from "./outcome-words";
import { RETURNED_TYPE } from "./part-types";
import { plainWords } from "./plain-words";
import type { ReportText } from "./report-text";
import type { StatusForm } from "./stated-status";

export type ReportedOutcome = "failed" | "delayed" | "delivered";

/** What reports are sent as, beside the names that `author.ts` knows. */
const MACHINE_LOCAL_PART =
  /^(?:mailer|mail|maiser|lotus|system)?[-_.]?(?:daemon|demon)$|^post[-_]?master(?:$|[-_.+])|^mdaemon$|^mailadm(?:in)?$|^mail[-_.]?(?:delivery|system|router|gateway|server)|delivery[-_.]?(?:system|subsystem)$|^inetgw\d{0,6}$|anti-?virus|smtp[-_ ]?gateways?$|^bounces?$/i;
const DAEMON = /d(?:ae|ea|e)mon$/i;
/** A name is anybody's choice: it says less than the address. */
const MACHINE_NAME =
  /\b(?:mail(?:er)?[ -]?(?:delivery|daemon|system|router)|delivery (?:sub)?system|system administrator|administrador del sistema|administrateur système)\b/i;
/** Nobody reads what is sent there. */
const NO_REPLY = /^(?:no|do-?not|dont)[-_.]?reply\b/i;
const FORWARDED_SUBJECT = /^\s*(?:fwd?|wg|tr|rv|enc|vb|doorst|vl|i|转发|轉寄|転送)\s*[:：]/i;
/** What mail programs put above a mail that their user passes on. */
const PASSED_ON =
  /^[ \t>]{0,10}(?:begin forwarded message|anfang der weitergeleiteten|début du message réexpédié|inicio del mensaje reenviado|inizio messaggio inoltrato|-{2,20} ?(?:forwarded message|weitergeleitete nachricht|message transféré|mensaje reenviado|messaggio inoltrato|doorgestuurd bericht|пересылаемое сообщение) ?-{2,20})/im;
/** Its header, as it stands above a notification that is passed on or answered; a report returns other people's mail. */
const PASSED_ON_FROM =
  /^[ \t>*]{0,10}(?:from|von|de|da|van|från|fra|от|差出人|发件人)\*? ?:.{0,100}(?:mailer-daemon|postmaster|mail delivery (?:sub)?system|microsoft outlook|microsoftexchange)/im;
const GREETING =
  /^\s*(?:hello|hi|dear|good (?:morning|afternoon)|hallo|guten|sehr geehrte|liebe|bonjour|hola|buen|ciao|salve|olá|hej|здравствуйте|добрый)\b.{0,60}[,!.]?\s/i;
/** What mail systems write to their postmaster about the mail of others. */
const OTHER_SUBJECT = /^postfix (?:smtp|lmtp) (?:server|client):|\bqueue (?:report|status)\b|\blog (?:summar|report)/i;
/** RFC 3834, and what mail systems put on reports. */
const AUTOMATIC_HEADERS = ["auto-submitted", "x-failed-recipients"];
const SMTP_CODE = /(?:^|[\s:;#"'(])(?:5\d\d[ -]|[45]\.\d\.\d{1,3}\b)/;
const MAX_TEXT_LENGTH = 20_000;

const SCORE_NEEDED = 5;

interface Context {
  readonly mail: MailMessage;
  /** The report's own words, made comparable; without quoted lines, unless a mail system wrote it of its own accord. */
  readonly text: string;
  /** The same as it was written. */
  readonly ownText: string;
  readonly returnsMail: boolean;
  readonly hasFailureSubject: boolean;
  readonly isMachine: boolean;
  readonly isReply: boolean;
  readonly status: StatusForm;
}

interface Sign {
  readonly score: number;
  readonly holds: (context: Context) => boolean;
}

/** What speaks for a report, and what for a person or a mailing list. */
const SIGNS: readonly Sign[] = [
  { score: 9, holds: ({ status }) => status === "report" },
  { score: 4, holds: ({ status }) => status === "part" },
  { score: 2, holds: ({ status }) => status === "pasted" },
  { score: 5, holds: ({ mail }) => mail.header("x-failed-recipients") !== undefined },
  { score: 2, holds: ({ isMachine }) => isMachine },
  // Nobody writes by hand as such a one, but as a postmaster.
  { score: 1, holds: ({ mail }) => DAEMON.test(localPartOf(mail.header("from") ?? "")) },
  { score: 1, holds: ({ mail, isMachine }) => !isMachine && MACHINE_NAME.test(mail.header("from") ?? "") },
  { score: 1, holds: ({ mail }) => NO_REPLY.test(localPartOf(mail.header("from") ?? "")) },
  // RFC 5321 §4.5.5: reports go out with the null reverse-path, so that they are never answered by one.
  { score: 2, holds: ({ mail }) => hasNullSender(mail) },
  { score: 2, holds: ({ hasFailureSubject }) => hasFailureSubject },
  { score: 3, holds: ({ text }) => hasAny(text, reportSentences()) },
  { score: 1, holds: ({ text }) => hasAny(text, failureWords()) },
  { score: 1, holds: ({ text }) => SMTP_CODE.test(text) },
  { score: 1, holds: ({ text }) => countOf(text, reportSentences()) > 1 },
  { score: 1, holds: ({ returnsMail }) => returnsMail },
  // People attach mails too.
  { score: 1, holds: ({ returnsMail, isMachine }) => returnsMail && isMachine },
  { score: -8, holds: ({ mail, isMachine }) => !isMachine && isPassedOn(mail) },
  { score: -3, holds: ({ isMachine, ownText }) => !isMachine && GREETING.test(ownText) },
  { score: -9, holds: ({ mail }) => OTHER_SUBJECT.test(mail.header("subject") ?? "") },
  { score: -4, holds: ({ isReply, isMachine }) => !isMachine && isReply },
  { score: -2, holds: ({ mail, isReply }) => isReply && isAnswer(mail) },
  // No mail server writes to a list, or offers to unsubscribe.
  { score: -5, holds: ({ mail }) => !hasNullSender(mail) && isOfList(mail) },
  { score: -2, holds: ({ mail, isMachine }) => !isMachine && hasUserAgent(mail) },
  { score: -2, holds: ({ mail, isMachine }) => !isMachine && hasOwnSender(mail) },
];

/**
 * @param report what the mail says, without what it returns
 * @param status the fields of a notification that it has
 */
export function isReport(mail: MailMessage, report: ReportText, status: StatusForm): boolean {
  const { sign, isReply } = readSubject(mail.header("subject") ?? "");
  const machine = isMachine(mail);
  // A postmaster is a person too, and quotes what is answered.
  const answers = isReply && isAnswer(mail);
  const own = machine && !answers ? report.lines : report.lines.filter((line) => !/^[ \t]{0,3}>/.test(line));
  const ownText = own.join("\n").slice(0, MAX_TEXT_LENGTH);
  const text = plainWords(ownText);
  const isOwnSubject = machine ? !answers : sign === "none" && !isReply && !hasForwardedSubject(mail);
  const hasFailureSubject = isOwnSubject && hasAny(flatText(mail.header("subject") ?? ""), failureSubjects());
  const context: Context = {
    mail,
    text,
    ownText,
    returnsMail: report.returned.length > 0 || mail.parts.some(({ type }) => RETURNED_TYPE.test(type)),
    hasFailureSubject,
    isMachine: machine,
    isReply,
    status,
  };
  if (!saysSo(context) && status === "none" && mail.header("x-failed-recipients") === undefined) return false;
  if (!isAutomatic(context)) return false;
  return SIGNS.reduce((sum, { score, holds }) => sum + (holds(context) ? score : 0), 0) >= SCORE_NEEDED;
}

/** In words, or by the mail that a mail system returns beside a code of SMTP, in whatever language. */
function saysSo({ hasFailureSubject, text, isMachine, returnsMail }: Context): boolean {
  if (hasFailureSubject || hasAny(text, reportSentences()) || hasAny(text, failureWords())) return true;
  return isMachine && returnsMail && SMTP_CODE.test(text);
}

/** Does anything outside the text say that no person wrote it? People paste what they got. */
function isAutomatic({ mail, isMachine, hasFailureSubject, status }: Context): boolean {
  if (isMachine || hasFailureSubject || status === "report" || hasNullSender(mail)) return true;
  const from = mail.header("from") ?? "";
  if (MACHINE_NAME.test(from) || NO_REPLY.test(localPartOf(from))) return true;
  return AUTOMATIC_HEADERS.some((name) => !/^no\b/i.test(mail.header(name) ?? "no"));
}

/** Is the sender a mail system, by its address? */
export function isMachine(mail: MailMessage): boolean {
  const from = mail.header("from") ?? "";
  return isOfSystemAddress(mail) || /<\s*(?:@\s*)?>/.test(from) || MACHINE_LOCAL_PART.test(localPartOf(from));
}

/** Also of a name without a domain, as local mail has it. */
function localPartOf(from: string): string {
  const address = addressOf(from) ?? from.replace(/[<>"\s]/g, "");
  return address.replace(/@[^@]*$/, "");
}

/** Does a person hand on what came to that person? */
function isPassedOn(mail: MailMessage): boolean {
  const text = mail.text.slice(0, MAX_TEXT_LENGTH);
  return hasForwardedSubject(mail) || PASSED_ON.test(text) || PASSED_ON_FROM.test(text);
}

function hasForwardedSubject(mail: MailMessage): boolean {
  return FORWARDED_SUBJECT.test(mail.header("subject") ?? "");
}

function isAnswer(mail: MailMessage): boolean {
  return (mail.header("in-reply-to") ?? mail.header("references")) !== undefined;
}

/** A post or a newsletter. What a list hands on that came to its owner (RFC 2369 §3.4) is not addressed to the list. */
function isOfList(mail: MailMessage): boolean {
  const post = addressesIn(mail.header("list-post") ?? "")[0];
  if (post === undefined) return (mail.header("list-id") ?? mail.header("list-unsubscribe")) !== undefined;
  const to = addressesIn(`${mail.header("to") ?? ""}, ${mail.header("cc") ?? ""}`);
  return to.length === 0 || to.some((address) => sameAddress(address, post));
}

function hasUserAgent(mail: MailMessage): boolean {
  return (mail.header("user-agent") ?? mail.header("x-mailer")) !== undefined;
}

/** A person's mail goes out in that person's name. */
function hasOwnSender(mail: MailMessage): boolean {
  return mail.header("return-path") !== undefined && !hasNullSender(mail);
}

function hasNullSender(mail: MailMessage): boolean {
  const path = mail.header("return-path");
  return path !== undefined && (/^<\s*>/.test(path) || /^<?mailer-daemon(?:@|>|$)/i.test(path));
}

/** What became of the reported mail, by the report's words; its subject counts where they say nothing. */
export function outcomeIn(report: ReportText, subject: string): ReportedOutcome {
  const text = flatText(report.lines.join("\n"));
  return outcomeOf(text) ?? outcomeOf(flatText(subject)) ?? "failed";
}

function outcomeOf(text: string): ReportedOutcome | undefined {
  if (hasAny(text, successWords()) && !hasAny(text, notDeliveredWords())) return "delivered";
  if (hasAny(text, finalWords())) return "failed";
  return hasAny(text, delayWords()) ? "delayed" : undefined;
}

/** Comparable with the words of the lists; on one line, because text is wrapped anywhere. */
function flatText(text: string): string {
  return plainWords(text.slice(0, MAX_TEXT_LENGTH));
}

function countOf(text: string, words: readonly string[]): number {
  return words.filter((word) => text.includes(word)).length;
}

function hasAny(text: string, words: readonly string[]): boolean {
  return words.some((word) => text.includes(word));
}
