/** What was kept of requests: a journal to start from, and quarantine with its bytes. */
import { expect } from "vitest";
import { api, bindings, jsonOf } from "../support/worker";

interface KeptItem {
  readonly id: string;
  readonly provider: string;
  /** Position of the record in its body; `null`: the body as a whole. */
  readonly item: number | null;
  readonly reason: string;
  readonly detail: string;
  readonly bodyBytes: number;
}

/** Much quicker than new stores; objects and projections stay. */
export async function emptyJournal(): Promise<void> {
  const tables = ["events", "quarantine", "receipt_bodies", "receipts"];
  await bindings.DB.batch(tables.map((table) => bindings.DB.prepare(`DELETE FROM ${table}`)));
}

/** Newest first. */
export async function keptItems(): Promise<KeptItem[]> {
  return (await jsonOf<{ items: KeptItem[] }>(await api("/v1/quarantine?limit=1000"))).items;
}

/** Asserts that the newest thing in quarantine is this body, byte for byte. */
export async function expectKept(body: Uint8Array, about: Partial<KeptItem>): Promise<void> {
  const [newest] = await keptItems();
  expect(newest).toMatchObject({ ...about, bodyBytes: body.byteLength });
  const bytes = await api(`/v1/quarantine/${newest?.id}/body`);
  expect(bytes.status).toBe(200);
  expect(Buffer.from(await bytes.arrayBuffer()).equals(body)).toBe(true);
}
