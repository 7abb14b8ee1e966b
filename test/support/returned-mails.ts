/** Mails as they lie in a bounce mailbox; written for the tests, after RFC 3464. */
import { mailOf, type StoredMail } from "./pop3-server";

/** A delivery status notification with what RFC 3464 asks for and little else: no such user. */
export function bounceMail(uidl: string, recipient: string): StoredMail {
  return mailOf(
    uidl,
    `Return-Path: <>
From: Mail Delivery System <mailer-daemon@mx.example.net>
To: bounces@example.com
Subject: Undelivered mail
Date: Tue, 15 Jan 2030 11:00:00 +0000
Message-ID: <${uidl}.notice@mx.example.net>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="part"

--part
Content-Type: text/plain

Your message could not be delivered.
.

--part
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; ${recipient}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user here

--part
Content-Type: text/rfc822-headers

From: news@example.com
To: ${recipient}
Message-ID: <${uidl}.sent@example.com>

--part--
`,
  );
}

/** A mail that is no report. */
export function strayMail(uidl: string): StoredMail {
  return mailOf(uidl, `From: john@example.org\nTo: bounces@example.com\nSubject: lunch ${uidl}\n\nAt noon?\n.\n`);
}
