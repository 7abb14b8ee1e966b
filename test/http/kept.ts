/** What was kept of requests: a journal to start from, and quarantine with its bytes. */
import { expect } from "vitest";
import type { QuarantineItem } from "../../src/client/types";
import { api, bindings, jsonOf } from "../support/worker";

/** Much quicker than new stores; objects and projections stay. */
export async function emptyJournal(): Promise<void> {
  const tables = ["events", "quarantine", "receipt_bodies", "receipts"];
  await bindings.DB.batch(tables.map((table) => bindings.DB.prepare(`DELETE FROM ${table}`)));
}

/** Newest first. */
export async function keptItems(): Promise<QuarantineItem[]> {
  return (await jsonOf<{ items: QuarantineItem[] }>(await api("/v1/quarantine?limit=1000"))).items;
}

/** Asserts that the newest thing in quarantine is this body, byte for byte. */
export async function expectKept(body: Uint8Array, about: Partial<QuarantineItem>): Promise<void> {
  const [newest] = await keptItems();
  expect(newest).toMatchObject({ ...about, bodyBytes: body.byteLength });
  const bytes = await api(`/v1/quarantine/${newest?.id}/body`);
  expect(bytes.status).toBe(200);
  expect(Buffer.from(await bytes.arrayBuffer()).equals(body)).toBe(true);
}
