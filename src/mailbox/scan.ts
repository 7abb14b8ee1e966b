/**
 * A run over the POP3 mailboxes: each in its interval, one at a time, within limits of time, mails and bytes.
 *
 * Whoever scans holds a lease, so that two crons never scan one mailbox at once. What does not fit into a run is taken
 * up by the next one, a minute later.
 */
import { errorFields } from "../log";
import {
  leaseMailbox,
  type MailboxState,
  mailboxStates,
  releaseMailbox,
  type ScanCounts,
  type ScanEnd,
} from "../store/mailboxes";
import type { Mailbox, MailboxSettings } from "./settings";
import {
  type Budget,
  isSpent,
  look,
  type MailboxDeps,
  NOT_RECORDED,
  type Scan,
  type ScanError,
  type ScanLimits,
  type VisitEnd,
  visit,
} from "./visit";

/** As long as the cron's other steps take; a mail that was begun may be finished. */
const RUN_BUDGET_MS = 20_000;
/** The platform allows 1,000 statements in a run; a mail takes a dozen, and the cron has other work. */
const MAILS_PER_RUN = 60;
const BYTES_PER_RUN = 64 * 1024 * 1024;
const VISITS_PER_RUN = 20;
/** Longer than any run: it only matters when a run dies. */
const LEASE_MS = 5 * 60_000;
/** The cron comes every minute, and never to the millisecond. */
const TICK_TOLERANCE_MS = 30_000;
/** A server that is told a wrong password too often locks the account. */
const MAX_LOGIN_PAUSE_MS = 60 * 60_000;

/** What a server may take of our time and memory. Times are in milliseconds. */
export const SCAN_LIMITS: ScanLimits = {
  answerTimeoutMs: 15_000,
  quitTimeoutMs: 60_000,
  sessionTimeoutMs: 120_000,
  // As much as the other doors for mail take.
  maxMailBytes: 25 * 1024 * 1024,
  maxListed: 100_000,
  mailsPerSession: 25,
  maxFailures: 3,
};

/** A mailbox whose settings can be used. */
export interface UsableMailbox {
  readonly name: string;
  readonly settings: MailboxSettings;
}

/** What a scan found and did. */
export interface ScanReport {
  readonly counts: ScanCounts;
  /** Is something left to do at once? */
  readonly isBehind: boolean;
  readonly error: ScanError | null;
}

/** What one run may take, beginning now. @param now epoch ms */
export function newBudget(now: number): Budget {
  return { endsAt: now + RUN_BUDGET_MS, mails: MAILS_PER_RUN, bytes: BYTES_PER_RUN };
}

/** What the cron does: scans the mailboxes whose time has come, those first that have waited longest. */
export async function scanDueMailboxes(deps: MailboxDeps, mailboxes: readonly Mailbox[]): Promise<void> {
  const usable = mailboxes.flatMap(usableMailbox).filter(({ settings }) => settings.enabled);
  if (!usable.length) return;
  const obstacle = obstacleTo(deps);
  if (obstacle !== null) return deps.log.error("mailbox.not_scanned", { detail: obstacle });
  const states = await mailboxStates(deps.db);
  const now = deps.now();
  const budget = newBudget(now);
  const due = usable
    .map((mailbox) => ({ mailbox, state: states.get(mailbox.name) }))
    .filter(({ mailbox, state }) => isDue(mailbox.settings, state, now))
    .sort((a, b) => (a.state?.lastScanAt ?? 0) - (b.state?.lastScanAt ?? 0));
  for (const { mailbox, state } of due) {
    if (isSpent(budget, deps.now())) break;
    await scanMailbox(deps, mailbox, state, budget);
  }
}

/** What keeps mails from being recorded now, whatever they say; `null`: nothing. */
export function obstacleTo({ policy, returnPathKeys }: MailboxDeps): string | null {
  if (!policy.ok) return policy.error;
  return returnPathKeys.ok ? null : returnPathKeys.error;
}

/** @returns the mailbox, alone in a list, or none */
function usableMailbox({ name, settings }: Mailbox): UsableMailbox[] {
  return settings.ok ? [{ name, settings: settings.value }] : [];
}

