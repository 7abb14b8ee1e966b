/** How a recipient stands, out of the projection. */
import { sha256Hex } from "../crypto/digest";
import type { Suppression } from "../domain/recipient-state";
import { type RecipientRow, recipientByKey, suppressionsOf } from "../store/recipients";
import type { Deps } from "./deps";

export interface Standing {
  /** Hex SHA-256 of the address. */
  readonly key: string;
  /** `null`: nothing was ever decided about it. */
  readonly row: RecipientRow | null;
  /** What suppresses it now; empty where nothing does. */
  readonly suppressions: readonly Suppression[];
}

/** @param address canonical */
export async function standingOf(deps: Pick<Deps, "db" | "now">, address: string): Promise<Standing> {
  const key = await sha256Hex(address);
  const row = await recipientByKey(deps.db, key);
  return { key, row, suppressions: row ? suppressionsOf(row, deps.now()) : [] };
}
