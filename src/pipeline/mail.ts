/** A raw mail from a door to its outcome: recognize → vouch → ingest. */
import type { MailForm } from "../mail/recognition";
import type { Deps } from "./deps";
import type { IngestCounts } from "./ingest";

/** The doors through which raw mail comes in; as `provider` they name its events and receipts. */
export type MailDoor = "email" | "mailbox" | "messages";

export interface IncomingMail {
  readonly raw: Uint8Array;
  readonly door: MailDoor;
  /** The mailbox's name; `default` at the other doors. */
  readonly connection: string;
  /** The envelope recipient, where the door knows it: a signed return path may stand there. */
  readonly envelopeTo?: string | undefined;
  /** Whatever comes through is believed. */
  readonly trusted: boolean;
  readonly requestId: string;
}

export interface MailOutcome {
  readonly form: MailForm;
  readonly counts: IngestCounts;
}

/** @throws when it could not be recorded: then nothing was, and the mail has to be kept where it is */
export async function receiveMail(_deps: Deps, _mail: IncomingMail): Promise<MailOutcome> {
  throw new Error("not built yet");
}
