/** Who wants to hear of what, and how far each has been told. */
import type { NotificationFormat, NotificationSecret, Places } from "../domain/notification";
import { type Asked, type AuditAction, insertAudit } from "./audit";
import type { Lease } from "./lease";
import { rowsOf } from "./statements";

/** `stopped`: after days of failures. `gone`: the receiver wants no more. */
export const NOTIFICATION_STATUSES = ["active", "stopped", "gone"] as const;
export type NotificationStatus = (typeof NOTIFICATION_STATUSES)[number];

/** A subscription. Times are epoch ms. */
export interface Notification {
  readonly id: string;
  readonly url: string;
  readonly format: NotificationFormat;
  readonly events: readonly string[];
  /** `provider`, or `provider/connection`: whose events are not told. */
  readonly excluded: readonly string[];
  readonly note: string | null;
  readonly secrets: readonly NotificationSecret[];
  readonly createdAt: number;
  /** `stopped`: it failed for too long. `gone`: the receiver said that it wants no more. */
  readonly status: NotificationStatus;
  /** How far it has been told. */
  readonly places: Places;
  /** Rounds in a row in which nothing was delivered, and since when. */
  readonly failures: number;
  readonly failingSince: number | null;
  readonly nextAttemptAt: number;
  readonly lastError: string | null;
  readonly lastErrorAt: number | null;
  readonly lastDeliveredAt: number | null;
}

interface NotificationRow {
  id: string;
  url: string;
  format: NotificationFormat;
  events: string;
  sources_excluded: string;
  note: string | null;
  secrets: string;
  created_at: number;
  status: NotificationStatus;
  event_seq: number;
  change_seq: number;
  alert_seq: number;
  failures: number;
  failing_since: number | null;
  next_attempt_at: number;
  last_error: string | null;
  last_error_at: number | null;
  last_delivered_at: number | null;
}

function notificationOf(row: NotificationRow): Notification {
  return {
    id: row.id,
    url: row.url,
    format: row.format,
    events: JSON.parse(row.events) as string[],
    excluded: JSON.parse(row.sources_excluded) as string[],
    note: row.note,
    secrets: JSON.parse(row.secrets) as NotificationSecret[],
    createdAt: row.created_at,
    status: row.status,
    places: { event: row.event_seq, change: row.change_seq, alert: row.alert_seq },
    failures: row.failures,
    failingSince: row.failing_since,
    nextAttemptAt: row.next_attempt_at,
    lastError: row.last_error,
    lastErrorAt: row.last_error_at,
    lastDeliveredAt: row.last_delivered_at,
  };
}

function audited(
  db: D1Database,
  { at, actor, requestId }: Asked,
  action: AuditAction,
  id: string,
): D1PreparedStatement {
  // Where there is no such subscription, nothing is done.
  const exists = "EXISTS (SELECT 1 FROM notifications n WHERE n.id = ?6)";
  return insertAudit(db, { at, requestId, action, actor, subject: id }, exists);
}

export type NewNotification = Pick<Notification, "id" | "url" | "format" | "events" | "excluded" | "note" | "secrets">;

/** It is told what happens from now on. */
export async function insertNotification(db: D1Database, wanted: NewNotification, asked: Asked): Promise<void> {
  const { id, url, format, events, excluded, note, secrets } = wanted;
  const insert = db
    .prepare(
      `INSERT INTO notifications (id, url, format, events, sources_excluded, note, secrets, created_at, status, event_seq,
         change_seq, alert_seq, failures, next_attempt_at, leased_until, served_at)
       SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'active', coalesce((SELECT max(seq) FROM events), 0),
         coalesce((SELECT max(seq) FROM suppression_changes), 0), coalesce((SELECT max(seq) FROM alert_changes), 0), 0, 0, 0, 0`,
    )
    .bind(id, url, format, JSON.stringify(events), JSON.stringify(excluded), note, JSON.stringify(secrets), asked.at);
  await db.batch([insert, audited(db, asked, "add_notification", id)]);
}

/** @returns was there one? */
export async function deleteNotification(db: D1Database, id: string, asked: Asked): Promise<boolean> {
  const results = await db.batch([
    audited(db, asked, "remove_notification", id),
    db.prepare("DELETE FROM notifications WHERE id = ?1").bind(id),
    db.prepare("DELETE FROM notification_outbox WHERE notification_id = ?1").bind(id),
    db.prepare("DELETE FROM notification_attempts WHERE notification_id = ?1").bind(id),
  ]);
  return results[1]?.meta.changes === 1;
}

/** A subscription, its secrets among it; `null`: there is none. */
export async function notificationById(db: D1Database, id: string): Promise<Notification | null> {
  const row = await db.prepare("SELECT * FROM notifications WHERE id = ?1").bind(id).first<NotificationRow>();
  return row && notificationOf(row);
}

