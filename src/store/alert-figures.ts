/** Figures for alerts, out of counts: never a scan of the journal. */
import type { Heard, Sent } from "../domain/alert-rules";
import { firstReceiptSince } from "./receipts";

const TOLD_KINDS = "('delivered', 'bounced', 'complained')";

interface CountRow {
  readonly value: string;
  readonly kind: "delivered" | "bounced" | "complained";
  readonly count: number;
  /** Within the longer time. */
  readonly ever: number;
}

/**
 * Counts by provider since an hour. Whether a provider reports deliveries at all shows in the longer time before.
 *
 * @param sinceHour hours since 1970
 * @param habitHour the beginning of the longer time; hours are kept for eight days
 */
export async function sentByProvider(db: D1Database, sinceHour: number, habitHour: number): Promise<Sent[]> {
  const { results } = await db
    .prepare(
      `SELECT substr(connection, 1, instr(connection, '/') - 1) AS value, kind,
         sum(CASE WHEN hour >= ?1 THEN count ELSE 0 END) AS count, sum(count) AS ever
       FROM hourly_stats WHERE hour >= ?2 AND kind IN ${TOLD_KINDS} GROUP BY 1, 2`,
    )
    .bind(sinceHour, habitHour)
    .all<CountRow>();
  return sentOf("provider", results);
}

/** Counts by campaign since a day, of those with the most messages. @param sinceDay UTC days since 1970 */
export async function sentByCampaign(db: D1Database, sinceDay: number, limit: number): Promise<Sent[]> {
  const { results } = await db
    .prepare(
      `WITH counted AS (
         SELECT value, kind, sum(count) AS count FROM daily_stats
         WHERE dimension = 'campaign' AND day >= ?1 AND kind IN ${TOLD_KINDS} GROUP BY 1, 2),
       top AS (SELECT value FROM counted GROUP BY value ORDER BY sum(count) DESC, value LIMIT ?2)
       SELECT value, kind, count, count AS ever FROM counted JOIN top USING (value)`,
    )
    .bind(sinceDay, limit)
    .all<CountRow>();
  return sentOf("campaign", results);
}

function sentOf(family: string, rows: readonly CountRow[]): Sent[] {
  return [...Map.groupBy(rows, (row) => row.value)].map(([value, counts]) => {
    const of = (kind: CountRow["kind"]) => counts.find((row) => row.kind === kind);
    return {
      subject: `${family}:${value}`,
      delivered: of("delivered")?.count ?? 0,
      bounced: of("bounced")?.count ?? 0,
      complained: of("complained")?.count ?? 0,
      reportsDeliveries: (of("delivered")?.ever ?? 0) > 0,
    };
  });
}

/** The UTC days since one on which each connection reported something. @param sinceDay days since 1970 */
export async function activeDays(db: D1Database, sinceDay: number): Promise<Map<string, Heard["activeDays"]>> {
  const { results } = await db
    .prepare(
      `SELECT value AS connection, day FROM daily_stats WHERE dimension = 'connection' AND day >= ?1
       UNION SELECT connection, hour / 24 FROM hourly_stats WHERE hour >= ?1 * 24 ORDER BY 1, 2`,
    )
    .bind(sinceDay)
    .all<{ connection: string; day: number }>();
  return new Map(
    [...Map.groupBy(results, (row) => row.connection)].map(([connection, rows]) => [
      connection,
      rows.map((r) => r.day),
    ]),
  );
}

/** How much came into quarantine since a moment; counted up to a limit. @param since epoch ms */
export async function quarantinedSince(db: D1Database, since: number, limit: number): Promise<number> {
  const sql = `SELECT count(*) AS n FROM (
    SELECT 1 FROM quarantine WHERE receipt_id >= ${firstReceiptSince("?1")} LIMIT ?2)`;
  return (await db.prepare(sql).bind(since, limit).first<number>("n")) ?? 0;
}
