import { hexOf, utf8Bytes } from "./encoding";

/** SHA-256 (FIPS 180-4): 32 bytes. */
export async function sha256(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

/** Hex SHA-256 of a text's UTF-8 bytes. */
export async function sha256Hex(text: string): Promise<string> {
  return hexOf(await sha256(utf8Bytes(text)));
}

/** Broken for signatures of any worth; for a provider that proves itself in no other way. Workers have it, browsers do not. */
export async function md5(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("MD5", bytes));
}
