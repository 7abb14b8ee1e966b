/**
 * Looking through the suppression list: in several orders, by the source of the causing event too, and always in a bounded
 * stretch of the list, so that a page comes as soon from a million entries as from a hundred.
 */
import {
  type Bind,
  conditionsOf,
  EVIDENCE_COLUMNS,
  type ExportedSuppressionRow,
  exportedSuppressions,
  type SuppressionCursor,
  type SuppressionFilter,
} from "./suppressions";

/** In which the list can be shown. */
export const SUPPRESSION_ORDERS = ["newest", "oldest", "address"] as const;
export type SuppressionOrder = (typeof SUPPRESSION_ORDERS)[number];

export interface SuppressionSearch extends SuppressionFilter {
  /** Provider of the event that caused the first reason. */
  readonly source?: string | undefined;
  readonly order: SuppressionOrder;
}

/** An entry's place, in any of the orders. */
export interface SuppressionPlace {
  /** Epoch ms. */
  readonly since: number;
  readonly key: string;
  readonly address: string;
}

export interface FoundSuppressions {
  readonly rows: readonly ExportedSuppressionRow[];
  /** After which the search goes on; `null`: there is no more. */
  readonly next: SuppressionPlace | null;
  /** There is more to be looked at, but no page was filled. */
  readonly isCut: boolean;
}

/** So many entries are looked at for a page: more would keep its reader waiting. */
const STRETCH = 20_000;
/** For the source of an entry its event has to be looked up. */
const STRETCH_BY_SOURCE = 5_000;

interface Order {
  readonly index: string;
  readonly by: string;
  /** What stands after a place; and what stands at it or before. The first condition is the index's own. */
  readonly after: (bind: Bind, place: SuppressionPlace) => string;
  readonly upTo: (bind: Bind, place: SuppressionPlace) => string;
}

const ORDERS: Readonly<Record<SuppressionOrder, Order>> = {
  newest: {
    index: "recipients_suppressed",
    by: "since DESC, key",
    after: (bind, { since, key }) => `since <= ${bind(since)} AND (since < ${bind(since)} OR key > ${bind(key)})`,
    upTo: (bind, { since, key }) => `since >= ${bind(since)} AND (since > ${bind(since)} OR key <= ${bind(key)})`,
  },
  oldest: {
    index: "recipients_suppressed",
    by: "since, key DESC",
    after: (bind, { since, key }) => `since >= ${bind(since)} AND (since > ${bind(since)} OR key < ${bind(key)})`,
    upTo: (bind, { since, key }) => `since <= ${bind(since)} AND (since < ${bind(since)} OR key >= ${bind(key)})`,
  },
  address: {
    // Its entries have an answer, as all that are suppressed do.
    index: "recipients_answered",
    by: "address",
    after: (bind, { address }) => `address > ${bind(address)}`,
    upTo: (bind, { address }) => `address <= ${bind(address)}`,
  },
};
/** In which the entries of one domain stand together. */
const DOMAIN_INDEX = "recipients_suppressed_domain";

/**
 * A page of what is on the list and passes the filter. It may be short, or empty, and there is still more to look through.
 *
 * @param now epoch ms: what has ended by then is not listed
 */
export async function searchSuppressions(
  db: D1Database,
  { order, source, ...filter }: SuppressionSearch,
  limit: number,
  after: SuppressionPlace | null,
  now: number,
): Promise<FoundSuppressions> {
  const stretch = source === undefined ? STRETCH : STRETCH_BY_SOURCE;
  const end = await placeAfter(db, { order, domain: filter.domain, stretch }, after);
  const values: (string | number)[] = [now];
  const bind: Bind = (value) => `?${values.push(value)}`;
  const { by, after: isAfter, upTo } = ORDERS[order];
  const conditions = conditionsOf(filter, bind);
  if (order === "address") conditions.push("answer IS NOT NULL");
  if (after) conditions.push(isAfter(bind, after));
  if (end) conditions.push(upTo(bind, end));
  const evidence = "events e ON e.address = p.address AND e.id = p.suppressions->>'$[0].eventId'";
  const bySource =
    source === undefined
      ? ""
      : `AND EXISTS (SELECT 1 FROM events e WHERE e.address = recipients.address
           AND e.id = recipients.suppressions->>'$[0].eventId' AND e.provider = ${bind(source)})`;
  const { results } = await db
    .prepare(
      `SELECT p.*, ${EVIDENCE_COLUMNS} FROM (
         SELECT * FROM recipients INDEXED BY ${indexOf(order, filter.domain)}
         WHERE ${conditions.join(" AND ")} ${bySource} ORDER BY ${by} LIMIT ${bind(limit)}) AS p
       LEFT JOIN ${evidence} ORDER BY ${by
         .split(", ")
         .map((column) => `p.${column}`)
         .join(", ")}`,
    )
    .bind(...values)
    .all<ExportedSuppressionRow>();
  const last = results.at(-1);
  if (results.length === limit && last) return { rows: results, next: placeOf(last), isCut: false };
  return { rows: results, next: end, isCut: end !== null };
}

function placeOf({ since, key, address }: Pick<ExportedSuppressionRow, "since" | "key" | "address">): SuppressionPlace {
  return { since: since ?? 0, key, address: address ?? "" };
}

/**
 * A page, newest first: in one statement where the list's index answers the filter, out of a bounded stretch where an
 * entry has to be looked at to know whether it passes.
 */
export async function newestSuppressions(
  db: D1Database,
  filter: SuppressionFilter,
  limit: number,
  after: SuppressionCursor | null,
  now: number,
): Promise<Pick<FoundSuppressions, "rows" | "next">> {
  if (filter.q !== undefined || filter.reason !== undefined) {
    return searchSuppressions(db, { ...filter, order: "newest" }, limit, after && { ...after, address: "" }, now);
  }
  const rows = await exportedSuppressions(db, filter, limit, after, now);
  const last = rows.at(-1);
  return { rows, next: rows.length === limit && last ? placeOf(last) : null };
}

/** The entry that ends the stretch after a place, or `null`: the list ends before. Read off the index alone. */
async function placeAfter(
  db: D1Database,
  { order, domain, stretch }: Pick<SuppressionSearch, "order" | "domain"> & { readonly stretch: number },
  after: SuppressionPlace | null,
): Promise<SuppressionPlace | null> {
  const values: (string | number)[] = [];
  const bind: Bind = (value) => `?${values.push(value)}`;
  const isByAddress = order === "address";
  const conditions = [isByAddress ? "answer IS NOT NULL" : "suppressed = 1"];
  if (domain !== undefined && !isByAddress) conditions.push(`domain = ${bind(domain)}`);
  if (after) conditions.push(ORDERS[order].after(bind, after));
  return db
    .prepare(
      `SELECT ${isByAddress ? "0 AS since, '' AS key, address" : "since, key, '' AS address"}
       FROM recipients INDEXED BY ${indexOf(order, domain)}
       WHERE ${conditions.join(" AND ")} ORDER BY ${ORDERS[order].by} LIMIT 1 OFFSET ${bind(stretch - 1)}`,
    )
    .bind(...values)
    .first<SuppressionPlace>();
}

function indexOf(order: SuppressionOrder, domain: string | undefined): string {
  return domain !== undefined && order !== "address" ? DOMAIN_INDEX : ORDERS[order].index;
}
