/** What every store says of a recipient, and whether they agree with the fold over the recorded events. */
import { expect } from "vitest";
import { sha256Hex } from "../../src/crypto/digest";
import type { Decision } from "../../src/domain/decision";
import { type Policy, parsePolicy } from "../../src/domain/policy";
import { applyFacts, decide, EMPTY_STATE, type Verdict } from "../../src/domain/recipient-state";
import { applyToRecipient } from "../../src/recipient/client";
import { type EdgeAnswer, edgeKey } from "../../src/store/edge-cache";
import { type EventRow, factOf, heldBy } from "../../src/store/event-row";
import type { RecipientRow } from "../../src/store/recipients";
import { bindings } from "./worker";

export function policyOf(raw: Readonly<Record<string, unknown>> = {}): Policy {
  const policy = parsePolicy(raw);
  if (!policy.ok) throw new Error(policy.error);
  return policy.value;
}

/** In the order of the journal. */
export async function eventsOf(address: string): Promise<EventRow[]> {
  const { results } = await bindings.DB.prepare("SELECT * FROM events WHERE address = ?1 ORDER BY seq")
    .bind(address)
    .all<EventRow>();
  return results;
}

export async function rowOf(address: string): Promise<RecipientRow | null> {
  return bindings.DB.prepare("SELECT * FROM recipients WHERE key = ?1")
    .bind(await sha256Hex(address))
    .first<RecipientRow>();
}

export async function edgeOf(address: string): Promise<EdgeAnswer | null> {
  return bindings.SUPPRESSIONS.get<EdgeAnswer>(edgeKey(await sha256Hex(address)), "json");
}

/** What the recipient's object says when nothing new is told to it. */
export async function decisionOf(address: string, policy: Policy): Promise<Decision> {
  return applyToRecipient(bindings.RECIPIENT, { key: await sha256Hex(address), address, facts: [], policy });
}

export interface Agreed {
  readonly events: readonly EventRow[];
  readonly verdict: Verdict;
  readonly row: RecipientRow | null;
}

/**
 * Asserts that nothing is pending, and that object, projection and edge cache all say what the pure fold over the
 * recipient's events says, those aside that were withdrawn or are held.
 */
export async function expectAgreement(address: string, policy: Policy = policyOf()): Promise<Agreed> {
  const [events, row, edge, decision] = await Promise.all([
    eventsOf(address),
    rowOf(address),
    edgeOf(address),
    decisionOf(address, policy),
  ]);
  const standing = events.filter((event) => event.retracted_by === null && heldBy(event) === null);
  const verdict = decide(applyFacts(EMPTY_STATE, standing.map(factOf)), policy, Date.now());
  expect(events.filter((event) => event.state === 0)).toEqual([]);
  expect(decision.verdict).toEqual(verdict);
  if (row) expect(summaryOf(row)).toEqual({ ...summaryOfVerdict(verdict), version: decision.version });
  else expect(events.filter((event) => event.state === 1)).toEqual([]);
  expect(edge).toEqual(edgeAnswerOf(verdict, row));
  return { events, verdict, row };
}

function summaryOf(row: RecipientRow) {
  return {
    version: row.version,
    suppressed: row.suppressed,
    allowed: row.allowed,
    suppressions: JSON.parse(row.suppressions) as unknown,
    since: row.since,
    softCount: row.soft_count,
    countingSince: row.counting_since,
    releasedAt: row.released_at,
    settled: row.kv_version === row.answer_version,
  };
}

function summaryOfVerdict({ suppressions, allowed, softCount, countingSince, releasedAt }: Verdict) {
  return {
    suppressed: suppressions.length ? 1 : 0,
    allowed: allowed ? 1 : 0,
    suppressions,
    since: suppressions.length ? Math.min(...suppressions.map((s) => s.since)) : null,
    softCount,
    countingSince,
    releasedAt,
    settled: true,
  };
}

function edgeAnswerOf({ suppressions, allowed }: Verdict, row: RecipientRow | null): EdgeAnswer | null {
  if (!suppressions.length && !allowed) return null;
  return {
    reasons: Object.fromEntries(
      suppressions.map(({ reason, since, until, probation }) => [
        reason,
        { since, until, ...(probation ? { probeFrom: probation.probeFrom } : {}) },
      ]),
    ),
    ...(allowed ? { allowed } : {}),
    version: row?.answer_version ?? 0,
  };
}

interface Stat {
  readonly day: number;
  readonly kind: string;
  readonly class: string;
  readonly count: number;
}

/** Asserts that the daily statistics of a recipients' domain count each event of the journal once, and no import. */
export async function expectStatistics(domain: string): Promise<void> {
  const [counted, recorded] = await bindings.DB.batch<Stat>([
    bindings.DB.prepare(
      "SELECT day, kind, class, count FROM daily_stats WHERE dimension = 'domain' AND value = ?1 ORDER BY 1, 2, 3",
    ).bind(domain),
    bindings.DB.prepare(
      `SELECT occurred_at / 86400000 AS day, kind, coalesce(class, '') AS class, count(*) AS count FROM events
       WHERE substr(address, instr(address, '@') + 1) = ?1 AND kind NOT LIKE 'manual%' AND provider <> 'import'
       GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
    ).bind(domain),
  ]);
  expect(counted?.results).toEqual(recorded?.results);
}

/** The same of all statistics there are. */
export async function expectAllStatistics(): Promise<void> {
  const { results } = await bindings.DB.prepare(
    `WITH recorded AS (
       SELECT d.value AS dimension, e.occurred_at / 86400000 AS day, CASE d.value WHEN 'connection'
         THEN e.provider || '/' || e.connection WHEN 'domain' THEN substr(e.address, instr(e.address, '@') + 1)
         WHEN 'reason' THEN CASE e.kind WHEN 'bounced' THEN e.category END
         ELSE e.campaign END AS value, e.kind, coalesce(e.class, '') AS class, count(*) AS count
       FROM events e, json_each('["connection","domain","campaign","reason"]') d WHERE e.kind NOT LIKE 'manual%' AND e.provider <> 'import'
       GROUP BY 1, 2, 3, 4, 5),
     counted AS (
       SELECT dimension, day, value, kind, class, count FROM daily_stats WHERE dimension <> 'connection' UNION ALL
       SELECT 'connection', day, connection, kind, class, sum(count) FROM connection_stats GROUP BY 1, 2, 3, 4, 5 UNION ALL
       SELECT 'reason', day, category, 'bounced', class, count FROM daily_reasons)
     SELECT * FROM (SELECT * FROM recorded WHERE value IS NOT NULL EXCEPT SELECT * FROM counted)
     UNION ALL SELECT * FROM (SELECT * FROM counted EXCEPT SELECT * FROM recorded)`,
  ).all();
  expect(results).toEqual([]);
}
