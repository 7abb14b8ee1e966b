/** Mails as they come to a mailbox for bounces, written afresh after RFC 3464, RFC 5965 and RFC 3834. */
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import type { Env } from "../../src/config";
import worker from "../../src/index";
import { ADMIN, api, jsonOf, testEnv } from "./worker";

interface AboutReport {
  /** Where the report is sent. */
  readonly to?: string;
  /** The report's own Message-ID; absent: it has none. */
  readonly id?: string;
  /** Epoch ms of its Date header. */
  readonly at?: number;
}

interface AboutMessage {
  /** The Message-ID of our mail. */
  readonly message?: string;
  /** The To header of our mail. */
  readonly addressee?: string;
  /** More of the header of our mail. */
  readonly headers?: readonly string[];
}

export interface Failed {
  readonly recipient: string;
  /** Where it failed, if the recipient forwards. */
  readonly final?: string;
  readonly status?: string;
  readonly action?: string;
  readonly diagnostic?: string;
}

const CRLF = "\r\n";

function headOf(from: string, subject: string, { to = "bounces@return.example.com", id, at }: AboutReport): string[] {
  return [
    `From: ${from}`,
    `To: ${to}`,
    `Subject: ${subject}`,
    ...(id === undefined ? [] : [`Message-ID: <${id}>`]),
    ...(at === undefined ? [] : [`Date: ${new Date(at).toUTCString()}`]),
    "MIME-Version: 1.0",
  ];
}

function returned({ message, addressee, headers = [] }: AboutMessage): string[] {
  const fields = [
    ...(message === undefined ? [] : [`Message-ID: <${message}>`]),
    ...(addressee === undefined ? [] : [`To: ${addressee}`]),
    ...headers,
  ];
  return fields.length ? ["--b", "Content-Type: text/rfc822-headers", "", ...fields, ""] : [];
}

/** A delivery status notification: recipients failed, or whatever their `action` says. */
export function dsn(failed: Failed | readonly Failed[], about: AboutReport & AboutMessage = {}): string {
  const blocks = (Array.isArray(failed) ? (failed as readonly Failed[]) : [failed as Failed]).map((one) => [
    ...(one.final === undefined ? [] : [`Original-Recipient: rfc822; ${one.recipient}`]),
    `Final-Recipient: rfc822; ${one.final ?? one.recipient}`,
    `Action: ${one.action ?? "failed"}`,
    `Status: ${one.status ?? "5.1.1"}`,
    `Diagnostic-Code: smtp; ${one.diagnostic ?? `550 ${one.status ?? "5.1.1"} User unknown`}`,
    "",
  ]);
  return [
    ...headOf("Mail Delivery System <MAILER-DAEMON@mx.example.net>", "Undelivered Mail Returned to Sender", about),
    'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
    "",
    ...["--b", "Content-Type: text/plain", "", "This is the mail system.", ""],
    ...["--b", "Content-Type: message/delivery-status", "", "Reporting-MTA: dns; mx.example.net", ""],
    ...blocks.flat(),
    ...returned(about),
    "--b--",
    "",
  ].join(CRLF);
}

/** A feedback report; `recipient` absent: the provider hides it. */
export function feedback(
  { recipient, type = "abuse" }: { readonly recipient?: string; readonly type?: string },
  about: AboutReport & AboutMessage = {},
): string {
  return [
    ...headOf("Feedback <fbl@example.net>", "FW: Offers", about),
    'Content-Type: multipart/report; report-type=feedback-report; boundary="b"',
    "",
    ...["--b", "Content-Type: text/plain", "", "This is an abuse report.", ""],
    ...["--b", "Content-Type: message/feedback-report", "", `Feedback-Type: ${type}`, "User-Agent: ExampleFBL/1.0"],
    ...["Version: 1", ...(recipient === undefined ? [] : [`Original-Rcpt-To: <${recipient}>`]), ""],
    ...returned(about),
    "--b--",
    "",
  ].join(CRLF);
}

/** An automatic reply of somebody who is away. */
export function vacation(from: string, about: AboutReport = {}): string {
  return [
    ...headOf(from, "Automatic reply: News", about),
    "Auto-Submitted: auto-replied",
    "Content-Type: text/plain",
    "",
    "I am out of the office until Monday.",
    "",
  ].join(CRLF);
}

/** What people write to each other. */
export function letter(about: AboutReport = {}): string {
  return [...headOf("Ann <ann@example.org>", "Lunch", about), "", "Shall we meet at noon?", ""].join(CRLF);
}

/** Hands a mail to the worker as Cloudflare Email Routing does. @throws what the handler throws */
export async function route(mail: string | Uint8Array, to = "bounces@return.example.com", env: Env = testEnv()) {
  const raw = typeof mail === "string" ? new TextEncoder().encode(mail) : mail;
  const forbidden = () => {
    throw new Error("a mail is neither answered, forwarded nor refused");
  };
  const message = {
    from: "",
    to,
    headers: new Headers(),
    raw: new Blob([raw]).stream(),
    rawSize: raw.byteLength,
    ...{ setReject: forbidden, forward: forbidden, reply: forbidden },
  };
  const ctx = createExecutionContext();
  try {
    await worker.email(message as unknown as ForwardableEmailMessage, env, ctx);
  } finally {
    await waitOnExecutionContext(ctx);
  }
}

/** Posts a mail to the API, as an operator. */
export function postMail(mail: string | Uint8Array, path = "/v1/messages", env = testEnv()): Promise<Response> {
  return api(path, { body: mail, headers: { ...ADMIN, "content-type": "message/rfc822" }, env });
}

/** What the API reads in a mail. */
export async function read(mail: string | Uint8Array, env = testEnv()) {
  return jsonOf(await postMail(mail, "/v1/parse", env));
}
