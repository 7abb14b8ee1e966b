/** Telling the worker what happened, in our own format, and what operators do. */
import { expect } from "vitest";
import type { Env } from "../../src/config";
import { api, jsonOf } from "./worker";

export function iso(at: number): string {
  return new Date(at).toISOString();
}

/** An event in the format of `POST /v1/events`; `at` is epoch ms. */
export interface Report {
  readonly kind: string;
  readonly recipient: string;
  readonly class?: string;
  readonly category?: string;
  readonly at?: number;
  readonly messageId?: string;
  readonly id?: string;
  readonly diagnosticCode?: string;
  readonly remoteMta?: string;
}

/** Posts events as an operator's script does. */
export function post(reports: Report | readonly Report[], env?: Env): Promise<Response> {
  const list = Array.isArray(reports) ? (reports as readonly Report[]) : [reports as Report];
  const json = list.map(({ at, ...rest }) => ({ ...rest, ...(at === undefined ? {} : { occurredAt: iso(at) }) }));
  return api("/v1/events", { json, ...(env ? { env } : {}) });
}

/** Posts events that must be taken in. @returns their ids, in order */
export async function report(reports: Report | readonly Report[], env?: Env): Promise<string[]> {
  const response = await post(reports, env);
  expect(response.status).toBe(200);
  const { items } = await jsonOf(response);
  return items.map((item) => item.id);
}

export function bounced(recipient: string, bounceClass: string, at: number, messageId?: string): Report {
  return { kind: "bounced", class: bounceClass, recipient, at, messageId: messageId ?? `m-${at}` };
}

export function delivered(recipient: string, at: number, messageId?: string): Report {
  return { kind: "delivered", recipient, at, messageId: messageId ?? `d-${at}` };
}

/** So many soft bounces of different messages, one after another. */
export function softBounces(recipient: string, count: number, from: number, stepMs = 1_000): Report[] {
  return Array.from({ length: count }, (_, i) => bounced(recipient, "soft", from + i * stepMs));
}

function pathOf(recipient: string): string {
  return `/v1/suppressions/${encodeURIComponent(recipient)}`;
}

export function block(
  recipient: string,
  wanted: { readonly note?: string; readonly expiresAt?: string } = {},
  env?: Env,
): Promise<Response> {
  return api(pathOf(recipient), { method: "PUT", json: wanted, ...(env ? { env } : {}) });
}

export function release(recipient: string, query = "", env?: Env): Promise<Response> {
  return api(pathOf(recipient) + query, { method: "DELETE", ...(env ? { env } : {}) });
}

export function rebuild(recipient: string, env?: Env): Promise<Response> {
  return api("/v1/rebuild", { json: { recipient }, ...(env ? { env } : {}) });
}

/** Rebuilds a recipient, which must work. */
export async function rebuilt(recipient: string): Promise<{ version: number; softBounces: number }> {
  const response = await rebuild(recipient);
  expect(response.status).toBe(200);
  return jsonOf(response);
}

interface EdgeRebuilt {
  readonly calls: number;
  readonly written: number;
  readonly removed: number;
}

/** Rebuilds the whole edge cache, page by page, as an operator's script does. */
export async function rebuildEdge(cursor: string | null = null): Promise<EdgeRebuilt> {
  const response = await api("/v1/rebuild", { json: { target: "kv", cursor } });
  expect(response.status).toBe(200);
  const { written, removed, nextCursor } = await jsonOf(response);
  const rest = nextCursor === null ? { calls: 0, written: 0, removed: 0 } : await rebuildEdge(nextCursor);
  return { calls: rest.calls + 1, written: rest.written + written, removed: rest.removed + removed };
}
