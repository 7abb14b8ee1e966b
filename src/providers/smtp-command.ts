/** The command of the SMTP session that was refused, as providers name it: evidence of what the refusal was about. */
import type { SmtpCommand } from "../domain/event";
import { entryOf } from "./json";

const NAME_LENGTH = 4;

/** By the first letters: `MAIL FROM`, `mailfrom` and `MAIL FROM:<…>` are one. A dot ends the message, and `intro` awaits the greeting. */
const COMMANDS: Readonly<Record<string, SmtpCommand>> = {
  conn: "CONNECT",
  intr: "CONNECT",
  ehlo: "EHLO",
  helo: "EHLO",
  lhlo: "EHLO",
  star: "STARTTLS",
  auth: "AUTH",
  mail: "MAIL",
  rcpt: "RCPT",
  data: "DATA",
  bdat: "DATA",
  mess: "DATA",
  ".": "DATA",
};

/**
 * Where a reply's code was told apart from its words, and the message itself was refused, the command is left out: it
 * would weigh the words as if there were no code.
 *
 * @param name of the command, or of the state of the session
 */
export function refusedCommand(name: string | undefined, statusCode: string | undefined): SmtpCommand | undefined {
  const command = entryOf(COMMANDS, name?.toLowerCase().slice(0, NAME_LENGTH));
  return command === "DATA" && statusCode !== undefined ? undefined : command;
}
