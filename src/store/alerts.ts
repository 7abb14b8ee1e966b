/** Alerts: as they stand, and each time that one was opened or closed. */
import type { AlertDetail, AlertRule, AlertTransition, OpenAlert, Severity } from "../domain/alert";
import { jsonChunks } from "./statements";

/** An alert as it stands. Times are epoch ms. */
export interface Alert extends OpenAlert {
  /** `null`: it is open. */
  readonly closedAt: number | null;
}

/** One entry of the log. */
export interface AlertChange {
  readonly seq: number;
  readonly key: string;
  readonly rule: AlertRule;
  readonly subject: string;
  readonly type: "opened" | "closed";
  readonly severity: Severity;
  readonly openedAt: number;
  readonly changedAt: number;
  /** JSON of figures. */
  readonly detail: string;
}

/** What an `AlertChange` is read from. */
export const ALERT_CHANGE_COLUMNS =
  "seq, key, rule, subject, type, severity, opened_at AS openedAt, changed_at AS changedAt, detail";

const COLUMNS =
  "key, rule, subject, severity, opened_at AS openedAt, last_seen_at AS lastSeenAt, closed_at AS closedAt, detail";

type AlertRow = Omit<Alert, "detail"> & { readonly detail: string };

function alertOf(row: AlertRow): Alert {
  return { ...row, detail: JSON.parse(row.detail) as AlertDetail };
}

/** Those that are open, the worst first. */
export async function openAlerts(db: D1Database): Promise<Alert[]> {
  const { results } = await db
    .prepare(
      `SELECT ${COLUMNS} FROM alerts WHERE closed_at IS NULL ORDER BY severity = 'critical' DESC, opened_at DESC, key`,
    )
    .all<AlertRow>();
  return results.map(alertOf);
}

/** Those that were closed last. */
export async function closedAlerts(db: D1Database, limit: number): Promise<Alert[]> {
  const { results } = await db
    .prepare(`SELECT ${COLUMNS} FROM alerts WHERE closed_at IS NOT NULL ORDER BY closed_at DESC, key LIMIT ?1`)
    .bind(limit)
    .all<AlertRow>();
  return results.map(alertOf);
}

/**
 * May alerts be looked at now? Of two runs at the same time one may.
 *
 * @param now epoch ms
 * @param everyMs at most this often
 */
export async function claimEvaluation(db: D1Database, now: number, everyMs: number): Promise<boolean> {
  const { meta } = await db
    .prepare(
      `INSERT INTO system_state (name, value) VALUES ('alerts_at', ?1)
       ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE value <= ?1 - ?2 OR value > ?1`,
    )
    .bind(now, everyMs)
    .run();
  return meta.changes === 1;
}

/** Writes down how alerts stand and what has changed: one transaction. @param now epoch ms */
export async function noteAlerts(
  db: D1Database,
  standing: readonly OpenAlert[],
  transitions: readonly AlertTransition[],
  now: number,
): Promise<void> {
  const rowOf = ({ key, rule, subject, severity, openedAt, lastSeenAt, detail }: OpenAlert) =>
    [key, rule, subject, severity, openedAt, lastSeenAt, JSON.stringify(detail)] as const;
  const statements = [
    ...jsonChunks(standing.map(rowOf)).map(({ json }) => db.prepare(UPSERT_ALERTS).bind(json)),
    ...jsonChunks(transitions.filter(({ type }) => type === "closed").map(({ alert }) => alert.key)).map(({ json }) =>
      db.prepare("UPDATE alerts SET closed_at = ?2 WHERE key IN (SELECT value FROM json_each(?1))").bind(json, now),
    ),
    ...jsonChunks(transitions.map(({ type, alert }) => [...rowOf(alert), type])).map(({ json }) =>
      db.prepare(INSERT_CHANGES).bind(json, now),
    ),
  ];
  if (statements.length) await db.batch(statements);
}

const UPSERT_ALERTS = `
  INSERT INTO alerts (key, rule, subject, severity, opened_at, last_seen_at, detail)
  SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6 FROM json_each(?1) WHERE true
  ON CONFLICT (key) DO UPDATE SET severity = excluded.severity, opened_at = excluded.opened_at,
    last_seen_at = excluded.last_seen_at, detail = excluded.detail, closed_at = NULL`;

const INSERT_CHANGES = `
  INSERT INTO alert_changes (key, rule, subject, type, severity, opened_at, changed_at, detail)
  SELECT value->>0, value->>1, value->>2, value->>7, value->>3, value->>4, ?2, value->>6
  FROM json_each(?1) WHERE true ORDER BY key`;

/** Removes what was closed, and what was told, before a moment. The newest entry of the log stays. @param before epoch ms */
export async function pruneAlerts(db: D1Database, before: number): Promise<void> {
  await db.batch([
    db.prepare("DELETE FROM alerts WHERE closed_at < ?1").bind(before),
    db
      .prepare("DELETE FROM alert_changes WHERE changed_at < ?1 AND seq < (SELECT max(seq) FROM alert_changes)")
      .bind(before),
  ]);
}
