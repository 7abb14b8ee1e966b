import { utf8Bytes } from "./encoding";

/** Compares in a time that depends on the lengths only, never on where the two differ. */
export function bytesEqual(a: Uint8Array, b: Uint8Array): boolean {
  // The platform's comparison throws on unequal lengths: compare something of the same length and say no.
  if (a.byteLength !== b.byteLength) {
    crypto.subtle.timingSafeEqual(a, a);
    return false;
  }
  return crypto.subtle.timingSafeEqual(a, b);
}

export function secretEqual(given: string, secret: string): boolean {
  return bytesEqual(utf8Bytes(given), utf8Bytes(secret));
}

/** Is it one of these? Looks at all of them, whichever matches. */
export function anySecretEqual(given: string, secrets: readonly string[]): boolean {
  let found = false;
  for (const secret of secrets) found = secretEqual(given, secret) || found;
  return found;
}
