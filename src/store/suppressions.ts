/** The suppression list, out of the projection. */
import type { RecipientRow } from "./recipients";

export interface SuppressionFilter {
  readonly reason?: string | undefined;
  readonly domain?: string | undefined;
  /** Part of an address. */
  readonly q?: string | undefined;
  /** Epoch ms of the suppression's beginning: from, inclusive, and to, exclusive. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
}

export interface SuppressionCursor {
  readonly since: number;
  readonly key: string;
}

type Bind = (value: string | number) => string;

const CONDITIONS: {
  readonly [K in keyof Required<SuppressionFilter>]: (bind: Bind, value: string | number) => string;
} = {
  reason: (bind, v) =>
    // A whole domain is blocked by hand; it is the reason `domain` for each of its addresses.
    v === "domain"
      ? "substr(address, 1, 1) = '@'"
      : `EXISTS (SELECT 1 FROM json_each(suppressions) s WHERE s.value->>'reason' = ${bind(v)}
       AND (s.value->>'until' IS NULL OR s.value->>'until' > ?1))`,
  domain: (bind, v) => `domain = ${bind(v)}`,
  q: (bind, v) => `instr(address, ${bind(v)}) > 0`,
  since: (bind, v) => `since >= ${bind(v)}`,
  until: (bind, v) => `since < ${bind(v)}`,
};

/**
 * A page of the list, newest first.
 *
 * @param now epoch ms: what has ended by then is not listed
 */
export async function suppressionPage(
  db: D1Database,
  filter: SuppressionFilter,
  limit: number,
  after: SuppressionCursor | null,
  now: number,
): Promise<RecipientRow[]> {
  const values: (string | number)[] = [now];
  const bind: Bind = (value) => `?${values.push(value)}`;
  const conditions = (Object.keys(CONDITIONS) as (keyof SuppressionFilter)[]).flatMap((name) => {
    const value = filter[name];
    return value === undefined ? [] : [CONDITIONS[name](bind, value)];
  });
  if (after)
    conditions.push(`(since < ${bind(after.since)} OR (since = ?${values.length} AND key > ${bind(after.key)}))`);
  const { results } = await db
    .prepare(
      `SELECT * FROM recipients WHERE suppressed = 1 AND (until IS NULL OR until > ?1)
       ${conditions.map((c) => `AND ${c}`).join(" ")} ORDER BY since DESC, key LIMIT ${bind(limit)}`,
    )
    .bind(...values)
    .all<RecipientRow>();
  return results;
}
