/** Whether the stores say what follows from the events that were acknowledged, by the pure fold. */
import { expect } from "vitest";
import type { Fact } from "../../src/domain/fact";
import { parsePolicy } from "../../src/domain/policy";
import { applyFacts, decide, EMPTY_STATE, type Verdict } from "../../src/domain/recipient-state";
import { factOf, keyOfRecorded, keyOfSaid, type Recorded, type Said } from "./letters";
import type { ChaosRuntime } from "./runtime";

const KEY_PREFIX = "suppression:v1:";
const READ_AT_A_TIME = 50;

interface Row {
  readonly key: string;
  readonly address: string;
  readonly suppressions: string;
  readonly soft_count: number;
  readonly counting_since: number | null;
  readonly answer: string | null;
  readonly answer_version: number;
  readonly kv_version: number;
}

/** Asserts that every acknowledged event is in the journal once, and nothing that nobody posted. */
export async function expectRecorded(
  runtime: ChaosRuntime,
  acknowledged: Iterable<Said>,
  posted: Iterable<Said>,
): Promise<readonly Recorded[]> {
  const rows = await runtime.rows<Recorded>(
    "SELECT provider, address, kind, class, internet_message_id, occurred_at, received_at FROM events ORDER BY seq",
  );
  const recorded = tally(rows.map(keyOfRecorded));
  const least = tally([...acknowledged].map(keyOfSaid));
  const most = tally([...posted].map(keyOfSaid));
  const lost = [...least].filter(([key, count]) => (recorded.get(key) ?? 0) < count);
  const excess = [...recorded].filter(([key, count]) => count > (most.get(key) ?? 0));
  expect({ lost, excess }).toEqual({ lost: [], excess: [] });
  expect(rows.filter((row) => row.occurred_at > row.received_at)).toEqual([]);
  return rows;
}

function tally(keys: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

/** Asserts that nothing is pending or in quarantine, that statistics, projection and edge cache are what the fold says. */
export async function expectSettled(runtime: ChaosRuntime, said: readonly Said[], nowMs: number): Promise<void> {
  const journal = await expectRecorded(runtime, said, said);
  const [counts] = await runtime.rows<{ pending: number; quarantined: number; counted: number; hourly: number }>(
    `SELECT (SELECT count(*) FROM events WHERE state = 0) AS pending, (SELECT count(*) FROM quarantine) AS quarantined,
       (SELECT sum(count) FROM connection_stats) AS counted,
       (SELECT sum(count) FROM daily_stats WHERE dimension = 'domain') AS hourly`,
  );
  expect(counts).toEqual({ pending: 0, quarantined: 0, counted: journal.length, hourly: journal.length });
  const verdicts = verdictsOf(said, journal, nowMs);
  const rows = await runtime.rows<Row>(
    `SELECT key, address, suppressions, soft_count, counting_since, answer, answer_version, kv_version FROM recipients`,
  );
  const byAddress = new Map(rows.map((row) => [row.address, row]));
  for (const [address, verdict] of verdicts)
    expect(standingOf(byAddress.get(address)), address).toEqual(standing(verdict));
  expect(rows.filter((row) => row.kv_version < row.answer_version)).toEqual([]);
  const answers = rows.flatMap(({ key, answer, answer_version }): [string, object][] =>
    answer === null ? [] : [[KEY_PREFIX + key, { ...JSON.parse(answer), version: answer_version }]],
  );
  expect(await edgeContents(runtime)).toEqual(Object.fromEntries(answers));
}

function verdictsOf(said: readonly Said[], journal: readonly Recorded[], nowMs: number): Map<string, Verdict> {
  const policy = parsePolicy({});
  if (!policy.ok) throw new Error(policy.error);
  const times = new Map(journal.map((row) => [keyOfRecorded(row), row.occurred_at]));
  const facts = new Map<string, Fact[]>();
  for (const one of said) {
    const list = facts.get(one.recipient) ?? [];
    list.push(factOf(one, times.get(keyOfSaid(one)) ?? one.at));
    facts.set(one.recipient, list);
  }
  return new Map(
    [...facts].map(([recipient, list]) => [recipient, decide(applyFacts(EMPTY_STATE, list), policy.value, nowMs)]),
  );
}

/** Without the ids of events, which the model does not know. */
function standing({ suppressions, softCount, countingSince }: Verdict) {
  return { suppressions: suppressions.map(reasonOf), softCount, countingSince };
}

function standingOf(row: Row | undefined) {
  if (!row) return { suppressions: [], softCount: 0, countingSince: null };
  const suppressions = JSON.parse(row.suppressions) as Verdict["suppressions"];
  return { suppressions: suppressions.map(reasonOf), softCount: row.soft_count, countingSince: row.counting_since };
}

function reasonOf({ reason, since, until }: Verdict["suppressions"][number]) {
  return { reason, since, until };
}

async function edgeContents(runtime: ChaosRuntime): Promise<Record<string, unknown>> {
  const kv = await runtime.namespace();
  const names: string[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await kv.list({ prefix: KEY_PREFIX, ...(cursor === undefined ? {} : { cursor }) });
    names.push(...page.keys.map(({ name }) => name));
    cursor = page.cursor;
    if (page.list_complete) break;
  }
  const contents: [string, unknown][] = [];
  for (let at = 0; at < names.length; at += READ_AT_A_TIME) {
    const part = names.slice(at, at + READ_AT_A_TIME);
    const values = await Promise.all(part.map((name) => kv.get(name, "json")));
    contents.push(...part.map((name, i): [string, unknown] => [name, values[i]]));
  }
  return Object.fromEntries(contents);
}
