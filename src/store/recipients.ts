/** The projection: what the objects decided, and the events that it settles. */
import { domainRecipient, ERASED_DOMAIN, keyOfErased } from "../domain/address";
import { storedAnswerOf } from "../domain/answer";
import type { Decision } from "../domain/decision";
import type { Suppression, Verdict } from "../domain/recipient-state";
import { type FactRow, factColumnsOf } from "./event-row";
import { jsonChunks, rowsOf } from "./statements";

export interface RecipientRow {
  key: string;
  version: number;
  address: string | null;
  domain: string | null;
  suppressed: number;
  allowed: number;
  suppressions: string;
  since: number | null;
  until: number | null;
  soft_count: number;
  counting_since: number | null;
  released_at: number | null;
  answer: string | null;
  answer_version: number;
  answered_at: number;
  kv_version: number;
  updated_at: number;
  erased_at: number | null;
  erased_seq: number;
  erasing: number;
}

/** What the edge cache is to hold for a recipient: an answer, or nothing. */
export interface Answer {
  readonly key: string;
  readonly answer: string | null;
  readonly version: number;
}

export interface Projected {
  /** Those whose answer changed with this projection. */
  readonly changed: readonly Answer[];
  /** Deliveries that were skipped when they came and turn out to matter. */
  readonly revived: readonly FactRow[];
}

/** A decision, and the records behind it, as they were when they were read. */
export interface Settlement {
  readonly decision: Decision;
  readonly records: readonly { readonly seq: number; readonly retracted_by: string | null }[];
}

/** The object behind this decision does not know of an erasure yet. */
const PRECEDES_ERASURE = (key: string, erasedUpTo: string) =>
  `EXISTS (SELECT 1 FROM recipients r INDEXED BY recipients_erased
     WHERE r.key = ${key} AND r.erased_at IS NOT NULL AND r.erased_seq > ${erasedUpTo})`;

/** A row only ever moves to a higher version; a changed answer is marked for the edge cache. */
const UPSERT = `
  INSERT INTO recipients (key, version, address, domain, suppressed, allowed, suppressions, since, until, soft_count,
    counting_since, released_at, answer, answer_version, answered_at, kv_version, updated_at)
  SELECT v->>0, v->>1, v->>2, v->>3, v->>4, v->>5, v->>6, v->>7, v->>8, v->>9, v->>10, v->>11, v->>12,
    CASE WHEN v->>12 IS NULL THEN 0 ELSE v->>1 END, ?2, 0, ?2
  FROM (SELECT jsonb(value) AS v FROM json_each(?1)) WHERE NOT ${PRECEDES_ERASURE("v->>0", "v->>13")}
  ON CONFLICT (key) DO UPDATE SET
    version = excluded.version, address = excluded.address, domain = excluded.domain, suppressed = excluded.suppressed,
    allowed = excluded.allowed, suppressions = excluded.suppressions, since = excluded.since, until = excluded.until,
    soft_count = excluded.soft_count, counting_since = excluded.counting_since, released_at = excluded.released_at,
    answer_version = CASE WHEN recipients.answer IS excluded.answer THEN recipients.answer_version ELSE excluded.version END,
    answered_at = CASE WHEN recipients.answer IS excluded.answer THEN recipients.answered_at ELSE excluded.answered_at END,
    answer = excluded.answer, updated_at = excluded.updated_at, erasing = 0
  WHERE excluded.version > recipients.version
  RETURNING key, answer, version, answer_version`;

/**
 * Records that were withdrawn since they were read stay pending, and so do those behind a decision that was refused:
 * they have to be brought to the object once more.
 */
const MARK_APPLIED = `
  UPDATE events SET state = 1, applied_at = ?2 WHERE state = 0 AND (retracted_by IS NOT NULL) = ?3 AND seq IN (
    SELECT record.value FROM json_each(?1) AS told, json_each(told.value, '$[2]') AS record
    WHERE NOT ${PRECEDES_ERASURE("told.value->>0", "told.value->>1")})`;

/**
 * A bounce can make deliveries matter that were recorded before it was. Whichever transaction D1 runs first, this
 * one or the one that inserts such a delivery, the other sees its work.
 */
