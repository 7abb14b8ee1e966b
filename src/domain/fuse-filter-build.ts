/**
 * Building a filter: the other half of `fuse-filter.ts`, which readers do without. Shard by shard, so that the memory it
 * takes does not grow with the list: about 40 bytes for each address of the shard.
 */
import {
  DOMAIN_BYTES,
  FILTER_FORMAT,
  FILTER_MAGIC,
  type FilterHead,
  type Fuse,
  fingerprintCount,
  firstPlace,
  HEAD_BYTES,
  mixedHigh,
  mixedLow,
  SHARD_HEAD_BYTES,
  secondPlace,
  thirdPlace,
} from "./fuse-filter";

/** A seed fails for one set in some; that this many fail does not happen to digests. */
const MAX_SEEDS = 100;
const SEGMENTS = 3;
/** Beyond it the places of the second and third look would share bits. */
const MAX_SEGMENT_LENGTH = 2 ** 16;

/** The head of a filter; its shards follow. */
export function serializeHead(head: FilterHead): Uint8Array {
  const bytes = new Uint8Array(HEAD_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set([...FILTER_MAGIC].map((letter) => letter.charCodeAt(0)));
  view.setUint8(4, FILTER_FORMAT);
  view.setUint8(5, head.shardBits);
  view.setUint32(8, head.version, true);
  view.setUint32(12, head.count, true);
  view.setBigUint64(16, BigInt(head.builtAt), true);
  view.setBigUint64(24, BigInt(head.lastChange), true);
  return bytes;
}

/** The first 64 bits of digests, out of hex: sixteen digits each, one after another. */
export function prefixesOfHex(hex: string): BigUint64Array {
  const prefixes = new BigUint64Array(hex.length / 16);
  const words = wordsOf(prefixes);
  for (let i = 0; i < prefixes.length; i++) {
    words[2 * i + 1] = Number.parseInt(hex.slice(16 * i, 16 * i + 8), 16);
    words[2 * i] = Number.parseInt(hex.slice(16 * i + 8, 16 * i + 16), 16);
  }
  return prefixes;
}

/** The lower word of each, then the higher one: every platform that runs this has its bytes in that order. */
function wordsOf(prefixes: BigUint64Array): Uint32Array {
  return new Uint32Array(prefixes.buffer, prefixes.byteOffset, prefixes.length * 2);
}

/**
 * One shard.
 *
 * @param addresses the first 64 bits of their digests, in any order
 * @param domains the same, of blocked domains
 * @param seed any 32 bits; unpredictable ones keep anybody from choosing addresses that do not go together
 */
export function buildShard(addresses: BigUint64Array, domains: BigUint64Array, seed: number): Uint8Array {
  const keys = distinct(addresses);
  const listed = distinct(domains);
  const fuse = buildFuse(keys, seed);
  const fingerprintsAt = SHARD_HEAD_BYTES + listed.length * DOMAIN_BYTES;
  const bytes = new Uint8Array(fingerprintsAt + fuse.fingerprints.length);
  const view = new DataView(bytes.buffer);
  [listed.length, keys.length, fuse.seed, fuse.segmentLength, fuse.startLength].forEach((value, i) => {
    view.setUint32(4 * i, value, true);
  });
  listed.forEach((prefix, i) => {
    view.setBigUint64(SHARD_HEAD_BYTES + i * DOMAIN_BYTES, prefix);
  });
  bytes.set(fuse.fingerprints, fingerprintsAt);
  return bytes;
}

/** In ascending order. Two digests may begin alike: to the filter they are one. */
function distinct(prefixes: BigUint64Array): BigUint64Array {
  const sorted = prefixes.slice().sort();
  let length = 0;
  for (let i = 0; i < sorted.length; i++) {
    if (i === 0 || sorted[i] !== sorted[i - 1]) sorted[length++] = sorted[i] as bigint;
  }
  return sorted.subarray(0, length);
}

/**
 * Fingerprints such that the three places of each key, taken together by XOR, give the key's own.
 *
 * @throws where no seed works, which repeated keys would bring about, and nothing else
 */
export function buildFuse(keys: BigUint64Array, firstSeed: number): Fuse {
  const { segmentLength, startLength } = sizesFor(keys.length);
  const fingerprints = new Uint8Array(fingerprintCount(startLength, segmentLength));
  for (let i = 0; i < MAX_SEEDS; i++) {
    const seed = (firstSeed + i) >>> 0;
    const fuse = { seed, segmentLength, startLength, fingerprints };
    const order = peel(keys, fuse);
    if (!order) continue;
    assign(order, fuse);
    return fuse;
  }
  throw new Error("no seed works for these keys");
}

/** Sizes as the paper has them (section 4): found by experiment, for three segments. */
function sizesFor(keys: number): { segmentLength: number; startLength: number } {
  if (keys === 0) return { segmentLength: 4, startLength: 0 };
  const logarithm = Math.log(Math.max(keys, 2));
  const wanted = 2 ** Math.floor(logarithm / Math.log(3.33) + 2.25);
  const segmentLength = Math.min(MAX_SEGMENT_LENGTH, Math.max(4, wanted));
  const places = keys * Math.max(1.125, 0.875 + (0.25 * Math.log(1_000_000)) / logarithm);
  const segments = Math.max(1, Math.ceil(places / segmentLength) - (SEGMENTS - 1));
  return { segmentLength, startLength: segments * segmentLength };
}

/** Keys, each with a place that none of those before it looks at. */
interface PeelingOrder {
  readonly a: Uint32Array;
  readonly b: Uint32Array;
  /** Which of its three places that is: 0, 1 or 2. */
  readonly look: Uint8Array;
}

/**
 * Takes away, one after another, keys that have a place of their own.
 *
 * @returns `null` where some are left that share all of theirs
 */
function peel(keys: BigUint64Array, fuse: Fuse): PeelingOrder | null {
  const places = fuse.fingerprints.length;
  const { length } = keys;
  const words = wordsOf(keys);
  /** Of each place: how many keys look at it, and their words and looks, all XORed: of the last one its own. */
  const count = new Uint32Array(places);
  const xorA = new Uint32Array(places);
  const xorB = new Uint32Array(places);
  const xorLook = new Uint8Array(places);
  const toggle = (place: number, a: number, b: number, look: number, change: number) => {
    count[place] = (count[place] as number) + change;
    xorA[place] = (xorA[place] as number) ^ a;
    xorB[place] = (xorB[place] as number) ^ b;
    xorLook[place] = (xorLook[place] as number) ^ look;
  };
  for (let i = 0; i < length; i++) {
    const low = words[2 * i] as number;
    const a = mixedHigh(words[2 * i + 1] as number, low, fuse.seed);
    const b = mixedLow(low, a, fuse.seed);
    const first = firstPlace(a, fuse.startLength);
    toggle(first, a, b, 0, 1);
    toggle(secondPlace(first, b, fuse.segmentLength), a, b, 1, 1);
    toggle(thirdPlace(first, b, fuse.segmentLength), a, b, 2, 1);
  }

  const alone = new Uint32Array(places);
  let waiting = 0;
  for (let place = 0; place < places; place++) if (count[place] === 1) alone[waiting++] = place;
  const order = { a: new Uint32Array(length), b: new Uint32Array(length), look: new Uint8Array(length) };
  let taken = 0;
  while (waiting) {
    const place = alone[--waiting] as number;
    if (count[place] !== 1) continue;
    const a = xorA[place] as number;
    const b = xorB[place] as number;
    order.a[taken] = a;
    order.b[taken] = b;
    order.look[taken++] = xorLook[place] as number;
    const first = firstPlace(a, fuse.startLength);
    const looks = [first, secondPlace(first, b, fuse.segmentLength), thirdPlace(first, b, fuse.segmentLength)];
    for (let look = 0; look < SEGMENTS; look++) {
      const other = looks[look] as number;
      toggle(other, a, b, look, -1);
      if (count[other] === 1) alone[waiting++] = other;
    }
  }
  return taken === length ? order : null;
}

/** In the opposite order: the place of each key's own makes its three come out right, and no later one touches them. */
function assign({ a, b, look }: PeelingOrder, { startLength, segmentLength, fingerprints }: Fuse): void {
  for (let i = a.length - 1; i >= 0; i--) {
    const first = firstPlace(a[i] as number, startLength);
    const looks = [
      first,
      secondPlace(first, b[i] as number, segmentLength),
      thirdPlace(first, b[i] as number, segmentLength),
    ];
    const own = looks[look[i] as number] as number;
    fingerprints[own] = 0;
    let value = (a[i] as number) & 0xff;
    for (const place of looks) value ^= fingerprints[place] as number;
    fingerprints[own] = value;
  }
}
