import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Filter,
  type FilterError,
  listsDomain,
  mayListAddress,
  parseFilter,
  shardOf,
} from "../../src/domain/fuse-filter";
import { buildFuse, buildShard, prefixesOfHex, serializeHead } from "../../src/domain/fuse-filter-build";
import { type DigestPrefix, sha256Prefix } from "../../src/domain/sha256";

const HEAD = { version: 7, builtAt: Date.UTC(2030, 0, 15, 12), lastChange: 2 ** 40 + 1 };
const SEED = 0x5eed;

const names = (count: number, from = 0) => Array.from({ length: count }, (_, i) => `user-${from + i}@example.com`);

const prefixesOf = (texts: readonly string[]) => packed(texts.map(sha256Prefix));
const packed = (digests: readonly DigestPrefix[]) =>
  BigUint64Array.from(digests, ({ high, low }) => (BigInt(high) << 32n) | BigInt(low));

function bytesOf(
  addresses: readonly string[],
  domains: readonly string[] = [],
  shardBits = 0,
  seed = SEED,
): Uint8Array {
  const inShard = (texts: readonly string[], shard: number) =>
    prefixesOf(texts.filter((text) => shardOf(sha256Prefix(text), shardBits) === shard));
  const shards = Array.from({ length: 2 ** shardBits }, (_, shard) =>
    buildShard(inShard(addresses, shard), inShard(domains, shard), seed),
  );
  const parts = [serializeHead({ ...HEAD, shardBits, count: addresses.length + domains.length }), ...shards];
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => {
    bytes.set(part, at);
    return at + part.length;
  }, 0);
  return bytes;
}

function read(bytes: Uint8Array): Filter {
  const filter = parseFilter(bytes);
  if (!filter.ok) throw new Error(filter.error);
  return filter.value;
}

const hits = (filter: Filter, texts: readonly string[]) =>
  texts.filter((text) => mayListAddress(filter, sha256Prefix(text))).length;

describe("the filter", () => {
  it("finds every address that is in it, however many and in however many shards", () => {
    for (const count of [0, 1, 2, 3, 4, 5, 7, 10, 100, 1_000, 20_000]) {
      for (const shardBits of [0, 1, 3]) {
        const addresses = names(count);
        expect(hits(read(bytesOf(addresses, [], shardBits)), addresses), `${count} in 2^${shardBits}`).toBe(count);
      }
    }
  });

  it("finds every member of any set, whatever the seed", () => {
    const sets = fc.uniqueArray(fc.string({ unit: "grapheme" }), { maxLength: 300 });
    const property = fc.property(sets, fc.nat(2 ** 32 - 1), fc.nat(4), (texts, seed, shardBits) => {
      expect(hits(read(bytesOf(texts, [], shardBits, seed)), texts)).toBe(texts.length);
    });
    fc.assert(property, { numRuns: 300 });
  });

  it("is wrong about one stranger in 256", () => {
    const filter = read(bytesOf(names(50_000), [], 1));
    const rate = hits(filter, names(200_000, 1_000_000)) / 200_000;
    expect(rate).toBeGreaterThan(1 / 256 / 1.2);
    expect(rate).toBeLessThan((1 / 256) * 1.2);
  });

  it("takes a little more than nine bits for each address", () => {
    expect((bytesOf(names(100_000)).length * 8) / 100_000).toBeLessThan(9.6);
  });

  it("says no to everything when it is empty", () => {
    const filter = read(bytesOf([]));
    expect(filter).toMatchObject({ ...HEAD, count: 0, shardBits: 0 });
    expect(hits(filter, names(1_000))).toBe(0);
    expect(listsDomain(filter, sha256Prefix("@example.com"))).toBe(false);
  });

  it("lists blocked domains exactly, and apart from addresses", () => {
    const domain = (i: number) => `@domain-${i}.example`;
    const blocked = Array.from({ length: 500 }, (_, i) => domain(i));
    const filter = read(bytesOf(names(100), blocked, 2));
    const isBlocked = (text: string) => listsDomain(filter, sha256Prefix(text));
    expect(blocked.every(isBlocked)).toBe(true);
    expect(Array.from({ length: 20_000 }, (_, i) => domain(500 + i)).some(isBlocked)).toBe(false);
    expect(names(100).some(isBlocked)).toBe(false);
  });

  it("tells domains apart that differ in the second word only", () => {
    const digest = (high: number, low: number) => ({ high, low });
    const near = [digest(5, 1), digest(5, 3), digest(5, 0xffffffff), digest(0xffffffff, 2)];
    const head = serializeHead({ ...HEAD, shardBits: 0, count: 4 });
    const filter = read(Uint8Array.from([...head, ...buildShard(packed([]), packed(near), SEED)]));
    for (const d of near) expect(listsDomain(filter, d)).toBe(true);
    for (const d of [digest(5, 0), digest(5, 2), digest(5, 4), digest(0, 1), digest(0xffffffff, 3)]) {
      expect(listsDomain(filter, d)).toBe(false);
    }
  });

  it("takes digests that begin alike for one", () => {
    const digests = [1, 1, 1, 2, 2].map((n) => sha256Prefix(`twin ${n}`));
    const head = serializeHead({ ...HEAD, shardBits: 0, count: digests.length });
    const filter = read(Uint8Array.from([...head, ...buildShard(packed(digests), packed([]), SEED)]));
    for (const d of digests) expect(mayListAddress(filter, d)).toBe(true);
  });

  it("goes on to another seed where one does not work", () => {
    const seeds = Array.from({ length: 200 }, (_, i) => buildFuse(prefixesOf(names(6, i * 6)), SEED).seed);
    expect(seeds.some((seed) => seed !== SEED)).toBe(true);
    expect(seeds.every((seed) => seed >= SEED && seed < SEED + 20)).toBe(true);
  });

  it("does not go on for ever with keys that are repeated", () => {
    const twice = packed([sha256Prefix("a"), sha256Prefix("a")]);
    expect(() => buildFuse(twice, SEED)).toThrow("no seed works");
  });
});

