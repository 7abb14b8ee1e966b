/**
 * RSASSA-PKCS1-v1_5 signatures (RFC 8017 §8.2) by Web Crypto.
 *
 * The caller pins the hash when it imports the key, so nothing that a request says can choose another one.
 */

/** SHA-1 is broken for new designs; SNS's signature version 1 and Postal still sign with it. */
export type RsaHash = "SHA-1" | "SHA-256";

/**
 * Imports a public key.
 *
 * @param spki the DER of a SubjectPublicKeyInfo (RFC 5280 §4.1), as DKIM records, certificates and PEM files hold it
 * @returns `null` for whatever is no RSA key
 */
export async function importRsaKey(spki: Uint8Array, hash: RsaHash): Promise<CryptoKey | null> {
  try {
    return await crypto.subtle.importKey("spki", spki, { name: "RSASSA-PKCS1-v1_5", hash }, false, ["verify"]);
  } catch {
    return null;
  }
}

/** Is this the signature of these bytes? Never throws: a signature of any other length or content is simply wrong. */
export async function verifyRsa(key: CryptoKey, signature: Uint8Array, signed: Uint8Array): Promise<boolean> {
  try {
    return await crypto.subtle.verify("RSASSA-PKCS1-v1_5", key, signature, signed);
  } catch {
    return false;
  }
}
