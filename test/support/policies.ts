/** Policies as an operator's script handles them, and everything that the stores hold. */
import { expect } from "vitest";
import type { Env } from "../../src/config";
import type { Batch } from "./batches";
import { rowsOf } from "./stores";
import { api, jsonOf } from "./worker";

type Json = Readonly<Record<string, unknown>>;

export function postSimulation(draft: Json, env?: Env): Promise<Response> {
  return api("/v1/policy/simulate", { json: draft, ...(env ? { env } : {}) });
}

/** Runs a simulation, which must finish at once. */
export async function simulated(draft: Json, env?: Env) {
  const response = await postSimulation(draft, env);
  expect(response.status).toBe(200);
  return jsonOf(response);
}

export function postPolicy(wanted: Json, env?: Env): Promise<Response> {
  return api("/v1/policy/apply", { json: wanted, ...(env ? { env } : {}) });
}

/** Applies a policy, which must be done at once. */
export async function applied(wanted: Json, env?: Env): Promise<Batch> {
  const response = await postPolicy(wanted, env);
  expect(response.status).toBe(200);
  return jsonOf(response);
}

export async function policyNow(env?: Env) {
  const response = await api("/v1/policy", env ? { env } : {});
  expect(response.status).toBe(200);
  return jsonOf(response);
}

/** What stands of everybody, less versions and the times at which it was written. @param domain whose recipients */
export async function verdictsOf(domain: string) {
  return rowsOf(
    `SELECT key, address, suppressed, allowed, suppressions, since, until, soft_count, counting_since, released_at, answer
     FROM recipients WHERE domain = ? ORDER BY key`,
    domain,
  );
}

/** Every row of every table but some. */
export async function dumpOf(except: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const tables = await rowsOf<{ name: string }>(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%\\_cf\\_%' ESCAPE '\\' ORDER BY name",
  );
  const names = tables.map(({ name }) => name).filter((name) => !except.includes(name));
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await rowsOf(`SELECT * FROM ${name}`)])),
  );
}