/** Is it time for the cron to scan it? */
export function isDue(settings: MailboxSettings, state: MailboxState | undefined, now: number): boolean {
  if (state && state.leasedUntil > now) return false;
  return now >= dueAt(settings, state) - TICK_TOLERANCE_MS;
}

/**
 * @param state how its last scan went, if there was one
 * @returns when the next scan is due, in epoch ms; what lies in the past is due now
 */
export function dueAt({ scanIntervalMs }: MailboxSettings, state: MailboxState | undefined): number {
  if (state?.lastScanAt == null) return 0;
  if (state.isBehind) return state.lastScanAt;
  const pauseMs = state.errorCode === "login_failed" ? scanIntervalMs * 2 ** state.failures : scanIntervalMs;
  return state.lastScanAt + Math.max(scanIntervalMs, Math.min(pauseMs, MAX_LOGIN_PAUSE_MS));
}

/**
 * Scans one mailbox now. Never throws: what went wrong is in the report, in the mailbox's state and in the log.
 *
 * @param state how its last scan went, as the caller just read it
 * @returns what came of it, or `null` when somebody else is scanning
 */
export async function scanMailbox(
  deps: MailboxDeps,
  mailbox: UsableMailbox,
  state: Pick<MailboxState, "lastScanAt"> | undefined,
  budget: Budget = newBudget(deps.now()),
  limits: ScanLimits = SCAN_LIMITS,
): Promise<ScanReport | null> {
  const startedAt = deps.now();
  const { host, username } = mailbox.settings;
  const lease = { id: mailbox.name, holder: deps.newId(), until: startedAt + LEASE_MS };
  const start = { account: `${username}@${host}`, seenScanAt: state?.lastScanAt ?? null, now: startedAt };
  const scan = newScan(deps, mailbox, budget, limits);
  try {
    if (!(await leaseMailbox(deps.db, lease, start))) return null;
    const end = await visitUntilDone(scan).catch((error: unknown) => stumbled(scan, error));
    const report = reportOf(scan, end);
    logReport(deps, mailbox.name, report, deps.now() - startedAt);
    await releaseMailbox(deps.db, lease, report, deps.now());
    return report;
  } catch (error) {
    // The lease runs out by itself.
    return reportOf(scan, stumbled(scan, error));
  }
}

/** Signs in and looks into a mailbox, to try its settings. Fetches nothing, deletes nothing, notes nothing. */
export async function tryMailbox(deps: MailboxDeps, mailbox: UsableMailbox): Promise<ScanReport> {
  const scan = newScan(deps, mailbox, newBudget(deps.now()), SCAN_LIMITS);
  return reportOf(scan, await look(scan));
}

function newScan(deps: MailboxDeps, { name, settings }: UsableMailbox, budget: Budget, limits: ScanLimits): Scan {
  const tally = { listed: 0, recorded: 0, quarantined: 0, deleted: 0, oversized: 0, failed: 0 };
  return { deps, name, settings, limits, budget, tally, trouble: null };
}

async function visitUntilDone(scan: Scan): Promise<VisitEnd> {
  for (let visits = 0; visits < VISITS_PER_RUN; visits++) {
    const end = await visit(scan, visits === 0);
    if (end !== "more") return visits > 0 && isBusy(end) ? "more" : end;
    if (isSpent(scan.budget, scan.deps.now())) break;
  }
  return "more";
}

/** A server may let nobody in twice within a minute. */
function isBusy(end: VisitEnd): boolean {
  return typeof end === "object" && end.code === "busy";
}

function stumbled({ deps, name }: Scan, error: unknown): ScanError {
  deps.log.error("mailbox.scan_failed", { mailbox: name, ...errorFields(error) });
  return NOT_RECORDED;
}

function reportOf({ tally, trouble }: Scan, end: VisitEnd): ScanReport & ScanEnd {
  const error = typeof end === "object" ? end : trouble;
  return { counts: { ...tally }, isBehind: end === "more" || end === "stop", error };
}

/** Never the detail, which quotes the server. */
function logReport({ log }: MailboxDeps, mailbox: string, { counts, isBehind, error }: ScanReport, ms: number): void {
  const fields = { mailbox, ...counts, isBehind, ms };
  if (error && error.code !== "busy") log.error("mailbox.failed", { ...fields, code: error.code });
  else log.info(error ? "mailbox.busy" : "mailbox.scanned", fields);
}