it("takes digests out of hex", () => {
  expect(prefixesOfHex("")).toEqual(new BigUint64Array());
  expect(prefixesOfHex("0123456789abcdef" + "ffffffff00000000")).toEqual(
    BigUint64Array.of(0x0123456789abcdefn, 0xffffffff00000000n),
  );
});

describe("a filter's bytes", () => {
  const whole = bytesOf(names(50), ["@blocked.example"], 1);
  const errorOf = (bytes: Uint8Array): FilterError | null => {
    const filter = parseFilter(bytes);
    return filter.ok ? null : filter.error;
  };

  it("are read from anywhere in a buffer", () => {
    const buffer = new Uint8Array(whole.length + 13);
    buffer.set(whole, 5);
    expect(hits(read(buffer.subarray(5, 5 + whole.length)), names(50))).toBe(50);
  });

  it("are refused where anything is missing from their end, or too much there", () => {
    for (let length = 5; length < whole.length; length++)
      expect(errorOf(whole.slice(0, length)), `${length}`).toBe("incomplete");
    expect(errorOf(Uint8Array.from([...whole, 0]))).toBe("incomplete");
    expect(errorOf(whole)).toBeNull();
  });

  it("are refused where they are something else", () => {
    expect(errorOf(new Uint8Array())).toBe("not_a_filter");
    expect(errorOf(new TextEncoder().encode('{"type":"about:blank"}'))).toBe("not_a_filter");
    expect(errorOf(whole.with(4, 2))).toBe("unknown_format");
    expect(errorOf(whole.slice(0, 4))).toBe("unknown_format");
  });

  it("are these, for readers in other languages", () => {
    const hex = Array.from(bytesOf(["a@example.com", "b@example.com"], ["@example.net"]), (byte) =>
      byte.toString(16).padStart(2, "0"),
    );
    expect(hex.join("")).toBe(
      [
        "424b5346 01 00 0000 07000000 03000000 00ea7125b9010000 0100000000010000",
        "01000000 02000000 ed5e0000 04000000 04000000",
        "bf40fb5f43bdf859",
        "000000000000390000 0000f3",
      ]
        .join("")
        .replaceAll(" ", ""),
    );
  });
});
