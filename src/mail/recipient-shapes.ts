/** Where MTAs write whom a report is about: the shapes of their lines and sentences, as data. */
import { ADDRESS_PATTERN } from "./address-text";

export interface LineShape {
  readonly id: string;
  /** Who writes so. */
  readonly of: string;
  /** `a` is the address, `code` and `rest` what the line says about it before and behind it. */
  readonly pattern: RegExp;
  /** Others write such lines too: they count where nothing better is there. */
  readonly isWeak?: boolean;
}

const ADDRESS = `(?<a>${ADDRESS_PATTERN})`;
const DAYS = "mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so|lun|mar|mer|jeu|ven|sam|dim";
/** What sets a failed address apart from others in its sentence, in front of the word for it. */
const KEY_PREFIX = "intended|original|final|failed|actual|invalid|undeliverable|undelivered|bad|rejected|affected";
const KEY =
  "recipients?|addressees?|rcpt(?: to)?|target mail address|destination|destinataires?|empfänger|destinatarios?|destinatário|destinatari|ontvangers?|получатель|адресат|宛先|収件者|受信者|收件人|받는 ?사람|수신자";

/** A line that stands for a recipient by its shape alone, in the order in which they are tried. */
export const RECIPIENT_SHAPES: readonly LineShape[] = [
  shape(
    "alone",
    "qmail, Exim, Sendmail, Gmail, Mimecast, and most lists of failed addresses",
    String.raw`[\s>*\-•·"'<]{0,30}(?:smtp:|rfc822; ?)?`,
    String.raw`[>"']{0,2}\s*(?:[:;,.]\s*)?`,
  ),
  shape(
    "colon",
    "Postfix, OpenSMTPD, MX Logic: the address, a colon, the reason",
    String.raw`[\s>*\-"'<]{0,30}`,
    String.raw`[>"']{0,2}\s?:\s+(?<rest>\S.*)`,
  ),
  shape(
    "dots",
    "Sendmail: the address, three dots, the reason, after a reply code or not",
    String.raw`\s*(?<code>(?:\d{3}[ -])?(?:\d\.\d{1,3}\.\d{1,3} )?)<?`,
    String.raw`>?\s*\.\.\.\s*(?<rest>.*)`,
  ),
  shape(
    "paren",
    "Sendmail, GroupWise, FirstClass, Momentum: the address, the reason in parentheses",
    String.raw`[\s>]{0,10}<?`,
    String.raw`>?\s+\((?<rest>.*)`,
  ),
  shape("on-date", "Exchange 5.5 and 2000", ".{0,200}?(?:smtp=)?", String.raw`;? on (?:${DAYS})\b.*`),
  shape(
    "semicolon",
    "Libero, Kerio, and MTAs that list addresses with their action",
    String.raw`\s*<?`,
    String.raw`>?\s*;\s*(?<rest>\S.*)`,
  ),
  shape(
    "key",
    "MailEnable, EZweb, USA.net, 1&1 and others: a name for the recipient, then the address",
    String.raw`[\s\-*>•]*(?:(?:${KEY_PREFIX})[ -])?(?:${KEY})(?: address(?:es)?)?(?: e-?mail)?\s*(?::|=|：|\s-|\s)\s*[[<"']{0,2}(?:smtp:)?`,
    String.raw`[>\]"']{0,2}(?<rest>.*)`,
  ),
  shape(
    "failed-address",
    "MDaemon, SurfControl, SurgeMail",
    String.raw`\s*(?:(?:${KEY_PREFIX}) (?:e-?mail )?address(?:es)?|addressed to|failed to deliver to(?: (?:address|user|recipient))?)\s*:?\s*[(<"']{0,2}`,
    `[)>"']{0,2}(?<rest>.*)`,
  ),
  shape(
    "words",
    "Zoho, PowerMTA: the address, the reason",
    String.raw`\s{0,10}<?`,
    String.raw`>?\s+(?<rest>(?![\s<]).{0,200}?(?:\b(?:error|fail(?:ed|ure)?|unknown|invalid|full|reject(?:ed)?|denied|not|no such|bounced)\b|\b[45]\d\d\b).*)`,
  ),
  {
    ...shape(
      "named",
      "Exchange, Exim: a display name before the address",
      String.raw`[\s>*\-]{0,20}(?:"[^"]{1,100}"|[^\s\d<>":;@][^\d<>":;@]{0,60}|[^\s<>":;]{1,200}@[^\s<>":;]{1,200})\s{1,5}<`,
      String.raw`>\s*(?:[.,;]|:\s*(?<rest>.*))?\s*`,
    ),
    isWeak: true,
  },
  {
    ...shape(
      "reply",
      "MTAs that give the server's answer as it was",
      String.raw`\s*(?<code>[45]\d\d[ -](?:\d\.\d{1,3}\.\d{1,3} )?)<?`,
      String.raw`>?(?:\.\.\.|[\s:,])+(?<rest>.*)`,
    ),
    isWeak: true,
  },
];

