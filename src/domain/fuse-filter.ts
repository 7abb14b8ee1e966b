/**
 * A filter of suppressed recipients, as its readers see it: a few bits for each of them, and an answer without asking
 * anybody. "No" is certain, "yes" is wrong once in 256 times.
 *
 * It is a binary fuse filter with three segments and 8-bit fingerprints (Graf and Lemire, "Binary Fuse Filters: Fast
 * and Smaller Than Xor Filters", ACM JEA 27, 2022), in shards. Blocked domains are few and listed beside it, exactly: a
 * wrong "yes" about a large provider would concern every third address. docs/checking-at-scale.md describes the bytes.
 */
import { fail, ok, type Result } from "./result";
import type { DigestPrefix } from "./sha256";

/** The first bytes of a filter. */
export const FILTER_MAGIC = "BKSF";
/** Of the bytes; a reader refuses another one. */
export const FILTER_FORMAT = 1;
/** Of a filter, before its domains. */
export const HEAD_BYTES = 32;
/** Of a shard, before its fingerprints. */
export const SHARD_HEAD_BYTES = 20;
/** Of a domain: the first bits of its digest. */
export const DOMAIN_BYTES = 8;

export interface FilterHead {
  /** Which build it is; a later one has a higher version. */
  readonly version: number;
  /** Epoch ms at which its building began: what was on the list by then is in it. */
  readonly builtAt: number;
  /** Recipients in it, addresses and domains. */
  readonly count: number;
  /** The last change of the list before that moment: a reader goes on from here. */
  readonly lastChange: number;
  /** There are two to this power of shards; a digest's first bits name its shard. */
  readonly shardBits: number;
}

/** The addresses of one shard: where to look, and what has to be found there. */
export interface Fuse {
  readonly seed: number;
  /** A power of two. */
  readonly segmentLength: number;
  /** In how many places a first look may fall; 0: nothing is in it. */
  readonly startLength: number;
  readonly fingerprints: Uint8Array;
}

export interface Shard extends Fuse {
  /** The first eight bytes of each blocked domain's digest, in ascending order, one after another. */
  readonly domains: DataView;
}

export interface Filter extends FilterHead {
  readonly shards: readonly Shard[];
  /** Is any domain blocked? */
  readonly listsDomains: boolean;
}

export type FilterError = "not_a_filter" | "unknown_format" | "incomplete";

/**
 * Reads a filter. Its parts are views of the bytes, which have to stay as they are.
 *
 * @returns `incomplete` where there are fewer bytes than it says, or more
 */
export function parseFilter(bytes: Uint8Array): Result<Filter, FilterError> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const begins = [...FILTER_MAGIC].every((letter, i) => bytes[i] === letter.charCodeAt(0));
  if (!begins) return fail("not_a_filter");
  if (bytes[FILTER_MAGIC.length] !== FILTER_FORMAT) return fail("unknown_format");
  if (bytes.byteLength < HEAD_BYTES) return fail("incomplete");
  const head = parseHead(view);
  const shards: Shard[] = [];
  let at = HEAD_BYTES;
  for (let i = 0; i < 2 ** head.shardBits; i++) {
    const shard = parseShard(view, at);
    if (!shard) return fail("incomplete");
    shards.push(shard.value);
    at = shard.end;
  }
  const listsDomains = shards.some(({ domains }) => domains.byteLength > 0);
  return at === bytes.byteLength ? ok({ ...head, shards, listsDomains }) : fail("incomplete");
}

function parseHead(view: DataView): FilterHead {
  return {
    shardBits: view.getUint8(5),
    version: view.getUint32(8, true),
    count: view.getUint32(12, true),
    builtAt: Number(view.getBigUint64(16, true)),
    lastChange: Number(view.getBigUint64(24, true)),
  };
}

