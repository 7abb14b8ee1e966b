/** Mail that Cloudflare Email Routing hands over: what comes to the envelope senders of our own mail. */
import { DEFAULT_CONNECTION } from "../config";
import { errorFields } from "../log";
import { MAX_MAIL_BYTES } from "../mail/message";
import type { Deps } from "../pipeline/deps";
import { receiveMail } from "../pipeline/mail";

/** What of a routed mail is needed. It is never answered, forwarded or refused for what it says. */
export type RoutedMail = Pick<ForwardableEmailMessage, "to" | "raw">;

/**
 * Records a routed mail.
 *
 * @throws when it could not be recorded: the platform then tells the sending server to try again, which keeps the mail
 */
export async function handleEmail(deps: Deps & { readonly requestId: string }, message: RoutedMail): Promise<void> {
  try {
    await receiveMail(deps, {
      raw: await readRaw(message.raw),
      door: "email",
      connection: DEFAULT_CONNECTION,
      envelopeTo: message.to,
      // Anybody can send a mail.
      trusted: false,
      requestId: deps.requestId,
    });
  } catch (error) {
    deps.log.error("email.failed", errorFields(error));
    throw error;
  }
}

/** To its end, for a stream that is left off would look like a failure; kept is as much as is ever read. */
async function readRaw(raw: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of raw) {
    if (length < MAX_MAIL_BYTES) parts.push(part);
    length += part.byteLength;
  }
  return new Uint8Array(await new Blob(parts).slice(0, MAX_MAIL_BYTES).arrayBuffer());
}
