/** Bounces of some hundred programs and providers, and what looks like one and is none. */
import { describe, expect, it } from "vitest";
import { utf8Bytes } from "../../src/crypto/encoding";
import type { MailEvent, RecognizedMail } from "../../src/mail/recognition";
import { recognizeMail } from "../../src/mail/recognize";
import { draftOfEvent } from "../../src/pipeline/mail-draft";
import { classifyDraft } from "../../src/pipeline/normalize";
import { type MailFixture, mailFixtures } from "./mails";

interface Expected {
  readonly basedOn: string;
  readonly form: string;
  readonly messageId?: string;
  readonly events: readonly Readonly<Record<string, string>>[];
}

const BOUNCES = mailFixtures("bounce");
const OTHERS = mailFixtures("no-bounce");

function expectationOf({ name, expected }: MailFixture): Expected {
  const expectation = expected as Expected;
  if (!expectation.basedOn) throw new Error(`${name} does not say what it is based on`);
  return expectation;
}

/** All that is handed on of a mail, but for the explanation, which is most of its text. */
function readingOf(mail: RecognizedMail) {
  return plain({ form: mail.form, messageId: mail.returned.messageId, events: mail.events.map(statementOf) });
}

function statementOf({ explanation, ...event }: MailEvent): Record<string, string | undefined> {
  return { ...event, class: classifyDraft(draftOfEvent({ ...event, explanation }))?.class };
}

/** Absent is as good as undefined. */
function plain<T>(value: T): T {
  return JSON.parse(JSON.stringify(value));
}

const read = async (raw: string) => readingOf(await recognizeMail(utf8Bytes(raw)));

describe("a bounce", () => {
  it("is one of many programs and providers", () => {
    expect(BOUNCES.length).toBeGreaterThan(150);
  });

  it.each(BOUNCES)("is read as its program writes it: $name", async (fixture) => {
    const { basedOn: _, ...expected } = expectationOf(fixture);
    expect(await read(fixture.raw)).toEqual(expected);
  });

  it.each([
    ["carriage returns and line feeds", "\r\n"],
    ["bare carriage returns", "\r"],
  ])("says the same with %s", async (_, lineEnd) => {
    for (const fixture of BOUNCES) {
      const { basedOn: _basedOn, ...expected } = expectationOf(fixture);
      expect(await read(fixture.raw.replaceAll("\n", lineEnd)), fixture.name).toEqual(expected);
    }
  });

  it("says the same behind an mbox line, a byte order mark or empty lines", async () => {
    for (const fixture of BOUNCES.filter((_, i) => i % 5 === 0)) {
      const { basedOn: _, ...expected } = expectationOf(fixture);
      for (const before of ["From MAILER-DAEMON Tue Mar 12 10:14:22 2024\n", "\ufeff", "\n\n"]) {
        expect(await read(before + fixture.raw), fixture.name).toEqual(expected);
      }
    }
  });

  it("is read in the bytes of an old character set", async () => {
    const raw = [
      "Return-Path: <>",
      "From: MAILER-DAEMON@example.net",
      "To: jane@example.org",
      "Subject: Echec de la remise",
      "Content-Type: text/plain; charset=iso-8859-1",
      "Content-Transfer-Encoding: 8bit",
      "",
      "Votre message n'a pas pu \u00eatre remis au destinataire suivant :",
      "",
      "<john@example.net>:",
      "550 Adresse refus\u00e9e",
    ].join("\n");
    const bytes = Uint8Array.from(raw, (character) => character.charCodeAt(0));
    const { form, events } = await recognizeMail(bytes);
    expect(form).toBe("free_text");
    expect(events).toMatchObject([{ recipient: "john@example.net", diagnosticCode: "550 Adresse refusée" }]);
  });
});

describe("a report on several recipients", () => {
  /** One sentence that names them all is about each. */
  const SEVERAL = BOUNCES.filter(
    (fixture) => expectationOf(fixture).events.length > 1 && !fixture.name.endsWith("-in-one-line"),
  );

  it("says of each what was said of it alone", async () => {
    expect(SEVERAL.length).toBeGreaterThan(8);
    for (const { name, raw } of SEVERAL) {
      const { events } = await recognizeMail(utf8Bytes(raw));
      for (const event of events) {
        const others = events.filter(({ recipient }) => recipient !== event.recipient);
        const said = `${event.diagnosticCode} ${event.explanation}`;
        for (const other of others) expect(said, name).not.toContain(other.recipient);
      }
    }
  });

  it("does not lend the words of one to the other", async () => {
    const raw = [
      "From: MAILER-DAEMON@example.org",
      "To: jane@example.org",
      "Subject: Undelivered Mail Returned to Sender",
      "",
      "I'm sorry to have to inform you that your message could not",
      "be delivered to one or more recipients.",
      "",
      "<john@example.net>: host mx.example.net[192.0.2.25] said: 550 5.1.1 User",
      "    unknown (in reply to RCPT TO command)",
      "",
      "<mary@example.com>: delivery temporarily suspended",
    ].join("\n");
    const { events } = await recognizeMail(utf8Bytes(raw));
    expect(events).toHaveLength(2);
    expect(plain(events[1])).toEqual({
      kind: "bounced",
      recipient: "mary@example.com",
      diagnosticCode: "delivery temporarily suspended",
      explanation: "delivery temporarily suspended",
    });
  });
});

describe("what is no bounce", () => {
  it.each(OTHERS)("is not taken for one: $name", async (fixture) => {
    const { form, events } = expectationOf(fixture);
    expect(["unrecognized", "auto_reply"]).toContain(form);
    expect(plain(await recognizeMail(utf8Bytes(fixture.raw)))).toMatchObject({ form, events });
  });
});

describe("the returned mail", () => {
  const WORDS = [
    "Subject: Out of office",
    "Subject: 550 5.1.1 user unknown",
    "Final-Recipient: rfc822; stranger@example.com",
    "X-Failed-Recipients: stranger@example.com",
  ];
  const BELOW = [
    "<stranger@example.com>: 550 5.1.1 User unknown",
    "The following address(es) failed: stranger@example.com",
    "your mailbox is full, this is a warning only, will be retried",
    "Action: delayed\nStatus: 4.2.2",
  ];

  it.each([
    "--- Below this line is a copy of the message.\n\nReturn-Path: <jane@example.org>",
    "------ This is a copy of the message, including all the headers. ------\n\nReturn-Path: <jane@example.org>",
    "   ----- Original message follows -----\n\nReturn-Path: <jane@example.org>",
    "Received: from desk.example.org by mail.example.org; Tue, 12 Mar 2024 10:14:22 +0100\nMessage-ID: <r-1@example.org>",
    "> Received: from desk.example.org by mail.example.org; Tue, 12 Mar 2024 10:14:22 +0100\n> Message-ID: <r-1@example.org>",
  ])("says nothing about the failure, below %j", async (separator) => {
    const report = (returned: string) =>
      `Return-Path: <>\nFrom: MAILER-DAEMON@example.org\nTo: jane@example.org\nSubject: failure notice\n\nYour message could not be delivered to the following recipient:\n\n<john@example.net>:\n452 4.2.2 over quota\n\n${returned}`;
    const alone = (await recognizeMail(utf8Bytes(report(separator)))).events;
    expect(alone).toMatchObject([{ kind: "bounced", recipient: "john@example.net", statusCode: "4.2.2" }]);
    const { events } = await recognizeMail(
      utf8Bytes(report(`${separator}\n${WORDS.join("\n")}\n\n${BELOW.join("\n")}\n`)),
    );
    expect(events).toEqual(alone);
  });
});
