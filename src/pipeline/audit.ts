/** Who acts, as the audit trail names them. */
import { sha256Hex } from "../crypto/digest";
import { cleanText } from "../domain/text";
import { type Actor, type AuditEntry, insertAudit } from "../store/audit";
import type { Deps } from "./deps";

/** Notes what was done where the doing has no transaction of its own to note it in. */
export async function noteAction(deps: Pick<Deps, "db" | "now">, entry: Omit<AuditEntry, "at">): Promise<void> {
  await insertAudit(deps.db, { ...entry, at: deps.now() }).run();
}

const FINGERPRINT_DIGITS = 8;
const MAX_LABEL_LENGTH = 100;

/**
 * @param token the operator's; no more than its fingerprint is kept
 * @param label what the caller says of itself: a script's name, a person's
 */
export async function actorOfToken(token: string, label?: string | undefined): Promise<Actor> {
  const id = (await sha256Hex(token)).slice(0, FINGERPRINT_DIGITS);
  return { id, label: cleanText(label?.replace(/[\p{Cc}\p{Cf}]/gu, " "), MAX_LABEL_LENGTH) ?? null };
}
