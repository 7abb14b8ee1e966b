/** From what a mail says to what the journal takes: one event each, about one recipient. */
import { sha256 } from "../crypto/digest";
import { hexOf } from "../crypto/encoding";
import { canonicalMailbox } from "../domain/address";
import { BOUNCE_CLASSES, type EventDraft } from "../domain/event";
import { fail, ok, type Result } from "../domain/result";
import type { MailEvent, MailEventKind, RecognizedMail } from "../mail/recognition";
import { recognizeMail } from "../mail/recognize";
import { classifyDraft } from "./normalize";

/** The worst first: of several outcomes of one mail to one recipient it is the one that counts. */
const WORST_FIRST: readonly MailEventKind[] = [
  "complained",
  "unsubscribed",
  "bounced",
  "deferred",
  "delivered",
  "auto_reply",
];

/** Why nothing can be recorded of a mail, in a sentence. */
const UNREADABLE_MAIL = {
  adapter_error: "The recognition of mail failed on this one.",
  unrecognized: "The mail is no report of a kind that is known.",
  no_recipient: "The mail names no recipient.",
} as const;

/** Goes to quarantine. */
export function unreadableMail(reason: keyof typeof UNREADABLE_MAIL) {
  return { type: "unreadable", reason, detail: UNREADABLE_MAIL[reason] } as const;
}

/** What a mail says; what was thrown, where it is one on which the recognition itself fails. */
export async function recognizeSafely(raw: Uint8Array): Promise<Result<RecognizedMail, unknown>> {
  try {
    return ok(await recognizeMail(raw));
  } catch (error) {
    return fail(error);
  }
}

/**
 * What several events say together about the one recipient that the mail went to. Another address that a report
 * names is where the recipient's mail goes on to.
 *
 * @param events at least one
 */
export function eventAbout(events: readonly MailEvent[], recipient: string): MailEvent | undefined {
  const ranked = events.map((event, position) => ({
    event,
    rank: [
      WORST_FIRST.indexOf(event.kind),
      addressesOf(event).some((address) => isSame(address, recipient)) ? 0 : 1,
      BOUNCE_CLASSES.indexOf(classifyDraft(draftOfEvent(event))?.class ?? "undetermined"),
      position,
    ],
  }));
  const [worst] = ranked.sort((a, b) => compared(a.rank, b.rank));
  return worst && withRecipient(worst.event, recipient);
}

/** The event as one about this recipient; what it names instead becomes the address that failed. */
export function withRecipient(event: MailEvent, recipient: string): MailEvent {
  const others = addressesOf(event).filter((address) => !isSame(address, recipient));
  const asWritten = event.recipient !== undefined && isSame(event.recipient, recipient) ? event.recipient : recipient;
  return { ...event, recipient: asWritten, failedAddress: others.at(-1) };
}

/** Those that an event names, as written: whom we mailed, where it failed. */
export function addressesOf({ recipient, failedAddress }: MailEvent): string[] {
  return [recipient, failedAddress].flatMap((address) => address ?? []);
}

/** The event alone, without what the mail around it says. */
export function draftOfEvent(event: MailEvent): EventDraft {
  return {
    kind: event.kind,
    recipient: event.recipient ?? "",
    category: event.category,
    hint: event.feedbackType ?? event.category,
    statusCode: event.statusCode,
    replyCode: event.replyCode,
    diagnosticCode: event.diagnosticCode,
    remoteMta: event.remoteMta,
    smtpCommand: event.smtpCommand,
    explanation: event.explanation,
    mode: event.kind === "bounced" ? "asynchronous" : undefined,
    identity: [],
  };
}

export interface AboutMail {
  /** Names the report: `nameOf`. */
  readonly name: string;
  /** The envelope sender of our mail, where it is known from elsewhere than the returned mail. */
  readonly returnPath?: string | undefined;
  /** The stream of mail that a signed return path names. */
  readonly stream?: string | undefined;
}

/**
 * An event of a mail, with what the mail says of itself and of the message that it is about.
 *
 * Identity: the report's name and the status, so that the same report is one event, however often it is fetched.
 */
export function draftOfMail(event: MailEvent, { returned, reportedAt }: RecognizedMail, about: AboutMail): EventDraft {
  return {
    ...draftOfEvent(event),
    envelopeSender: about.returnPath ?? returned.envelopeSender,
    internetMessageId: returned.messageId,
    campaign: returned.campaign,
    metadata: stated({
      failedAddress: event.failedAddress,
      subscriber: returned.subscriber,
      stream: about.stream,
    }),
    occurredAt: reportedAt,
    identity: [about.name, event.statusCode],
  };
}

/** The report's own Message-ID, else a hash of its bytes. */
export async function nameOf({ reportId }: RecognizedMail, raw: Uint8Array): Promise<string> {
  return reportId ?? hexOf(await sha256(raw));
}

function stated(fields: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).flatMap(([k, v]) => (v === undefined ? [] : [[k, v]])));
}

function isSame(a: string, b: string): boolean {
  const [one, other] = [canonicalMailbox(a), canonicalMailbox(b)];
  return one.ok && other.ok ? one.value === other.value : a === b;
}

function compared(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((rank, i) => rank !== b[i]);
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}
