/**
 * One session with a mailbox's server: look, delete what is owed, take in what is new, end.
 *
 * A mail is marked for deletion only after it was recorded *and* noted under its unique id, and is gone only after the
 * server confirmed the end of the session. Cut off anywhere, the next session finds each mail either unrecorded and
 * still there, or noted, and then deletes it without recording it again.
 */
import type { Result } from "../domain/result";
import { errorFields } from "../log";
import type { Deps } from "../pipeline/deps";
import { type IncomingMail, type MailOutcome, QuarantineFull } from "../pipeline/mail";
import { forgetMessages, type MailboxMessageStatus, notedMessages, noteMessage } from "../store/mailbox-messages";
import { type PlannedMail, planOf } from "./plan";
import { type ListedMail, Pop3Session, type SessionLimits } from "./pop3";
import type { MailboxSettings } from "./settings";
import type { Endpoint } from "./socket";
import type { Pop3Failure, Wire } from "./wire";

/** What the mailbox door works with, beside what the pipeline does. */
export interface MailboxDeps extends Deps {
  readonly openWire: (endpoint: Endpoint) => Promise<Result<Wire, Pop3Failure>>;
  /** Rejects when the mail could not be recorded. */
  readonly receiveMail: (deps: Deps, mail: IncomingMail) => Promise<MailOutcome>;
  readonly newId: () => string;
}

/** What may still be done in this run, by all mailboxes together. */
export interface Budget {
  /** Epoch ms: nothing new is begun after this. */
  readonly endsAt: number;
  mails: number;
  bytes: number;
}

/** Is there nothing left of it? @param now epoch ms */
export function isSpent({ endsAt, mails, bytes }: Budget, now: number): boolean {
  return now >= endsAt || mails <= 0 || bytes <= 0;
}

export interface Tally {
  listed: number;
  recorded: number;
  quarantined: number;
  deleted: number;
  oversized: number;
  failed: number;
}

export interface ScanLimits extends SessionLimits {
  /** Deletions are confirmed at least this often. */
  readonly mailsPerSession: number;
  /** Failures of ours in a run, after which the mailbox is left for later. */
  readonly maxFailures: number;
}

/** A mailbox being scanned. */
export interface Scan {
  readonly deps: MailboxDeps;
  readonly name: string;
  readonly settings: MailboxSettings;
  readonly limits: ScanLimits;
  readonly budget: Budget;
  readonly tally: Tally;
  /** The latest trouble with a single mail, which did not end the session. */
  trouble: ScanError | null;
}

/** `not_recorded`: our own storage failed. `quarantine_full`: nobody has looked into it for too long. */
export type ScanErrorCode = Pop3Failure["code"] | "not_recorded" | "quarantine_full";

export interface ScanError {
  readonly code: ScanErrorCode;
  readonly detail: string;
}

/** Why a session ended: nothing is left, something is, our storage fails, or the session failed. */
export type VisitEnd = "done" | "more" | "stop" | ScanError;

/** Ours to mend: the same mails come again. */
export const NOT_RECORDED: ScanError = {
  code: "not_recorded",
  detail: "Mails could not be recorded here; they stay on the server. The log says why.",
};

const QUARANTINE_FULL: ScanError = {
  code: "quarantine_full",
  detail: "Mails that nothing vouches for stay on the server: quarantine is full of such.",
};

/**
 * @param isFirst a first session that has deletions to make up for makes no more than these: a connection that breaks
 *   again and again over some mail must not keep them from being confirmed
 */
export async function visit(scan: Scan, isFirst: boolean): Promise<VisitEnd> {
  const session = await open(scan);
  if (!session.ok) return session.error;
  try {
    return await work(scan, session.value, isFirst);
  } finally {
    session.value.close();
  }
}

/** Signs in and looks, and changes nothing. */
export async function look(scan: Scan): Promise<VisitEnd> {
  const session = await open(scan);
  if (!session.ok) return session.error;
  const listing = await session.value.list();
  if (!listing.ok) {
    session.value.close();
    return listing.error;
  }
  scan.tally.listed = listing.value.mails.length;
  const ended = await session.value.quit();
  return ended.ok ? "done" : ended.error;
}

async function open({ deps, settings, limits }: Scan): Promise<Result<Pop3Session, Pop3Failure>> {
  const wire = await deps.openWire(settings);
  return wire.ok ? Pop3Session.open(wire.value, settings, limits, deps.now) : wire;
}

async function work(scan: Scan, session: Pop3Session, isFirst: boolean): Promise<VisitEnd> {
  const { deps, name, settings, limits, tally } = scan;
  const listing = await session.list();
  if (!listing.ok) return listing.error;
  const noted = await notedMessages(deps.db, name);
  const rules = { keep: settings.keep, maxMailBytes: limits.maxMailBytes, now: deps.now() };
  const plan = planOf(listing.value, noted, rules);
  await forgetMessages(deps.db, name, plan.gone);
  for (const mail of plan.newlyOversized) await noteOversized(scan, mail);
  if (isFirst) tally.listed = listing.value.mails.length;
  tally.oversized = plan.oversized.length;

  const marked: ListedMail[] = [];
  let end = await makeUp(scan, session, plan.owed, marked);
  const isPaying = isFirst && marked.length > 0;
  if (end === "done" && isPaying && plan.wanted.length) end = "more";
  else if (end === "done") end = await takeIn(scan, session, plan.wanted, marked);
  if (typeof end === "object") return end;
  // Left in the middle of a mail: what was marked is made up for by the next session.
  if (session.isClosed) return "more";
  const ended = await session.quit();
  if (ended.ok) {
    await settle(scan, marked);
    return end;
  }
  if (!isPaying) return ended.error;
  // A server that never confirms must not keep us from what is new.
  scan.trouble = ended.error;
  return "more";
}

