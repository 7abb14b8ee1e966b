/** The text of a report, without the mail that it returns. */
import { linesOf } from "./header-fields";

export interface ReportText {
  /** What the reporting system says; of what it repeats about the mail, the subject is left out. */
  readonly lines: readonly string[];
  /** What it returns in the same text: the original's header, mostly. */
  readonly returned: readonly string[];
}

/** What a report has to say stands in its beginning. */
const MAX_REPORT_LENGTH = 200_000;

/**
 * Lines after which MTAs append the returned mail. Over the line in lower case, trimmed, without rulers around it; each
 * has to match from its beginning.
 */
const RETURNED_BELOW: readonly RegExp[] = [
  // qmail and those that speak like it, also with an attachment.
  /^(?:below this line|attachment) is (?:a |the )?(?:copy|original)/,
  // Exim, GMX, Symantec, OpenSMTPD and others.
  /^(?:this|here|below|attached|included|what follows) is (?:a |the )?(?:copy|original|unsent|returned|header)/,
  /^the (?:original )?(?:headers?|body|text) of (?:the|your) (?:original )?(?:message|mail)\b.{0,20}(?:follow|below|$)/,
  /^(?:a )?copy of (?:the|your) (?:original )?(?:message|mail)/,
  // MX Logic, SurgeMail, XMail.
  /^the (?:following (?:paragraph|text) is|first lines of) /,
  /^(?:\[<\d\d>\] )?here is listed the initial part/,
  // Sendmail, IMail, MailEnable, Yahoo, USA.net, Notes, PP.
  /^(?:the )?(?:original|unsent|returned|undelivered|rejected|bounced|failed|offending)? ?(?:messages?|e-?mail|mail)(?: text| headers?| body| contents?)?(?: as received)?(?: is| as)? (?:follows?\b|(?:below|suppressed|removed)$)/,
  /^(?:your|original) (?:message|mail|text) follows/,
  /^(?:original|returned|forwarded|unsent|undelivered|rejected|bounced) (?:messages?|e-?mail|mail)(?: info| headers?| text| content)?[ :.-]*$/,
  /^start of (?:the )?(?:original|returned|truncated|forwarded) (?:message|mail)/,
  /^(?:message|mail) headers? follows?/,
  // The same in the languages of large providers.
  /^附件中的内容是原信件/,
  /^(?:原文|原始邮件|元のメール|以下は元の)/,
  /^(?:ursprüngliche nachricht|en-têtes du message d'origine|message d'origine|encabezados (?:de|del) mensajes? original|mensaje original|messaggio originale|mensagem original|исходное сообщение)/,
];

/** Fields that head a mail in transit. */
const TRANSPORT_FIELD =
  /^(?:>[ \t]?)?(?:received|return-path|delivered-to|x-received|dkim-signature|domainkey-signature|message-id|mime-version|x-originating-ip|authentication-results|arc-[a-z-]{1,40}|x-[a-z0-9-]{1,60}): ?\S/i;
const ANY_FIELD = /^(?:>[ \t]?)?[A-Za-z][A-Za-z0-9-]{1,60}:(?:[ \t]|$)|^>?[ \t]+\S/;
/** Fields of a delivery status notification: what stands among them belongs to the report. */
const STATUS_FIELD = /^[ \t>]{0,20}(?:reporting-mta|final-recipient|original-recipient|arrival-date)[ \t]*:/i;
/** More than a block of such fields has. */
const MAX_STATUS_LINES = 40;
/** A ruler, a bullet, a quotation mark around the words of a line. */
const RULER_BEFORE = /^[\s\-=*_#~|>.:]+/;
const RULER_AFTER = /(?<![\s\-=*_#~|<.:])[\s\-=*_#~|<.:]+$/;
/** "Subject: Hello", "The subject of the message is: Hello", and the same in other languages. */
const SUBJECT_LINE =
  /^([\s>*-]{0,20}(?:the )?(?:original |message |mail )?(?:subject|betreff|objet|asunto|oggetto|assunto|onderwerp|ämne|emne|aihe|temat|předmět|tárgy|konu|тема|件名|主题|主旨|主題|标题|제목)(?: of (?:the|your) (?:message|mail))?(?: is| was)? ?[:：])\s*\S.*$/i;
const SUBJECT_IN_SENTENCE = /(\bsubject(?: is| was)?:? )"[^"]{1,300}"/gi;
/** Stands for a subject. */
export const LEFT_OUT = "…";

/** Parts a text at the first line that announces the returned mail, or at the first line of its header. */
export function splitReport(text: string): ReportText {
  const lines = linesOf(text.slice(0, MAX_REPORT_LENGTH));
  const first = lines.findIndex((line) => /\S/.test(line));
  // The first line is a heading, whatever it says: there is something said before anything is returned.
  const at = lines.findIndex((line, i) => (i > first && announcesReturned(line)) || beginsHeader(lines, i));
  const own = at < 0 ? lines : lines.slice(0, at);
  return { lines: own.map(withoutSubject), returned: at < 0 ? [] : lines.slice(at) };
}

function announcesReturned(line: string): boolean {
  if (line.length > 200) return false;
  const words = line.replace(RULER_BEFORE, "").replace(RULER_AFTER, "").toLowerCase();
  return words !== "" && RETURNED_BELOW.some((pattern) => pattern.test(words));
}

/** Two lines of a header one after the other, the first of them one that only a mail in transit has. */
function beginsHeader(lines: readonly string[], at: number): boolean {
  const isHeader = TRANSPORT_FIELD.test(lines[at] ?? "") && ANY_FIELD.test(lines[at + 1] ?? "");
  return isHeader && !isAmongStatusFields(lines, at);
}

function isAmongStatusFields(lines: readonly string[], at: number): boolean {
  for (let i = at - 1; i >= Math.max(0, at - MAX_STATUS_LINES) && /\S/.test(lines[i] ?? ""); i--) {
    if (STATUS_FIELD.test(lines[i] ?? "")) return true;
  }
  return false;
}

/** The subject of the returned mail can say anything. */
function withoutSubject(line: string): string {
  if (line.length > 1_000) return line;
  return line.replace(SUBJECT_LINE, `$1 ${LEFT_OUT}`).replace(SUBJECT_IN_SENTENCE, `$1${LEFT_OUT}`);
}
