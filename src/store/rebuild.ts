/** Whom to rebuild, when everybody is: a bounded stretch at a time. */
import { rowsOf } from "./statements";

/** Recipients of a stretch of the journal about whom there is something to decide. */
export interface RecipientStretch {
  /** As the journal knows them. */
  readonly addresses: readonly string[];
  /** Where to go on; `null`: the journal ends. */
  readonly next: number | null;
}

/** What was never applied has nobody decided about. The first event of a recipient stands for all of them. */
const RECIPIENTS = `
  SELECT min(s.seq) AS seq, s.address FROM (SELECT seq, address, state FROM events WHERE seq > ?1 ORDER BY seq LIMIT ?2) AS s
  WHERE s.state <> 2
    AND NOT EXISTS (SELECT 1 FROM events e WHERE e.address = s.address AND e.state <> 2 AND e.seq < s.seq)
  GROUP BY s.address ORDER BY 1 LIMIT ?3`;

const END = "SELECT max(seq) AS seq FROM (SELECT seq FROM events WHERE seq > ?1 ORDER BY seq LIMIT ?2)";

/**
 * @param after a place in the journal
 * @param stretch rows that are looked at: most are deliveries of recipients who never bounced
 */
export async function recipientsOfJournal(
  db: D1Database,
  after: number,
  stretch: number,
  limit: number,
): Promise<RecipientStretch> {
  const results = await db.batch([
    db.prepare(RECIPIENTS).bind(after, stretch, limit),
    db.prepare(END).bind(after, stretch),
  ]);
  const rows = rowsOf<{ seq: number; address: string }>(results, 0);
  const [end] = rowsOf<{ seq: number | null }>(results, 1);
  const next = rows.length === limit ? (rows.at(-1)?.seq ?? null) : (end?.seq ?? null);
  return { addresses: rows.map(({ address }) => address), next };
}

/** The next recipients, by address, who have an answer without any event: what the journal does not say. */
export async function strangersAfter(db: D1Database, after: string, limit: number): Promise<string[]> {
  const { results } = await db
    .prepare(
      `SELECT r.address FROM recipients r WHERE r.answer IS NOT NULL AND r.address > ?1
         AND NOT EXISTS (SELECT 1 FROM events e WHERE e.address = r.address) ORDER BY r.address LIMIT ?2`,
    )
    .bind(after, limit)
    .all<{ address: string }>();
  return results.map(({ address }) => address);
}
