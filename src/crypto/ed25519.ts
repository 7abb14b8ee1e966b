/** Ed25519 signatures (RFC 8032). */

/** @param raw the 32 bytes of a public key. @returns `null` for anything else */
export async function importEd25519Key(raw: Uint8Array): Promise<CryptoKey | null> {
  try {
    return await crypto.subtle.importKey("raw", raw, { name: "Ed25519" }, false, ["verify"]);
  } catch {
    return null;
  }
}

/** Is this the signature of these bytes? Never throws. */
export async function verifyEd25519(key: CryptoKey, signature: Uint8Array, signed: Uint8Array): Promise<boolean> {
  try {
    return await crypto.subtle.verify({ name: "Ed25519" }, key, signature, signed);
  } catch {
    return false;
  }
}
