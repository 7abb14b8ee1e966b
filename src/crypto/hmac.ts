/** Keyed hashes (RFC 2104), verified in constant time. The caller pins the hash; nothing that a request says chooses it. */
import { bytesEqual } from "./secret-equal";

/** SHA-1 is what Mandrill signs with. */
export type HmacHash = "SHA-1" | "SHA-256";

/** @param key not empty */
export async function hmac(hash: HmacHash, key: Uint8Array, message: Uint8Array): Promise<Uint8Array> {
  const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, message));
}

/** Is this the HMAC of the message under this key? `null`, an undecodable signature, never is; nor is any under an empty key. */
export async function verifyHmac(
  hash: HmacHash,
  key: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array | null,
): Promise<boolean> {
  if (signature === null || key.byteLength === 0) return false;
  return bytesEqual(await hmac(hash, key, message), signature);
}
