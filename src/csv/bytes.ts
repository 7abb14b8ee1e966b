/**
 * Bytes as text, each character a byte. What separates records and fields is ASCII in every encoding that is a superset
 * of it, so a list can be taken apart and put together again without knowing its encoding, and without changing a byte.
 */

/** The fastest decoder that takes every byte; each becomes one character, but not all of them their own. */
const decoder = new TextDecoder("windows-1252");
const DISPLACED = new Map(
  Array.from({ length: 0x20 }, (_, i) => 0x80 + i).map((byte) => [
    decoder.decode(Uint8Array.of(byte)),
    String.fromCharCode(byte),
  ]),
);
const ABOVE_BYTES = /[^\x00-\xff]/g;

/** @returns as many characters as there are bytes, each up to U+00FF */
export function byteTextOf(bytes: Uint8Array): string {
  return decoder.decode(bytes).replace(ABOVE_BYTES, (character) => DISPLACED.get(character) ?? character);
}

/** @param text of characters up to U+00FF */
export function bytesOfText(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
