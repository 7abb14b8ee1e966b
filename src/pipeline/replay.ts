/**
 * A replay runs today's code over bytes that could not be read when they came. It does not verify a webhook again,
 * because signatures expire, and keeps the time at which they first reached us.
 *
 * Mail that nothing vouched for is believed by that: it is how an operator releases it. Other mail has to be vouched for as
 * on the first day.
 */
import { fail, ok, type Result } from "../domain/result";
import { markVerified, type WebhookRequest } from "../providers/adapter";
import { adapterOf } from "../providers/registry";
import { settleQuarantine } from "../store/journal";
import { type QuarantineRow, quarantineItem } from "../store/quarantine";
import { type ReceiptRow, receiptWithBody } from "../store/receipts";
import type { Deps } from "./deps";
import { type IngestCounts, ingest } from "./ingest";
import { isMailDoor, mailOfRequest, readMail, UNVERIFIED } from "./mail";
import { type Parsed, parseSafely, type ReadItem, Refused } from "./parse";
import { gunzip } from "./receipt";

export type ReplayError = "not_found" | "body_gone" | "no_adapter";

export interface Replayed {
  /** Is it out of quarantine? */
  readonly settled: boolean;
  readonly counts: IngestCounts;
}

/** Reads an item of quarantine again, and records what it says now. @throws when the journal could not be written */
export async function replay(deps: Deps, id: string, requestId: string): Promise<Result<Replayed, ReplayError>> {
  const kept = await keptOf(deps, id);
  if (!kept.ok) return kept;
  const { entry, receipt, body } = kept.value;
  const request = requestOf(receipt, body);
  const outcome = await readAgain(deps, request, entry);
  if (!outcome || outcome.type === "answer") return fail("no_adapter");
  const parsed = outcome.type === "items" ? onlyItem(outcome.items, entry) : outcome;
  const { counts, items } = await ingest(deps, {
    request,
    parsed,
    origin: {
      requestId,
      source: "replay",
      provider: entry.provider,
      connection: entry.connection,
      receivedAt: deps.now(),
      keepHeaders: [...request.headers.keys()].filter((name) => name !== "content-type"),
    },
    eventsReceivedAt: receipt.received_at,
    replayOf: entry.receipt_id,
    settles: [id],
  });
  const settled = !items().some((item) => item.problem !== null && item.index === entry.item);
  // Nothing to record (it is known now and of no interest): then nothing has taken it out of quarantine yet.
  if (settled) await dismiss(deps, id);
  return ok({ settled, counts });
}

/** `null`: this version has nothing that reads it. */
async function readAgain(deps: Deps, request: WebhookRequest, entry: QuarantineRow): Promise<Parsed | null> {
  if (isMailDoor(entry.provider)) {
    const mail = mailOfRequest(request);
    return (await readMail(deps, { ...mail, trusted: mail.trusted || entry.reason === UNVERIFIED })).parsed;
  }
  const adapter = adapterOf(entry.provider);
  if (!adapter) return null;
  try {
    return await parseSafely(deps, adapter, markVerified(request), { receivedAt: entry.received_at });
  } catch (error) {
    // Nobody waits for a refusal here: what the provider's contract refuses is, of kept bytes, still unreadable.
    if (!(error instanceof Refused)) throw error;
    return { type: "unreadable", reason: "refused", detail: error.message };
  }
}

/** The bytes behind an item, as they came. */
export async function bodyOf(deps: Pick<Deps, "db">, id: string): Promise<Result<Uint8Array, ReplayError>> {
  const kept = await keptOf(deps, id);
  return kept.ok ? ok(kept.value.body) : kept;
}

async function keptOf(
  deps: Pick<Deps, "db">,
  id: string,
): Promise<Result<{ entry: QuarantineRow; receipt: ReceiptRow; body: Uint8Array }, ReplayError>> {
  const entry = await quarantineItem(deps.db, id);
  if (!entry) return fail("not_found");
  const kept = await receiptWithBody(deps.db, entry.receipt_id);
  if (!kept || (!kept.body && kept.receipt.body_bytes > 0)) return fail("body_gone");
  return ok({ entry, receipt: kept.receipt, body: kept.body ? await gunzip(kept.body) : new Uint8Array() });
}

/** Removes an item for good. The receipt stays until retention. */
export async function dismiss(deps: Pick<Deps, "db">, id: string): Promise<boolean> {
  const entry = await quarantineItem(deps.db, id);
  if (!entry) return false;
  await deps.db.batch(settleQuarantine(deps.db, [id]));
  return true;
}

/** The request as it was kept: method, query, headers and bytes. */
export function requestOf(receipt: ReceiptRow, body: Uint8Array): WebhookRequest {
  const url = new URL("https://replay.invalid/");
  for (const [name, value] of JSON.parse(receipt.query) as [string, string][]) url.searchParams.append(name, value);
  return { method: receipt.method, url, headers: new Headers(JSON.parse(receipt.headers) as [string, string][]), body };
}

/**
 * The others of the batch were recorded, or are in quarantine by themselves; positions stay as they were. What today's
 * code no longer finds at its place stays where it is.
 */
function onlyItem(items: readonly ReadItem[], entry: QuarantineRow): Extract<Parsed, { type: "items" }> {
  const { item: position, reason, detail } = entry;
  if (position === null) return { type: "items", items };
  const length = Math.max(items.length, position + 1);
  const only = Array.from({ length }, (): ReadItem => ({ type: "ignored" }));
  only[position] = items[position] ?? { type: "unreadable", reason, detail };
  return { type: "items", items: only };
}
