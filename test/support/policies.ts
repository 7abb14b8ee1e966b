/** Policies as an operator's script handles them, and everything that the stores hold. */
import { expect } from "vitest";
import type { Batch } from "../../src/client/types";
import type { Env } from "../../src/config";
import { allow } from "./batches";
import { block, bounced, delivered, release, report, softBounces } from "./reports";
import { DAY_MS, MINUTE_MS } from "./stage";
import { rowsOf } from "./stores";
import { api, jsonOf } from "./worker";

type Json = Readonly<Record<string, unknown>>;

export function postSimulation(draft: Json, env?: Env): Promise<Response> {
  return api("/v1/policy/simulate", { json: draft, ...(env ? { env } : {}) });
}

/** Runs a simulation, which must finish at once. */
export async function simulated(draft: Json, env?: Env): Promise<Simulation> {
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

export async function policyNow(env?: Env): Promise<{ readonly inFull: unknown }> {
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

/** Epoch ms. */
export const aDayAgo = () => Date.now() - DAY_MS;
let domains = 0;

/** Recipients of a domain of their own: of each kind that a policy may or may not matter to. */
export async function people() {
  const domain = `policy-${++domains}.example.com`;
  const named = (name: string) => `${name}@${domain}`;
  await report(softBounces(named("three"), 3, aDayAgo()));
  await report(softBounces(named("one"), 1, aDayAgo()));
  await report(softBounces(named("five"), 5, aDayAgo()));
  await report([
    bounced(named("hard"), "hard", aDayAgo()),
    bounced(named("refused"), "block", aDayAgo()),
    { kind: "complained", recipient: named("angry"), at: aDayAgo() },
    delivered(named("happy"), aDayAgo()),
  ]);
  await report(softBounces(named("spared"), 3, aDayAgo()));
  await allow(named("spared"));
  await report([...softBounces(named("forgiven"), 3, aDayAgo()), delivered(named("forgiven"), aDayAgo() + MINUTE_MS)]);
  await report(softBounces(named("released"), 4, aDayAgo()));
  await release(named("released"));
  await block(named("blocked"), { note: "by hand" });
  return { domain, named };
}

export interface Shown {
  readonly recipient: string;
  readonly change: string;
  readonly before: { readonly reasons: readonly string[] };
  readonly after: { readonly reasons: readonly string[]; readonly since: string };
  readonly event: { readonly occurredAt: string };
}

interface Simulation {
  readonly id: string;
  readonly recipients: { readonly looked: number; readonly total: number };
  /** How many. */
  readonly suppressed: number;
  readonly released: number;
  readonly changed: number;
  readonly overdue: number;
  readonly reclassified: number;
  readonly undecidable: number;
  readonly suppressedBy: Readonly<Record<string, number>>;
  readonly releasedBy: Readonly<Record<string, number>>;
  readonly examples: readonly Shown[];
}

/** Of a domain. */
export const only = (items: readonly Shown[], domain: string) =>
  items.filter(({ recipient }) => recipient.endsWith(domain));
