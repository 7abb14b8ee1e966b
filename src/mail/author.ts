/** Who wrote a mail: a person's mailbox, or the mail system itself. */
import { firstAddressIn } from "./address-text";
import type { MailMessage } from "./message";

const AUTHOR_FIELDS = ["from", "reply-to", "sender"];
const MAX_FIELD_LENGTH = 4_000;
const IN_ANGLE_BRACKETS = /<\s*([^<>\s@]{1,160}@[^<>\s@]{1,255})\s*>/;
/** Local parts that no person has; an extension (`+x`, `-owner`) may follow. */
const MAIL_SYSTEM =
  /^(?:mailer?[-_.]?d(?:ae|ea)mon|postmaster|mailmaster|double-bounce|mmdf|uucp|mail-?system|mail-delivery(?:-sub)?-?system|microsoftexchange[0-9a-f]{6,64})(?:[-+.=_][^@]{0,100})?@/i;
const SYSTEM_NAME = /^\W{0,3}(?:mail delivery (?:sub)?system|mail delivery service|mail administrator)\b/i;

/** The address of a mail's author: From, else Reply-To, else Sender (RFC 5322 §3.6.2); undefined where there is none. */
export function authorOf(mail: MailMessage): string | undefined {
  for (const name of AUTHOR_FIELDS) {
    const address = addressOf(mail.header(name));
    if (address !== undefined) return address;
  }
  return undefined;
}

/** The first address of a field, not one that stands in a display name. */
export function addressOf(value: string | undefined): string | undefined {
  const field = (value ?? "").slice(0, MAX_FIELD_LENGTH);
  return IN_ANGLE_BRACKETS.exec(field)?.[1] ?? firstAddressIn(field);
}

/** Was it written by a mail server rather than for a mailbox? Such a mail is a report, or nothing. */
export function isOfMailSystem(mail: MailMessage): boolean {
  return isOfSystemAddress(mail) || SYSTEM_NAME.test(fromOf(mail));
}

/** The same by the address alone: the name beside it is anybody's choice. */
export function isOfSystemAddress(mail: MailMessage): boolean {
  const from = fromOf(mail);
  return MAIL_SYSTEM.test(addressOf(from) ?? from.trim());
}

function fromOf(mail: MailMessage): string {
  return (mail.header("from") ?? "").slice(0, MAX_FIELD_LENGTH);
}
