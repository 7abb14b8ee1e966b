/** Messages that are to be tried again, and what was attempted. */
import type { Stream } from "../domain/notification";
import type { Lease } from "./lease";
import { HOLDS_LEASE } from "./notifications";
import { jsonChunks } from "./statements";

/** A message that was refused, or waits behind one of the same recipient. Where it is found, not what it says. */
export interface OutboxItem {
  /** The order of a recipient's messages. */
  readonly id: number;
  readonly stream: Stream;
  readonly seq: number;
  readonly messageId: string;
  readonly type: string;
  readonly subject: string;
  /** That failed. */
  readonly attempts: number;
  /** Epoch ms, as all times here. */
  readonly firstAttemptAt: number | null;
  readonly nextAttemptAt: number;
  readonly parkedAt: number | null;
  readonly error: string | null;
}

const COLUMNS = `id, stream, seq, message_id AS messageId, type, subject, attempts, first_attempt_at AS firstAttemptAt,
  next_attempt_at AS nextAttemptAt, parked_at AS parkedAt, error`;

/** Is it the first of its recipient's messages? */
const IS_FIRST = `NOT EXISTS (SELECT 1 FROM notification_outbox p WHERE p.notification_id = o.notification_id
  AND p.subject = o.subject AND p.parked_at IS NULL AND p.id < o.id)`;

/** What is to be tried again now: of each recipient no more than the first. */
export async function dueItems(
  db: D1Database,
  notificationId: string,
  now: number,
  limit: number,
): Promise<OutboxItem[]> {
  const { results } = await db
    .prepare(
      `SELECT ${COLUMNS} FROM notification_outbox o
       WHERE notification_id = ?1 AND parked_at IS NULL AND next_attempt_at <= ?2 AND ${IS_FIRST}
       ORDER BY next_attempt_at, id LIMIT ?3`,
    )
    .bind(notificationId, now, limit)
    .all<OutboxItem>();
  return results;
}

/** Those of these subjects of which something waits; and how much waits in all. */
export async function waitingOf(
  db: D1Database,
  notificationId: string,
  subjects: readonly string[],
): Promise<{ readonly subjects: ReadonlySet<string>; readonly count: number }> {
  const { results } = await db
    .prepare(
      `SELECT NULL AS subject, count(*) AS n FROM notification_outbox WHERE notification_id = ?1 AND parked_at IS NULL
       UNION ALL
       SELECT value, 1 FROM json_each(?2) WHERE EXISTS (SELECT 1 FROM notification_outbox
         WHERE notification_id = ?1 AND subject = value AND parked_at IS NULL)`,
    )
    .bind(notificationId, JSON.stringify(subjects))
    .all<{ subject: string | null; n: number }>();
  return {
    subjects: new Set(results.flatMap(({ subject }) => (subject === null ? [] : [subject]))),
    count: results.find(({ subject }) => subject === null)?.n ?? 0,
  };
}

/** A message that goes into the outbox, or changes there. */
export type OutboxEntry = Omit<OutboxItem, "id">;

/** What was attempted. */
export interface Attempt {
  readonly at: number;
  readonly messageId: string;
  readonly type: string;
  readonly subject: string;
  /** Counted from 1. */
  readonly attempt: number;
  readonly outcome: AttemptOutcome;
  /** HTTP; `null`: nobody answered. */
  readonly status: number | null;
  readonly error: string | null;
  readonly durationMs: number;
}

/** What became of an attempt to deliver. */
export const ATTEMPT_OUTCOMES = ["delivered", "failed", "parked"] as const;
export type AttemptOutcome = (typeof ATTEMPT_OUTCOMES)[number];

/** What some rounds came to. */
export interface Rounds {
  /** In the order in which they are to be delivered. */
  readonly queued: readonly OutboxEntry[];
  /** Delivered, or of no interest any more: out of the outbox. */
  readonly done: readonly number[];
  readonly failed: readonly OutboxItem[];
  readonly attempts: readonly Attempt[];
}

/** Statements that write it down, each only if the lease is still the holder's. Any number of rows, in a few statements. */
export function noteRounds(db: D1Database, { id, holder }: Lease, rounds: Rounds): D1PreparedStatement[] {
  const written = (sql: string, rows: readonly unknown[]) =>
    jsonChunks(rows).map(({ json }) => db.prepare(sql).bind(holder, id, json));
  return [
    ...written(INSERT_ITEMS, rounds.queued.map(itemArray)),
    ...written(
      `DELETE FROM notification_outbox WHERE id IN (SELECT value FROM json_each(?3)) AND notification_id = ?2 AND ${HOLDS_LEASE}`,
      rounds.done,
    ),
    ...written(
      UPDATE_ITEMS,
      rounds.failed.map((item) => [item.id, ...itemArray(item)]),
    ),
    ...written(
      INSERT_ATTEMPTS,
      rounds.attempts.map((a) => [
        a.at,
        a.messageId,
        a.type,
        a.subject,
        a.attempt,
        a.outcome,
        a.status,
        a.error,
        a.durationMs,
      ]),
    ),
  ];
}

function itemArray(item: OutboxEntry): unknown[] {
  const { stream, seq, messageId, type, subject, attempts, firstAttemptAt, nextAttemptAt, parkedAt, error } = item;
  return [stream, seq, messageId, type, subject, attempts, firstAttemptAt, nextAttemptAt, parkedAt, error];
}

