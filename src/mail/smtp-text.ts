/** What SMTP left behind in a text: reply codes, and the command that was answered. */
import { statusCodeIn } from "../domain/delivery-status";
import type { SmtpCommand } from "../domain/event";

/** A reply code of SMTP and nothing that only looks like one: a port, an octet of an address, a number of bytes. */
const REPLY =
  /(?:^|[\s:;"'(<>=[])([45](?:2[1]|[0-57][0-9]))(?=[ \-:;#)"'\]]|$)(?![ -]?(?:bytes|kb|mb|seconds|days)\b)/i;
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

export interface SmtpReply {
  readonly replyCode?: string | undefined;
  readonly statusCode?: string | undefined;
}

/** The first reply code and the first enhanced status code of a text. */
export function replyIn(text: string): SmtpReply {
  return { replyCode: REPLY.exec(text.slice(0, 4_000))?.[1], statusCode: statusCodeIn(text) };
}

export interface Transcript {
  /** The answer that refused something, joined. */
  readonly reply: string;
  readonly command?: SmtpCommand | undefined;
}

/**
 * The refusals of a session's transcript: `>>> RCPT TO:<…>` and the `<<< 550 …` that answers it, as Sendmail and its
 * relatives write them.
 */
export function transcriptsIn(lines: readonly string[]): Transcript[] {
  const found: { reply: string; command: SmtpCommand | undefined; isOpen: boolean }[] = [];
  let command: SmtpCommand | undefined;
  for (const line of lines) {
    const sent = /^\s*>>> ?(.+)$/.exec(line)?.[1];
    const answered = /^\s*<<< ?([45]\d\d[ -].*)$/.exec(line)?.[1];
    const last = found.at(-1);
    if (sent !== undefined) command = commandOf(sent);
    if (answered === undefined) {
      if (last) last.isOpen = false;
    } else if (last?.isOpen) last.reply = `${last.reply} ${answered}`;
    else found.push({ reply: answered, command, isOpen: true });
  }
  return found.map(({ reply, command }) => ({ reply, command }));
}

/** The command at the beginning of a text: `RCPT TO:<…>`, `end of DATA`. */
export function commandOf(text: string): SmtpCommand | undefined {
  const words = text.trim().toLowerCase();
  return COMMAND_WORDS.find(([pattern]) => pattern.test(words))?.[1];
}
