/** Transcripts of SMTP sessions, as MTAs put them into their reports. */
import type { SmtpCommand } from "../domain/event";
import { firstAddressIn } from "./address-text";
import { commandOf } from "./smtp-text";

/** One refusal of a session. */
export interface Refusal {
  /** What was answered, its lines joined. */
  readonly reply: string;
  readonly command?: SmtpCommand | undefined;
  /** Whom the refused command named, or the answer. */
  readonly recipient?: string | undefined;
  readonly host?: string | undefined;
}

/** A time before the line, as MDaemon and InterScan write it, or a word. */
const BEFORE = String.raw`^(?:[\w ,.:/+-]{0,40}[: ])?\s{0,10}`;
/** Sendmail, Courier, EZweb, InterScan: `>>>`; MDaemon: `-->`; ZMailer: `<<-`; others: `C:`. */
const SENT = new RegExp(String.raw`${BEFORE}(?:>>>|-->|<<-|\bC:) ?(?<text>\S.{0,2000})$`);
const ANSWERED = new RegExp(String.raw`${BEFORE}(?:<<<|<--|->>|\bS:) ?(?<code>\d{3})(?<text>[ -].{0,2000})?$`);
/** Sendmail: the host of the lines below. */
const TALKING = /\bwhile talking to ([A-Za-z0-9.-]{1,255}?)\.?:/i;
/** RFC 5321 §4.2: the greeting begins with the name of the host. */
const GREETING = /^[ -]([A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8})\b/;
/** What a server that was sent several commands at once (RFC 2920) says to DATA when it refused every recipient. */
const WANTS_RECIPIENT = /^(?:503|554)[ -].{0,40}(?:need rcpt|no valid recipients|rcpt first)/i;
const MAX_LINE_LENGTH = 2_100;
const MAX_REFUSALS = 500;

/** Is it a line of a transcript, not of prose? */
export function isOfTranscript(line: string): boolean {
  return line.length <= MAX_LINE_LENGTH && (SENT.test(line) || ANSWERED.test(line) || TALKING.test(line));
}

interface OpenRefusal {
  reply: string;
  command: SmtpCommand | undefined;
  recipient: string | undefined;
  readonly host: string | undefined;
}

/** The refusals of all sessions in a text, in order: `>>> RCPT TO:<…>` and the `<<< 550 …` that answers it. */
export function refusalsIn(lines: readonly string[]): Refusal[] {
  const found: OpenRefusal[] = [];
  const session = newSession(undefined);
  for (const line of lines) {
    if (line.length > MAX_LINE_LENGTH) continue;
    const talking = TALKING.exec(line)?.[1];
    if (talking !== undefined) Object.assign(session, newSession(talking));
    const sent = talking === undefined ? SENT.exec(line)?.groups?.text : undefined;
    if (sent !== undefined) noteCommand(session, sent);
    const answer = ANSWERED.exec(line)?.groups;
    if (answer?.code === undefined) session.isOpen = false;
    else noteAnswer(session, found, answer.code, answer.text ?? "");
    if (found.length >= MAX_REFUSALS) break;
  }
  return found;
}

interface Session {
  host: string | undefined;
  command: SmtpCommand | undefined;
  recipient: string | undefined;
  /** The last line was a refusal too: the next one may go on with it. */
  isOpen: boolean;
}

function newSession(host: string | undefined): Session {
  return { host, command: undefined, recipient: undefined, isOpen: false };
}

function noteCommand(session: Session, sent: string): void {
  session.command = commandOf(sent);
  if (session.command === "RCPT") session.recipient = firstAddressIn(sent);
}

function noteAnswer(session: Session, found: OpenRefusal[], code: string, text: string): void {
  const last = found.at(-1);
  const isRefusal = /^[45]/.test(code);
  const answer = `${code}${text}`;
  if (code === "220" && session.command === undefined) session.host = GREETING.exec(text)?.[1] ?? session.host;
  if (isRefusal && last && WANTS_RECIPIENT.test(answer)) {
    if (last.command === "DATA") last.command = "RCPT";
  } else if (isRefusal && session.isOpen && last) {
    last.reply = `${last.reply} ${answer}`;
  } else if (isRefusal) {
    const { host, command } = session;
    // What a refused RCPT names; an answer may name the sender.
    const recipient = (command === "RCPT" ? session.recipient : undefined) ?? firstAddressIn(text);
    found.push({ reply: answer, command, recipient, host });
  }
  session.isOpen = isRefusal;
}
