/** Bytes to text, in pieces of a size that is worth looking at. */

/** Readers begin anew at the record that a piece cuts off: many small pieces would make that costly. */
const MIN_PIECE_LENGTH = 8_192;
const UTF16_LITTLE_ENDIAN_MARK = [0xff, 0xfe] as const;

/** What a request's body, a file or a test may be. */
export type Chunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/**
 * Decodes UTF-8, or UTF-16 where its byte order mark says so (what spreadsheets call "Unicode text"). A mark is
 * dropped; bytes that are no UTF-8 become U+FFFD.
 *
 * @returns pieces of at least 8,192 UTF-16 units, but for the last one
 */
export async function* textPieces(chunks: Chunks): AsyncGenerator<string> {
  let decoder: TextDecoder | null = null;
  let held: Uint8Array = new Uint8Array();
  let text = "";
  for await (const chunk of chunks) {
    held = held.byteLength ? joined(held, chunk) : chunk;
    // The mark is two bytes long.
    if (!decoder && held.byteLength < 2) continue;
    decoder ??= decoderOf(held);
    text += decoder.decode(held, { stream: true });
    held = new Uint8Array();
    if (text.length < MIN_PIECE_LENGTH) continue;
    yield text;
    text = "";
  }
  text += (decoder ?? decoderOf(held)).decode(held);
  if (text !== "") yield text;
}

function decoderOf(start: Uint8Array): TextDecoder {
  const isUtf16 = UTF16_LITTLE_ENDIAN_MARK.every((byte, i) => start[i] === byte);
  return new TextDecoder(isUtf16 ? "utf-16le" : "utf-8");
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const whole = new Uint8Array(first.byteLength + second.byteLength);
  whole.set(first);
  whole.set(second, first.byteLength);
  return whole;
}
