/** The suppression list, out of the projection. */
import type { BounceClass, EventKind } from "../domain/event";
import type { RecipientRow } from "./recipients";
import { rowsOf } from "./statements";

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

export type Bind = (value: string | number) => string;

/** Filter → SQL over `recipients`; `?1` is the present time. */
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

/** What is on the list at the time `?1`, and passes the filter. */
export function conditionsOf(filter: SuppressionFilter, bind: Bind): string[] {
  const wanted = (Object.keys(CONDITIONS) as (keyof SuppressionFilter)[]).flatMap((name) => {
    const value = filter[name];
    return value === undefined ? [] : [CONDITIONS[name](bind, value)];
  });
  return ["suppressed = 1", "(until IS NULL OR until > ?1)", ...wanted];
}

interface Query {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

function pageQuery(filter: SuppressionFilter, limit: number, after: SuppressionCursor | null, now: number): Query {
  const values: (string | number)[] = [now];
  const bind: Bind = (value) => `?${values.push(value)}`;
  const conditions = conditionsOf(filter, bind);
  if (after) {
    const since = bind(after.since);
    // The first of the two is what the index begins with: without it, it would be read from its beginning.
    conditions.push(`since <= ${since} AND (since < ${since} OR key > ${bind(after.key)})`);
  }
  const sql = `SELECT * FROM recipients WHERE ${conditions.join(" AND ")}
    ORDER BY since DESC, key LIMIT ${bind(limit)}`;
  return { sql, values };
}

/** An entry and the event that caused the first of its reasons. */
export interface ExportedSuppressionRow extends RecipientRow {
  readonly event_provider: string | null;
  readonly event_kind: EventKind | null;
  readonly event_class: BounceClass | null;
  readonly event_status_code: string | null;
  readonly event_diagnostic_code: string | null;
  readonly event_note: string | null;
}

/** The event that caused the first of the reasons, as columns. */
export const EVIDENCE_COLUMNS = `e.provider AS event_provider, e.kind AS event_kind, e.class AS event_class,
  e.status_code AS event_status_code, e.diagnostic_code AS event_diagnostic_code, e.metadata->>'note' AS event_note`;

/**
 * A page of the list, newest first, each entry with its evidence, found by the event's identity.
 *
 * @param now epoch ms: what has ended by then is not listed
 */
export async function exportedSuppressions(
  db: D1Database,
  filter: SuppressionFilter,
  limit: number,
  after: SuppressionCursor | null,
  now: number,
): Promise<ExportedSuppressionRow[]> {
  const { sql, values } = pageQuery(filter, limit, after, now);
  const { results } = await db
    .prepare(
      `SELECT p.*, ${EVIDENCE_COLUMNS} FROM (${sql}) AS p
       LEFT JOIN events e ON e.address = p.address AND e.id = p.suppressions->>'$[0].eventId'
       ORDER BY p.since DESC, p.key`,
    )
    .bind(...values)
    .all<ExportedSuppressionRow>();
  return results;
}

export interface SuppressedCounts {
  readonly total: number;
  /** By the first of their reasons. */
  readonly byReason: Readonly<Record<string, number>>;
  /** Since a moment; counted up to `MAX_ADDED`. */
  readonly added: number;
}

/** Beyond this nobody wants to know exactly how many are new. */
export const MAX_ADDED = 50_000;

/**
 * How many are suppressed, by counts that are kept; and how many of them since a moment, out of the list's index. What
 * has ended by time alone is counted until its object has said so, which is a matter of moments.
 *
 * @param since epoch ms
 */
export async function suppressedCounts(db: D1Database, since: number, now: number): Promise<SuppressedCounts> {
  const results = await db.batch([
    db.prepare("SELECT reason, count FROM suppressed_counts WHERE count > 0"),
    db
      .prepare(
        `SELECT count(*) AS added FROM
           (SELECT 1 FROM recipients WHERE suppressed = 1 AND since >= ?1 AND since <= ?2 LIMIT ${MAX_ADDED})`,
      )
      .bind(since, now),
  ]);
  const byReason = Object.fromEntries(
    rowsOf<{ reason: string; count: number }>(results, 0).map(({ reason, count }) => [reason, count]),
  );
  return {
    total: Object.values(byReason).reduce((sum, n) => sum + n, 0),
    byReason,
    added: rowsOf<{ added: number }>(results, 1)[0]?.added ?? 0,
  };
}
