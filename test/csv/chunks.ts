/** Text as it comes over a network: in chunks that cut records, characters and line ends apart. */

export function* inChunks(text: string | Uint8Array, bytes: number): Generator<Uint8Array> {
  const all = typeof text === "string" ? new TextEncoder().encode(text) : text;
  for (let at = 0; at < all.byteLength; at += bytes) yield all.subarray(at, at + bytes);
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
