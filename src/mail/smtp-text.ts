/** What SMTP left behind in a text: reply codes, the host that refused, and the command that it answered. */
import { statusCodeIn } from "../domain/delivery-status";
import type { SmtpCommand } from "../domain/event";

/** A reply code of SMTP and nothing that only looks like one: a port, an octet of an address, a number of bytes. */
const REPLY =
  /(?:^|[\s:;"'(<>=[#：])([45](?:2[1]|[0-57][0-9]))(?=[ \-:;,#)"'\]]|$)(?!,\d{3})(?![ -]?(?:bytes|kb|mb|seconds|days)\b)/i;
const ANY_STATUS = /(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?!\d|\.\d)/g;
const MAX_TEXT_LENGTH = 4_000;

export interface SmtpReply {
  readonly replyCode?: string | undefined;
  readonly statusCode?: string | undefined;
}

/**
 * The reply code and the enhanced status code of a text: the first of each, and of several status codes the first that
 * says something (not `5.0.0`, and rather `5.1.1` than `5.1.0`).
 */
export function replyIn(text: string): SmtpReply {
  const beginning = text.slice(0, MAX_TEXT_LENGTH);
  return { replyCode: REPLY.exec(beginning)?.[1], statusCode: statusCodesIn(beginning).sort(byVagueness)[0] };
}

/** Every enhanced status code of a text, in order. */
function statusCodesIn(text: string): string[] {
  return [...text.matchAll(ANY_STATUS)].flatMap(([found]) => statusCodeIn(found) ?? []);
}

function byVagueness(a: string, b: string): number {
  return vaguenessOf(a) - vaguenessOf(b);
}

/** RFC 3463: a detail of 0 is "other", a subject of 0 says nothing at all. */
function vaguenessOf(statusCode: string): number {
  const [, subject, detail] = statusCode.split(".");
  if (subject === "0") return 2;
  return detail === "0" ? 1 : 0;
}

/** `5.0.0` and `5.1.0` say less than the code inside the receiver's reply. */
export function isVague(statusCode: string): boolean {
  return vaguenessOf(statusCode) > 0;
}

export interface Attempt {
  /** The host that the MTA spoke with. */
  readonly host?: string | undefined;
  readonly command?: SmtpCommand | undefined;
}

interface AttemptShape {
  /** Who writes so. */
  readonly of: string;
  readonly pattern: RegExp;
}

const HOST = String.raw`(?<host>[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?)\.?`;
const IP = "[0-9A-Fa-f.:]{3,45}";
/** How MTAs name the host that they spoke with, in prose. */
const HOSTS: readonly AttemptShape[] = [
  host("Postfix, Mimecast, QQ", String.raw`\bhost ${HOST}\[${IP}\]`),
  host("Exim", String.raw`\bhost ${HOST} \[${IP}\]`),
  host("NetEase, Coremail", String.raw`\bhost ${HOST}(?:\(${IP}\))? said:`),
  host("GMX, 1&1", String.raw`\bhost: ${HOST}`),
  host("Gmail", String.raw`\bby ${HOST} \[${IP}\]`),
  host("Sendmail", String.raw`\bwhile talking to ${HOST}:`),
  host("MailFoundry", String.raw`\bserver ${HOST}\[${IP}\]`),
  host("gateways that bracket it", String.raw`\bsmtp server <${HOST}>`),
  host("XMail", String.raw`\bserver:\s{1,20}<${HOST}> \[`),
  host("EZweb", String.raw`\bconnected to ${IP} \(${HOST}\)`),
  host("DragonFly", String.raw`\b${HOST} \[${IP}\] did not like our`),
];
/** How MTAs name the command that was answered, in prose. The group is read by `commandOf`. */
const COMMANDS: readonly AttemptShape[] = [
  command("Postfix", String.raw`\(in reply to (?<command>[a-z ]{3,30}?) command\)`),
  command("Exim", String.raw`\b(?:after|for) (?<command>(?:initial connection|(?:end of )?data|[a-z]{4}\b))`),
  command("1&1, GMX and others", String.raw`\b(?:for|after|following) (?<command>[a-z ]{3,30}?) command\b`),
  command("NetEase, Coremail", String.raw`\bsmtp error, (?<command>[a-z ]{3,30}?):`),
  command("DragonFly", String.raw`\bdid not like our (?<command>[a-z ]{3,30})\b`),
  command("hMailServer", String.raw`\bhmailserver sent: (?<command>[a-z ]{3,30}):`),
];
/** qmail names no command, but what it was about. */
const PROSE: readonly (readonly [RegExp, SmtpCommand])[] = [
  [/\b(?:does not like|but|did not like) recipient\b|\brecipient was rejected\b/i, "RCPT"],
  [/\b(?:does not like|but|did not like) sender\b|\bsender was rejected\b/i, "MAIL"],
  [/\bfailed (?:after|when|on) i sent the message\b|\bfailed on data command\b/i, "DATA"],
  [/\b(?:each of the following )?recipients (?:was|were) rejected by\b/i, "RCPT"],
  [/\bbut greeting failed\b|\bbut connection died\b/i, "CONNECT"],
];

function host(of: string, pattern: string): AttemptShape {
  return { of, pattern: new RegExp(pattern, "i") };
}

function command(of: string, pattern: string): AttemptShape {
  return { of, pattern: new RegExp(pattern, "i") };
}

/** The host and the command that a report's prose names; the first of each. */
export function attemptIn(text: string): Attempt {
  const beginning = text.slice(0, MAX_TEXT_LENGTH);
  return {
    host: groupIn(HOSTS, "host", beginning, (name) => (name.includes(".") ? name : undefined)),
    command:
      groupIn(COMMANDS, "command", beginning, commandOf) ?? PROSE.find(([pattern]) => pattern.test(beginning))?.[1],
  };
}

function groupIn<T>(
  shapes: readonly AttemptShape[],
  group: string,
  text: string,
  read: (found: string) => T | undefined,
): T | undefined {
  for (const { pattern } of shapes) {
    const found = pattern.exec(text)?.groups?.[group];
    const value = found === undefined ? undefined : read(found);
    if (value !== undefined) return value;
  }
  return undefined;
}

const COMMAND_WORDS: readonly (readonly [RegExp, SmtpCommand])[] = [
  [/^(?:end of |sending )?(?:data|message body|\.)/, "DATA"],
  [/^bdat\b/, "DATA"],
  [/^rcpt\b/, "RCPT"],
  [/^mail\b/, "MAIL"],
  [/^(?:helo|ehlo|lhlo)\b/, "EHLO"],
  [/^starttls\b/, "STARTTLS"],
  [/^auth\b/, "AUTH"],
  [/^(?:initial )?connect/, "CONNECT"],
];

/** The command at the beginning of a text: `RCPT TO:<…>`, `end of DATA`. */
export function commandOf(text: string): SmtpCommand | undefined {
  const words = text.trim().toLowerCase();
  return COMMAND_WORDS.find(([pattern]) => pattern.test(words))?.[1];
}
