/**
 * SMTPeter (Copernica): one event per call, form-encoded or JSON.
 *
 * Manual: https://www.smtpeter.com/en/documentation/webhooks (read 2026-11). A call proves itself by Copernica's HTTP
 * signature (`copernica-signature.ts`), or by a shared secret in the URL, for accounts that sit behind something that
 * changes headers.
 *
 * A bounce is a mail that came back, as it came: mostly what a failure reports too, but also out-of-office replies and
 * junk. It is read as a mail; whom it is about, and of which message, is what SMTPeter says. Both name the message, so a
 * failure and the returned mail behind it count once. An abuse report names neither recipient nor time: its mail does.
 *
 * `timestamp` comes without a zone and the manual states none: it is read as UTC, and only where `time` (Unix time)
 * is missing.
 *
 * Identity: type, message id, time, state and codes. There is no event id; `id` is the message's.
 */

import { utf8Bytes } from "../crypto/encoding";
import { replyCodeIn, statusCodeIn } from "../domain/delivery-status";
import type { EventDraft } from "../domain/event";
import { fail, ok, type Result } from "../domain/result";
import {
  defineAdapter,
  type ParsedItem,
  type RawCredential,
  type VerifyContext,
  type VerifyOutcome,
  type WebhookRequest,
} from "./adapter";
import { accepted, unauthenticated, verifySharedSecret } from "./auth";
import { type CopernicaAccount, verifyCopernica } from "./copernica-signature";
import { readFormOrJson } from "./form";
import { isObject, type JsonObject, textOf, textsOf } from "./json";
import { ignored, unreadable } from "./parsed";
import { jsonSample, SAMPLE_RECIPIENT, sampleId, sampleSeconds } from "./sample";
import { refusedCommand } from "./smtp-command";
import { msOfUnixSeconds, msOfZoneless } from "./time";

type Credential =
  | { readonly type: "secret"; readonly secret: string }
  | { readonly type: "account"; readonly account: CopernicaAccount; readonly files: Readonly<Record<string, string>> };

const ENVIRONMENT = /^environment-[A-Za-z0-9_-]+$/;
/** Never a path: the name becomes part of a URL of this worker. */
const OWNERSHIP_FILE = /^[A-Za-z0-9][A-Za-z0-9._-]*\.txt$/;
const CREDENTIAL_KEYS = ["environment", "url", "files"];

type Kind = "bounced" | "delivered" | "ignored" | "mail";
const KINDS: Readonly<Record<string, Kind>> = {
  /** Refused in the SMTP session, or by a delivery status notification that came back later. */
  failure: "bounced",
  delivery: "delivered",
  open: "ignored",
  click: "ignored",
  /** Whatever was mailed to the envelope sender: notifications, but also out-of-office replies and junk. */
  bounce: "mail",
  /** A feedback loop's report; names neither the recipient nor a time. */
  abuse: "mail",
};

export const smtpeter = defineAdapter<Credential>({
  id: "smtpeter",
  title: "SMTPeter",
  manual: "https://www.smtpeter.com/en/documentation/webhooks",
  setUp: [
    "Set environment-<id>, with your account’s number: {secret}",
    "In the SMTPeter dashboard add {url} for failures, deliveries, bounces and abuses.",
    "Hand the name and text of the file that SMTPeter asks for to the worker, in the same secret, and have the address validated. The manual shows how.",
  ],
  verifiedBy: "Copernica's HTTP signature (RSA-SHA256, key in DNS), or a shared secret",
  usesBasicAuth: true,
  readCredential,
  verify,
  parse: (request) => readFormOrJson(request, parseRecord),
  ownershipFiles: (credentials) =>
    Object.fromEntries(credentials.flatMap((c) => (c.type === "account" ? Object.entries(c.files) : []))),
  sample: (at) =>
    jsonSample({
      id: sampleId(at),
      recipient: SAMPLE_RECIPIENT,
      time: String(sampleSeconds(at)),
      code: "250",
      type: "delivery",
    }),
});

/** `environment-<id>`, or an object with it, the registered URL and ownership files; any other text is a shared secret. */
function readCredential(raw: RawCredential): Result<Credential, string> {
  if (typeof raw === "object") return readAccount(raw);
  if (raw === "") return fail("must be a non-empty string");
  // An account's id is no secret: one that is misspelt must not become one.
  return raw.startsWith("environment-") ? readAccount({ environment: raw }) : ok({ type: "secret", secret: raw });
}

