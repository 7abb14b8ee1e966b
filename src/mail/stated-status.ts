/** Where a mail states a delivery status in fields: in a part of its own, in another's clothes, or among its words. */
import { type StatusRecord, statusRecordsIn } from "./delivery-status";
import { linesOf } from "./header-fields";
import { type MailMessage, type MailPart, textOfBytes } from "./message";
import { DISPOSITION_TYPE, STATUS_TYPE } from "./part-types";
import type { ReportText } from "./report-text";

/**
 * `report`: the mail is a notification by its own type. `part`: it has a part that is one. `pasted`: fields stand among
 * its words. `none`.
 */
export type StatusForm = "report" | "part" | "pasted" | "none";

export interface StatedStatus {
  readonly form: StatusForm;
  /** Empty where the notification is there and says nothing (Gmail). */
  readonly records: readonly StatusRecord[];
}

const FIRST_FIELD = /^\s{0,20}(?:reporting-mta|final-recipient|original-recipient|original-envelope-id)[ \t]{0,5}:/i;
const RECIPIENT_FIELD = /^[ \t>]{0,20}(?:final|original)-recipient[ \t]{0,5}:/i;
/** RFC 8098 §3.2.6: nobody did it by hand. RFC 5429: a sieve that rejects says so in words. */
const AUTOMATIC_DISPOSITION = /^disposition[ \t]{0,5}:[ \t]{0,5}automatic-action/im;
const SAYS_REJECTED = /\breject(?:ed|s|ion)?\b|\brefused?\b|quota/i;
const LOST_STATUS = /^content-type:\s{0,10}message\/(?:global-)?delivery-status/im;
/** Larger than any notification is. */
const MAX_STATUS_LENGTH = 500_000;
/** More blank-free lines than stand above a recipient's address in its block. */
const MAX_LINES_ABOVE = 40;

type Source = (mail: MailMessage, report: ReportText) => StatedStatus | null;

/** The first that finds one decides. */
const SOURCES: readonly Source[] = [
  statusParts,
  wholeMail,
  rejectingDisposition,
  disguisedParts,
  lostInBrokenMime,
  (_, report) => stated("pasted", pastedStatusIn(report.lines)),
  (mail) => (mail.reportType === "delivery-status" ? { form: "report", records: [] } : null),
];

/**
 * The delivery status notification (RFC 3464) that a mail holds, in whatever state.
 *
 * @param report the text of the same mail
 */
export function statedStatusIn(mail: MailMessage, report: ReportText): StatedStatus {
  for (const source of SOURCES) {
    const status = source(mail, report);
    if (status) return status;
  }
  return { form: "none", records: [] };
}

function stated(form: StatusForm, text: string | null): StatedStatus | null {
  return text === null ? null : { form, records: statusRecordsIn(text.slice(0, MAX_STATUS_LENGTH)) };
}

function statusParts(mail: MailMessage): StatedStatus | null {
  const parts = mail.parts.filter((part) => STATUS_TYPE.test(part.type));
  const form = mail.reportType === "delivery-status" ? "report" : "part";
  return parts.length ? stated(form, parts.map(textOfPart).join("\n\n")) : null;
}

function wholeMail(mail: MailMessage): StatedStatus | null {
  return STATUS_TYPE.test(mail.type) ? stated("report", mail.text === "" ? mail.source() : mail.text) : null;
}

/** Dovecot and Cyrus reject by a disposition notification: "automatically rejected", "quota exceeded". */
function rejectingDisposition(mail: MailMessage, report: ReportText): StatedStatus | null {
  const part = mail.parts.find(({ type }) => DISPOSITION_TYPE.test(type));
  const text = part ? textOfPart(part) : "";
  const says = `${mail.header("auto-submitted") ?? ""} ${report.lines.join(" ").slice(0, 2_000)}`;
  if (!AUTOMATIC_DISPOSITION.test(text) || !SAYS_REJECTED.test(says)) return null;
  return { form: "part", records: statusRecordsIn(text).map((record) => ({ ...record, action: "failed" })) };
}

/** A gateway attached the notification as plain text. */
function disguisedParts(mail: MailMessage): StatedStatus | null {
  const part = mail.parts.find(
    (other) => /^(?:text\/plain|application\/octet-stream)$/.test(other.type) && FIRST_FIELD.test(beginningOf(other)),
  );
  return part ? stated("part", textOfPart(part)) : null;
}

/** The boundary was changed or cut off: the fields stand somewhere in the source. */
function lostInBrokenMime(mail: MailMessage): StatedStatus | null {
  if (mail.reportType !== "delivery-status" && (mail.parts.length > 0 || !LOST_STATUS.test(mail.text))) return null;
  const text = pastedStatusIn(linesOf(mail.source().slice(0, MAX_STATUS_LENGTH)));
  return stated(mail.reportType === "delivery-status" ? "report" : "part", text);
}

/** The fields pasted into a text for people (WorkMail, Notes, some Exchange). */
function pastedStatusIn(lines: readonly string[]): string | null {
  const at = lines.findIndex((line) => RECIPIENT_FIELD.test(line));
  if (at < 0) return null;
  // Action and Status may stand before it; the block ends at the first empty line after it.
  let start = at;
  while (start > Math.max(0, at - MAX_LINES_ABOVE) && /\S/.test(lines[start - 1] ?? "")) start--;
  const indent = /^[ \t>]*/.exec(lines[at] ?? "")?.[0] ?? "";
  return lines
    .slice(start)
    .map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line))
    .join("\n");
}

function textOfPart(part: MailPart): string {
  return textOfBytes(part.content.subarray(0, MAX_STATUS_LENGTH));
}

function beginningOf(part: MailPart): string {
  return textOfBytes(part.content.subarray(0, 200));
}
