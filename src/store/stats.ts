/** Counts for charts, out of `daily_stats`: never a scan of the journal. */

/** A connection's counts: by hour while they are new, by day later. */
const BY_CONNECTION = `
  SELECT day * 24 AS hour, value AS connection, kind, class, count FROM daily_stats
  WHERE dimension = 'connection' AND day >= ?1 AND day < ?2
  UNION ALL
  SELECT hour, connection, kind, class, count FROM hourly_stats WHERE hour >= ?1 * 24 AND hour < ?2 * 24`;
const byDay = (dimension: "domain" | "campaign") => `
  SELECT day, value, kind, class, count FROM daily_stats WHERE dimension = '${dimension}' AND day >= ?1 AND day < ?2`;
const BY_REASON = `
  SELECT day, category, 'bounced' AS kind, class, count FROM daily_reasons WHERE day >= ?1 AND day < ?2`;
const PROVIDER = "substr(connection, 1, instr(connection, '/') - 1)";

/** What the counts may be told apart by: where they are, and the value that is grouped. Times are epoch ms. */
const GROUPS = {
  hour: { source: BY_CONNECTION, value: "hour * 3600000" },
  day: { source: BY_CONNECTION, value: "hour / 24 * 86400000" },
  provider: { source: BY_CONNECTION, value: PROVIDER },
  connection: { source: BY_CONNECTION, value: "connection" },
  class: { source: BY_CONNECTION, value: "CASE class WHEN '' THEN kind ELSE class END" },
  reason: { source: BY_REASON, value: "category" },
  domain: { source: byDay("domain"), value: "value" },
  campaign: { source: byDay("campaign"), value: "value" },
} as const;
/** For comparisons. What is counted by day belongs to the day's first hour. */
const COMPARED = {
  provider: { ...GROUPS.provider, hour: "hour" },
  domain: { ...GROUPS.domain, hour: "day * 24" },
  reason: { ...GROUPS.reason, hour: "day * 24" },
} as const;
const IN_TIME: readonly string[] = ["hour", "day"];

/** What counts may be told apart by. */
export const STATS_GROUPS = Object.keys(GROUPS) as [StatsGroup, ...StatsGroup[]];
export type StatsGroup = keyof typeof GROUPS;

/** Do these counts know which provider told of what they count? */
export function knowsProvider(by: StatsGroup): boolean {
  return GROUPS[by].source === BY_CONNECTION;
}

export interface StatsQuery {
  readonly by: StatsGroup;
  /** Days since 1970, UTC: from, inclusive, and to, exclusive. */
  readonly fromDay: number;
  readonly toDay: number;
  readonly provider?: string | undefined;
  readonly connection?: string | undefined;
  /** Of domains and campaigns: those with the most events. */
  readonly limit: number;
}

export interface StatsRow {
  readonly value: string | number;
  readonly kind: string;
  readonly class: string;
  readonly count: number;
}

/** @returns counts by value, kind and class; times in their order, all else with the most first */
export async function statsBy(db: D1Database, query: StatsQuery): Promise<StatsRow[]> {
  const { source, value } = GROUPS[query.by];
  const values: (string | number)[] = [query.fromDay, query.toDay, query.limit];
  const bind = (text: string) => `?${values.push(text)}`;
  const conditions: string[] = [];
  if (knowsProvider(query.by) && query.provider !== undefined) {
    const connection = query.connection;
    if (connection === undefined) conditions.push(`${PROVIDER} = ${bind(query.provider)}`);
    else conditions.push(`connection = ${bind(`${query.provider}/${connection}`)}`);
  }
  const order = IN_TIME.includes(query.by) ? "value" : "total DESC, value";
  const { results } = await db
    .prepare(
      `WITH counted AS (
         SELECT ${value} AS value, kind, class, sum(count) AS count FROM (${source})
         ${conditions.length ? `WHERE ${conditions.join(" AND ")}` : ""} GROUP BY 1, 2, 3),
       top AS (SELECT value, sum(count) AS total FROM counted GROUP BY value ORDER BY ${order} LIMIT ?3)
       SELECT t.value, c.kind, c.class, c.count FROM top t JOIN counted c ON c.value = t.value
       ORDER BY ${order.replace("value", "t.value")}, c.kind, c.class`,
    )
    .bind(...values)
    .all<StatsRow>();
  return results;
}

