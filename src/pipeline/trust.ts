/**
 * Whom is a report about, and who vouches for it? Anybody can mail a report to an open door and name in it whom he likes,
 * so a report is believed only
 *
 * 1. by a signed return path (`mail/verp.ts`), which also says whom the mail went to;
 * 2. by a Message-ID that the journal knows *of that very recipient*: whoever got one mail of ours must not speak for
 *    others;
 * 3. by its door, where an operator marked it as trusted, or released the mail from quarantine.
 *
 * All that is said of whom a report is about is about identity; what it says is taken as it stands.
 */
import { canonicalMailbox, uuidAddress } from "../domain/address";
import type { MailEvent, RecognizedMail, ReturnedMail } from "../mail/recognition";
import { checkReturnPath, type SignedReturnPath } from "../mail/verp";
import { recipientsOfMessage } from "../store/known-messages";
import { addressesOf, eventAbout, withRecipient } from "./mail-draft";

export type Voucher = "return_path" | "message_id" | "door";

/** An event of a mail, about the recipient that the mail went to, and what vouches for it; `null`: nothing does. */
export interface VouchedEvent {
  readonly event: MailEvent;
  readonly by: Voucher | null;
  readonly signed?: FoundReturnPath;
}

export interface FoundReturnPath extends SignedReturnPath {
  /** As it stood there. */
  readonly address: string;
}

export interface Door {
  /** Whatever comes through is believed. */
  readonly trusted: boolean;
  /** The envelope recipient, where the door knows it. */
  readonly envelopeTo?: string | undefined;
}

interface Witnesses {
  readonly db: D1Database;
  readonly keys: readonly string[];
}

/** A mail that names more addresses than this is not searched further for a return path. */
const MAX_RETURN_PATHS = 20;
/** A provider's id that is shorter could be guessed. */
const MIN_PROVIDER_ID_LENGTH = 16;

/** The events of a mail, in their order; those of a signed return path are one. */
export async function vouch(witnesses: Witnesses, mail: RecognizedMail, door: Door): Promise<VouchedEvent[]> {
  const signed = await signedReturnPath(mail, door, witnesses.keys);
  if (signed) {
    const event = eventAbout(mail.events, signed.recipient);
    return event ? [{ event, by: "return_path", signed }] : [];
  }
  const known = await knownRecipients(witnesses.db, mail);
  return mail.events.map((event) => vouchByMessage(event, mail.returned, known) ?? byDoor(event, mail.returned, door));
}

/** The first signed one of all places where the address of a report's recipient may stand: that is where our mail came from. */
async function signedReturnPath(
  { events, returned, sentTo }: RecognizedMail,
  { envelopeTo }: Door,
  keys: readonly string[],
): Promise<FoundReturnPath | null> {
  if (!keys.length || !events.length) return null;
  const named = [...events.flatMap(addressesOf), ...returned.to];
  const places = new Set([envelopeTo, returned.envelopeSender, ...sentTo].flatMap((place) => place ?? []));
  for (const address of [...places].slice(0, MAX_RETURN_PATHS)) {
    const signed = await checkReturnPath(address, keys, named);
    if (signed) return { ...signed, address };
  }
  return null;
}

async function knownRecipients(db: D1Database, { events, returned }: RecognizedMail): Promise<ReadonlySet<string>> {
  const { messageId } = returned;
  const addresses = [...new Set(events.flatMap((event) => candidatesOf(event, returned)))];
  if (messageId === undefined || !addresses.length) return new Set();
  // Some sources give a Message-ID as the message's id, with its brackets; Amazon SES and Postmark make it out of their id.
  const ownPart = messageId.slice(0, Math.max(0, messageId.indexOf("@")));
  const messageIds = [messageId, `<${messageId}>`, ...(ownPart.length >= MIN_PROVIDER_ID_LENGTH ? [ownPart] : [])];
  return recipientsOfMessage(db, { internetMessageId: messageId, messageIds }, addresses);
}

function vouchByMessage(
  event: MailEvent,
  returned: ReturnedMail,
  known: ReadonlySet<string>,
): VouchedEvent | undefined {
  const recipient = candidatesOf(event, returned).find((address) => known.has(address));
  return recipient === undefined ? undefined : { event: withRecipient(event, recipient), by: "message_id" };
}

function byDoor(event: MailEvent, returned: ReturnedMail, { trusted }: Door): VouchedEvent {
  return { event: { ...event, recipient: event.recipient ?? addresseeOf(returned) }, by: trusted ? "door" : null };
}

/** Who may be meant, canonical: as stated; where it failed in the end; to whom the returned mail went. */
function candidatesOf(event: MailEvent, returned: ReturnedMail): string[] {
  return [...addressesOf(event), addresseeOf(returned), subscriberOf(returned)].flatMap((address) => {
    const canonical = address === undefined ? null : canonicalMailbox(address);
    return canonical?.ok ? [canonical.value] : [];
  });
}

/** Of a returned mail to one address: that address, else its subscriber by listmonk's uuid. */
function addresseeOf(returned: ReturnedMail): string | undefined {
  return returned.to.length === 1 ? returned.to[0] : subscriberOf(returned);
}

function subscriberOf({ subscriber }: ReturnedMail): string | undefined {
  return subscriber === undefined ? undefined : uuidAddress(subscriber);
}