function readAccount(raw: Readonly<Record<string, unknown>>): Result<Credential, string> {
  const { environment, url, files = {} } = raw;
  const unknown = Object.keys(raw).find((key) => !CREDENTIAL_KEYS.includes(key));
  if (unknown !== undefined) return fail(`may only have ${CREDENTIAL_KEYS.join(", ")}`);
  if (typeof environment !== "string" || !ENVIRONMENT.test(environment)) {
    return fail("environment must be environment-<id>");
  }
  const registered = typeof url === "string" ? URL.parse(url) : null;
  if (url !== undefined && !/^https?:$/.test(registered?.protocol ?? "")) {
    return fail("url must be the registered http(s) URL");
  }
  if (!areOwnershipFiles(files)) return fail("files must map names like smtpeter-x.txt to their text");
  return ok({ type: "account", account: { environment, url: registered ?? undefined }, files });
}

function areOwnershipFiles(files: unknown): files is Readonly<Record<string, string>> {
  return (
    isObject(files) &&
    Object.entries(files).every(([name, text]) => OWNERSHIP_FILE.test(name) && typeof text === "string")
  );
}

/** Either proof will do, if it is configured. */
async function verify(
  request: WebhookRequest,
  credentials: readonly Credential[],
  context: VerifyContext,
): Promise<VerifyOutcome> {
  const secrets = credentials.flatMap((c) => (c.type === "secret" ? c.secret : []));
  const accounts = credentials.flatMap((c) => (c.type === "account" ? c.account : []));
  const bySecret = secrets.length ? verifySharedSecret(request, secrets) : unauthenticated("no credentials");
  if (bySecret.ok || !accounts.length) return bySecret;
  const signed = await verifyCopernica(request, accounts, context);
  return signed.ok ? accepted(request) : signed;
}

function parseRecord(record: unknown): ParsedItem {
  if (!isObject(record)) return unreadable("not_an_object");
  // The manual gives opens and clicks no `type`; only they tell the reader's IP address.
  const type = textOf(record.type) ?? (record.ip === undefined ? "" : "open");
  const kind = Object.hasOwn(KINDS, type) ? KINDS[type] : undefined;
  if (kind === undefined) return unreadable("unknown_kind", "type");
  if (kind === "ignored") return ignored();
  if (kind === "mail") return mailOf(record, type);
  const recipient = textOf(record.recipient);
  if (recipient === undefined) return unreadable("no_recipient");
  return { type: "events", drafts: [draftOf(record, { type, kind, recipient })] };
}

/** The mail's own Message-ID is left out: a failure knows the message by SMTPeter's id only, and one message has one name. */
function mailOf(record: JsonObject, type: string): ParsedItem {
  if (typeof record.mime !== "string" || record.mime.trim() === "") return unreadable("invalid_event", "mime");
  const recipient = textOf(record.recipient);
  if (type === "bounce" && recipient === undefined) return unreadable("no_recipient");
  const [id, time] = [textOf(record.id), textOf(record.time) ?? textOf(record.timestamp)];
  return {
    type: "mail",
    raw: utf8Bytes(record.mime),
    about: {
      recipient,
      messageId: id,
      occurredAt: timeOf(record),
      envelopeSender: textOf(record.envelope),
      tags: tagsOf(record),
      identity: [type, id, time],
    },
  };
}

function draftOf(
  record: JsonObject,
  { type, kind, recipient }: { type: string; kind: "bounced" | "delivered"; recipient: string },
): EventDraft {
  const id = textOf(record.id);
  const [time, timestamp] = [textOf(record.time), textOf(record.timestamp)];
  const [code, extended] = [textOf(record.code), textOf(record.extended)];
  const statusCode = statusCodeIn(extended);
  // Where in the SMTP session it failed; `bounce`: after it.
  const state = kind === "bounced" ? textOf(record.state) : undefined;
  return {
    kind,
    recipient,
    hint: state,
    messageId: id,
    occurredAt: timeOf(record),
    statusCode,
    replyCode: replyCodeIn(code),
    smtpCommand: refusedCommand(state, statusCode),
    diagnosticCode: textOf(record.description),
    mode: kind === "bounced" ? (state === "bounce" ? "asynchronous" : "synchronous") : undefined,
    tags: tagsOf(record),
    identity: [type, id, time ?? timestamp, state, code, extended],
  };
}

function timeOf(record: JsonObject): number | undefined {
  return msOfUnixSeconds(textOf(record.time)) ?? msOfZoneless(textOf(record.timestamp));
}

function tagsOf(record: JsonObject): string[] {
  return textsOf(record.tags).flatMap((tags) => tags.split(";").flatMap((tag) => textOf(tag) ?? []));
}