function parseShard(view: DataView, at: number): { value: Shard; end: number } | null {
  if (at + SHARD_HEAD_BYTES > view.byteLength) return null;
  const domains = view.getUint32(at, true);
  const seed = view.getUint32(at + 8, true);
  const segmentLength = view.getUint32(at + 12, true);
  const startLength = view.getUint32(at + 16, true);
  const domainsAt = at + SHARD_HEAD_BYTES;
  const fingerprintsAt = domainsAt + domains * DOMAIN_BYTES;
  const end = fingerprintsAt + fingerprintCount(startLength, segmentLength);
  if (end > view.byteLength) return null;
  const part = (from: number, to: number) => [view.buffer, view.byteOffset + from, to - from] as const;
  return {
    value: {
      seed,
      segmentLength,
      startLength,
      fingerprints: new Uint8Array(...part(fingerprintsAt, end)),
      domains: new DataView(...part(domainsAt, fingerprintsAt)),
    },
    end,
  };
}

/** Three looks, each in a segment of its own: the last may start where the first may, two segments further on. */
export function fingerprintCount(startLength: number, segmentLength: number): number {
  return startLength === 0 ? 0 : startLength + 2 * segmentLength;
}

/** May this address be suppressed? @param digest of the canonical address */
export function mayListAddress(filter: Filter, digest: DigestPrefix): boolean {
  const shard = filter.shards[shardOf(digest, filter.shardBits)];
  return shard !== undefined && mayContain(shard, digest);
}

/** Is this domain blocked? @param digest of the canonical domain, with its `@` */
export function listsDomain(filter: Filter, digest: DigestPrefix): boolean {
  const domains = filter.shards[shardOf(digest, filter.shardBits)]?.domains;
  if (!domains) return false;
  let from = 0;
  let to = domains.byteLength / DOMAIN_BYTES;
  while (from < to) {
    const middle = (from + to) >>> 1;
    const high = domains.getUint32(middle * DOMAIN_BYTES);
    const difference =
      high === digest.high ? domains.getUint32(middle * DOMAIN_BYTES + 4) - digest.low : high - digest.high;
    if (difference === 0) return true;
    if (difference < 0) from = middle + 1;
    else to = middle;
  }
  return false;
}

/** The first bits of a digest. */
export function shardOf({ high }: DigestPrefix, shardBits: number): number {
  return shardBits === 0 ? 0 : high >>> (32 - shardBits);
}

/** Is a digest among those of a shard? `false` is certain. */
export function mayContain(fuse: Fuse, { high, low }: DigestPrefix): boolean {
  const { startLength, segmentLength, fingerprints } = fuse;
  if (startLength === 0) return false;
  const a = mixedHigh(high, low, fuse.seed);
  const b = mixedLow(low, a, fuse.seed);
  const first = firstPlace(a, startLength);
  const found =
    (fingerprints[first] as number) ^
    (fingerprints[secondPlace(first, b, segmentLength)] as number) ^
    (fingerprints[thirdPlace(first, b, segmentLength)] as number);
  return found === (a & 0xff);
}

/** The two words of a digest, shuffled by the seed: no two digests give the same two words (a Feistel network). */
export function mixedHigh(high: number, low: number, seed: number): number {
  return (high ^ scrambled(low ^ seed)) >>> 0;
}

/** The second of the two. @param mixedHighWord the first one */
export function mixedLow(low: number, mixedHighWord: number, seed: number): number {
  return (low ^ scrambled(mixedHighWord ^ seed)) >>> 0;
}

/** The finalizer of MurmurHash3 (Austin Appleby, public domain). */
function scrambled(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** The fingerprint is the last eight bits of this word; the place comes of the first ones. */
export function firstPlace(a: number, startLength: number): number {
  return Math.floor((a * startLength) / 2 ** 32);
}

/** In the segment behind that of the first. @param b the second word of the shuffled digest */
export function secondPlace(first: number, b: number, segmentLength: number): number {
  return (first + segmentLength) ^ (b & (segmentLength - 1));
}

/** In the segment behind that. @param b the second word of the shuffled digest */
export function thirdPlace(first: number, b: number, segmentLength: number): number {
  return (first + 2 * segmentLength) ^ ((b >>> 16) & (segmentLength - 1));
}
