/** Figures for metrics: counts of all time, and how much waits, in one round trip and out of small tables and indexes. */
import { rowsOf } from "./statements";

export interface EventTotal {
  readonly connection: string;
  readonly kind: string;
  readonly class: string;
  readonly count: number;
}

export interface MetricFigures {
  readonly events: readonly EventTotal[];
  /** Recipients, by the first of their reasons. */
  readonly suppressed: readonly { readonly reason: string; readonly count: number }[];
  readonly pending: number;
  /** Epoch ms, as all times here. */
  readonly oldestPendingAt: number | null;
  readonly quarantined: number;
  /** Answers that the edge cache has not settled on yet. */
  readonly unsettled: number;
  readonly lastCronAt: number | null;
  readonly filterVersion: number | null;
  readonly filterCurrentAt: number | null;
  /** What waits for a decision, and how many bounces it holds. */
  readonly openIncidents: number;
  readonly heldEvents: number;
  readonly openAlerts: readonly { readonly severity: string; readonly count: number }[];
}

type Gauges = Omit<MetricFigures, "events" | "suppressed" | "openAlerts">;

/** What is still counted by hour, and the totals of what is counted by day. */
const EVENT_TOTALS = `
  SELECT connection, kind, class, sum(count) AS count FROM (
    SELECT connection, kind, class, count FROM connection_totals
    UNION ALL SELECT connection, kind, class, count FROM hourly_stats)
  GROUP BY 1, 2, 3 ORDER BY 1, 2, 3 LIMIT ?1`;

const GAUGES = `
  SELECT (SELECT count(*) FROM events WHERE state = 0) AS pending,
    (SELECT count(*) FROM incidents WHERE settled_at IS NULL AND status = 'open') AS openIncidents,
    (SELECT coalesce(sum(held), 0) FROM incidents WHERE settled_at IS NULL AND status = 'open') AS heldEvents,
    (SELECT received_at FROM events WHERE state = 0 ORDER BY seq LIMIT 1) AS oldestPendingAt,
    (SELECT count(*) FROM (SELECT 1 FROM quarantine LIMIT ?1)) AS quarantined,
    (SELECT count(*) FROM recipients WHERE kv_version < answer_version) AS unsettled,
    (SELECT value FROM system_state WHERE name = 'last_cron') AS lastCronAt,
    (SELECT max(version) FROM filter_builds WHERE published_at IS NOT NULL) AS filterVersion,
    (SELECT current_at FROM filter_builds WHERE published_at IS NOT NULL ORDER BY version DESC LIMIT 1) AS filterCurrentAt`;

/**
 * @param maxSeries of events: more connections than that are not told apart any more, but left out
 * @param maxCounted of what is in quarantine
 */
export async function metricFigures(db: D1Database, maxSeries: number, maxCounted: number): Promise<MetricFigures> {
  const results = await db.batch([
    db.prepare(EVENT_TOTALS).bind(maxSeries),
    db.prepare(GAUGES).bind(maxCounted),
    db.prepare("SELECT reason, count FROM suppressed_counts ORDER BY reason"),
    db.prepare("SELECT severity, count(*) AS count FROM alerts WHERE closed_at IS NULL GROUP BY severity"),
  ]);
  const [gauges] = rowsOf<Gauges>(results, 1);
  if (!gauges) throw new Error("a statement without tables has one row");
  return {
    ...gauges,
    events: rowsOf<EventTotal>(results, 0),
    suppressed: rowsOf<{ reason: string; count: number }>(results, 2),
    openAlerts: rowsOf<{ severity: string; count: number }>(results, 3),
  };
}
