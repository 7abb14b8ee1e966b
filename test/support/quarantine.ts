/** What could not be read: how it gets into quarantine in tests, and what operators do with it. */
import { expect, vi } from "vitest";
import type { Adapter } from "../../src/providers/adapter";
import { inboxroad } from "../../src/providers/inboxroad";
import { api, jsonOf, testEnv } from "./worker";

type Headers = Readonly<Record<string, string>>;

export const INBOXROAD: Headers = { authorization: "Bearer inboxroad-secret" };
export const POWERMTA: Headers = { authorization: "Bearer powermta-secret" };
export const LISTMONK: Headers = { authorization: `Basic ${btoa("listmonk:listmonk-token")}` };

/** A record without a time of its own: it occurred when it reached us. */
export const hardBounce = (rcpt: string) => ({ type: "b", rcpt, bounceCat: "bad-mailbox" });
/** A record of a kind that this version does not know. */
export const NEW_KIND = { type: "from-a-later-version", rcpt: "new@example.com" };

export function posted(body: string | Uint8Array, path = "/webhooks/inboxroad", headers = INBOXROAD) {
  return api(path, { body, headers });
}

/** Posts a body while the adapter has a fault. */
export async function postedInVain(body: string, adapter: Adapter = inboxroad, headers = INBOXROAD): Promise<void> {
  const parse = vi.spyOn(adapter, "parse").mockImplementation(() => {
    throw new Error("a fault of the adapter");
  });
  const response = await posted(body, `/webhooks/${adapter.id}`, headers);
  parse.mockRestore();
  expect(response.status).toBe(200);
}

export interface Item {
  readonly id: string;
  readonly item: number | null;
  readonly reason: string;
  readonly receiptId: number;
  readonly receivedAt: string;
}

export async function items(): Promise<Item[]> {
  return (await jsonOf<{ items: Item[] }>(await api("/v1/quarantine"))).items;
}

/** The item that is there, and no other. */
export async function theItem(): Promise<Item> {
  const list = await items();
  expect(list).toHaveLength(1);
  return list[0] as Item;
}

export const replay = (id: string, env = testEnv()) => api(`/v1/quarantine/${id}/replay`, { method: "POST", env });
export const dismiss = (id: string, env = testEnv()) => api(`/v1/quarantine/${id}`, { method: "DELETE", env });
export const bodyOf = (id: string) => api(`/v1/quarantine/${id}/body`);

/** Replays an item, which must work. */
export async function replayed(id: string) {
  const response = await replay(id);
  expect(response.status).toBe(200);
  return jsonOf(response);
}
