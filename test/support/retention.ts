/** Pruning, as an operator asks for it. */
import type { Faults } from "./faults";
import { eventsOf } from "./ledger";
import { api, jsonOf, testEnv } from "./worker";

/** The kinds of a recipient's events that are left, in order. */
export const kindsOf = async (address: string) => (await eventsOf(address)).map(({ kind }) => kind);

export interface Pruned {
  readonly events: number;
  readonly bodies: number;
  readonly receipts: number;
}

/** Prunes once. @returns how much went */
export async function prune(RETENTION?: unknown, bindings: Partial<Faults["bindings"]> = {}): Promise<Pruned> {
  const response = await api("/v1/reconcile", { method: "POST", env: testEnv({ RETENTION, ...bindings }) });
  return (await jsonOf<{ pruned: Pruned }>(response)).pruned;
}

/** Prunes until there is nothing left to prune. */
export async function pruneAll(): Promise<void> {
  for (let idle = 0; idle < 5; ) idle = Object.values(await prune()).some(Boolean) ? 0 : idle + 1;
}
