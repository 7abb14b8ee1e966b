/** People pass on what they got. None of it is a report to us, in whatever way they do it. */
import { expect, it } from "vitest";
import { utf8Bytes } from "../../src/crypto/encoding";
import { parseMail } from "../../src/mail/message";
import { recognizeMail } from "../../src/mail/recognize";
import { mailFixtures } from "./mails";

interface Report {
  readonly raw: string;
  readonly text: string;
  readonly from: string;
  readonly subject: string;
}

const PERSON = "From: Jane Doe <jane.doe@example.org>\nTo: it@example.org\n";
const PLAIN = "Content-Type: text/plain; charset=utf-8\n";
const WAYS: Readonly<Record<string, (report: Report) => string>> = {
  "as an attachment": ({ raw }) =>
    `${PERSON}Subject: please look\nContent-Type: multipart/mixed; boundary=outer\n\n--outer\n\nSee below.\n--outer\nContent-Type: message/rfc822\n\n${raw}\n--outer--\n`,
  "quoted in an answer": ({ text, from, subject }) =>
    `${PERSON}Subject: Re: ${subject}\nIn-Reply-To: <r@example.net>\n${PLAIN}\nWhat is this?\n\nOn Tuesday ${from} wrote:\n${text.replace(/^/gm, "> ")}`,
  "below an answer": ({ text, from, subject }) =>
    `${PERSON}Subject: AW: ${subject}\nIn-Reply-To: <r@example.net>\n${PLAIN}\nWhat is this?\n\n-----Original Message-----\nFrom: ${from}\nSent: Tuesday\nSubject: ${subject}\n\n${text}`,
  "forwarded with its header": ({ text, from, subject }) =>
    `${PERSON}Subject: FW: ${subject}\n${PLAIN}\nHelp!\n\nFrom: ${from}\nSent: Tuesday\nTo: Jane\nSubject: ${subject}\n\n${text}`,
  "forwarded below a marker": ({ text, from, subject }) =>
    `${PERSON}Subject: Fwd: ${subject}\n${PLAIN}\nBegin forwarded message:\n\nFrom: ${from}\nSubject: ${subject}\n\n${text}`,
  "with a subject of one's own": ({ text, from, subject }) =>
    `${PERSON}Subject: mail trouble\n${PLAIN}\nHelp!\n\nFrom: ${from}\nSent: Tuesday\nTo: Jane\nSubject: ${subject}\n\n${text}`,
  "pasted into a letter": ({ text }) =>
    `${PERSON}Subject: a question\n${PLAIN}\nI got this, what is it?\n\n${text}\n\nJane`,
};

it.each(Object.keys(WAYS))("a report is none %s", async (way) => {
  const passOn = WAYS[way];
  if (!passOn) throw new Error(way);
  for (const { name, raw } of mailFixtures("bounce")) {
    const { text, header } = await parseMail(utf8Bytes(raw));
    const mail = passOn({ raw, text, from: header("from") ?? "", subject: header("subject") ?? "" });
    const { form, events } = await recognizeMail(utf8Bytes(mail));
    expect({ form, events }, name).toEqual({ form: "unrecognized", events: [] });
  }
});
