/** Reading the journal: pages of events, newest first, and a recipient's own. */
import { type EventRow, SEQ_PER_RECEIPT } from "./event-row";
import { firstReceiptSince } from "./receipts";
import { jsonChunks } from "./statements";

export interface EventFilter {
  /** Canonical. */
  readonly address?: string | undefined;
  readonly provider?: string | undefined;
  readonly connection?: string | undefined;
  readonly kind?: string | undefined;
  readonly class?: string | undefined;
  /** A provider's message id or a Message-ID. */
  readonly messageId?: string | undefined;
  readonly campaign?: string | undefined;
  /** Epoch ms of reception, inclusive. */
  readonly since?: number | undefined;
  /** Epoch ms of reception, exclusive. */
  readonly until?: number | undefined;
  /** Only what stands behind this place in the journal. */
  readonly after?: number | undefined;
}

type Bind = (value: string | number) => string;

/** What the partial index `events_message` holds; both have to say the same. */
const IS_INDEXED_BY_MESSAGE =
  "message_id IS NOT NULL AND (internet_message_id IS NULL OR instr(internet_message_id, message_id || '@') <> 1)";

/** By a Message-ID, or by a provider's id, which may be what the Message-ID begins with ("A" follows "@"). */
function eventsOfMessage(id: string): string {
  return `SELECT seq FROM events WHERE internet_message_id = ${id}
    UNION SELECT seq FROM events WHERE message_id = ${id} AND ${IS_INDEXED_BY_MESSAGE}
    UNION SELECT seq FROM events INDEXED BY events_internet_message
      WHERE internet_message_id >= ${id} || '@' AND internet_message_id < ${id} || 'A' AND +message_id = ${id}`;
}

/** Filter → SQL. Values are bound, never written into the text. */
const CONDITIONS: { readonly [K in keyof Required<EventFilter>]: (bind: Bind, value: string | number) => string } = {
  address: (bind, v) => `address = ${bind(v)}`,
  provider: (bind, v) => `provider = ${bind(v)}`,
  connection: (bind, v) => `connection = ${bind(v)}`,
  kind: (bind, v) => `kind = ${bind(v)}`,
  class: (bind, v) => `class = ${bind(v)}`,
  messageId: (bind, v) => `seq IN (${eventsOfMessage(bind(v))})`,
  campaign: (bind, v) => `campaign = ${bind(v)}`,
  // The journal is in the order of receipts, so a time is a place in it.
  since: (bind, v) => `seq >= ${firstReceiptSince(bind(v))} * ${SEQ_PER_RECEIPT}`,
  until: (bind, v) => `seq < ${firstReceiptSince(bind(v))} * ${SEQ_PER_RECEIPT}`,
  after: (bind, v) => `seq > ${bind(v)}`,
};

/** Filters that say where in the journal an event stands. */
const PLACES: readonly (keyof EventFilter)[] = ["since", "until", "after"];
/** Filters that an index answers. */
const INDEXED: readonly (keyof EventFilter)[] = ["address", "messageId"];
/** With these a page may have to look at every event there is. */
const OTHERS: readonly (keyof EventFilter)[] = ["provider", "connection", "kind", "class", "campaign"];
/** So many events are looked at for a page: more would keep its reader waiting. */
const STRETCH = 50_000;

function conditionsOf(names: readonly (keyof EventFilter)[], filter: EventFilter, bind: Bind): string[] {
  return names.flatMap((name) => {
    const value = filter[name];
    return value === undefined ? [] : [CONDITIONS[name](bind, value)];
  });
}

function whereOf(conditions: readonly string[]): string {
  return conditions.length ? `WHERE ${conditions.join(" AND ")}` : "";
}

