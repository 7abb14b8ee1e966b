/** Things that the stores are called with. What they say does not matter: only which statements they lead to. */
import type { NormalizedEvent } from "../../../src/domain/event";
import type { Actor } from "../../../src/store/audit";
import type { Receipt } from "../../../src/store/journal";

/** One call of an exported function, with everything that changes its statements. */
export type Call = (db: D1Database) => unknown;
export type CallsOf = Readonly<Record<string, readonly Call[]>>;

export const NOW = 1_800_000_000_000;
export const ADDRESS = "john@example.com";
export const KEY = "a".repeat(64);
export const ACTOR: Actor = { id: "operator", label: null };

let count = 0;
/** Another one each time. */
export const newId = () => `id-${++count}`;

export function eventOf(changes: Partial<NormalizedEvent> = {}): NormalizedEvent {
  return {
    id: newId(),
    provider: "postmark",
    connection: "default",
    kind: "bounced",
    class: "hard",
    category: "invalid",
    address: ADDRESS,
    recipient: ADDRESS,
    messageId: "m-1",
    occurredAt: NOW,
    receivedAt: NOW,
    ...changes,
  };
}

export function receiptOf(changes: Partial<Receipt> = {}): Receipt {
  return {
    requestId: newId(),
    source: "webhook",
    provider: "postmark",
    connection: "default",
    receivedAt: NOW,
    method: "POST",
    query: [],
    headers: [],
    bodySha256: KEY,
    bodyBytes: 2,
    bodyParts: [new Uint8Array([1, 2])],
    ...changes,
  };
}

/** A call for each field alone, one for all of them, and one for none, where each field is a condition of its own. */
export function eachAlone<F extends object>(all: Required<F>, call: (filter: F, db: D1Database) => unknown): Call[] {
  const alone = Object.entries(all).map(([name, value]) => ({ [name]: value }) as F);
  return [{} as F, all as F, ...alone].map((filter) => (db) => call(filter, db));
}
