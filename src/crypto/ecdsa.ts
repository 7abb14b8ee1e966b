/** ECDSA over P-256 with SHA-256 (FIPS 186-5), with the DER signatures that everybody but Web Crypto uses. */
import { readElement, readSequence, TAG } from "./asn1";

const COORDINATE_BYTES = 32;

/** @param spki the DER of a SubjectPublicKeyInfo. @returns `null` for whatever is no P-256 key */
export async function importP256Key(spki: Uint8Array): Promise<CryptoKey | null> {
  try {
    return await crypto.subtle.importKey("spki", spki, { name: "ECDSA", namedCurve: "P-256" }, false, ["verify"]);
  } catch {
    return null;
  }
}

/** Is this DER-encoded signature that of these bytes? Never throws. */
export async function verifyP256(key: CryptoKey, derSignature: Uint8Array, signed: Uint8Array): Promise<boolean> {
  const raw = rawSignature(derSignature);
  if (!raw) return false;
  try {
    return await crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, raw, signed);
  } catch {
    return false;
  }
}

/** `SEQUENCE { r INTEGER, s INTEGER }` (RFC 3279 §2.2.3) → r and s, 32 bytes each. */
function rawSignature(der: Uint8Array): Uint8Array | null {
  if (readElement(der)?.whole.byteLength !== der.byteLength) return null;
  const [r, s, more] = readSequence(der) ?? [];
  if (r?.tag !== TAG.integer || s?.tag !== TAG.integer || more) return null;
  const [left, right] = [coordinate(r.content), coordinate(s.content)];
  if (!left || !right) return null;
  const raw = new Uint8Array(2 * COORDINATE_BYTES);
  raw.set(left, COORDINATE_BYTES - left.byteLength);
  raw.set(right, 2 * COORDINATE_BYTES - right.byteLength);
  return raw;
}

/** DER puts a zero before a number whose first bit is set. */
function coordinate(integer: Uint8Array): Uint8Array | null {
  let start = 0;
  while (start < integer.byteLength - 1 && integer[start] === 0) start++;
  const bytes = integer.subarray(start);
  return bytes.byteLength > COORDINATE_BYTES || !bytes.byteLength ? null : bytes;
}