/** Messages of a subscription that wait to be tried again, and that were given up. */
export interface OutboxCounts {
  readonly waiting: number;
  readonly parked: number;
}

/** All of them, oldest first, with what is in their outboxes. */
export async function allNotifications(db: D1Database): Promise<(Notification & { readonly outbox: OutboxCounts })[]> {
  const results = await db.batch([
    db.prepare("SELECT * FROM notifications ORDER BY created_at, id"),
    db.prepare(
      `SELECT notification_id AS id, sum(parked_at IS NULL) AS waiting, sum(parked_at IS NOT NULL) AS parked
       FROM notification_outbox GROUP BY notification_id`,
    ),
  ]);
  const counts = new Map(rowsOf<OutboxCounts & { id: string }>(results, 1).map((row) => [row.id, row]));
  return rowsOf<NotificationRow>(results, 0).map((row) => {
    const { waiting = 0, parked = 0 } = counts.get(row.id) ?? {};
    return { ...notificationOf(row), outbox: { waiting, parked } };
  });
}

/** Those of a subscription's secrets are replaced. @returns is there such a subscription? */
export async function setSecrets(
  db: D1Database,
  id: string,
  secrets: readonly NotificationSecret[],
  asked: Asked,
): Promise<boolean> {
  const results = await db.batch([
    db.prepare("UPDATE notifications SET secrets = ?2 WHERE id = ?1").bind(id, JSON.stringify(secrets)),
    audited(db, asked, "rotate_secret", id),
  ]);
  return results[0]?.meta.changes === 1;
}

/** It is told again, from where it was left. @returns is there such a subscription? */
export async function resumeNotification(db: D1Database, id: string, asked: Asked): Promise<boolean> {
  const results = await db.batch([
    db
      .prepare(
        `UPDATE notifications SET status = 'active', failures = 0, failing_since = NULL, next_attempt_at = 0 WHERE id = ?1`,
      )
      .bind(id),
    audited(db, asked, "resume_notification", id),
  ]);
  return results[0]?.meta.changes === 1;
}

/** Subscriptions whose turn it is: those that work before those that fail, and of each those first that waited longest. */
export async function dueNotifications(db: D1Database, now: number): Promise<string[]> {
  const { results } = await db
    .prepare(
      `SELECT id FROM notifications WHERE status = 'active' AND next_attempt_at <= ?1 AND leased_until <= ?1
       ORDER BY failures > 0, served_at, id`,
    )
    .bind(now)
    .all<{ id: string }>();
  return results.map(({ id }) => id);
}

/** Is there anybody to tell? */
export async function hasNotifications(db: D1Database): Promise<boolean> {
  return (await db.prepare("SELECT 1 AS yes FROM notifications WHERE status = 'active' LIMIT 1").first()) !== null;
}

/** Takes the right to deliver, where nobody has it. @returns the subscription as it is now; `null`: somebody else has it */
export async function leaseNotification(
  db: D1Database,
  { id, holder, until }: Lease,
  now: number,
): Promise<Notification | null> {
  const row = await db
    .prepare(
      `UPDATE notifications SET leased_by = ?2, leased_until = ?3, served_at = ?4
       WHERE id = ?1 AND status = 'active' AND next_attempt_at <= ?4 AND leased_until <= ?4 RETURNING *`,
    )
    .bind(id, holder, until, now)
    .first<NotificationRow>();
  return row && notificationOf(row);
}

/** How a subscription stands after some rounds. */
export type Standing = Pick<
  Notification,
  "status" | "places" | "failures" | "failingSince" | "nextAttemptAt" | "lastError" | "lastErrorAt" | "lastDeliveredAt"
>;

/** SQL: has the holder, `?1` of the subscription `?2`, still the right to deliver? */
export const HOLDS_LEASE = "EXISTS (SELECT 1 FROM notifications n WHERE n.id = ?2 AND n.leased_by = ?1)";

/** A statement that notes how far it has come and keeps the lease, or gives it back (`until` 0), if it is still the holder's. */
export function noteStanding(db: D1Database, { id, holder, until }: Lease, standing: Standing): D1PreparedStatement {
  const { status, places, failures, failingSince, nextAttemptAt, lastError, lastErrorAt, lastDeliveredAt } = standing;
  return db
    .prepare(
      `UPDATE notifications SET event_seq = ?3, change_seq = ?4, alert_seq = ?5, failures = ?6, failing_since = ?7,
         next_attempt_at = ?8, last_error = ?9, last_error_at = ?10, last_delivered_at = ?11, status = ?12,
         leased_until = ?13, leased_by = CASE WHEN ?13 > 0 THEN leased_by END
       WHERE id = ?2 AND leased_by = ?1`,
    )
    .bind(
      holder,
      id,
      places.event,
      places.change,
      places.alert,
      failures,
      failingSince,
      nextAttemptAt,
      lastError,
      lastErrorAt,
      lastDeliveredAt,
      status,
      until,
    );
}
