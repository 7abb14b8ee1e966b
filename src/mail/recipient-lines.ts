/** Where MTAs write whom a report is about: the shapes of their lines, as data. */
import { addressesIn } from "./address-text";

export interface LineShape {
  readonly id: string;
  /** Who writes so. */
  readonly of: string;
  /** Over one line; `a` is the address, `rest` what the line says about it. */
  readonly pattern: RegExp;
}

export interface RecipientLine {
  readonly address: string;
  /** Position of the line. */
  readonly at: number;
  /** What the line itself says beside the address. */
  readonly rest: string;
  readonly shape: string;
}

const ADDRESS = String.raw`(?<a>(?:"[^"\r\n]{1,100}"|[^\s<>()[\]",;:\\|@]{1,160})@[^\s<>()[\]",;:\\|@'!?*={}]{1,255})`;
const shape = (id: string, of: string, before: string, after: string): LineShape => ({
  id,
  of,
  pattern: new RegExp(`^${before}${ADDRESS}${after}$`, "i"),
});

/** A line that stands for a recipient by its shape alone, in the order in which they are tried. */
export const RECIPIENT_SHAPES: readonly LineShape[] = [
  shape(
    "alone",
    "qmail, Exim, Sendmail, Gmail, Mimecast, and most lists of failed addresses",
    String.raw`[\s>*\-•·"'<]{0,30}(?:smtp:|rfc822; ?)?`,
    String.raw`[>"']{0,2}\s*[:;,.]?\s*`,
  ),
  shape(
    "colon",
    "Postfix, OpenSMTPD, MXLogic: the address, a colon, the reason",
    String.raw`[\s>*\-"'<]{0,30}`,
    String.raw`[>"']{0,2}\s?:\s+(?<rest>\S.*)`,
  ),
  shape(
    "dots",
    "Sendmail: the address, three dots, the reason, after a reply code or not",
    String.raw`\s*(?:\d{3}[ -])?(?:\d\.\d{1,3}\.\d{1,3} )?<?`,
    String.raw`>?\s*\.\.\.\s*(?<rest>.*)`,
  ),
  shape("paren", "Sendmail: the address, the reason in parentheses", String.raw`\s*<?`, String.raw`>?\s+\((?<rest>.*)`),
  shape(
    "on-date",
    "Exchange 5.5 and 2000",
    ".{0,200}?(?:smtp=)?",
    String.raw`;? on (?:mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so|lun|mar|mer|jeu|ven|sam|dim)\b(?<rest>.*)`,
  ),
  shape(
    "semicolon",
    "MTAs that list addresses with their action",
    String.raw`\s*<?`,
    String.raw`>?\s*;\s*(?<rest>action:.*)`,
  ),
  shape(
    "key",
    "MailEnable, EZweb, USA.net, 1&1 and others: a name for the recipient, then the address",
    String.raw`[\s\-*>]*(?:(?:intended|original|final|failed|actual|invalid|undeliverable|bad)[ -])?(?:recipients?|addressees?|rcpt(?: to)?|target mail address|destination|destinataire|empfänger|destinatario|destinatário|получатель|宛先|収件者|收件人)(?: address(?:es)?)?(?: e-?mail)?\s*(?::|=|：|\s-)\s*[[<"']{0,2}(?:smtp:)?`,
    String.raw`[>\]"']{0,2}\s*[.,;:]?(?<rest>.*)`,
  ),
  shape(
    "rcpt",
    "transcripts of sessions: the command that was refused",
    String.raw`\s*(?:>>>|-->|C:|→)?\s*RCPT TO:\s?<?`,
    "(?:>|$)(?<rest>.*)",
  ),
  shape(
    "reply",
    "transcripts of sessions: the refusal",
    String.raw`\s*(?:<<<|<--|S:)?\s*[45]\d\d[ -](?:\d\.\d{1,3}\.\d{1,3} )?<?`,
    String.raw`>?(?:\.\.\.|[\s:,])+(?<rest>.*)`,
  ),
];

/**
 * A sentence that names the recipient in passing. Over the flowing text; the address has to follow within a few words.
 */
