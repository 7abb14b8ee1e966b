/** The text of a report, without the mail that it returns. */
import { linesOf } from "./header-fields";

export interface ReportText {
  /** What the reporting system says. */
  readonly lines: readonly string[];
  /** What it returns in the same text: the original's header, mostly. */
  readonly returned: readonly string[];
}

/**
 * Lines after which MTAs append the returned mail. Over the line in lower case, trimmed, without rulers around it; each
 * has to match from its beginning.
 */
const RETURNED_BELOW: readonly RegExp[] = [
  // qmail and those that speak like it, also with an attachment.
  /^(?:below this line|attachment) is (?:a |the )?(?:copy|original)/,
  // Exim, GMX, Symantec, OpenSMTPD and others.
  /^(?:this|here|below|attached|included|what follows) is (?:a |the )?(?:copy|original|unsent|returned|header)/,
  /^the (?:original )?(?:headers?|body|text) of (?:the|your) (?:original )?(?:message|mail)/,
  /^(?:a )?copy of (?:the|your) (?:original )?(?:message|mail)/,
  // Sendmail, IMail, MailEnable, Yahoo, USA.net, Notes, PP.
  /^(?:the )?(?:original|unsent|returned|undelivered|rejected|bounced|failed|offending)? ?(?:messages?|e-?mail|mail)(?: text| headers?| body| contents?)?(?: as received)?(?: is| as)? (?:follows?|below|suppressed|removed)/,
  /^(?:original|returned|forwarded|unsent|undelivered|rejected|bounced) (?:messages?|e-?mail|mail)(?: info| header| text| content)?[ :.-]*$/,
  /^start of (?:the )?(?:original|returned|truncated|forwarded) (?:message|mail)/,
  /^(?:message|mail) headers? follows?/,
  // The same in the languages of large providers.
  /^附件中的内容是原信件/,
  /^(?:原文|原始邮件|元のメール|以下は元の)/,
  /^(?:ursprüngliche nachricht|message d'origine|mensaje original|messaggio originale|mensagem original|исходное сообщение)/,
];

/** Fields that head a returned mail and that no report states about itself. */
const TRANSPORT_FIELD =
  /^>?(?:received|return-path|delivered-to|x-received|dkim-signature|domainkey-signature|message-id|mime-version|x-originating-ip|authentication-results|arc-[a-z-]+|x-[a-z0-9-]+): \S/i;
const ANY_FIELD = /^>?[A-Za-z][A-Za-z0-9-]{1,60}:(?:[ \t]|$)|^>?[ \t]+\S/;
/** A ruler, a bullet, a quotation mark around the words of a line. */
const RULER = /^[\s\-=*_#~|>.:]+|[\s\-=*_#~|<.:]+$/g;

/** Parts a text at the first line that announces the returned mail, or at the first line of its header. */
export function splitReport(text: string): ReportText {
  const lines = linesOf(text);
  const at = lines.findIndex((line, i) => announcesReturned(line) || beginsHeader(lines, i));
  return at < 0 ? { lines, returned: [] } : { lines: lines.slice(0, at), returned: lines.slice(at) };
}

function announcesReturned(line: string): boolean {
  if (line.length > 200) return false;
  const words = line.replace(RULER, "").toLowerCase();
  return words !== "" && RETURNED_BELOW.some((pattern) => pattern.test(words));
}

/** Two lines of a header one after the other, the first of them one that only a transported mail has. */
function beginsHeader(lines: readonly string[], at: number): boolean {
  return TRANSPORT_FIELD.test(lines[at] ?? "") && ANY_FIELD.test(lines[at + 1] ?? "");
}
