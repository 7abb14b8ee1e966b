/** What a report is read by: its addresses, its lines, its transcripts, its prose. */
import { describe, expect, it } from "vitest";
import { addressesIn } from "../../src/mail/address-text";
import { statusRecordsIn } from "../../src/mail/delivery-status";
import { textOfHtml } from "../../src/mail/html-text";
import { recipientLinesIn, recipientPhrasesIn } from "../../src/mail/recipient-lines";
import { splitReport } from "../../src/mail/report-text";
import { attemptIn, replyIn } from "../../src/mail/smtp-text";
import { refusalsIn } from "../../src/mail/transcript";

const named = (...lines: string[]) => recipientLinesIn(lines).map(({ address }) => address);

describe("an address in a text", () => {
  it.each([
    ["<john@example.net>:", "john@example.net"],
    ["mailto:john@example.net", "john@example.net"],
    ["john@example.net.", "john@example.net"],
    ["'john@example.net'", "john@example.net"],
    ["SMTP:john@example.net;", "john@example.net"],
    ["收件人：john@example.net。", "john@example.net"],
    ["发送到john@example.net的邮件", "john@example.net"],
    ["john+news=x@example.net", "john+news=x@example.net"],
    ['"john..doe"@example.net', '"john..doe"@example.net'],
    ["john@[192.0.2.1]", "john@[192.0.2.1]"],
    ["jöhn@exämple.example", "jöhn@exämple.example"],
    ["https://example.net/?a=john@example.net/x", "//example.net/?a=john@example.net"],
  ])("is found without what surrounds it: %s", (text, address) => {
    expect(addressesIn(text)[0]).toBe(address.replace(/^\/\//, ""));
  });

  it.each(["", "@", "a@", "@b", "a @ b", "a@\u0000b"])("is not found where none is: %j", (text) => {
    expect(addressesIn(text)).toEqual([]);
  });
});

describe("a line that names a recipient", () => {
  it.each([
    ["  john@example.net"],
    ["<john@example.net>: host mx.example.net said: 550"],
    ["550 5.1.1 <john@example.net>... User unknown"],
    ["john@example.net on Tue, 9 Mar 1999 10:14:21 -0500"],
    ["\tRecipient: [SMTP:john@example.net]"],
    ["Failed address: john@example.net"],
    ["john@example.net (Mailbox is full)"],
    ["john@example.net; Failed; 5.2.2 (mailbox full)"],
    ["john@example.net Invalid Address, ERROR_CODE :550"],
    ['"John Doe" <john@example.net>'],
  ])("is known by its shape: %s", (line) => {
    expect(named(line)).toEqual(["john@example.net"]);
  });

  it.each([
    ["For help write to mary@example.net or call us."],
    ["From: Jane <jane@example.org>"],
    ["Your message to john@example.net was rejected."],
    ["Message-ID: <id@example.org>"],
  ])("is not any that holds an address: %s", (line) => {
    expect(named(line)).toEqual([]);
  });

  it("is not the address below an invitation to write", () => {
    expect(named("For further assistance, please send mail to", "<helpdesk@example.org>")).toEqual([]);
    expect(named("Please contact:", "", "helpdesk@example.org")).toEqual([]);
  });

  it("is not an address in the answer about another", () => {
    const lines = [
      "<john@example.net>: host mx.example.net[192.0.2.25] said: 550",
      "    <jane@example.org>: Sender rejected",
    ];
    expect(named(...lines)).toEqual(["john@example.net"]);
  });

  it("is none in a signature", () => {
    expect(named("<john@example.net>: 550", "", "-- ", "service@example.org")).toEqual(["john@example.net"]);
  });

  it("may name several", () => {
    expect(named("Recipients: john@example.net, mary@example.net and paul@example.net")).toEqual([
      "john@example.net",
      "mary@example.net",
      "paul@example.net",
    ]);
  });

  it("says whom the sender addressed, on its line, wrapped, or below", () => {
    for (const lines of [
      ["<john@example.com> (expanded from <info@example.net>): 550"],
      ["<john@example.com> (expanded from", "    <info@example.net>): 550"],
      ["  john@example.com", "    (generated from info@example.net)"],
      ["<john@example.com>", "    (reason: 550)", "    (expanded from: <info@example.net>)"],
    ]) {
      expect(recipientLinesIn(lines)).toMatchObject([
        { address: "john@example.com", forwardedFrom: "info@example.net" },
      ]);
    }
  });
});

describe("a sentence that names a recipient", () => {
  it.each([
    ["Your message could not be delivered to the following address: john@example.net"],
    ["Unable to deliver message to <john@example.net>"],
    ["Unknown user: john@example.net"],
    ["Delivery failed 20 attempts: john@example.net"],
    ["Ваше письмо не было доставлено адресату john@example.net."],
  ])("is read: %s", (sentence) => {
    expect(recipientPhrasesIn([sentence])).toContain("john@example.net");
  });

  it("goes on with further ones", () => {
    expect(recipientPhrasesIn(["could not be delivered to john@example.net, mary@example.net"])).toEqual([
      "john@example.net",
      "mary@example.net",
    ]);
  });

  it("is not one that says whom to ask", () => {
    expect(recipientPhrasesIn(["For help send mail to helpdesk@example.org"])).toEqual([]);
  });
});

describe("the text of a report", () => {
  it.each([
    ["--- Below this line is a copy of the message."],
    ["------ This is a copy of the message, including all the headers. ------"],
    ["   ----- Original message follows -----"],
    ["Original message headers:"],
    ["Message headers follow:"],
  ])("ends before %s", (line) => {
    expect(splitReport(`It failed.\n${line}\nSubject: x`).lines).toEqual(["It failed."]);
  });

  it.each([
    ["The mail below could not be delivered to john@example.net"],
    ["The text of your message was refused by the filter"],
  ])("does not end before %s", (line) => {
    expect(splitReport(`Hello\n${line}\nmore`).lines).toEqual(["Hello", line, "more"]);
  });

  it("does not end at its own title, nor among the fields of a notification", () => {
    expect(splitReport("Undelivered mail\n\nIt failed.").returned).toEqual([]);
    const fields = "Reporting-MTA: dns; a.example\nX-Postfix-Queue-ID: 1\nX-Postfix-Sender: rfc822; jane@example.org";
    expect(splitReport(fields).returned).toEqual([]);
  });

  it.each([
    ["  Subject: mailbox full"],
    ["The subject of the message is: mailbox full"],
    ["Betreff: mailbox full"],
    ["件名：mailbox full"],
    ['Your message with subject "mailbox full" failed'],
  ])("is read without the subject that it repeats: %s", (line) => {
    expect(splitReport(line).lines.join(" ")).not.toContain("full");
  });
});

describe("a transcript", () => {
  it("gives each refusal its command, its recipient and its host", () => {
    const lines = [
      "... while talking to mx.example.net.:",
      ">>> RCPT To:<john@example.net>",
      "<<< 550-5.1.1 no",
      "<<< 550 5.1.1 such user",
      "... while talking to mx.example.com.:",
      ">>> DATA",
      "<<< 554 5.7.1 spam",
    ];
    expect(refusalsIn(lines)).toEqual([
      {
        reply: "550-5.1.1 no 550 5.1.1 such user",
        command: "RCPT",
        recipient: "john@example.net",
        host: "mx.example.net",
      },
      { reply: "554 5.7.1 spam", command: "DATA", recipient: undefined, host: "mx.example.com" },
    ]);
  });

  it("knows a recipient refused behind DATA by the server's wish for another", () => {
    const lines = [">>> DATA", "<<< 550 <john@example.net>: no such user", "<<< 503 Need RCPT (recipient)"];
    expect(refusalsIn(lines)).toMatchObject([{ command: "RCPT", recipient: "john@example.net" }]);
  });

  it("leaves out whom the server took", () => {
    const lines = [
      "10:14:22: <-- 220 mx.example.net ESMTP",
      "10:14:22: --> RCPT To:<mary@example.net>",
      "10:14:22: <-- 250 Ok",
      "10:14:22: --> RCPT To:<john@example.net>",
      "10:14:22: <-- 550 no",
    ];
    expect(refusalsIn(lines)).toEqual([
      { reply: "550 no", command: "RCPT", recipient: "john@example.net", host: "mx.example.net" },
    ]);
  });
});

describe("the prose of a report", () => {
  it.each([
    ["host mx.example.net[192.0.2.25] said: 550 no (in reply to RCPT TO command)", "mx.example.net", "RCPT"],
    [
      "SMTP error from remote mail server after end of data: host mx.example.net [2001:db8::1]: 554",
      "mx.example.net",
      "DATA",
    ],
    [
      "SMTP error from remote server for MAIL FROM command, host: mx.example.net (192.0.2.25)",
      "mx.example.net",
      "MAIL",
    ],
    ["192.0.2.25 does not like recipient.", undefined, "RCPT"],
    ["192.0.2.25 failed after I sent the message.", undefined, "DATA"],
    ["Connected to 192.0.2.25 but sender was rejected.", undefined, "MAIL"],
    ["mx.example.net [192.0.2.25] did not like our RCPT TO:", "mx.example.net", "RCPT"],
    ["rejected by the server for the recipient domain by mx.example.net. [192.0.2.25].", "mx.example.net", undefined],
  ])("names host and command: %s", (text, host, command) => {
    expect(attemptIn(text)).toEqual({ host, command });
  });

  it.each([
    ["550 5.1.1 no", "550", "5.1.1"],
    ["said: 550-5.7.1 no", "550", "5.7.1"],
    ["#550 5.1.1 RESOLVER", "550", "5.1.1"],
    ["原因：552 full", "552", undefined],
    ["5.1.0 - Unknown address error 550-'5.1.1 unknown user'", "550", "5.1.1"],
    ["554 5.0.0 Service unavailable, 5.7.1 spam", "554", "5.7.1"],
    ["connect to 192.0.2.25:25: timed out", undefined, undefined],
    ["of 552,960 bytes, 550 KB", undefined, undefined],
    ["version 5.9.14.2 of 2024", undefined, undefined],
  ])("has the codes of %s", (text, replyCode, statusCode) => {
    expect(replyIn(text)).toEqual({ replyCode, statusCode });
  });
});

describe("the fields of a notification", () => {
  it("are read with the mistakes that MTAs make", () => {
    const text = [
      "Final-Recipient : RFC822;<john@example.net>",
      "Action : Failed (permanent)",
      "Status : 522",
      "Remote-MTA: dns; mx.example.net. (192.0.2.25)",
      "Diagnostic-Code: smtp; 552 full",
      "X-Supplementary-Info: really",
    ].join("\n");
    expect(statusRecordsIn(text)).toMatchObject([
      {
        recipient: "john@example.net",
        action: "failed",
        statusCode: "5.2.2",
        remoteMta: "mx.example.net",
        diagnostic: "552 full really",
      },
    ]);
  });
});

describe("an HTML text", () => {
  it.each([
    ["<style>td{x:1}</style><p>a</p><p>b</p>", "\na\n\nb\n"],
    ["n&atilde;o p&ocirc;de &lt;a&gt; &#233;&#x6f;", "não pôde <a> éo"],
    ["plain <john@example.net> text\nof two lines", "plain <john@example.net> text\nof two lines"],
    ["<b>to</b> <john@example.net>", "to <john@example.net>"],
    ["<!-- a <b> --><i>c</i>", "c"],
  ])("is read as people see it: %s", (html, text) => {
    expect(textOfHtml(html)).toBe(text);
  });
});
