/**
 * Bytes as text, each character a byte. What separates records and fields is ASCII in every encoding that is a superset
 * of it, so a list can be taken apart and put together again without knowing its encoding, and without changing a byte.
 */

/** What a function may take as its arguments. */
const PIECE_BYTES = 8_192;

export function byteTextOf(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    text += String.fromCharCode(...bytes.subarray(at, at + PIECE_BYTES));
  }
  return text;
}

/** @param text of characters up to U+00FF */
export function bytesOfText(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
