import { utf8Bytes } from "./encoding";

/** Compares in a time that depends on the lengths only, never on where the two differ. */
export function bytesEqual(a: Uint8Array, b: Uint8Array): boolean {
  // The platform's comparison throws on unequal lengths: compare something of the same length and say no.
  if (a.byteLength !== b.byteLength) {
    sameLengthEqual(a, a);
    return false;
  }
  return sameLengthEqual(a, b);
}

/** Workers have a comparison for this. Outside, where senders run, all bytes are looked at, whatever the first ones say. */
function sameLengthEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (typeof crypto.subtle.timingSafeEqual === "function") return crypto.subtle.timingSafeEqual(a, b);
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return difference === 0;
}

/** The same of texts, by their UTF-8 bytes. */
export function secretEqual(given: string, secret: string): boolean {
  return bytesEqual(utf8Bytes(given), utf8Bytes(secret));
}

/** Is it one of these? Looks at all of them, whichever matches. */
export function anySecretEqual(given: string, secrets: readonly string[]): boolean {
  const bytes = utf8Bytes(given);
  let found = false;
  for (const secret of secrets) found = bytesEqual(bytes, utf8Bytes(secret)) || found;
  return found;
}
