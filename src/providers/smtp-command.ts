/** The command of the SMTP session that was refused, as providers name it: evidence of what the refusal was about. */
import type { SmtpCommand } from "../domain/event";
import { commandNamed } from "../domain/smtp-command";

/**
 * Where a reply's code was told apart from its words, and the message itself was refused, the command is left out: it
 * would weigh the words as if there were no code.
 *
 * @param name of the command, or of the state of the session
 */
export function refusedCommand(name: string | undefined, statusCode: string | undefined): SmtpCommand | undefined {
  const command = commandNamed(name);
  return command === "DATA" && statusCode !== undefined ? undefined : command;
}
