/** A raw mail from a door to its outcome: recognize → vouch → ingest. */
import type { EventDraft } from "../domain/event";
import { errorFields } from "../log";
import { MAX_MAIL_BYTES } from "../mail/message";
import type { MailEvent, MailForm } from "../mail/recognition";
import type { WebhookRequest } from "../providers/adapter";
import type { ReceiptSource } from "../store/journal";
import { unverifiedCount } from "../store/quarantine";
import { noteActivity } from "./activity";
import type { Deps } from "./deps";
import { type IngestCounts, ingest } from "./ingest";
import { draftOfMail, nameOf, recognizeSafely, unreadableMail } from "./mail-draft";
import { classifyDraft } from "./normalize";
import type { Parsed, ReadItem } from "./parse";
import { type VouchedEvent, vouch } from "./trust";

/** The doors through which raw mail comes in; as `provider` they name its events and receipts. */
export const MAIL_DOORS = ["email", "mailbox", "messages"] as const;
export type MailDoor = (typeof MAIL_DOORS)[number];

/** Does mail come in there? @param provider of an event, a receipt or a connection */
export function isMailDoor(provider: string): provider is MailDoor {
  return (MAIL_DOORS as readonly string[]).includes(provider);
}

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

/** One event of a mail, as it will be recorded if it is. */
export interface MailStatement {
  readonly event: MailEvent;
  readonly draft: EventDraft;
}

export interface MailReading {
  readonly form: MailForm;
  readonly statements: readonly MailStatement[];
  readonly parsed: Exclude<Parsed, { readonly type: "answer" }>;
}

export interface MailOutcome {
  readonly form: MailForm;
  readonly counts: IngestCounts;
  readonly statements: readonly MailStatement[];
}

/** What waits in quarantine because nothing vouches for it, or because it is no report: everybody can make it grow. */
export const UNVERIFIED = "unverified";
const UNRECOGNIZED = "unrecognized";
const OPEN_REASONS: readonly string[] = [UNVERIFIED, UNRECOGNIZED];
/** Of mail that everybody could have sent so much is kept: a report is at its beginning, and a database ends at 10 GB. */
const KEPT_OPEN_BYTES = 256 * 1024;
/** No server reports on so many recipients that nobody knows beside one that somebody does: such a mail waits as a whole. */
const MAX_STRANGERS = 100;
/** With so many in quarantine the next one is not taken: its sender's server keeps it and tries again. */
const MAX_UNVERIFIED = 10_000;
/** An isolate counts them at most this often: to count is to read as many rows. */
const COUNT_EVERY_MS = 10_000;

const SOURCES: Readonly<Record<MailDoor, ReceiptSource>> = { email: "email", mailbox: "mailbox", messages: "api" };

/** Quarantine is full of mail that nothing vouches for. */
export class QuarantineFull extends Error {}

/**
 * Takes a mail in: its events into the journal, what is no report or what nothing vouches for into quarantine.
 *
 * @throws when it could not be recorded: then nothing was, and the mail has to be kept where it is
 */
export async function receiveMail(deps: Deps, mail: IncomingMail): Promise<MailOutcome> {
  const receivedAt = deps.now();
  const { door, connection, requestId } = mail;
  const { form, statements, parsed } = await readMail(deps, mail);
  const fillsQuarantine = (parsed.type === "items" ? parsed.items : [parsed]).some(isOpen);
  if (fillsQuarantine && (await isQuarantineFull(deps))) throw new QuarantineFull();
  const { counts } = await ingest(deps, {
    request: requestOfMail(mail, fillsQuarantine || !mail.trusted ? KEPT_OPEN_BYTES : MAX_MAIL_BYTES),
    origin: { requestId, source: SOURCES[door], provider: door, connection, receivedAt },
    parsed,
  });
  noteActivity(deps, { provider: door, connection });
  deps.log.info("mail.recorded", { door, connection, form, ...counts });
  return { form, counts, statements };
}

function isOpen(item: ReadItem): boolean {
  return item.type === "unreadable" && OPEN_REASONS.includes(item.reason);
}

const counted = new WeakMap<D1Database, { readonly at: number; readonly isFull: boolean }>();

