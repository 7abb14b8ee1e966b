/** What the stores hold, and what the worker says about a recipient. */
import { expect } from "vitest";
import type { Env } from "../../src/config";
import { sha256Hex } from "../../src/crypto/digest";
import { edgeKey } from "../../src/store/edge-cache";
import { rowOf } from "./ledger";
import { api, bindings, jsonOf } from "./worker";

type Value = string | number | null;

export async function rowsOf<T>(sql: string, ...values: Value[]): Promise<T[]> {
  const { results } = await bindings.DB.prepare(sql)
    .bind(...values)
    .all<T>();
  return results;
}

/** @param fromWhere what comes after `SELECT count(*) FROM` */
export async function countOf(fromWhere: string, ...values: Value[]): Promise<number> {
  const [row] = await rowsOf<{ n: number }>(`SELECT count(*) AS n FROM ${fromWhere}`, ...values);
  return row?.n ?? 0;
}

/** Changes D1 behind the worker's back: what a lost or damaged store looks like. */
export async function tamper(sql: string, ...values: Value[]): Promise<void> {
  await bindings.DB.prepare(sql)
    .bind(...values)
    .run();
}

/** The object of a recipient, past the worker. */
export async function objectOf(address: string): Promise<DurableObjectStub> {
  return bindings.RECIPIENT.getByName(await sha256Hex(address));
}

/** How a recipient stands in D1: what a rebuild, a repetition or pruning must not change. */
export async function standingOf(address: string) {
  const row = await rowOf(address);
  if (!row) return null;
  const { suppressions, soft_count, counting_since, released_at, allowed, answer } = row;
  return {
    suppressions: JSON.parse(suppressions) as unknown,
    soft_count,
    counting_since,
    released_at,
    allowed,
    answer,
  };
}

export async function versionOf(address: string): Promise<number> {
  return (await rowOf(address))?.version ?? 0;
}

interface CheckAnswer {
  readonly suppressed: boolean;
  readonly reasons: readonly string[];
  readonly since: string | null;
  readonly until: string | null;
  readonly source: string;
  readonly probe?: true;
}

type Consistency = "eventual" | "strong";

export function askAbout(address: string, consistency: Consistency = "strong", env?: Env): Promise<Response> {
  const path = `/v1/check?recipient=${encodeURIComponent(address)}&consistency=${consistency}`;
  return api(path, env ? { env } : {});
}

/** The answer of a check, which must be one. */
export async function checkOf(address: string, consistency: Consistency = "strong", env?: Env): Promise<CheckAnswer> {
  const response = await askAbout(address, consistency, env);
  expect(response.status).toBe(200);
  return jsonOf(response);
}

/** The reasons that stand against a recipient, as a strong check tells. */
export async function reasonsOf(address: string): Promise<readonly string[]> {
  return (await checkOf(address)).reasons;
}

type EdgeContents = Readonly<Record<string, unknown>>;

/** All that the edge cache holds, by key. The filter, which lies in the same namespace, is no part of it. */
export async function edgeContents(): Promise<EdgeContents> {
  const contents: Record<string, unknown> = {};
  for (let cursor: string | null = null, done = false; !done; ) {
    const page: KVNamespaceListResult<unknown> = await bindings.SUPPRESSIONS.list({ cursor });
    const names = page.keys.flatMap(({ name }) => (name.startsWith("filter:") ? [] : [name]));
    const values = await Promise.all(names.map((name) => bindings.SUPPRESSIONS.get(name, "json")));
    names.forEach((name, i) => {
      contents[name] = values[i];
    });
    done = page.list_complete;
    cursor = page.list_complete ? null : page.cursor;
  }
  return contents;
}

/** All that the edge cache should hold, by the projection. */
export async function edgeExpected(): Promise<EdgeContents> {
  const rows = await rowsOf<{ key: string; answer: string; answer_version: number }>(
    "SELECT key, answer, answer_version FROM recipients WHERE answer IS NOT NULL",
  );
  return Object.fromEntries(
    rows.map((row) => [edgeKey(row.key), { ...JSON.parse(row.answer), version: row.answer_version }]),
  );
}
