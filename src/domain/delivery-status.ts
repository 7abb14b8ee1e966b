/**
 * Codes in what servers say: where an enhanced status code (RFC 3463) or an SMTP reply code (RFC 5321) stands in a
 * text, and what it means for a bounce.
 */
import { PRIVATE_CODES } from "./private-codes";
import { REPLY_CODES } from "./reply-codes";
import { type CodeMeaning, STATUS_CODES } from "./status-codes";

/** By subject and detail: `1.1` of `5.1.1`. */
const BY_STATUS: ReadonlyMap<string, CodeMeaning> = new Map(
  STATUS_CODES.flatMap(({ code, meaning }) => (meaning ? [[code, meaning] as const] : [])),
);
const REGISTERED: ReadonlySet<string> = new Set(STATUS_CODES.map(({ code }) => code));
const BY_REPLY: ReadonlyMap<string, CodeMeaning> = new Map(REPLY_CODES.map(({ code, meaning }) => [code, meaning]));

/** At most three digits a field, and neither an IPv4 address nor a date or version around it. */
const STATUS_CODE = /(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d]|\.\d)/;
const STATUS_CODES_IN_TEXT = new RegExp(STATUS_CODE, "g");
/** A reply quotes its code once for each line; more than these are other replies. */
const MAX_STATUS_CODES = 8;

/**
 * The enhanced status codes in a text, in their order, e.g. of `5.2.1 (mailbox disabled)` or of
 * `smtp;550 5.1.1 unknown`: each once, without leading zeros, at most eight.
 */
export function statusCodesIn(text: string): readonly string[] {
  const found = new Set<string>();
  for (const match of text.matchAll(STATUS_CODES_IN_TEXT)) {
    found.add(plainCode(match));
    if (found.size === MAX_STATUS_CODES) break;
  }
  return [...found];
}

function plainCode([, digit, subject, detail]: RegExpMatchArray): string {
  return `${digit}.${Number(subject)}.${Number(detail)}`;
}

/**
 * The first enhanced status code in a text.
 *
 * @returns `5.2.1`, or `undefined`
 */
export function statusCodeIn(text: string | undefined): string | undefined {
  // Of every event of every batch: what finds all of them takes ten times as long.
  const match = text === undefined ? null : STATUS_CODE.exec(text);
  return match === null ? undefined : plainCode(match);
}

/** The SMTP reply code at the start of a reply (after `smtp;`, `host said:` and the like), or `undefined`. */
export function replyCodeIn(text: string | undefined): string | undefined {
  return /^(?:\s*(?:x-)?[a-z]+\s*;)?\s*(?:.{0,200}?(?:said|replied|responded)\s*:\s*)?([245][0-5]\d)(?=[\s\-;:#]|$)/i.exec(
    text ?? "",
  )?.[1];
}

/** What a failure with this enhanced status code means, or `undefined` where the code says nothing (`5.0.0`, `5.1.0`). */
export function meaningOfStatus(statusCode: string | undefined): CodeMeaning | undefined {
  if (statusCode === undefined) return undefined;
  const code = statusCode.slice(statusCode.indexOf(".") + 1);
  return REGISTERED.has(code) ? BY_STATUS.get(code) : meaningOfPrivate(code);
}

function meaningOfPrivate(code: string): CodeMeaning | undefined {
  const [subject, detail] = code.split(".").map(Number);
  if (subject === undefined || detail === undefined) return undefined;
  return PRIVATE_CODES.find((c) => c.subject === subject && c.from <= detail && detail <= c.to)?.meaning;
}

/** What a failure with this SMTP reply code means where nothing else is known, or `undefined`. */
export function meaningOfReply(replyCode: string | undefined): CodeMeaning | undefined {
  return replyCode === undefined ? undefined : BY_REPLY.get(replyCode);
}

/** Diagnostic text without the `smtp;` type that RFC 3464 puts before it. */
export function diagnosticText(text: string | undefined): string {
  return (text ?? "").replace(/^\s*(?:x-)?[a-z0-9-]+\s*;\s*/i, "").trim();
}
