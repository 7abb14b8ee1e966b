/** The mail that a report is about: its Message-ID and our own headers, for identity. Never a word of it for the verdict. */
import { addressesIn, firstAddressIn, sameAddress } from "./address-text";
import { type Field, fieldsOf, fieldValue, linesOf } from "./header-fields";
import { type MailMessage, textOfBytes } from "./message";
import { DISPOSITION_TYPE, RETURNED_TYPE, STATUS_TYPE } from "./part-types";
import type { ReturnedMail } from "./recognition";
import type { ReportText } from "./report-text";

/** A mail to more is not about one of them. */
const MAX_ADDRESSES = 1_000;
const MAX_HEADER_LENGTH = 200_000;
const MAX_LINE_LENGTH = 1_000;
/** "Message-ID: <…>", "The message identifier was: <…>". */
const STATED_MESSAGE_ID =
  /^[\s>*]{0,20}(?:the )?(?:original[- ])?message[- ]id(?:entifier)?(?: (?:was|is))?\s{0,5}[:=]\s{0,20}</i;
const UUID = /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/i;

/**
 * @param report the text of the report, which may hold what was returned, or name it
 */
export function returnedMailOf(mail: MailMessage, report: ReportText): ReturnedMail {
  const fields = returnedFieldsOf(mail) ?? headerIn(report.returned);
  return {
    messageId: messageIdIn(fieldValue(fields, "message-id")) ?? statedMessageId(mail, report.lines),
    envelopeSender: firstAddressIn(fieldValue(fields, "return-path") ?? ""),
    to: addressesIn(fieldValue(fields, "to") ?? "").slice(0, MAX_ADDRESSES),
    campaign: campaignOf(fields),
    subscriber: UUID.exec(fieldValue(fields, "x-listmonk-subscriber") ?? "")?.[0],
  };
}

/** The header of the returned mail where it is a part of its own; null where no part holds one. */
export function returnedFieldsOf(mail: MailMessage): Field[] | null {
  const part = mail.parts.find(({ type }) => RETURNED_TYPE.test(type));
  return part ? headerOf(textOfBytes(part.content.subarray(0, MAX_HEADER_LENGTH))) : null;
}

/** `<id@host>` → `id@host`; of several the first. */
export function messageIdIn(value: string | undefined): string | undefined {
  const bracketed = /<([^<>\s\x00-\x1f\x7f]{1,900})>/.exec(value ?? "")?.[1];
  return bracketed ?? /^\s*([^\s<>\x00-\x1f\x7f]{1,900}@[^\s<>\x00-\x1f\x7f]{1,255})\s*$/.exec(value ?? "")?.[1];
}

/**
 * Whom the returned mail was for, if for one. Who wrote it is that one only where somebody mails himself: else it is
 * the sender's own address that stands there for many.
 */
export function soleRecipientOf(mail: MailMessage, report: ReportText): string | undefined {
  const fields = returnedFieldsOf(mail) ?? headerIn(report.returned);
  const [to, ...others] = addressesIn(fieldValue(fields, "to") ?? "");
  if (to === undefined || others.some((other) => !sameAddress(other, to))) return undefined;
  const author = firstAddressIn(fieldValue(fields, "from") ?? "");
  const isOwn = addressesIn(mail.header("to") ?? "").some((own) => sameAddress(own, to));
  return isOwn && !(author !== undefined && sameAddress(author, to)) ? undefined : to;
}

/** Some reports name the message without returning it: in a header, in their fields, in their text. */
function statedMessageId(mail: MailMessage, lines: readonly string[]): string | undefined {
  const parts = mail.parts.filter(({ type }) => STATUS_TYPE.test(type) || DISPOSITION_TYPE.test(type));
  const fields = parts.flatMap(({ content }) => fieldsOf(linesOf(textOfBytes(content.subarray(0, MAX_HEADER_LENGTH)))));
  const stated = lines.find((line) => line.length < MAX_LINE_LENGTH && STATED_MESSAGE_ID.test(line));
  return (
    messageIdIn(firstValue(mail.headers)) ??
    messageIdIn(firstValue(fields)) ??
    messageIdIn(stated?.replace(/^[^<]*/, ""))
  );
}

function firstValue(fields: readonly Field[]): string | undefined {
  return fieldValue(fields, "original-message-id") ?? fieldValue(fields, "x-original-message-id");
}

function headerOf(text: string): Field[] {
  const lines = linesOf(text);
  const start = lines.findIndex((line) => line.trim() !== "");
  const end = lines.findIndex((line, i) => i > start && line.trim() === "");
  return fieldsOf(lines.slice(Math.max(0, start), end < 0 ? undefined : end));
}

/** The header below the line that announces it, indented or quoted as it may be. */
function headerIn(lines: readonly string[]): Field[] {
  const start = lines.findIndex((line) => /^[ \t>]*[A-Za-z][A-Za-z0-9-]{1,60}:[ \t]/.test(line));
  if (start < 0) return [];
  const indent = /^[ \t>]*/.exec(lines[start] ?? "")?.[0] ?? "";
  const rest = lines.slice(start).map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line));
  const end = rest.findIndex((line) => line.trim() === "");
  return fieldsOf(end < 0 ? rest : rest.slice(0, end));
}

/** listmonk's own header; else the first part of Feedback-ID (the campaign, by Gmail's convention); else the list. */
function campaignOf(fields: readonly Field[]): string | undefined {
  const listmonk = fieldValue(fields, "x-listmonk-campaign");
  if (listmonk !== undefined) return UUID.exec(listmonk)?.[0] ?? listmonk;
  const feedback = fieldValue(fields, "feedback-id")?.split(":")[0]?.trim();
  if (feedback) return feedback;
  const list = fieldValue(fields, "list-id");
  return list === undefined ? undefined : (/<([^<>]{1,250})>/.exec(list)?.[1] ?? list);
}
