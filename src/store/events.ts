/** Reading the journal: pages of events, newest first, and a recipient's own. */
import { type EventRow, SEQ_PER_RECEIPT } from "./event-row";

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
}

type Bind = (value: string | number) => string;

/** Filter → SQL. Values are bound, never written into the text. */
const CONDITIONS: { readonly [K in keyof Required<EventFilter>]: (bind: Bind, value: string | number) => string } = {
  address: (bind, v) => `address = ${bind(v)}`,
  provider: (bind, v) => `provider = ${bind(v)}`,
  connection: (bind, v) => `connection = ${bind(v)}`,
  kind: (bind, v) => `kind = ${bind(v)}`,
  class: (bind, v) => `class = ${bind(v)}`,
  messageId: (bind, v) => {
    const at = bind(v);
    return `seq IN (SELECT seq FROM events WHERE message_id = ${at} UNION SELECT seq FROM events WHERE internet_message_id = ${at})`;
  },
  campaign: (bind, v) => `campaign = ${bind(v)}`,
  // The journal is in the order of receipts, so a time is a place in it.
  since: (bind, v) =>
    `seq >= coalesce((SELECT id FROM receipts WHERE received_at >= ${bind(v)} ORDER BY received_at, id LIMIT 1), 1e12) * ${SEQ_PER_RECEIPT}`,
  until: (bind, v) =>
    `seq < coalesce((SELECT id FROM receipts WHERE received_at >= ${bind(v)} ORDER BY received_at, id LIMIT 1), 1e10) * ${SEQ_PER_RECEIPT}`,
};

const COLUMNS = "*";

/**
 * A page, newest first.
 *
 * @param before only what stands before this place in the journal
 */
export async function eventPage(
  db: D1Database,
  filter: EventFilter,
  limit: number,
  before: number | null,
): Promise<EventRow[]> {
  const values: (string | number)[] = [];
  const bind: Bind = (value) => `?${values.push(value)}`;
  const conditions = (Object.keys(CONDITIONS) as (keyof EventFilter)[]).flatMap((name) => {
    const value = filter[name];
    return value === undefined ? [] : [CONDITIONS[name](bind, value)];
  });
  if (before !== null) conditions.push(`seq < ${bind(before)}`);
  const where = conditions.length ? `WHERE ${conditions.join(" AND ")}` : "";
  const { results } = await db
    .prepare(`SELECT ${COLUMNS} FROM events ${where} ORDER BY seq DESC LIMIT ${bind(limit)}`)
    .bind(...values)
    .all<EventRow>();
  return results;
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
      `SELECT ${COLUMNS} FROM events WHERE address IN (SELECT value FROM json_each(?1))
         AND id IN (SELECT value FROM json_each(?2)) ORDER BY seq DESC`,
    )
    .bind(JSON.stringify(names), JSON.stringify(ids))
    .all<EventRow>();
  return results;
}

/** The receipt that an event came with. */
export function receiptIdOf(seq: number): number {
  return Math.floor(seq / SEQ_PER_RECEIPT);
}
