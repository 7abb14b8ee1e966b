/** How the scans of POP3 mailboxes went, and who may scan now. */
import type { Lease } from "./lease";

/** What a scan found and did, in mails. */
export interface ScanCounts {
  readonly listed: number;
  readonly recorded: number;
  /** Of those recorded: kept in quarantine. */
  readonly quarantined: number;
  readonly deleted: number;
  /** Too large: left on the server. */
  readonly oversized: number;
  /** Could not be fetched, recorded or deleted now: tried again later. */
  readonly failed: number;
}

export interface MailboxState {
  readonly name: string;
  /** Epoch ms, as all times here. */
  readonly leasedUntil: number;
  readonly lastScanAt: number | null;
  readonly lastSuccessAt: number | null;
  /** Did the last scan leave something to do at once? */
  readonly isBehind: boolean;
  readonly errorCode: string | null;
  readonly errorDetail: string | null;
  /** Scans in a row that failed. */
  readonly failures: number;
  readonly counts: ScanCounts | null;
}

interface MailboxRow extends Omit<MailboxState, "isBehind" | "counts"> {
  readonly isBehind: number;
  readonly counts: string | null;
}

/** By name; a mailbox that was never scanned is not there. */
export async function mailboxStates(db: D1Database): Promise<Map<string, MailboxState>> {
  const { results } = await db
    .prepare(
      `SELECT name, leased_until AS leasedUntil, last_scan_at AS lastScanAt, last_success_at AS lastSuccessAt,
         is_behind AS isBehind, error_code AS errorCode, error_detail AS errorDetail, failures, counts FROM mailboxes`,
    )
    .all<MailboxRow>();
  return new Map(
    results.map((row) => [
      row.name,
      { ...row, isBehind: row.isBehind === 1, counts: row.counts === null ? null : JSON.parse(row.counts) },
    ]),
  );
}

export interface ScanStart {
  /** Host and user: notes of another account are dropped. */
  readonly account: string;
  /** When the last scan was, as far as the caller knows. */
  readonly seenScanAt: number | null;
  readonly now: number;
}

/**
 * Takes the right to scan, if nobody has it and nobody scanned since.
 *
 * @param lease of the mailbox's name
 * @returns is it ours?
 */
export async function leaseMailbox(
  db: D1Database,
  { id, holder, until }: Lease,
  { account, seenScanAt, now }: ScanStart,
): Promise<boolean> {
  const [, leased] = await db.batch([
    db
      .prepare(
        `DELETE FROM mailbox_messages WHERE mailbox = ?1
         AND EXISTS (SELECT 1 FROM mailboxes WHERE name = ?1 AND account <> ?2 AND leased_until <= ?3)`,
      )
      .bind(id, account, now),
    db
      .prepare(
        `INSERT INTO mailboxes (name, account, leased_by, leased_until, last_scan_at, is_behind, failures)
         VALUES (?1, ?2, ?3, ?4, ?5, 0, 0)
         ON CONFLICT (name) DO UPDATE SET account = excluded.account, leased_by = excluded.leased_by,
           leased_until = excluded.leased_until, last_scan_at = excluded.last_scan_at
         WHERE leased_until <= ?5 AND last_scan_at IS ?6`,
      )
      .bind(id, account, holder, until, now, seenScanAt),
  ]);
  return leased?.meta.changes === 1;
}

export interface ScanEnd {
  readonly counts: ScanCounts;
  readonly isBehind: boolean;
  readonly error: { readonly code: string; readonly detail: string } | null;
}

/** Notes how a scan went and gives the lease back, if it is still the holder's. */
export async function releaseMailbox(
  db: D1Database,
  { id, holder }: Pick<Lease, "id" | "holder">,
  { counts, isBehind, error }: ScanEnd,
  now: number,
): Promise<void> {
  await db
    .prepare(
      `UPDATE mailboxes SET leased_by = NULL, leased_until = 0, is_behind = ?3, error_code = ?4, error_detail = ?5,
         failures = CASE WHEN ?4 IS NULL THEN 0 ELSE failures + 1 END,
         last_success_at = CASE WHEN ?4 IS NULL THEN ?6 ELSE last_success_at END, counts = ?7
       WHERE name = ?1 AND leased_by = ?2`,
    )
    .bind(id, holder, isBehind ? 1 : 0, error?.code ?? null, error?.detail ?? null, now, JSON.stringify(counts))
    .run();
}
