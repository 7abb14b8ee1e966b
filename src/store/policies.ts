/** Policies that were applied. Only the newest record matters; none is ever removed, so that its number only rises. */
import type { AppliedPolicy } from "../domain/effective-policy";

export interface PolicyRow extends AppliedPolicy {
  batch_id: string;
  /** Epoch ms. */
  created_at: number;
}

const NEWEST = "SELECT id, policy, base, batch_id, created_at FROM policies ORDER BY id DESC LIMIT 1";

/** A statement for the newest record, for a transaction that reads or writes what is decided by it. */
export function selectNewestPolicy(db: D1Database): D1PreparedStatement {
  return db.prepare(NEWEST);
}

/** @returns `null`: nothing was ever applied */
export async function newestPolicy(db: D1Database): Promise<PolicyRow | null> {
  return db.prepare(NEWEST).first<PolicyRow>();
}