/** Marks for deletion what an earlier session recorded. */
async function makeUp(
  scan: Scan,
  session: Pop3Session,
  owed: readonly ListedMail[],
  marked: ListedMail[],
): Promise<VisitEnd> {
  for (const mail of owed) {
    if (scan.deps.now() >= scan.budget.endsAt) return "more";
    const end = await mark(scan, session, mail, marked);
    if (end !== "done") return end;
  }
  return "done";
}

/** A mail that the server does not let us delete stays, and is asked about again. */
async function mark(scan: Scan, session: Pop3Session, mail: ListedMail, marked: ListedMail[]): Promise<VisitEnd> {
  const answer = await session.markDeleted(mail.number);
  if (answer.ok) {
    marked.push(mail);
    return "done";
  }
  if (answer.error.code !== "refused") return answer.error;
  scan.trouble = answer.error;
  return "done";
}

/** Fetches, records, notes and marks, one mail at a time: no two are in memory at once. */
async function takeIn(
  scan: Scan,
  session: Pop3Session,
  wanted: readonly PlannedMail[],
  marked: ListedMail[],
): Promise<VisitEnd> {
  const { deps, limits, budget, settings } = scan;
  let failures = 0;
  for (const [index, mail] of wanted.entries()) {
    if (isSpent(budget, deps.now()) || index >= limits.mailsPerSession) return "more";
    const raw = await fetchMail(scan, session, mail);
    if (!raw.ok && raw.error.code === "too_large") return "more";
    if (!raw.ok && raw.error.code !== "refused") return raw.error;
    if (!raw.ok) continue;
    const outcome = await record(scan, mail, raw.value);
    if (outcome === "recorded") {
      const end = settings.keep ? "done" : await mark(scan, session, mail, marked);
      if (end !== "done") return end;
    } else if (outcome === "failed") {
      failures++;
      if (failures >= limits.maxFailures) return "stop";
    }
  }
  return "done";
}

async function fetchMail(
  scan: Scan,
  session: Pop3Session,
  mail: PlannedMail,
): Promise<Result<Uint8Array, Pop3Failure>> {
  const { budget, limits } = scan;
  budget.mails--;
  const raw = await session.retrieve(mail.number, Math.min(mail.bytes ?? 0, limits.maxMailBytes));
  budget.bytes -= raw.ok ? raw.value.length : raw.error.code === "too_large" ? limits.maxMailBytes : 0;
  if (raw.ok) return raw;
  if (raw.error.code === "too_large") await noteOversized(scan, mail);
  else {
    // Whose fault it is, the connection's or this mail's, will show: the others go first from now on.
    scan.trouble = raw.error;
    await noteFailure(scan, mail);
  }
  return raw;
}

/** Only what was recorded, and noted, may be deleted. `refused`: this mail was not wanted, others may be. */
async function record(scan: Scan, mail: PlannedMail, raw: Uint8Array): Promise<"recorded" | "refused" | "failed"> {
  const { deps, name, settings, tally } = scan;
  try {
    const { counts } = await deps.receiveMail(deps, {
      raw,
      door: "mailbox",
      connection: name,
      envelopeTo: settings.returnPath,
      trusted: settings.trusted,
      requestId: deps.newId(),
    });
    await note(scan, mail, "recorded");
    tally.recorded++;
    if (counts.quarantined) tally.quarantined++;
    return "recorded";
  } catch (error) {
    const isFull = error instanceof QuarantineFull;
    deps.log.error("mailbox.mail_failed", { mailbox: name, bytes: raw.length, isFull, ...errorFields(error) });
    scan.trouble = isFull ? QUARANTINE_FULL : NOT_RECORDED;
    await noteFailure(scan, mail);
    return isFull ? "refused" : "failed";
  }
}

/** The marked mails are gone: from now on their ids may mean other mails. */
async function settle({ deps, name, tally }: Scan, marked: readonly ListedMail[]): Promise<void> {
  tally.deleted += marked.length;
  const uidls = marked.flatMap(({ uidl }) => uidl ?? []);
  await forgetMessages(deps.db, name, uidls);
}

async function noteOversized(scan: Scan, mail: ListedMail): Promise<void> {
  scan.deps.log.warn("mailbox.oversized", { mailbox: scan.name, bytes: mail.bytes });
  await note(scan, { ...mail, attempts: 0 }, "oversized");
}

/** Best effort: where our storage is what failed, this fails too, and the mail is simply new the next time. */
async function noteFailure(scan: Scan, mail: PlannedMail): Promise<void> {
  scan.tally.failed++;
  try {
    await note(scan, { ...mail, attempts: mail.attempts + 1 }, "failed");
  } catch (error) {
    scan.deps.log.warn("mailbox.note_failed", { mailbox: scan.name, ...errorFields(error) });
  }
}

async function note(scan: Scan, mail: PlannedMail, status: MailboxMessageStatus): Promise<void> {
  const { uidl, bytes, attempts } = mail;
  if (uidl === null) return;
  await noteMessage(scan.deps.db, scan.name, { uidl, status, bytes, attempts, notedAt: scan.deps.now() });
}
