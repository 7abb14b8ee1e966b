/** Bursts of bounces, and what the worker says about them. */
import { expect } from "vitest";
import type { Env } from "../../src/config";
import { delivered, type Report, report } from "./reports";
import { untilAccepted } from "./rounds";
import { DAY_MS } from "./stage";
import { api, jsonOf, testEnv } from "./worker";

/** Few enough for a test. */
export const MIN_RECIPIENTS = 10;
const GUARD = {
  min_recipients: MIN_RECIPIENTS,
  window_minutes: 60,
  factor: 5,
  known_good_share: 0.2,
  bounced_share: 0.3,
};

/** @param guard what differs from the guard of the tests */
export function guardedEnv(
  guard: Readonly<Record<string, unknown>> = {},
  more: Readonly<Record<string, unknown>> = {},
): Env {
  return testEnv({ POLICY: { guard: { ...GUARD, ...guard } }, ...more });
}

export const BLOCKLISTED = "550 5.7.1 Service unavailable; client host [192.0.2.7] is on a block list";

/** What a receiver says to everybody while something is wrong with it or with us; our rules take it as we are told here. */
export function refused(recipient: string, more: Partial<Report> = {}): Report {
  const at = more.at ?? Date.now();
  return { kind: "bounced", class: "hard", recipient, at, messageId: `r-${at}`, diagnosticCode: BLOCKLISTED, ...more };
}

export function people(count: number, domain: string, prefix = "p"): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}${i}@${domain}`);
}

/** So that they are known to be good: something was delivered to each of them on an earlier day. */
export async function deliverTo(recipients: readonly string[], env?: Env, at = Date.now() - 2 * DAY_MS): Promise<void> {
  await report(
    recipients.map((recipient) => delivered(recipient, at)),
    env,
  );
}

export async function refuseAll(recipients: readonly string[], env: Env, more: Partial<Report> = {}): Promise<void> {
  await report(
    recipients.map((recipient) => refused(recipient, more)),
    env,
  );
}

export interface Incident {
  readonly id: string;
  readonly status: "open" | "confirmed" | "dropped";
  readonly connection: string;
  readonly receiver: string | null;
  readonly held: number;
  readonly recipients: number;
  readonly knownGood: number;
  readonly pending: number;
  readonly released: number;
  readonly endedAt: string | null;
  readonly settledAt: string | null;
}

export async function incidents(query = ""): Promise<Incident[]> {
  const response = await api(`/v1/incidents${query}`);
  expect(response.status).toBe(200);
  return (await jsonOf<{ items: Incident[] }>(response)).items;
}

/** Those at a receiver; all tests of a file share the stores. */
export async function incidentsAt(receiver: string): Promise<Incident[]> {
  return (await incidents("?limit=1000")).filter((incident) => incident.receiver === receiver);
}

export async function incidentAt(receiver: string): Promise<Incident> {
  const found = await incidentsAt(receiver);
  expect(found).toHaveLength(1);
  return found[0] as Incident;
}

export function decide(id: string, action: "confirm" | "drop", json: unknown = {}, env?: Env): Promise<Response> {
  return api(`/v1/incidents/${id}/${action}`, { json, ...(env ? { env } : {}) });
}

/** Decides, whatever it takes, and answers how it stands. */
export async function decided(
  id: string,
  action: "confirm" | "drop",
  json: unknown = {},
  env?: Env,
): Promise<Incident> {
  return jsonOf(await untilAccepted(() => decide(id, action, json, env)));
}