export interface ComparedQuery {
  readonly by: "provider" | "domain" | "reason";
  /** Hours since 1970: of the period before, its beginning; where it ends and the period begins; and the period's end. */
  readonly fromHour: number;
  readonly splitHour: number;
  readonly toHour: number;
  /** Of the values with the most in the period, and of those that changed most: so many of each. */
  readonly limit: number;
}

/** What became of what was sent to or by a value, in the period and before. */
export interface ComparedRow {
  readonly value: string;
  readonly delivered: number;
  readonly bounced: number;
  readonly complained: number;
  readonly deliveredBefore: number;
  readonly bouncedBefore: number;
}

/**
 * Compares two periods, in one pass over their counts.
 *
 * @returns the values with the most in the period, and those whose bounces changed most, the former first
 */
export async function statsCompared(db: D1Database, query: ComparedQuery): Promise<ComparedRow[]> {
  const { source, value, hour } = COMPARED[query.by];
  const { fromHour, splitHour, toHour, limit } = query;
  const sum = (kind: string, when: string) =>
    `sum(CASE WHEN kind = '${kind}' AND ${hour} ${when} ?3 THEN count ELSE 0 END)`;
  const { results } = await db
    .prepare(
      `WITH counted AS MATERIALIZED (
         SELECT ${value} AS value, ${sum("delivered", ">=")} AS delivered, ${sum("bounced", ">=")} AS bounced,
           ${sum("complained", ">=")} AS complained, ${sum("delivered", "<")} AS deliveredBefore,
           ${sum("bounced", "<")} AS bouncedBefore
         FROM (${source}) WHERE ${hour} >= ?4 AND ${hour} < ?5 GROUP BY 1)
       SELECT * FROM (
         SELECT * FROM (SELECT * FROM counted ORDER BY delivered + bounced + complained DESC, value LIMIT ?6)
         UNION SELECT * FROM (SELECT * FROM counted WHERE bounced <> bouncedBefore
           ORDER BY abs(bounced - bouncedBefore) DESC, value LIMIT ?6))
       ORDER BY delivered + bounced + complained DESC, value`,
    )
    .bind(Math.floor(fromHour / 24), Math.ceil(toHour / 24), splitHour, fromHour, toHour, limit)
    .all<ComparedRow>();
  return results;
}

/** The oldest hours before a day, in the order of their key. Both statements that move them mean the same rows. */
const OLD_HOURS = "FROM hourly_stats WHERE hour < ?1 * 24 ORDER BY hour, connection, kind, class LIMIT ?2";

/**
 * Moves the oldest counts of days that are long past from hours to days: one transaction, safe to repeat. A day may be in
 * both for a while; who reads adds them up.
 *
 * @param beforeDay days since 1970: those before it are moved
 * @param limit rows that are moved at most
 * @returns rows moved
 */
export async function rollUpHours(db: D1Database, beforeDay: number, limit: number): Promise<number> {
  const results = await db.batch([
    db
      .prepare(
        `INSERT INTO daily_stats (dimension, day, value, kind, class, count)
         SELECT 'connection', hour / 24, connection, kind, class, sum(count)
         FROM (SELECT hour, connection, kind, class, count ${OLD_HOURS})
         GROUP BY 2, 3, 4, 5
         ON CONFLICT (dimension, day, value, kind, class) DO UPDATE SET count = count + excluded.count`,
      )
      .bind(beforeDay, limit),
    db
      .prepare(
        `DELETE FROM hourly_stats WHERE (hour, connection, kind, class) IN (SELECT hour, connection, kind, class ${OLD_HOURS})`,
      )
      .bind(beforeDay, limit),
  ]);
  return results[1]?.meta.changes ?? 0;
}
