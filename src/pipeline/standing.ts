/** How a recipient stands, out of the projection. */
import { erasedAddress, keyOfErased } from "../domain/address";
import type { Suppression } from "../domain/recipient-state";
import { type RecipientRow, recipientByKey, recipientsByKey, suppressionsOf } from "../store/recipients";
import type { Deps } from "./deps";
import { recipientKey } from "./recipient-key";

export interface Standing {
  /** Hex SHA-256 of the address. */
  readonly key: string;
  /** `null`: nothing was ever decided about it, or it was forgotten. */
  readonly row: RecipientRow | null;
  /** What suppresses it now; empty where nothing does. */
  readonly suppressions: readonly Suppression[];
  /** Under which the journal may know it: the address, and what is left of it after an erasure. */
  readonly names: readonly string[];
  /** Under which what is done to it now is recorded. An erased address is not written down again by us. */
  readonly name: string;
}

/** Under which names the journal may know a recipient. @param address canonical */
export function namesOf(address: string): readonly string[] {
  return namesFrom(address, recipientKey(address));
}

function namesFrom(address: string, key: string): readonly string[] {
  return [...new Set([address, erasedAddress(key)])];
}

/** @param address canonical */
export async function standingOf(deps: Pick<Deps, "db" | "now">, address: string): Promise<Standing> {
  const key = recipientKey(address);
  return standingFrom(deps, address, key, await recipientByKey(deps.db, key));
}

/** Any number of them, in the order of the addresses. @param addresses canonical */
export async function standingsOf(deps: Pick<Deps, "db" | "now">, addresses: readonly string[]): Promise<Standing[]> {
  const keys = addresses.map(recipientKey);
  const rows = await recipientsByKey(deps.db, keys);
  return addresses.map((address, i) => standingFrom(deps, address, keys[i] ?? "", rows.get(keys[i] ?? "") ?? null));
}

function standingFrom(deps: Pick<Deps, "now">, address: string, key: string, found: RecipientRow | null): Standing {
  // What an erasure leaves behind for a while says nothing.
  const row = found && found.address !== null ? found : null;
  return {
    key,
    row,
    suppressions: row ? suppressionsOf(row, deps.now()) : [],
    names: namesFrom(address, key),
    name: row?.address && keyOfErased(row.address) !== null ? row.address : address,
  };
}
