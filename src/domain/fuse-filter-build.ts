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

/** Digests' first 64 bits, as two words each. */
export interface Prefixes {
  readonly high: Uint32Array;
  readonly low: Uint32Array;
}

/** A seed fails for one set in some; that this many fail does not happen to digests. */
const MAX_SEEDS = 100;
const SEGMENTS = 3;
/** Beyond it the places of the second and third look would share bits. */
const MAX_SEGMENT_LENGTH = 2 ** 16;

/**
 * The head of a filter; its shards follow.
 */
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

/**
 * One shard.
 *
 * @param addresses in ascending order
 * @param domains in ascending order
 * @param seed any 32 bits; unpredictable ones keep anybody from choosing addresses that do not go together
 */
export function buildShard(addresses: Prefixes, domains: Prefixes, seed: number): Uint8Array {
  const distinct = withoutRepetitions(addresses);
  const fuse = buildFuse(distinct, seed);
  const domainBytes = domains.high.length * DOMAIN_BYTES;
  const bytes = new Uint8Array(SHARD_HEAD_BYTES + domainBytes + fuse.fingerprints.length);
  const view = new DataView(bytes.buffer);
  const { length } = distinct.high;
  [domains.high.length, length, fuse.seed, fuse.segmentLength, fuse.startLength].forEach((value, i) => {
    view.setUint32(4 * i, value, true);
  });
  domains.high.forEach((high, i) => {
    view.setUint32(SHARD_HEAD_BYTES + i * DOMAIN_BYTES, high);
    view.setUint32(SHARD_HEAD_BYTES + i * DOMAIN_BYTES + 4, domains.low[i] as number);
  });
  bytes.set(fuse.fingerprints, SHARD_HEAD_BYTES + domainBytes);
  return bytes;
}

/** Two digests may begin alike: to the filter they are one. */
function withoutRepetitions({ high, low }: Prefixes): Prefixes {
  let length = 0;
  const kept = { high: high.slice(), low: low.slice() };
  for (let i = 0; i < high.length; i++) {
    if (i > 0 && high[i] === high[i - 1] && low[i] === low[i - 1]) continue;
    kept.high[length] = high[i] as number;
    kept.low[length++] = low[i] as number;
  }
  return { high: kept.high.subarray(0, length), low: kept.low.subarray(0, length) };
}

/**
 * Fingerprints such that the three places of each key, taken together by XOR, give the key's own.
 *
 * @throws where no seed works, which repeated keys would bring about and nothing else
 */
export function buildFuse(keys: Prefixes, firstSeed: number): Fuse {
  const { segmentLength, startLength } = sizesFor(keys.high.length);
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
function peel(keys: Prefixes, fuse: Fuse): PeelingOrder | null {
  const places = fuse.fingerprints.length;
  const { length } = keys.high;
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
    const a = mixedHigh(keys.high[i] as number, keys.low[i] as number, fuse.seed);
    const b = mixedLow(keys.low[i] as number, a, fuse.seed);
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
