/** As much of DER (X.690) as signatures and certificates need: walking nested elements. Hostile input gives `null`. */

/** Tags of the elements that are looked for (X.690 §8.1.2); `version` is the `[0]` of a certificate (RFC 5280 §4.1). */
export const TAG = { integer: 0x02, sequence: 0x30, version: 0xa0 } as const;

export interface Element {
  readonly tag: number;
  /** The element with its header. */
  readonly whole: Uint8Array;
  readonly content: Uint8Array;
}

/** The element at the beginning of some bytes, or `null` where there is none that fits into them. */
export function readElement(bytes: Uint8Array): Element | null {
  const [tag, first] = bytes;
  if (tag === undefined || first === undefined) return null;
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  // Four bytes of length is more than anything here can be; 0x80 is BER's indefinite form.
  if (first === 0x80 || lengthBytes > 4 || bytes.byteLength < 2 + lengthBytes) return null;
  let length = lengthBytes ? 0 : first;
  for (let i = 0; i < lengthBytes; i++) length = length * 256 + (bytes[2 + i] ?? 0);
  const start = 2 + lengthBytes;
  if (start + length > bytes.byteLength) return null;
  return { tag, whole: bytes.subarray(0, start + length), content: bytes.subarray(start, start + length) };
}

/** The elements inside a sequence, in order; `null` unless they fill it. */
export function readSequence(bytes: Uint8Array): readonly Element[] | null {
  const outer = readElement(bytes);
  if (outer?.tag !== TAG.sequence) return null;
  const elements: Element[] = [];
  let rest = outer.content;
  while (rest.byteLength) {
    const element = readElement(rest);
    if (!element) return null;
    elements.push(element);
    rest = rest.subarray(element.whole.byteLength);
  }
  return elements;
}
