/** The list of bounces as listmonk's API shows it: bounces and complaints of the journal, less what was dismissed there. */
import { UUID_DOMAIN } from "../domain/address";
import { type EventRow, heldSql } from "./event-row";

/** What the partial index `events_bounces` holds; both have to say the same. */
const IS_BOUNCE = "e.kind IN ('bounced', 'complained')";
/** All up to a place may have been dismissed at once, others one by one. */
const IS_LISTED = `${IS_BOUNCE} AND e.retracted_by IS NULL
  AND e.seq > coalesce((SELECT value FROM system_state WHERE name = 'bounces_dismissed'), 0)
  AND NOT EXISTS (SELECT 1 FROM dismissed_bounces d WHERE d.seq = e.seq)`;
const SOURCE = "CASE WHEN e.provider = 'listmonk' THEN coalesce(e.metadata->>'source', 'api') ELSE e.provider END";
const TYPE = "CASE WHEN e.kind = 'complained' THEN 'complaint' WHEN e.class = 'hard' THEN 'hard' ELSE 'soft' END";

export interface BounceRow extends EventRow {
  readonly type: "hard" | "soft" | "complaint";
  readonly source: string;
  /** Does anything suppress the recipient? */
  readonly suppressed: number | null;
}

/** listmonk's words for the columns to order by. */
const ORDERS = {
  created_at: "e.occurred_at",
  email: "e.address",
  campaign_name: "e.campaign",
  source: SOURCE,
  type: TYPE,
} as const;
export type BounceOrder = keyof typeof ORDERS;

/** Is it one of listmonk's words to order by? */
export function isBounceOrder(word: string | undefined): word is BounceOrder {
  return word !== undefined && Object.hasOwn(ORDERS, word);
}

export interface BounceFilter {
  readonly campaign?: string | undefined;
  readonly source?: string | undefined;
}

export interface BouncePage {
  readonly orderBy: BounceOrder;
  readonly isAscending: boolean;
  readonly limit: number;
  readonly offset: number;
}

function where({ campaign, source }: BounceFilter): { sql: string; values: string[] } {
  const values: string[] = [];
  const conditions = [IS_LISTED];
  if (campaign !== undefined) conditions.push(`e.campaign = ?${values.push(campaign)}`);
  if (source !== undefined) conditions.push(`${SOURCE} = ?${values.push(source)}`);
  return { sql: conditions.join(" AND "), values };
}

/** How many there are on the list, all pages together. */
export async function bounceCount(db: D1Database, filter: BounceFilter): Promise<number> {
  const { sql, values } = where(filter);
  return (
    (await db
      .prepare(`SELECT count(*) AS n FROM events e ${BOUNCES_ONLY} WHERE ${sql}`)
      .bind(...values)
      .first<number>("n")) ?? 0
  );
}

/** However the list is ordered, deliveries are not looked at. */
const BOUNCES_ONLY = "INDEXED BY events_bounces";
const COLUMNS = `e.*, ${TYPE} AS type, ${SOURCE} AS source, r.suppressed`;
const fromEvents = (how: string) =>
  `FROM events e ${how} LEFT JOIN recipients r ON r.address = e.address AND r.answer IS NOT NULL`;

/** A page by number, as listmonk has them: what is recorded meanwhile moves it. */
export async function bouncePage(db: D1Database, filter: BounceFilter, page: BouncePage): Promise<BounceRow[]> {
  const { sql, values } = where(filter);
  const direction = page.isAscending ? "ASC" : "DESC";
  const { results } = await db
    .prepare(
      `SELECT ${COLUMNS} ${fromEvents(BOUNCES_ONLY)} WHERE ${sql}
       ORDER BY ${ORDERS[page.orderBy]} ${direction}, e.seq ${direction}
       LIMIT ?${values.length + 1} OFFSET ?${values.length + 2}`,
    )
    .bind(...values, page.limit, page.offset)
    .all<BounceRow>();
  return results;
}

/** @param seq the bounce's number */
export async function bounceBySeq(db: D1Database, seq: number): Promise<BounceRow | null> {
  return db
    .prepare(`SELECT ${COLUMNS} ${fromEvents("")} WHERE e.seq = ?1 AND ${IS_LISTED}`)
    .bind(seq)
    .first<BounceRow>();
}

/** Takes bounces off the list. Numbers that are none of it change nothing. */
export async function dismissBounces(db: D1Database, seqs: readonly number[]): Promise<void> {
  await db
    .prepare(
      `INSERT INTO dismissed_bounces (seq)
       SELECT e.seq FROM json_each(?1) j JOIN events e ON e.seq = j.value WHERE ${IS_BOUNCE} ON CONFLICT DO NOTHING`,
    )
    .bind(JSON.stringify(seqs))
    .run();
}

/** Takes all that is on the list now off it: what comes later is listed. */
export async function dismissAllBounces(db: D1Database): Promise<void> {
  await db.batch([
    db.prepare(
      `INSERT INTO system_state (name, value) SELECT 'bounces_dismissed', coalesce(max(seq), 0) FROM events WHERE true
       ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
    ),
    db.prepare("DELETE FROM dismissed_bounces WHERE seq <= (SELECT max(seq) FROM events)"),
  ]);
}

/** The next recipients, in the order of their addresses, that have a bounce on the list that is not held, and no block by hand. */
export async function bouncedAddresses(db: D1Database, after: string, limit: number): Promise<string[]> {
  const { results } = await db
    .prepare(
      `SELECT DISTINCT e.address FROM events e WHERE e.address > ?1 AND ${IS_LISTED} AND NOT ${heldSql("e")}
         AND NOT EXISTS (SELECT 1 FROM recipients r, json_each(r.suppressions) s
           WHERE r.address = e.address AND r.answer IS NOT NULL AND s.value->>'reason' = 'manual')
       ORDER BY e.address LIMIT ?2`,
    )
    .bind(after, limit)
    .all<{ address: string }>();
  return results.map((row) => row.address);
}

/** The subscriber's uuid behind a pseudo-address, or `null`. */
export function uuidOfAddress(address: string): string | null {
  return address.endsWith(`@${UUID_DOMAIN}`) ? address.slice(0, -UUID_DOMAIN.length - 1) : null;
}