/**
 * A sentence that names the recipient in passing. Over the flowing text; the address has to follow within a few words.
 */
export const RECIPIENT_PHRASES: readonly LineShape[] = [
  phrase(
    "delivered-to",
    "most MTAs",
    String.raw`(?:deliver(?:ed|y)?|delivering|undeliverable|reach|sent|send|sending|transmit(?:ted)?|addressed|forwarded?|mail)(?: (?:it|them|mail|your|the|this|message|e-?mail|successfully)){0,6},? +(?:to|at|for|by)(?: (?:the|this|following|intended|e-?mail|mail|user|recipients?|address|account|mailbox|mailboxes)){0,6}(?:\(?e?s\)?)?`,
  ),
  phrase(
    "message-to",
    "Dovecot, GroupWise, Barracuda, WorkMail",
    "(?:(?:your|the) |following )?(?:message|e-?mail|mail) (?:addressed )?(?:sent )?to",
  ),
  phrase("addressed", "gateways that explain", "(?:message|mail) (?:was|is) addressed(?: to)?"),
  phrase("attempts", "IMail", String.raw`failed \d{1,3} attempts?:`),
  phrase(
    "unknown-user",
    "IMail, MDaemon, Mail.ru and others",
    String.raw`(?:unknown|invalid|illegal|bad|no such|nonexistent|incorrect)(?: (?:final|local|delivery|e-?mail|mail|smtp)){0,4}(?: (?:user|userid|recipient|address|mailbox|account|name|host|domain))?(?:s|es|\(s\))?(?: name)?`,
  ),
  phrase(
    "mailbox",
    "Mail.ru, Comcast, prodigy and others",
    "(?:mailbox|account|user|recipient|inbox|address)(?: (?:is|of|for|full|over|quota)){0,6}",
  ),
  phrase("loop", "fml: a mailing list that has seen the message before", "duplicated message-id in"),
  phrase("rejected-by", "lists and gateways that name the refusing address", "(?:rejected|refused) by"),
  phrase("member-of", "fml and others: lists that take mail of their members only", "member of this (?:mailing )?list"),
  phrase(
    "non-delivered",
    "German, French, Spanish, Italian, Portuguese, Dutch, Russian and Chinese reports",
    "(?:an|à|a|al|para|voor|aan|destinataire|empfänger|destinatario|получателю|адресу|адресату|адрес|пользователю|发送到|送达)(?: (?:den|die|folgende[nr]?|l'adresse|la dirección|empfänger|adresse)){0,4}",
  ),
];

/** Over one line, from its beginning to its end. */
function shape(id: string, of: string, before: string, after: string): LineShape {
  return { id, of, pattern: new RegExp(`^${before}${ADDRESS}${after}$`, "i") };
}

function phrase(id: string, of: string, before: string): LineShape {
  const pattern = String.raw`(?<![\w@])${before}[\s:;,=(<"'[-]{1,12}(?:SMTP:)?${ADDRESS}`;
  return { id, of, pattern: new RegExp(pattern, "gi") };
}
