/** The mail that a report is about: its Message-ID and our own headers, for identity. Never a word of it for the verdict. */
import { addressesIn, firstAddressIn } from "./address-text";
import { type Field, fieldsOf, fieldValue, linesOf } from "./header-fields";
import { type MailMessage, textOfBytes } from "./message";
import { RETURNED_TYPE } from "./part-types";
import type { ReturnedMail } from "./recognition";

/** A mail to more is not about one of them. */
const MAX_ADDRESSES = 1_000;
const MAX_HEADER_LENGTH = 200_000;
const UUID = /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/i;

/**
 * @param inText the lines of the report's own text that hold a returned header
 */
export function returnedMailOf(mail: MailMessage, inText: readonly string[]): ReturnedMail {
  const fields = returnedFieldsOf(mail) ?? headerIn(inText);
  return {
    messageId: messageIdIn(fieldValue(fields, "message-id")) ?? statedMessageId(mail),
    envelopeSender: firstAddressIn(fieldValue(fields, "return-path") ?? ""),
    to: addressesIn(fieldValue(fields, "to") ?? "").slice(0, MAX_ADDRESSES),
    campaign: campaignOf(fields),
    subscriber: UUID.exec(fieldValue(fields, "x-listmonk-subscriber") ?? "")?.[0],
  };
}

/** The header of the returned mail where it is a part of its own; null where no part holds one. */
export function returnedFieldsOf(mail: MailMessage): Field[] | null {
  const part = mail.parts.find(({ type }) => RETURNED_TYPE.test(type));
  return part ? headerOf(textOfBytes(part.content).slice(0, MAX_HEADER_LENGTH)) : null;
}

/** `<id@host>` → `id@host`; of several the first. */
export function messageIdIn(value: string | undefined): string | undefined {
  const bracketed = /<([^<>\s\x00-\x1f\x7f]{1,900})>/.exec(value ?? "")?.[1];
  return bracketed ?? /^\s*([^\s<>\x00-\x1f\x7f]{1,900}@[^\s<>\x00-\x1f\x7f]{1,255})\s*$/.exec(value ?? "")?.[1];
}

/** Some reports name the message without returning it. */
function statedMessageId(mail: MailMessage): string | undefined {
  return messageIdIn(mail.header("original-message-id") ?? mail.header("x-original-message-id"));
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
