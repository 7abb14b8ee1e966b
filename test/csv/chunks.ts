import { type Chunks, textPieces } from "../../src/csv/text";

/** Text as it comes over a network: in chunks that cut records, characters and line ends apart. */

export function* inChunks(text: string | Uint8Array, bytes: number): Generator<Uint8Array> {
  const all = typeof text === "string" ? new TextEncoder().encode(text) : text;
  for (let at = 0; at < all.byteLength; at += bytes) yield all.subarray(at, at + bytes);
}

interface Reader<T> {
  push(piece: string): readonly T[];
  end(): readonly T[];
}

/** Everything that a reader makes of some chunks, as it does for a request's body. */
export async function readAll<T>(reader: Reader<T>, chunks: Chunks): Promise<T[]> {
  const all: T[] = [];
  for await (const piece of textPieces(chunks)) all.push(...reader.push(piece));
  return [...all, ...reader.end()];
}
