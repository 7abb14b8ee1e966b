/**
 * A mail that a verified webhook brings along. The webhook vouches for it, and where it says whom the mail is about,
 * that is whom it is about, whatever the mail names; the verdict is the mail's.
 */
import type { EventDraft } from "../domain/event";
import { isMachine } from "../mail/bounce-signs";
import { parseMail } from "../mail/message";
import type { MailEvent, RecognizedMail } from "../mail/recognition";
import type { MailAbout, ParsedItem } from "../providers/adapter";
import { draftOfMail, eventAbout, nameOf, recognizeSafely, unreadableMail } from "./mail-draft";

type MailItem = Extract<ParsedItem, { readonly type: "mail" }>;
type ReadMailItem = Exclude<ParsedItem, MailItem>;

/** How much of a text that nothing recognizes is evidence. */
const MAX_TEXT_LENGTH = 4_000;

/** Reads the mail of a record. Never throws: what cannot be read is an item that says so. */
export async function itemOfMail({ raw, about }: MailItem): Promise<ReadMailItem> {
  const recognized = await recognizeSafely(raw);
  if (!recognized.ok) return { ...unreadableMail("adapter_error"), thrown: recognized.error };
  const mail = recognized.value;
  const events = mail.form === "unrecognized" ? await eventsOfText(raw) : mail.events;
  if (!events.length) return mail.form === "unrecognized" ? unreadableMail("unrecognized") : { type: "ignored" };
  const told = about.recipient === undefined ? events : [eventAbout(events, about.recipient)];
  const name = await nameOf(mail, raw);
  const drafts = told.flatMap((event) => (event?.recipient === undefined ? [] : [draftOf(event, mail, about, name)]));
  return drafts.length ? { type: "events", drafts } : unreadableMail("no_recipient");
}

/** A mail system that answers a mail of ours and says nothing that is known has not delivered it, for its own reason. */
async function eventsOfText(raw: Uint8Array): Promise<MailEvent[]> {
  const mail = await parseMail(raw);
  return isMachine(mail) ? [{ kind: "bounced", explanation: mail.text.slice(0, MAX_TEXT_LENGTH) }] : [];
}

function draftOf(event: MailEvent, mail: RecognizedMail, about: MailAbout, name: string): EventDraft {
  const draft = draftOfMail(event, mail, { name, returnPath: about.envelopeSender });
  return {
    ...draft,
    hint: about.hint ?? draft.hint,
    messageId: about.messageId,
    internetMessageId: about.messageId === undefined ? draft.internetMessageId : undefined,
    occurredAt: about.occurredAt ?? draft.occurredAt,
    tags: about.tags,
    metadata: { ...draft.metadata, ...about.metadata },
    // Without a message's name nothing but the mail itself tells two records apart.
    identity: about.messageId === undefined ? [...about.identity, ...draft.identity] : about.identity,
  };
}
