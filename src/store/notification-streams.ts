/**
 * The logs that others are told from: the journal, the listings and releases, the alerts. Each is in the order in which
 * its entries were committed, so that "what comes after this place" is never incomplete.
 */
import { IMPORT_PROVIDER } from "../domain/event";
import { TOLD_KINDS } from "../domain/notification-message";
import { ALERT_CHANGE_COLUMNS, type AlertChange } from "./alerts";
import type { EventRow } from "./event-row";
import { jsonChunks, rowsOf } from "./statements";

/** Rows of a log after a place. */
export interface Stretch<T> {
  readonly rows: readonly T[];
  /** The place up to which nothing of interest was left out. */
  readonly end: number;
  /** The newest of the log. */
  readonly newest: number;
}

const KINDS = Object.keys(TOLD_KINDS)
  .map((kind) => `'${kind}'`)
  .join(", ");
/** What somebody else's list says is no news of a message, what was withdrawn never happened, and what is held may not have. */
const IS_TOLD = `kind IN (${KINDS}) AND retracted_by IS NULL AND incident_id IS NULL AND provider <> '${IMPORT_PROVIDER}'`;

const STRETCH = "SELECT * FROM events WHERE seq > ?1 ORDER BY seq LIMIT ?2";

/**
 * Events that others are told of, after a place.
 *
 * @param stretch rows that are looked at: most are deliveries
 */
export async function eventsToTell(
  db: D1Database,
  after: number,
  stretch: number,
  limit: number,
): Promise<Stretch<EventRow>> {
  const results = await db.batch([
    db.prepare(`SELECT * FROM (${STRETCH}) WHERE ${IS_TOLD} ORDER BY seq LIMIT ?3`).bind(after, stretch, limit),
    db
      .prepare(`SELECT max(seq) AS looked, (SELECT max(seq) FROM events) AS newest FROM (${STRETCH})`)
      .bind(after, stretch),
  ]);
  const rows = rowsOf<EventRow>(results, 0);
  const [bounds] = rowsOf<{ looked: number | null; newest: number | null }>(results, 1);
  const end = rows.length === limit ? (rows.at(-1)?.seq ?? after) : (bounds?.looked ?? after);
  return { rows, end, newest: bounds?.newest ?? 0 };
}

/** Those at these places. */
export async function eventsAt(db: D1Database, seqs: readonly number[]): Promise<EventRow[]> {
  const { results } = await db
    .prepare(`SELECT * FROM events WHERE seq IN (SELECT value FROM json_each(?1)) AND ${IS_TOLD} ORDER BY seq`)
    .bind(JSON.stringify(seqs))
    .all<EventRow>();
  return results;
}

/** These events, by address and id. */
export async function eventsOfRecipients(
  db: D1Database,
  wanted: readonly (readonly [address: string, id: string])[],
): Promise<EventRow[]> {
  const statement = db.prepare(
    "SELECT e.* FROM json_each(?1) j CROSS JOIN events e ON e.address = j.value->>0 AND e.id = j.value->>1",
  );
  const chunks = jsonChunks(wanted);
  if (!chunks.length) return [];
  const results = await db.batch<EventRow>(chunks.map(({ json }) => statement.bind(json)));
  return results.flatMap((result) => result.results);
}

/** A change of the list, with what stood before it. */
export interface ChangeToTell {
  readonly seq: number;
  readonly key: string;
  readonly answer: string | null;
  readonly changed_at: number;
  /** `null`: erased since. */
  readonly address: string | null;
  /** How the recipient stands by now: JSON of suppressions. */
  readonly suppressions: string | null;
  /** What `answer` was before. */
  readonly previous: string | null;
}

const SELECT_CHANGES = `
  SELECT c.seq, c.key, c.answer, c.changed_at, c.previous, r.address, r.suppressions
  FROM suppression_changes c LEFT JOIN recipients r ON r.key = c.key`;

/** Listings and releases after a place. What is no longer kept is passed over. */
export async function changesToTell(db: D1Database, after: number, limit: number): Promise<Stretch<ChangeToTell>> {
  return stretchOf(
    db,
    `${SELECT_CHANGES} WHERE c.seq > ?1 ORDER BY c.seq LIMIT ?2`,
    "suppression_changes",
    after,
    limit,
  );
}

/** Those at these places; what is no longer kept is left out. */
export async function changesAt(db: D1Database, seqs: readonly number[]): Promise<ChangeToTell[]> {
  const { results } = await db
    .prepare(`${SELECT_CHANGES} WHERE c.seq IN (SELECT value FROM json_each(?1)) ORDER BY c.seq`)
    .bind(JSON.stringify(seqs))
    .all<ChangeToTell>();
  return results;
}

const SELECT_ALERTS = `SELECT ${ALERT_CHANGE_COLUMNS} FROM alert_changes`;

/** Alerts that were opened or closed, after a place. */
export async function alertsToTell(db: D1Database, after: number, limit: number): Promise<Stretch<AlertChange>> {
  return stretchOf(db, `${SELECT_ALERTS} WHERE seq > ?1 ORDER BY seq LIMIT ?2`, "alert_changes", after, limit);
}

/** Those at these places; what is no longer kept is left out. */
export async function alertsAt(db: D1Database, seqs: readonly number[]): Promise<AlertChange[]> {
  const { results } = await db
    .prepare(`${SELECT_ALERTS} WHERE seq IN (SELECT value FROM json_each(?1)) ORDER BY seq`)
    .bind(JSON.stringify(seqs))
    .all<AlertChange>();
  return results;
}

async function stretchOf<T extends { readonly seq: number }>(
  db: D1Database,
  page: string,
  table: "suppression_changes" | "alert_changes",
  after: number,
  limit: number,
): Promise<Stretch<T>> {
  const results = await db.batch([
    db.prepare(page).bind(after, limit),
    db.prepare(`SELECT max(seq) AS newest FROM ${table}`),
  ]);
  const rows = rowsOf<T>(results, 0);
  const [bounds] = rowsOf<{ newest: number | null }>(results, 1);
  return { rows, end: rows.at(-1)?.seq ?? after, newest: bounds?.newest ?? 0 };
}
