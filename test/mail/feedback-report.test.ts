import { describe, expect, it } from "vitest";
import { readFeedbackReport } from "../../src/mail/feedback-report";
import { mailFixtures, mailWith, parsed } from "./mails";

const FIXTURES = mailFixtures("feedback");

describe("a feedback report", () => {
  it.each(FIXTURES)("is read as expected: $name", async ({ raw, expected }) => {
    expect(readFeedbackReport(await parsed(raw))).toEqual(expected);
  });

  it("is read the same with carriage returns", async () => {
    for (const { name, raw, expected } of FIXTURES) {
      const read = readFeedbackReport(await parsed(raw.replaceAll("\n", "\r\n")));
      expect(read, name).toEqual(expected);
    }
  });
});

describe("the type of a report", () => {
  const MEANINGS: readonly (readonly [string, string | null])[] = [
    ["abuse", "complained"],
    ["Abuse", "complained"],
    ["fraud", "complained"],
    ["virus", "complained"],
    ["other", "complained"],
    ["spam", "complained"],
    ["opt-out", "unsubscribed"],
    ["opt-out-list", "unsubscribed"],
    ["not-spam", null],
    ["auth-failure", null],
    ["auth-failure (dmarc)", null],
    ["dmarc", null],
    ["dkim", null],
    ["miscategorized", null],
  ];

  it.each(MEANINGS)("%s means %s", async (type, kind) => {
    const read = readFeedbackReport(await reportWith(`Feedback-Type: ${type}\nOriginal-Rcpt-To: mara@example.net`));
    expect(read?.map((event) => event.kind)).toEqual(kind === null ? [] : [kind]);
  });

  it("is never a complaint where a check is named that failed", async () => {
    const fields = "Feedback-Type: abuse\nAuth-Failure: spf\nOriginal-Rcpt-To: mara@example.net";
    expect(readFeedbackReport(await reportWith(fields))).toEqual([]);
  });

  it("is never a complaint where only the subject speaks of a failed check", async () => {
    const report = await reportWith("Original-Rcpt-To: mara@example.net", "", "DMARC failure report for example.com");
    expect(readFeedbackReport(report)).toEqual([]);
  });

  it("does not depend on what the mail complained about has for a subject", async () => {
    const fields = "Feedback-Type: abuse\nOriginal-Rcpt-To: mara@example.net";
    expect(readFeedbackReport(await reportWith(fields, "", "FW: Your DMARC failure report"))).toHaveLength(1);
  });
});

describe("who complained", () => {
  it.each([
    ["redacted@example.net"],
    ["redacted-1f2e@example.net"],
    ["undisclosed@example.net"],
    ["m***@example.net"],
    ["***@example.net"],
    ["xxxxx@example.net"],
    ["mara@redacted.invalid"],
    ["undisclosed-recipients:;"],
    [""],
  ])("is not told by %s", async (hidden) => {
    const report = await reportWith(`Feedback-Type: abuse\nOriginal-Rcpt-To: ${hidden}`, `To: ${hidden}`);
    expect(readFeedbackReport(report)).toEqual([{ kind: "complained", feedbackType: "abuse" }]);
  });

  it("is read from the returned mail where the report hides it", async () => {
    const report = await reportWith(
      "Feedback-Type: abuse\nOriginal-Rcpt-To: redacted@example.net",
      "To: mara@example.net",
    );
    expect(readFeedbackReport(report)).toMatchObject([{ recipient: "mara@example.net" }]);
  });

  it("is read from the returned mail's way where nothing else names anybody", async () => {
    const received = "Received: from a.example.com by b.example.net with ESMTP id 1\n for <mara@example.net>; Mon";
    const report = await reportWith("Feedback-Type: abuse", `${received}\nReceived: from c by a; Mon`);
    expect(readFeedbackReport(report)).toMatchObject([{ recipient: "mara@example.net" }]);
    const forwarded = await reportWith("Feedback-Type: abuse", `${received}\nReceived: by a for <jo@example.net>; Mon`);
    expect(readFeedbackReport(forwarded)).toEqual([{ kind: "complained", feedbackType: "abuse" }]);
  });

  it("is nobody where the returned mail was for several", async () => {
    const report = await reportWith("Feedback-Type: abuse", "To: mara@example.net, jo@example.net");
    expect(readFeedbackReport(report)).toEqual([{ kind: "complained", feedbackType: "abuse" }]);
  });

  it.each([
    ["x.y@example.net"],
    ["redactor@example.net"],
    ["unknown.person@example.net"],
    ["hidden.valley@example.net"],
  ])("may be %s", async (address) => {
    const report = await reportWith(`Feedback-Type: abuse\nOriginal-Rcpt-To: <${address}>`);
    expect(readFeedbackReport(report)).toMatchObject([{ recipient: address }]);
  });
});

describe("no feedback report", () => {
  it("is a mail that quotes the sentence of one", async () => {
    const text = "Hi, I got this: This is an email abuse report for an email message received from IP 192.0.2.1. Why?";
    expect(readFeedbackReport(await mailWith({}, text))).toBeNull();
  });

  it("is a person's mail with a mail attached", async () => {
    const raw = FIXTURES.find(({ name }) => name === "sender-alone")?.raw ?? "";
    const fromPerson = raw.replace(/^From: .*$/m, "From: Jo <jo@example.net>");
    expect(fromPerson).not.toBe(raw);
    expect(readFeedbackReport(await parsed(fromPerson))).toBeNull();
  });

  it("is a mail that is headed like one and holds nothing", async () => {
    const mail = await mailWith({ From: "staff@hotmail.com", Subject: "complaint about message from 192.0.2.1" });
    expect(readFeedbackReport(mail)).toBeNull();
  });
});

/** A report with these fields, and with the header of the mail complained about. */
function reportWith(fields: string, returned = "", subject = "FW: Spring collection") {
  const parts = [
    `Content-Type: message/feedback-report\n\n${fields}\nVersion: 1\n`,
    ...(returned === "" ? [] : [`Content-Type: message/rfc822\n\n${returned}\nFrom: news@news.example.com\n\nHello\n`]),
  ];
  return parsed(
    [
      "From: fbl@mailbox.example.org",
      `Subject: ${subject}`,
      'Content-Type: multipart/report; report-type=feedback-report; boundary="b"',
      "",
      ...parts.map((part) => `--b\n${part}`),
      "--b--",
      "",
    ].join("\n"),
  );
}
