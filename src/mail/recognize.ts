/**
 * What is this mail, and what does it say about whom? The order matters: a feedback report may return a bounce, most
 * bounces are marked as automatic, and what is neither a bounce nor a report may be an auto-reply.
 */
import { addressesIn } from "./address-text";
import { readAutoReply, readChallenge } from "./auto-reply";
import { readBounce } from "./bounce";
import { readFeedbackReport } from "./feedback-report";
import { type MailMessage, parseMail } from "./message";
import { otherReportOf } from "./other-reports";
import type { MailEvent, MailForm, RecognizedMail } from "./recognition";
import { type ReportText, splitReport } from "./report-text";
import { messageIdIn, returnedMailOf } from "./returned";

/** Where the address stands to which a report was sent. */
const SENT_TO = ["x-original-to", "delivered-to", "envelope-to", "x-envelope-to", "x-forwarded-to", "to", "cc"];

/** A report goes to one or two; a signed return path may stand among them. */
const MAX_SENT_TO = 100;

type Reading = { readonly form: MailForm; readonly events: readonly MailEvent[] };

/**
 * Recognizes a mail. Pure, and never throws on hostile input.
 *
 * @param raw the bytes as they came
 */
export async function recognizeMail(raw: Uint8Array): Promise<RecognizedMail> {
  const mail = await parseMail(raw);
  const report = splitReport(mail.text);
  const { form, events } = read(mail, report);
  return {
    form,
    events,
    returned: returnedMailOf(mail, report),
    reportId: messageIdIn(mail.header("message-id")),
    reportedAt: timeOf(mail.header("date")),
    sentTo: SENT_TO.flatMap((name) => mail.headers.filter((field) => field.name === name))
      .flatMap((field) => addressesIn(field.value))
      .slice(0, MAX_SENT_TO),
  };
}

function read(mail: MailMessage, report: ReportText): Reading {
  const complaints = readFeedbackReport(mail);
  if (complaints) return { form: "arf", events: complaints };
  const challenge = readChallenge(mail);
  if (challenge) return { form: "auto_reply", events: [challenge] };
  const bounce = readBounce(mail, report);
  if (bounce) return bounce;
  const reply = otherReportOf(mail) === null ? readAutoReply(mail) : null;
  return reply ? { form: "auto_reply", events: [reply] } : { form: "unrecognized", events: [] };
}

function timeOf(date: string | undefined): number | undefined {
  // A comment with the zone's name follows the offset.
  const time = Date.parse((date ?? "").replace(/\([^()]*\)/g, "").trim());
  return Number.isNaN(time) ? undefined : time;
}