const REVIVE_DELIVERIES = `
  UPDATE events SET state = 0, applied_at = NULL
  FROM (SELECT address, counting_since FROM recipients
        WHERE key IN (SELECT value FROM json_each(?1)) AND counting_since IS NOT NULL) AS live
  WHERE events.address = live.address AND events.state = 2 AND events.kind = 'delivered'
    AND events.retracted_by IS NULL AND events.occurred_at >= live.counting_since
  RETURNING ${factColumnsOf("events")}`;

/**
 * Projects decisions, marks the events they came from as applied, and wakes deliveries that now matter: one
 * transaction, one round trip.
 *
 * @param now epoch ms
 */
export async function projectDecisions(
  db: D1Database,
  settlements: readonly Settlement[],
  now: number,
): Promise<Projected> {
  const decisions = settlements.map(({ decision }) => decision);
  const upserts = jsonChunks(decisions.map(upsertArray)).map((chunk) => db.prepare(UPSERT).bind(chunk.json, now));
  const statements = [...upserts];
  statements.push(...markApplied(db, settlements, false, now), ...markApplied(db, settlements, true, now));
  const live = decisions.filter((d) => d.verdict.countingSince !== null).map((d) => d.key);
  const reviveAt = live.length ? statements.push(db.prepare(REVIVE_DELIVERIES).bind(JSON.stringify(live))) - 1 : -1;
  if (!statements.length) return { changed: [], revived: [] };

  const results = await db.batch(statements);
  const rows = upserts.flatMap((_, i) => rowsOf<Answer & { answer_version: number }>(results, i));
  return {
    changed: rows.filter((row) => row.answer_version === row.version),
    revived: reviveAt < 0 ? [] : rowsOf<FactRow>(results, reviveAt),
  };
}

function markApplied(
  db: D1Database,
  settlements: readonly Settlement[],
  isRetracted: boolean,
  now: number,
): D1PreparedStatement[] {
  const taken = settlements.flatMap(({ decision, records }) => {
    const seqs = records.filter((r) => (r.retracted_by !== null) === isRetracted).map((r) => r.seq);
    return seqs.length ? [[decision.key, decision.erasedUpTo, seqs]] : [];
  });
  return jsonChunks(taken).map(({ json }) => db.prepare(MARK_APPLIED).bind(json, now, isRetracted ? 1 : 0));
}

function upsertArray({ key, version, address, erasedUpTo, verdict }: Decision): unknown[] {
  const { suppressions } = verdict;
  const ends = suppressions.map((s) => s.until);
  return [
    key,
    version,
    ...nameOf(address, verdict),
    suppressions.length ? 1 : 0,
    verdict.allowed ? 1 : 0,
    JSON.stringify(suppressions),
    suppressions.length ? Math.min(...suppressions.map((s) => s.since)) : null,
    suppressions.length && !ends.includes(null) ? Math.max(...ends.map(Number)) : null,
    verdict.softCount,
    verdict.countingSince,
    verdict.releasedAt,
    answerOf(verdict),
    erasedUpTo,
  ];
}

/** Address and domain. Of a recipient who was erased, and of whom nothing is left, no name is kept. */
function nameOf(
  address: string,
  { suppressions, allowed, releasedAt }: Verdict,
): readonly [string, string] | readonly [null, null] {
  const isBlank = !suppressions.length && !allowed && releasedAt === null;
  return isBlank && keyOfErased(address) !== null ? [null, null] : [address, domainRecipient(address).slice(1)];
}

/** The edge cache's value, less its version; `null` where the cache holds nothing. */
function answerOf(verdict: Verdict): string | null {
  const answer = storedAnswerOf(verdict);
  return answer && JSON.stringify(answer);
}

/** What stands against a recipient at this time. @param now epoch ms */
export function suppressionsOf(row: Pick<RecipientRow, "suppressions">, now: number): Suppression[] {
  return (JSON.parse(row.suppressions) as Suppression[]).filter((s) => s.until === null || s.until > now);
}

