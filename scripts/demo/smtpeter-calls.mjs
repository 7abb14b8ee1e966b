/**
 * SMTPeter's calls: one event each, as a form. A bounce is told twice, as the failure it means and as the returned
 * mail itself; both name the message, which therefore counts once.
 */
import { secondsOf, zonelessOf } from "./told.mjs";

export function smtpeterCalls(event, type) {
  const { id, recipient } = event;
  const seconds = secondsOf(event);
  if (type === "abuse") return [{ id, type, emailfrom: recipient, mime: feedbackReport(event) }];
  const told = { id, type, time: `${seconds}`, timestamp: zonelessOf(event), tags: event.campaign, recipient };
  const codes = { code: event.reply, extended: event.status, description: event.text };
  if (type === "delivery") return [{ ...told, ...codes }];
  const failure = { ...told, action: "failed", ...codes };
  // Every second failure came back by mail, after the session.
  if (seconds % 2) return [{ ...failure, state: "rcpt" }];
  const returned = { ...told, type: "bounce", envelope: event.sender, mime: deliveryStatus(event) };
  return [{ ...failure, state: "bounce", code: "" }, returned];
}

function deliveryStatus(event) {
  return report("delivery-status", event, "Undelivered Mail Returned to Sender", "message/delivery-status", [
    "Reporting-MTA: dns; mx.example.net",
    "",
    `Final-Recipient: rfc822; ${event.recipient}`,
    "Action: failed",
    `Status: ${event.status}`,
    `Diagnostic-Code: smtp; ${event.reply} ${event.text}`,
  ]);
}

function feedbackReport(event) {
  return report("feedback-report", event, "FW: Offers", "message/feedback-report", [
    "Feedback-Type: abuse",
    "User-Agent: ExampleFBL/1.0",
    "Version: 1",
    `Original-Rcpt-To: <${event.recipient}>`,
    `Arrival-Date: ${new Date(event.at).toUTCString()}`,
  ]);
}

/** RFC 6522: a text for people, a part for programs, the headers of the message it is about. */
function report(type, event, subject, contentType, machinePart) {
  const part = (kind, lines) => ["--b", `Content-Type: ${kind}`, "", ...lines, ""];
  return [
    "From: MAILER-DAEMON@mx.example.net",
    `To: ${event.sender}`,
    `Subject: ${subject}`,
    `Date: ${new Date(event.at).toUTCString()}`,
    "MIME-Version: 1.0",
    `Content-Type: multipart/report; report-type=${type}; boundary="b"`,
    "",
    ...part("text/plain", ["This is an automatic message."]),
    ...part(contentType, machinePart),
    ...part("text/rfc822-headers", [`Message-ID: <${event.messageId}>`, `To: ${event.recipient}`]),
    "--b--",
    "",
  ].join("\r\n");
}