/** Told of the same place twice, it is one message: a run that ended early is repeated. */
const INSERT_ITEMS = `
  INSERT INTO notification_outbox (notification_id, stream, seq, message_id, type, subject, attempts, first_attempt_at,
    next_attempt_at, parked_at, error)
  SELECT ?2, value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6, value->>7, value->>8, value->>9
  FROM json_each(?3) WHERE ${HOLDS_LEASE} ORDER BY key
  ON CONFLICT (notification_id, stream, seq) DO NOTHING`;

const UPDATE_ITEMS = `
  UPDATE notification_outbox SET attempts = j.value->>6, first_attempt_at = j.value->>7, next_attempt_at = j.value->>8,
    parked_at = j.value->>9, error = j.value->>10
  FROM json_each(?3) j WHERE notification_outbox.id = j.value->>0 AND notification_id = ?2 AND ${HOLDS_LEASE}`;

const INSERT_ATTEMPTS = `
  INSERT INTO notification_attempts (notification_id, id, at, message_id, type, subject, attempt, outcome, status, error,
    duration_ms)
  SELECT ?2, key + 1 + coalesce((SELECT max(id) FROM notification_attempts WHERE notification_id = ?2), 0), value->>0,
    value->>1, value->>2, value->>3, value->>4, value->>5, value->>6, value->>7, value->>8
  FROM json_each(?3) WHERE ${HOLDS_LEASE}`;

/** A page of what waits, or of what was given up, in the order of the outbox. */
export async function outboxPage(
  db: D1Database,
  notificationId: string,
  isParked: boolean,
  limit: number,
  after: number | null,
): Promise<OutboxItem[]> {
  const { results } = await db
    .prepare(
      `SELECT ${COLUMNS} FROM notification_outbox
       WHERE notification_id = ?1 AND parked_at IS ${isParked ? "NOT NULL" : "NULL"} AND id > ?2 ORDER BY id LIMIT ?3`,
    )
    .bind(notificationId, after ?? 0, limit)
    .all<OutboxItem>();
  return results;
}

export interface AttemptRow extends Attempt {
  readonly id: number;
}

/** A page of what was attempted, newest first. @param outcome `null`: any */
export async function attemptPage(
  db: D1Database,
  notificationId: string,
  outcome: AttemptOutcome | null,
  limit: number,
  before: number | null,
): Promise<AttemptRow[]> {
  const { results } = await db
    .prepare(
      `SELECT id, at, message_id AS messageId, type, subject, attempt, outcome, status, error, duration_ms AS durationMs
       FROM notification_attempts WHERE notification_id = ?1 AND id < ?2 AND (?3 IS NULL OR outcome = ?3)
       ORDER BY id DESC LIMIT ?4`,
    )
    .bind(notificationId, before ?? Number.MAX_SAFE_INTEGER, outcome, limit)
    .all<AttemptRow>();
  return results;
}

/** A statement that has given-up messages delivered again: they are as if they had never been tried. */
export function unparkAll(db: D1Database, notificationId: string): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE notification_outbox SET parked_at = NULL, attempts = 0, first_attempt_at = NULL, next_attempt_at = 0
       WHERE notification_id = ?1 AND parked_at IS NOT NULL`,
    )
    .bind(notificationId);
}

/** A statement that has one message delivered, once more or at once. */
export function queueAgain(
  db: D1Database,
  notificationId: string,
  entry: Pick<OutboxItem, "stream" | "seq" | "messageId" | "type" | "subject">,
): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO notification_outbox (notification_id, stream, seq, message_id, type, subject, attempts, next_attempt_at)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, 0)
       ON CONFLICT (notification_id, stream, seq) DO UPDATE SET parked_at = NULL, attempts = 0, first_attempt_at = NULL,
         next_attempt_at = 0`,
    )
    .bind(notificationId, entry.stream, entry.seq, entry.messageId, entry.type, entry.subject);
}

/** Takes a message out of the outbox for good. @returns was it there? */
export async function dropItem(db: D1Database, notificationId: string, message: string): Promise<boolean> {
  const { meta } = await db
    .prepare("DELETE FROM notification_outbox WHERE notification_id = ?1 AND message_id = ?2")
    .bind(notificationId, message)
    .run();
  return meta.changes > 0;
}

/**
 * Removes what has served its time, a bounded stretch of each subscription.
 *
 * @param attemptedBefore epoch ms; of what was attempted
 * @param parkedBefore epoch ms; of what was given up
 */
export async function pruneDeliveries(
  db: D1Database,
  { attemptedBefore, parkedBefore, limit }: { attemptedBefore: number; parkedBefore: number; limit: number },
): Promise<void> {
  await db.batch([
    db
      .prepare(
        `DELETE FROM notification_attempts WHERE (notification_id, id) IN (
           SELECT a.notification_id, a.id FROM notifications n
           CROSS JOIN notification_attempts a ON a.notification_id = n.id AND a.id <= ?2 + (
             SELECT min(id) FROM notification_attempts WHERE notification_id = n.id)
           WHERE a.at < ?1)`,
      )
      .bind(attemptedBefore, limit),
    db
      .prepare(
        `DELETE FROM notification_outbox WHERE id IN (
           SELECT id FROM notification_outbox WHERE parked_at < ?1 ORDER BY parked_at LIMIT ?2)`,
      )
      .bind(parkedBefore, limit),
  ]);
}
