/** Every provider there is. To add one: its file, a line here, and a folder of fixtures. */
import type { Adapter } from "./adapter";
import { inboxroad } from "./inboxroad";
import { powermta } from "./powermta";

export const ADAPTERS: readonly Adapter[] = [inboxroad, powermta];

const BY_ID = new Map(ADAPTERS.map((adapter) => [adapter.id, adapter]));

export function adapterOf(provider: string): Adapter | undefined {
  return BY_ID.get(provider);
}