async function isQuarantineFull({ db, now }: Pick<Deps, "db" | "now">): Promise<boolean> {
  const last = counted.get(db);
  if (last && Math.abs(now() - last.at) < COUNT_EVERY_MS) return last.isFull;
  const isFull = (await unverifiedCount(db, MAX_UNVERIFIED)) >= MAX_UNVERIFIED;
  counted.set(db, { at: now(), isFull });
  return isFull;
}

/**
 * Reads a mail without recording anything.
 *
 * @throws when the journal cannot be asked, or the keys of return paths are unusable: ours to mend, and no reason to
 * believe or to doubt a mail
 */
export async function readMail(
  { db, returnPathKeys, log }: Pick<Deps, "db" | "returnPathKeys" | "log">,
  { raw, envelopeTo, trusted }: Pick<IncomingMail, "raw" | "envelopeTo" | "trusted">,
): Promise<MailReading> {
  if (!returnPathKeys.ok) throw new Error("VERP_KEYS are invalid");
  const recognized = await recognizeSafely(raw);
  if (!recognized.ok) {
    log.error("mail.failed", errorFields(recognized.error));
    return { form: "unrecognized", statements: [], parsed: unreadableMail("adapter_error") };
  }
  const mail = recognized.value;
  const vouched = await vouch({ db, keys: returnPathKeys.value }, mail, { trusted, envelopeTo });
  // Of the part that is kept, so that a replay finds the same name.
  const name = await nameOf(mail, raw.subarray(0, KEPT_OPEN_BYTES));
  const statements = vouched.map(({ event, by, signed }) => {
    const returnPath = signed?.address ?? mail.returned.envelopeSender ?? envelopeTo;
    return { event, by, draft: draftOfMail(event, mail, { name, returnPath, stream: signed?.stream }) };
  });
  return { form: mail.form, statements, parsed: parsedOf(mail.form, statements) };
}

type Statement = MailStatement & Pick<VouchedEvent, "by">;

function parsedOf(form: MailForm, statements: readonly Statement[]): MailReading["parsed"] {
  if (form === UNRECOGNIZED) return unreadableMail(UNRECOGNIZED);
  // A report that the recipient takes back, or one about something else than a delivery.
  if (!statements.length) return { type: "items", items: [{ type: "ignored" }] };
  const strangers = statements.filter(({ by }) => by === null).length;
  if (strangers === statements.length || strangers > MAX_STRANGERS) {
    const claims = statements.map(({ draft }) => claimOf(draft));
    return unverified(`Nothing vouches for this mail (${form}: ${[...new Set(claims)].join(", ")}).`);
  }
  return { type: "items", items: statements.map((statement) => itemOf(form, statement)) };
}

function itemOf(form: MailForm, { event, draft, by }: Statement): ReadItem {
  if (by === null) return unverified(`Nothing vouches for this recipient (${form}: ${claimOf(draft)}).`);
  if (event.recipient === undefined) return unreadableMail("no_recipient");
  return { type: "events", drafts: [draft] };
}

/** What a mail claims, without a word of it: `bounced hard`. */
function claimOf(draft: EventDraft): string {
  const verdict = classifyDraft(draft);
  return verdict ? `${draft.kind} ${verdict.class}` : draft.kind;
}

/** @param detail what nothing vouches for, without a word of it */
function unverified(detail: string) {
  return { type: "unreadable", reason: UNVERIFIED, detail } as const;
}

/** What of the door a replay needs, as parameters of a request: see `mailOfRequest`. */
function requestOfMail({ raw, envelopeTo, trusted }: IncomingMail, keptBytes: number): WebhookRequest {
  const url = new URL("https://mail.invalid/");
  if (envelopeTo !== undefined) url.searchParams.set("to", envelopeTo);
  if (trusted) url.searchParams.set("trusted", "true");
  const headers = new Headers({ "content-type": "message/rfc822" });
  return { method: "MAIL", url, headers, body: raw.subarray(0, keptBytes) };
}

/** A mail out of the request that was kept of it. */
export function mailOfRequest({ url, body }: WebhookRequest): Pick<IncomingMail, "raw" | "envelopeTo" | "trusted"> {
  const envelopeTo = url.searchParams.get("to") ?? undefined;
  return { raw: body, envelopeTo, trusted: url.searchParams.get("trusted") === "true" };
}
