/** Mails that machines send about mails and that say nothing about whether an address works. */
import { once } from "../domain/once";
import { type MailMessage, type MailPart, textOfBytes } from "./message";
import { DISPOSITION_TYPE } from "./part-types";
import { plainWords } from "./plain-words";

/**
 * `disposition`: a message disposition notification, a read receipt (RFC 8098). `read_receipt`: the same in words
 * alone, as Exchange sends it. `tls`: SMTP TLS reporting (RFC 8460). `dmarc`: an aggregate report (RFC 7489 §7.2).
 * `calendar`: an invitation or an answer to one (RFC 5546, 6047).
 */
export type OtherReport = "disposition" | "tls" | "dmarc" | "calendar" | "read_receipt";

const TLS_TYPE = /^application\/tlsrpt\+(?:json|gzip)$/;
const CALENDAR_TYPE = /^(?:text\/calendar|application\/ics)$/;
const CALENDAR_METHOD =
  /^method[ \t]*[:;][^\r\n]{0,100}?\b(?:request|reply|cancel|counter|declinecounter|refresh|add)\b/im;
/** RFC 7489 §7.2.1.1: `receiver!policy-domain!begin!end`, a unique id after it, an extension. */
const DMARC_FILE = /^[^!\s]{1,255}![^!\s]{1,255}!\d{9,11}!\d{9,11}(?:![^!\s]{1,255})?\.(?:xml|zip|gz|xml\.gz)$/i;
const DMARC_SUBJECT = /^\W{0,5}(?:\[[^\]]{1,60}\] ?)?(?:dmarc (?:aggregate )?)?report[ _-]?domain ?:/i;
const ARCHIVE_TYPE = /^(?:application\/(?:x-)?(?:zip|gzip|zip-compressed|gzip-compressed)|(?:application|text)\/xml)$/;
/** iCalendar's header is at the top of the object. */
const MAX_CALENDAR_BYTES = 20_000;

/**
 * Subjects of read receipts, and the words below them, both needed: a subject alone is one that people write too.
 * Exchange: "Your message … was read on …", or "was deleted without being read".
 */
const READ_RECEIPTS = [
  ["read|not read|read receipt|return receipt", "was read on|was deleted without being read|has been read|was opened"],
  ["gelesen|ungelesen|nicht gelesen|lesebestätigung", "gelesen"],
  ["lu|non lu|accusé de lecture|confirmation de lecture", "été lu|supprimé sans (?:être|avoir été) lu"],
  ["leído|no leído|confirmación de lectura", "se leyó|ha sido leído|fue leído|eliminó sin leer"],
  ["letto|non letto|conferma di lettura", "stato letto|senza essere stato letto|eliminato senza"],
  ["lida|não lida|lido|não lido|confirmação de leitura", "foi lida|foi lido|sem ser lida|excluída sem"],
  ["gelezen|niet gelezen|ongelezen|leesbevestiging", "gelezen"],
  ["läst|oläst|ej läst|läskvitto", "lästes|har lästs|blev läst"],
  ["læst|ulæst|ikke læst|kvittering for læsning", "læst"],
  ["lest|ulest|ikke lest|lesebekreftelse", "lest"],
  ["luettu|lukematta|ei luettu|lukukuittaus", "luettu|luettiin|lukematta"],
  ["przeczytano|przeczytane|nieprzeczytane|potwierdzenie odczytu", "przeczytan"],
  ["přečteno|nepřečteno|potvrzení o přečtení", "přečten"],
  ["prečítané|neprečítané", "prečítan"],
  ["elolvasva|elolvasatlan|olvasási visszaigazolás", "elolvas|olvasatlanul"],
  ["citit|necitit|confirmare de citire", "citit"],
  ["прочтено|прочитано|не прочтено|не прочитано|уведомление о прочтении", "прочитан|прочтен"],
  ["прочитане|не прочитане|непрочитано", "прочитан"],
  ["okundu|okunmadı|okundu bilgisi", "okundu|okunmadan"],
  ["αναγνώστηκε|διαβάστηκε|δεν διαβάστηκε", "διαβάστηκε|αναγνώστηκε|αναγνωσθεί"],
  ["開封済み|開封確認|未開封", "開封|読まれ"],
  ["已读|已讀|已讀取|未读|未讀", "已读|已讀|讀取|阅读|閱讀|未读"],
  ["읽음|읽지 않음", "읽"],
  ["נקרא|לא נקרא", "נקרא"],
  ["تمت القراءة|مقروء|لم تتم القراءة", "قراءة"],
] as const;
const readReceipts = once(() =>
  READ_RECEIPTS.map(([subject, text]) => ({
    subject: new RegExp(`^(?:${plainWords(subject)}) ?:`),
    text: new RegExp(plainWords(text)),
  })),
);
const MAX_RECEIPT_LENGTH = 2_000;

const REPORTS: readonly (readonly [OtherReport, (mail: MailMessage) => boolean])[] = [
  ["disposition", (mail) => mail.reportType === "disposition-notification" || hasType(mail, DISPOSITION_TYPE)],
  ["tls", (mail) => mail.reportType === "tlsrpt" || hasType(mail, TLS_TYPE) || !!mail.header("tls-report-domain")],
  ["dmarc", isDmarcAggregate],
  ["calendar", isCalendarMail],
  ["read_receipt", isReadReceipt],
];

/** Which of these reports is it? Null: none. Delivery status notifications are none of them, not even good news. */
export function otherReportOf(mail: MailMessage): OtherReport | null {
  return REPORTS.find(([, isOne]) => isOne(mail))?.[0] ?? null;
}

function hasType(mail: MailMessage, type: RegExp): boolean {
  return type.test(mail.type) || mail.parts.some((part) => type.test(part.type));
}

function isDmarcAggregate(mail: MailMessage): boolean {
  if (mail.parts.some(({ filename }) => filename !== undefined && DMARC_FILE.test(filename))) return true;
  const subject = mail.header("subject") ?? "";
  return DMARC_SUBJECT.test(subject) || (/\bdmarc\b/i.test(subject) && hasType(mail, ARCHIVE_TYPE));
}

/** With a method, as iTIP demands: a file that somebody attaches has none, or PUBLISH. */
function isCalendarMail(mail: MailMessage): boolean {
  if (CALENDAR_TYPE.test(mail.type)) return CALENDAR_METHOD.test(mail.text) || /;\s*method=/i.test(contentTypeOf(mail));
  return mail.parts.some((part) => CALENDAR_TYPE.test(part.type) && CALENDAR_METHOD.test(beginningOf(part)));
}

function contentTypeOf(mail: MailMessage): string {
  return mail.header("content-type") ?? "";
}

function beginningOf(part: MailPart): string {
  return textOfBytes(part.content.subarray(0, MAX_CALENDAR_BYTES));
}

function isReadReceipt(mail: MailMessage): boolean {
  const subject = plainWords((mail.header("subject") ?? "").slice(0, 200));
  const receipts = readReceipts().filter((receipt) => receipt.subject.test(subject));
  if (receipts.length === 0) return false;
  const text = plainWords(mail.text.slice(0, MAX_RECEIPT_LENGTH));
  return receipts.some((receipt) => receipt.text.test(text));
}