/** @param stretch how many events may be looked at; `null`: as many as it takes */
async function pageOf(
  db: D1Database,
  filter: EventFilter,
  limit: number,
  before: number | null,
  stretch: number | null,
): Promise<EventRow[]> {
  const values: (string | number)[] = [];
  const bind: Bind = (value) => `?${values.push(value)}`;
  const places = conditionsOf(PLACES, filter, bind);
  if (before !== null) places.push(`seq < ${bind(before)}`);
  const others = conditionsOf([...INDEXED, ...OTHERS], filter, bind);
  const from =
    stretch === null
      ? `events ${whereOf([...places, ...others])}`
      : `(SELECT * FROM events ${whereOf(places)} ORDER BY seq DESC LIMIT ${bind(stretch)}) ${whereOf(others)}`;
  const { results } = await db
    .prepare(`SELECT * FROM ${from} ORDER BY seq DESC LIMIT ${bind(limit)}`)
    .bind(...values)
    .all<EventRow>();
  return results;
}

/** The newest events of a recipient. @param address canonical, or another name under which the journal knows it */
export async function newestEventsOf(db: D1Database, address: string, limit: number): Promise<EventRow[]> {
  return pageOf(db, { address }, limit, null, null);
}

export interface FoundEvents {
  readonly rows: readonly EventRow[];
  /** Where the search goes on; `null`: there is no more. */
  readonly next: number | null;
  /** There is more to be looked at, but no page was filled. */
  readonly isCut: boolean;
}

/**
 * A page, newest first, out of a bounded stretch of the journal: it may be short, or empty, and there is still more.
 *
 * @param before only what stands before this place in the journal
 */
export async function searchEvents(
  db: D1Database,
  filter: EventFilter,
  limit: number,
  before: number | null,
): Promise<FoundEvents> {
  const has = (name: keyof EventFilter) => filter[name] !== undefined;
  const stretch = OTHERS.some(has) && !INDEXED.some(has) ? STRETCH : null;
  const rows = await pageOf(db, filter, limit, before, stretch);
  const last = rows.at(-1);
  if (rows.length === limit && last) return { rows, next: last.seq, isCut: false };
  const behind = stretch === null ? null : await seqBehind(db, filter, before, stretch);
  if (behind === null) return { rows, next: null, isCut: false };
  // What has come in since the page was read moves the stretch: nothing of the page is to be found again.
  return { rows, next: Math.min(behind + 1, last?.seq ?? behind + 1), isCut: true };
}

/** The first place behind a stretch, or `null` where there is none. */
async function seqBehind(
  db: D1Database,
  filter: EventFilter,
  before: number | null,
  stretch: number,
): Promise<number | null> {
  const values: (string | number)[] = [];
  const bind: Bind = (value) => `?${values.push(value)}`;
  const places = [...conditionsOf(PLACES, filter, bind), `seq < ${bind(before ?? Number.MAX_SAFE_INTEGER)}`];
  return db
    .prepare(`SELECT seq FROM events ${whereOf(places)} ORDER BY seq DESC LIMIT 1 OFFSET ${bind(stretch)}`)
    .bind(...values)
    .first<number>("seq");
}

/**
 * Those of these events that are about this recipient: the evidence of its suppressions.
 *
 * @param names under which the journal knows the recipient
 */
export async function eventsByIdentity(
  db: D1Database,
  names: readonly string[],
  ids: readonly string[],
): Promise<EventRow[]> {
  const { results } = await db
    .prepare(
      `SELECT * FROM events WHERE address IN (SELECT value FROM json_each(?1))
         AND id IN (SELECT value FROM json_each(?2)) ORDER BY seq DESC`,
    )
    .bind(JSON.stringify(names), JSON.stringify(ids))
    .all<EventRow>();
  return results;
}

/** Which of these events are on record. @returns their positions */
export async function knownEvents(
  db: D1Database,
  events: readonly { readonly address: string; readonly id: string }[],
): Promise<ReadonlySet<number>> {
  const statement = db.prepare(
    `SELECT j.key AS position FROM json_each(?1) j CROSS JOIN events e ON e.address = j.value->>0 AND e.id = j.value->>1`,
  );
  const chunks = jsonChunks(events.map(({ address, id }) => [address, id]));
  if (!chunks.length) return new Set();
  const results = await db.batch<{ position: number }>(chunks.map((chunk) => statement.bind(chunk.json)));
  return new Set(results.flatMap((result, i) => result.results.map((row) => row.position + (chunks[i]?.first ?? 0))));
}
