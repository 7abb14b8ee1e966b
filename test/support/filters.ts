/** Building the filter and reading it, as its readers do. */
import { expect } from "vitest";
import type { Env } from "../../src/config";
import { configOf } from "../../src/config";
import { type Filter, listsDomain, mayListAddress, parseFilter } from "../../src/domain/fuse-filter";
import { sha256Prefix } from "../../src/domain/sha256";
import { createLogger } from "../../src/log";
import { type FilterLimits, tendFilter } from "../../src/pipeline/filter";
import { api, CHECK, testEnv } from "./worker";

/** Small enough that a few recipients make many shards, many stretches and many runs. */
export const TINY: FilterLimits = { keysPerShard: 4, rowsPerStretch: 3, stretchesPerRun: 1_000 };
export const EVERY_MS = 15 * 60_000;

/** One run of the cron's part, with limits of the test's choice. */
export function tend(limits?: FilterLimits, env: Env = testEnv()): Promise<void> {
  const deps = { db: env.DB, kv: env.SUPPRESSIONS, now: () => Date.now(), log: createLogger() };
  return tendFilter(deps, configOf(env).filterEveryMs, limits);
}

export function getFilter(
  headers: Readonly<Record<string, string>> = {},
  env?: Env,
  method = "GET",
): Promise<Response> {
  const options = { method, headers: { ...CHECK, ...headers }, ...(env ? { env } : {}) };
  return api("/v1/suppressions/filter", options);
}

/** The published filter, which there must be. */
export async function theFilter(env?: Env): Promise<Filter> {
  const response = await getFilter({}, env);
  expect(response.status).toBe(200);
  const filter = parseFilter(new Uint8Array(await response.arrayBuffer()));
  if (!filter.ok) throw new Error(filter.error);
  return filter.value;
}

/** Has this recipient, an address or a domain, to be asked about? */
export function isIn(filter: Filter, recipient: string): boolean {
  const digest = sha256Prefix(recipient);
  return recipient.startsWith("@") ? listsDomain(filter, digest) : mayListAddress(filter, digest);
}