export const RECIPIENT_PHRASES: readonly LineShape[] = [
  phrase(
    "delivered-to",
    "most MTAs",
    String.raw`(?:deliver(?:ed|y)?|delivering|undeliverable|reach|sent|send|sending|transmit(?:ted)?|addressed|forwarded?)(?: (?:it|them|mail|your|the|this|message|e-?mail|successfully))*,? +(?:to|at|for|by)(?: (?:the|this|following|intended|e-?mail|mail|user|recipients?|address|account|mailbox|mailboxes))*(?:\(?e?s\)?)?`,
  ),
  phrase(
    "message-to",
    "Dovecot, GroupWise and others",
    "(?:your |the )?(?:message|e-?mail|mail) (?:addressed )?(?:sent )?to",
  ),
  phrase("attempts", "IMail", String.raw`failed \d{1,3} attempts?:`),
  phrase(
    "unknown-user",
    "IMail, MDaemon, Mail.ru and others",
    String.raw`(?:unknown|invalid|illegal|bad|no such|nonexistent|incorrect)(?: (?:final|local|delivery|e-?mail|mail|smtp))*(?: (?:user|userid|recipient|address|mailbox|account|name|host|domain))?(?:s|es|\(s\))?(?: name)?`,
  ),
  phrase(
    "mailbox",
    "Mail.ru, Comcast, prodigy and others",
    "(?:mailbox|account|user|recipient|inbox|address)(?: (?:is|of|for|full|over|quota))*",
  ),
  phrase("loop", "fml: a mailing list that has seen the message before", "duplicated message-id in"),
  phrase("expanded-from", "Sendmail: what the sender addressed, before it was forwarded", "expanded from:"),
  phrase(
    "non-delivered",
    "German, French, Spanish, Italian, Portuguese, Dutch and Russian reports",
    "(?:an|à|a|al|para|voor|aan|destinataire|empfänger|destinatario|получателю|адресу|адрес|пользователю)(?: (?:den|die|folgende[nr]?|l'adresse|la dirección|empfänger|adresse))*",
  ),
];

function phrase(id: string, of: string, before: string): LineShape {
  const pattern = String.raw`(?<![\w@])${before}[\s:;,=(<"'[-]{1,12}(?:SMTP:)?${ADDRESS}`;
  return { id, of, pattern: new RegExp(pattern, "gi") };
}

/** Lines that name somebody to turn to. */
const CONTACT =
  /\b(?:contact|help|assist\w*|support|questions?|enquir\w*|inquir\w*|please (?:send|e-?mail|forward|write|call|notify)|send (?:mail|e-?mail) to|complain|administrator at|postmaster|reply to|copy (?:of this|sent)|wenden|contacter|contacte)\b/i;
/** Who wrote the mail, not whom it failed to reach. */
const SENDER = /\b(?:mail )?from[: ]+<?[^\s<>]{1,250}@[^\s<>]{1,250}/gi;
const MAX_LINE_LENGTH = 1_000;

export function recipientLinesIn(lines: readonly string[]): RecipientLine[] {
  return lines.flatMap((line, at): RecipientLine[] => {
    if (line.length > MAX_LINE_LENGTH || !line.includes("@")) return [];
    for (const { id, pattern } of RECIPIENT_SHAPES) {
      const groups = pattern.exec(line)?.groups;
      const address = groups?.a === undefined ? undefined : addressesIn(groups.a)[0];
      if (address !== undefined) return [{ address, at, rest: groups?.rest?.trim() ?? "", shape: id }];
    }
    return [];
  });
}

/** Addresses that sentences of the report name as what failed. */
export function recipientPhrasesIn(lines: readonly string[]): string[] {
  const text = lines
    .filter((line) => !(line.includes("@") && CONTACT.test(line)))
    .join(" ")
    .slice(0, 20_000);
  if (!text.includes("@")) return [];
  return RECIPIENT_PHRASES.flatMap(({ pattern }) =>
    [...text.matchAll(pattern)].flatMap((match) => addressesIn(match.groups?.a ?? "").slice(0, 1)),
  );
}

/** Every address of the report that no line offers as somebody to turn to. */
export function addressesMentionedIn(lines: readonly string[]): string[] {
  return lines.filter((line) => !CONTACT.test(line)).flatMap((line) => addressesIn(line.replace(SENDER, "")));
}
