/** Counts for charts, out of `daily_stats`: never a scan of the journal. */

/** What the counts may be told apart by; each names its dimension and the value that is grouped. */
const GROUPS = {
  day: { dimension: "connection", value: "day * 86400000" },
  provider: { dimension: "connection", value: "substr(value, 1, instr(value, '/') - 1)" },
  connection: { dimension: "connection", value: "value" },
  class: { dimension: "connection", value: "CASE class WHEN '' THEN kind ELSE class END" },
  domain: { dimension: "domain", value: "value" },
  campaign: { dimension: "campaign", value: "value" },
} as const;

export const STATS_GROUPS = Object.keys(GROUPS) as [StatsGroup, ...StatsGroup[]];
export type StatsGroup = keyof typeof GROUPS;

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

/** @returns counts by value, kind and class; days in their order, all else with the most first */
export async function statsBy(db: D1Database, query: StatsQuery): Promise<StatsRow[]> {
  const { dimension, value } = GROUPS[query.by];
  const values: (string | number)[] = [query.fromDay, query.toDay, query.limit];
  const bind = (text: string) => `?${values.push(text)}`;
  const conditions = [`dimension = '${dimension}'`, "day >= ?1", "day < ?2"];
  // Only the counts by connection know the provider.
  if (dimension === "connection" && query.provider !== undefined) {
    conditions.push(
      query.connection === undefined
        ? `substr(value, 1, instr(value, '/') - 1) = ${bind(query.provider)}`
        : `value = ${bind(`${query.provider}/${query.connection}`)}`,
    );
  }
  const { results } = await db
    .prepare(
      `WITH counted AS (
         SELECT ${value} AS value, kind, class, sum(count) AS count FROM daily_stats
         WHERE ${conditions.join(" AND ")} GROUP BY 1, 2, 3),
       top AS (SELECT value, sum(count) AS total FROM counted GROUP BY value
         ORDER BY ${query.by === "day" ? "value" : "total DESC, value"} LIMIT ?3)
       SELECT c.value, c.kind, c.class, c.count FROM top t JOIN counted c ON c.value = t.value
       ORDER BY ${query.by === "day" ? "t.value" : "t.total DESC, t.value"}, c.kind, c.class`,
    )
    .bind(...values)
    .all<StatsRow>();
  return results;
}