/** @param key hex SHA-256 of the address @returns `null`: nothing was ever decided about it */
export async function recipientByKey(db: D1Database, key: string): Promise<RecipientRow | null> {
  return db.prepare("SELECT * FROM recipients WHERE key = ?1").bind(key).first<RecipientRow>();
}

/** Those of these recipients of whom anything is known, by key. */
export async function recipientsByKey(
  db: D1Database,
  keys: readonly string[],
): Promise<ReadonlyMap<string, RecipientRow>> {
  const statement = db.prepare("SELECT r.* FROM json_each(?1) j JOIN recipients r ON r.key = j.value");
  const chunks = jsonChunks(keys).map((chunk) => statement.bind(chunk.json));
  if (!chunks.length) return new Map();
  const results = await db.batch<RecipientRow>(chunks);
  return new Map(results.flatMap((result) => result.results.map((row) => [row.key, row] as const)));
}

/** The answers for some keys, in one statement: an address and its domain for a strong read. */
export async function answersByKey(db: D1Database, keys: readonly string[]): Promise<Map<string, string>> {
  const { results } = await db
    .prepare("SELECT key, answer FROM recipients WHERE key IN (SELECT value FROM json_each(?1)) AND answer IS NOT NULL")
    .bind(JSON.stringify(keys))
    .all<{ key: string; answer: string }>();
  return new Map(results.map((row) => [row.key, row.answer]));
}

export interface BulkAnswers {
  /** By address. Those without one may be mailed. */
  readonly answers: ReadonlyMap<string, string>;
  /** There are recipients who were erased and stay suppressed: they are known by their pseudo-addresses only. */
  readonly hasErased: boolean;
}

/** With a row of nulls where there are any such recipients. */
const BULK_ANSWERS = `
  SELECT r.address, r.answer FROM json_each(?1) j JOIN recipients r ON r.address = j.value WHERE r.answer IS NOT NULL
  UNION ALL SELECT NULL, NULL
  WHERE EXISTS (SELECT 1 FROM recipients WHERE suppressed = 1 AND domain = '${ERASED_DOMAIN}')`;

/** The answers for any number of addresses and domains, in one statement. */
export async function answersByAddress(db: D1Database, addresses: readonly string[]): Promise<BulkAnswers> {
  const statement = db.prepare(BULK_ANSWERS);
  const chunks = jsonChunks(addresses).map((chunk) => statement.bind(chunk.json));
  if (!chunks.length) return { answers: new Map(), hasErased: false };
  const results = await db.batch<{ address: string; answer: string } | { address: null; answer: null }>(chunks);
  const rows = results.flatMap((result) => result.results);
  return {
    answers: new Map(rows.flatMap((row) => (row.address === null ? [] : [[row.address, row.answer] as const]))),
    hasErased: rows.some((row) => row.address === null),
  };
}

/** Answers that changed at least a while ago and that the cron has not yet settled in the edge cache, oldest first. */
export async function unsettledAnswers(db: D1Database, changedBefore: number, limit: number): Promise<Answer[]> {
  const { results } = await db
    .prepare(
      `SELECT key, answer, answer_version AS version FROM recipients
       WHERE kv_version < answer_version AND answered_at <= ?1 ORDER BY answered_at LIMIT ?2`,
    )
    .bind(changedBefore, limit)
    .all<Answer>();
  return results;
}

/** Notes what the cron wrote, unless the answer has changed again meanwhile. */
export async function markSettled(db: D1Database, answers: readonly Answer[]): Promise<void> {
  await db
    .prepare(
      `UPDATE recipients SET kv_version = j.value->>1 FROM json_each(?1) j
       WHERE recipients.key = j.value->>0 AND recipients.answer_version = j.value->>1`,
    )
    .bind(JSON.stringify(answers.map((a) => [a.key, a.version])))
    .run();
}

/** A page of everything that ever had an answer, by key: what a rebuild of the edge cache walks. */
export async function answersAfter(db: D1Database, key: string, limit: number): Promise<Answer[]> {
  const { results } = await db
    .prepare(
      "SELECT key, answer, answer_version AS version FROM recipients WHERE key > ?1 AND answer_version > 0 ORDER BY key LIMIT ?2",
    )
    .bind(key, limit)
    .all<Answer>();
  return results;
}
