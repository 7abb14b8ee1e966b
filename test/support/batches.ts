/** Managing the list: importing, undoing, erasing, as an operator's script does. */
import { expect } from "vitest";
import type { ImportRow, ImportSummary } from "../../src/client/import";
import type { Batch } from "../../src/client/types";
import type { Env } from "../../src/config";
import { untilAccepted } from "./rounds";
import { api, jsonOf } from "./worker";

interface ImportAnswer extends ImportSummary {
  /** A dry run has none, and is not asked for it. */
  readonly batchId: string;
  readonly results: readonly ImportRow[];
  readonly resultsLeftOut: number;
}

export function postList(body: BodyInit, query = "", env?: Env): Promise<Response> {
  return api(`/v1/suppressions/import${query}`, { body, ...(env ? { env } : {}) });
}

/** Imports a list, which must work. */
export async function imported(body: BodyInit, query = "", env?: Env): Promise<ImportAnswer> {
  const response = await postList(body, query, env);
  expect(response.status).toBe(200);
  return jsonOf(response);
}

/** A list with a reason and a day of each recipient. */
export function listOf(entries: readonly (readonly [recipient: string, reason: string, day?: string])[]): string {
  return [
    "email,reason,date",
    ...entries.map(([recipient, reason, day = "2029-12-01"]) => `${recipient},${reason},${day}`),
  ].join("\n");
}

/** An entry of each kind, and one that is none. */
export const FULL_LIST = listOf([
  ["ann@example.com", "hard"],
  ["bob@example.com", "complaint"],
  ["cem@example.com", "unsubscribed"],
  ["dora@example.com", "on our own list"],
  ["not an address", "hard"],
  ["@blocked.example", "manual"],
]);

export async function batchOf(id: string): Promise<Batch> {
  const response = await api(`/v1/batches/${id}`);
  expect(response.status).toBe(200);
  return jsonOf(response);
}

export async function batches(): Promise<Batch[]> {
  return (await jsonOf<{ items: Batch[] }>(await api("/v1/batches"))).items;
}

export function revert(id: string, env?: Env): Promise<Response> {
  return api(`/v1/batches/${id}/revert`, { method: "POST", ...(env ? { env } : {}) });
}

/** Undoes a batch, whatever it takes, and answers how it stands. */
export async function reverted(id: string, env?: Env): Promise<Batch> {
  return jsonOf(await untilAccepted(() => revert(id, env)));
}

export function bulk(
  action: "block" | "release",
  recipients: readonly string[],
  more: Readonly<Record<string, unknown>> = {},
  env?: Env,
): Promise<Response> {
  return api("/v1/suppressions/bulk", { json: { action, recipients, ...more }, ...(env ? { env } : {}) });
}

export function erase(recipient: string, query = "", env?: Env): Promise<Response> {
  return api(`/v1/recipients/${encodeURIComponent(recipient)}${query}`, { method: "DELETE", ...(env ? { env } : {}) });
}

export function allow(recipient: string, env?: Env): Promise<Response> {
  return api(`/v1/allowlist/${encodeURIComponent(recipient)}`, { method: "PUT", ...(env ? { env } : {}) });
}
