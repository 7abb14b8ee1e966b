/** Does a mail without a delivery status part report on another mail? Several weak signs together, never one alone. */
import { firstAddressIn } from "./address-text";
import { DELAY_WORDS, FAILURE_SUBJECTS, FAILURE_WORDS, FINAL_WORDS, SUCCESS_WORDS } from "./bounce-words";
import type { MailMessage } from "./message";

export type ReportedOutcome = "failed" | "delayed" | "delivered";

/** What reports are sent as: the local part of RFC 5321's null sender in a From header. */
const MACHINE_LOCAL_PART =
  /^(?:mailer|mail|maiser|lotus|system)?[-_.]?(?:daemon|demon)$|^post[-_]?master(?:$|[-_.+])|^mdaemon$|^mmdf$|^mailadm(?:in)?$|^mail[-_.]?(?:delivery|system|router|gateway|server)|delivery[-_.]?(?:system|subsystem|service)$|^inetgw\d*$|^microsoftexchange[0-9a-f]{8,}$|antivirus|^bounces?$|^virus/i;
const MACHINE_NAME =
  /mail(?:er)?[ -]?(?:delivery|daemon|system|administrator|router)|delivery (?:sub)?system|delivery service|system administrator|postmaster|^systemadministrator$|^administrador del sistema$|^administrateur système$|^mail-daemon$/i;
const FORWARDED_SUBJECT = /^\s*(?:fwd?|wg|tr|rv|enc|vb|doorst|vs|vl|i|转发|轉寄|転送)\s*:/i;
const REPLY_SUBJECT = /^\s*(?:re|aw|sv|antw|回复|答复)\s*:/i;
const MAX_TEXT_LENGTH = 20_000;

const SCORE_NEEDED = 4;

interface Sign {
  readonly score: number;
  readonly holds: (mail: MailMessage, context: Context) => boolean;
}

interface Context {
  readonly text: string;
  readonly subject: string;
  readonly isMachine: boolean;
}

/** What speaks for a report, and what for a person. */
const SIGNS: readonly Sign[] = [
  { score: 4, holds: (mail) => mail.header("x-failed-recipients") !== undefined },
  { score: 2, holds: (_, { isMachine }) => isMachine },
  // RFC 5321 §4.5.5: reports go out with the null reverse-path, so that they are never answered by one.
  { score: 2, holds: hasNullSender },
  { score: 2, holds: (_, { subject }) => hasAny(subject, FAILURE_SUBJECTS) },
  { score: 2, holds: (_, { text }) => hasAny(text, FAILURE_WORDS) },
  { score: 1, holds: (_, { text }) => /(?:^|[\s:;])(?:5\d\d[ -]|[45]\.\d\.\d{1,3}\b)/.test(text) },
  { score: -3, holds: (_, { isMachine, subject }) => !isMachine && FORWARDED_SUBJECT.test(subject) },
  { score: -2, holds: (mail, { isMachine, subject }) => !isMachine && isAnswer(mail) && REPLY_SUBJECT.test(subject) },
  { score: -3, holds: (mail, { isMachine }) => !isMachine && mail.header("list-id") !== undefined },
  { score: -1, holds: (mail, { isMachine }) => !isMachine && isAnswer(mail) },
  {
    score: -1,
    holds: (mail, { isMachine }) => !isMachine && (mail.header("user-agent") ?? mail.header("x-mailer")) !== undefined,
  },
];

/**
 * @param text what the reporting system says, without the returned mail
 */
export function isReport(mail: MailMessage, text: string): boolean {
  const subject = (mail.header("subject") ?? "").toLowerCase();
  const context = { text: flatText(text), subject, isMachine: isMachine(mail) };
  const saysSo = hasAny(context.text, FAILURE_WORDS) || hasAny(subject, FAILURE_SUBJECTS);
  if (!saysSo && mail.header("x-failed-recipients") === undefined) return false;
  return SIGNS.reduce((sum, { score, holds }) => sum + (holds(mail, context) ? score : 0), 0) >= SCORE_NEEDED;
}

/** Is the sender a mail system, by its address or by the name it gives itself? */
export function isMachine(mail: MailMessage): boolean {
  const from = mail.header("from") ?? "";
  const address = firstAddressIn(from);
  const local = address?.slice(0, address.lastIndexOf("@")) ?? from.replace(/[<>"\s]/g, "");
  if (/<\s*>/.test(from) || MACHINE_LOCAL_PART.test(local)) return true;
  const name = from.replace(/<[^<>]*>/, "").replace(address ?? "\n", "");
  return MACHINE_NAME.test(name.replace(/["()]/g, "").trim());
}

function isAnswer(mail: MailMessage): boolean {
  return (mail.header("in-reply-to") ?? mail.header("references")) !== undefined;
}

function hasNullSender(mail: MailMessage): boolean {
  const path = mail.header("return-path");
  return path !== undefined && (/^<\s*>/.test(path) || /^<?mailer-daemon(?:@|>|$)/i.test(path));
}

/** What became of the reported mail, by the report's words. */
export function outcomeIn(text: string, subject: string): ReportedOutcome {
  const flat = `${subject.toLowerCase()} ${flatText(text)}`;
  if (hasAny(flat, SUCCESS_WORDS) && !hasAny(flat, FAILURE_WORDS.slice(0, 12))) return "delivered";
  return hasAny(flat, DELAY_WORDS) && !hasAny(flat, FINAL_WORDS) ? "delayed" : "failed";
}

/** Lower case, one line: words are wrapped anywhere. */
function flatText(text: string): string {
  return text
    .slice(0, MAX_TEXT_LENGTH)
    .toLowerCase()
    .replace(/[\s’]+/g, (found) => (found.includes("’") ? "'" : " "));
}

function hasAny(text: string, words: readonly string[]): boolean {
  return words.some((word) => text.includes(word));
}
