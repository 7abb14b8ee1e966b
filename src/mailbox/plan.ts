/** What a session has to do, given what the server lists and what we know of it. Pure. */
import type { MailboxMessage } from "../store/mailbox-messages";
import type { ListedMail, Listing } from "./pop3";

export interface PlannedMail extends ListedMail {
  /** How often it failed so far. */
  readonly attempts: number;
}

export interface Plan {
  /** Recorded, and still there: to be deleted without fetching them again. */
  readonly owed: readonly ListedMail[];
  /** To be fetched, in this order. */
  readonly wanted: readonly PlannedMail[];
  /** Larger than we take: they stay. */
  readonly oversized: readonly ListedMail[];
  /** Of these the ones that are not noted yet. */
  readonly newlyOversized: readonly ListedMail[];
  /** Failed before, and not due yet. */
  readonly postponed: number;
  /** Unique ids that are noted and no longer listed. */
  readonly gone: readonly string[];
}

export interface PlanRules {
  /** Do mails stay on the server? */
  readonly keep: boolean;
  readonly maxMailBytes: number;
  /** Epoch ms. */
  readonly now: number;
}

const FIRST_RETRY_MS = 5 * 60_000;
const MAX_RETRY_MS = 24 * 60 * 60_000;

/** Twice as long each time, up to a day. */
export function retryDelayMs(attempts: number): number {
  return Math.min(FIRST_RETRY_MS * 2 ** Math.max(0, attempts - 1), MAX_RETRY_MS);
}

/**
 * Sorts out a listing. A mail that is not noted, or is noted with another size, is new. New ones come before those that
 * failed, so that a mail that fails for good holds up no other; last come those that cannot be remembered.
 *
 * @param noted what is noted of the mailbox, by unique id
 */
export function planOf(listing: Listing, noted: ReadonlyMap<string, MailboxMessage>, rules: PlanRules): Plan {
  const owed: ListedMail[] = [];
  const wanted: PlannedMail[] = [];
  const oversized: ListedMail[] = [];
  const newlyOversized: ListedMail[] = [];
  let postponed = 0;
  for (const mail of listing.mails) {
    const note = noteOf(mail, noted);
    if (note?.status === "recorded") {
      if (!rules.keep) owed.push(mail);
    } else if (note?.status === "oversized" || (mail.bytes ?? 0) > rules.maxMailBytes) {
      oversized.push(mail);
      if (note?.status !== "oversized") newlyOversized.push(mail);
    } else if (note && rules.now < note.notedAt + retryDelayMs(note.attempts)) postponed++;
    else wanted.push({ ...mail, attempts: note?.attempts ?? 0 });
  }
  wanted.sort((a, b) => rankOf(a) - rankOf(b));
  return { owed, wanted, oversized, newlyOversized, postponed, gone: goneFrom(listing, noted) };
}

function noteOf(mail: ListedMail, noted: ReadonlyMap<string, MailboxMessage>): MailboxMessage | undefined {
  const note = mail.uidl === null ? undefined : noted.get(mail.uidl);
  const isAnother = note?.bytes != null && mail.bytes !== null && note.bytes !== mail.bytes;
  return isAnother ? undefined : note;
}

function rankOf({ uidl, attempts }: PlannedMail): number {
  return uidl === null ? Number.MAX_SAFE_INTEGER : attempts;
}

/** Only a complete listing tells what is gone. */
function goneFrom({ mails, isComplete }: Listing, noted: ReadonlyMap<string, MailboxMessage>): string[] {
  if (!isComplete) return [];
  const listed = new Set(mails.map(({ uidl }) => uidl));
  return [...noted.keys()].filter((uidl) => !listed.has(uidl));
}
