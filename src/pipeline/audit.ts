/** Who acts, as the audit trail names them. */
import { sha256Hex } from "../crypto/digest";
import { cleanText } from "../domain/text";
import type { Actor } from "../store/audit";

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
