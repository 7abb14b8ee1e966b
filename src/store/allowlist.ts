/** The allow-list, out of the projection; and what an import has to know of the recipients on its list. */
import { jsonChunks } from "./statements";

export interface AllowedRow {
  key: string;
  address: string;
  suppressions: string;
  /** Epoch ms of the command that put it there, and its note. */
  since: number | null;
  note: string | null;
}

const LATEST_ALLOW = (column: string) =>
  `(SELECT ${column} FROM events e WHERE e.address = r.address AND e.kind = 'manual_allow' AND e.retracted_by IS NULL
    ORDER BY e.occurred_at DESC LIMIT 1)`;

/**
 * A page, by address.
 *
 * @param q part of an address; `null`: all
 * @param after the last address of the page before
 */
export async function allowedPage(
  db: D1Database,
  q: string | null,
  limit: number,
  after: string | null,
): Promise<AllowedRow[]> {
  const { results } = await db
    .prepare(
      `SELECT r.key, r.address, r.suppressions, ${LATEST_ALLOW("e.occurred_at")} AS since,
         ${LATEST_ALLOW("e.metadata->>'note'")} AS note
       FROM recipients r WHERE r.allowed = 1 AND r.address > ?1 AND (?2 IS NULL OR instr(r.address, ?2) > 0)
       ORDER BY r.address LIMIT ?3`,
    )
    .bind(after ?? "", q, limit)
    .all<AllowedRow>();
  return results;
}

export interface Reservation {
  /** On the allow-list. */
  readonly isAllowed: boolean;
  /** Epoch ms; `null`: never released. */
  readonly releasedAt: number | null;
}

/** What may keep an entry of a list from having an effect, for those of these addresses that have any of it. */
export async function reservationsOf(
  db: D1Database,
  addresses: readonly string[],
): Promise<ReadonlyMap<string, Reservation>> {
  const select = (condition: string) => `
    SELECT r.address, r.allowed, r.released_at FROM json_each(?1) j JOIN recipients r ON r.address = j.value
    WHERE ${condition}`;
  const statement = db.prepare(`${select("r.allowed = 1")} UNION ${select("r.released_at IS NOT NULL")}`);
  const chunks = jsonChunks(addresses).map((chunk) => statement.bind(chunk.json));
  if (!chunks.length) return new Map();
  const results = await db.batch<{ address: string; allowed: number; released_at: number | null }>(chunks);
  const rows = results.flatMap((result) => result.results);
  return new Map(rows.map((row) => [row.address, { isAllowed: row.allowed === 1, releasedAt: row.released_at }]));
}
