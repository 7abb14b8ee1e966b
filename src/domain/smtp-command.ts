/** Names of commands of an SMTP session (RFC 5321 §4.1.1, RFC 2033 §4.1, RFC 3030 §2, RFC 3207, RFC 4954). */
import type { SmtpCommand } from "./event";

const NAME_LENGTH = 4;

/** By the first letters: `MAIL FROM`, `mailfrom` and `MAIL FROM:<…>` are one. A dot ends the message, and `intro` awaits the greeting. */
const COMMANDS: ReadonlyMap<string, SmtpCommand> = new Map([
  ["conn", "CONNECT"],
  ["intr", "CONNECT"],
  ["ehlo", "EHLO"],
  ["helo", "EHLO"],
  ["lhlo", "EHLO"],
  ["star", "STARTTLS"],
  ["auth", "AUTH"],
  ["mail", "MAIL"],
  ["rcpt", "RCPT"],
  ["data", "DATA"],
  ["bdat", "DATA"],
  ["mess", "DATA"],
  [".", "DATA"],
]);

/** @param name of the command, or of the state of the session, in any case */
export function commandNamed(name: string | undefined): SmtpCommand | undefined {
  return COMMANDS.get((name ?? "").toLowerCase().slice(0, NAME_LENGTH));
}
