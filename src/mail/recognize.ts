/**
 * What is this mail, and what does it say about whom? The order matters: a feedback report may return a bounce, most
 * bounces are marked as automatic, and what is neither a bounce nor a report may be an auto-reply.
 */
import { addressesIn } from "./address-text";
import { readBounce } from "./bounce";
import { type MailMessage, parseMail } from "./message";
import type { MailEvent, MailForm, RecognizedMail } from "./recognition";
import { splitReport } from "./report-text";
import { messageIdIn, returnedMailOf } from "./returned";

/** Where the address stands to which a report was sent. */
const SENT_TO = ["x-original-to", "delivered-to", "envelope-to", "x-envelope-to", "x-forwarded-to", "to", "cc"];

type Reading = { readonly form: MailForm; readonly events: readonly MailEvent[] };

/**
 * Recognizes a mail. Pure, and never throws on hostile input.
 *
 * @param raw the bytes as they came
 */
export async function recognizeMail(raw: Uint8Array): Promise<RecognizedMail> {
  const mail = await parseMail(raw);
  const { form, events } = read(mail);
  return {
    form,
    events,
    returned: returnedMailOf(mail, splitReport(mail.text).returned),
    reportId: messageIdIn(mail.header("message-id")),
    reportedAt: timeOf(mail.header("date")),
    sentTo: SENT_TO.flatMap((name) => mail.headers.filter((field) => field.name === name)).flatMap((field) =>
      addressesIn(field.value),
    ),
  };
}

function read(mail: MailMessage): Reading {
  const bounce = readBounce(mail);
  return bounce ?? { form: "unrecognized", events: [] };
}

function timeOf(date: string | undefined): number | undefined {
  // A comment with the zone's name follows the offset.
  const time = Date.parse((date ?? "").replace(/\([^()]*\)/g, "").trim());
  return Number.isNaN(time) ? undefined : time;
}
