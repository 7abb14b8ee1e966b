/**
 * The downloadable filter: built by the cron, shard by shard, over as many runs as it takes, and published as a whole.
 *
 * What was on the list when a build began is in it. What came later is in the changes feed, after the change that the
 * filter names.
 */
import { sha256, sha256Hex } from "../crypto/digest";
import { hexOf } from "../crypto/encoding";
import { HEAD_BYTES } from "../domain/fuse-filter";
import { buildShard, prefixesOfHex, serializeHead } from "../domain/fuse-filter-build";
import { lastChange } from "../store/changes";
import {
  addPart,
  type FilterBuild,
  type FilterManifest,
  type FilterPart,
  insertBuild,
  latestBuild,
  markCurrent,
  markPublished,
  partName,
  readManifest,
  readPart,
  removePartsBefore,
  suppressedKeys,
  writeManifest,
  writePart,
} from "../store/filter";
import type { Deps } from "./deps";

export type FilterDeps = Pick<Deps, "db" | "kv" | "now" | "log">;

export interface FilterLimits {
  /** A shard is built as a whole: with this many recipients it takes about 20 MB. */
  readonly keysPerShard: number;
  /** Of one statement. D1 ends it after 30 seconds; its answer, at most 16 bytes a row, must stay below 2 MB. */
  readonly rowsPerStretch: number;
  /** Statements. D1 takes a thousand of them an invocation, and a run also has other things to do. */
  readonly stretchesPerRun: number;
}

const LIMITS: FilterLimits = { keysPerShard: 500_000, rowsPerStretch: 50_000, stretchesPerRun: 60 };
const MAX_SHARD_BITS = 12;
const RUN_BUDGET_MS = 20_000;
/** However often a new one is wanted: a build reads every recipient, and D1 counts rows. */
const MAX_ROWS_PER_MINUTE = 100_000;
const MINUTE_MS = 60_000;
/** Hex digits of a digest that name a shard at most. */
const PREFIX_DIGITS = 8;
const AFTER_EVERY_KEY = "g";

/**
 * One run: begins a build where one is due, goes on with the one that is under way, publishes what is complete. Runs at
 * the same time do no harm: each part is noted once.
 *
 * @param everyMs build at most this often, and only if the list has changed
 */
export async function tendFilter(deps: FilterDeps, everyMs: number, limits: FilterLimits = LIMITS): Promise<void> {
  const latest = await latestBuild(deps.db);
  const build = latest && !latest.isPublished ? latest : await beginIfDue(deps, latest, everyMs, limits);
  if (!build) return;
  const parts = await buildParts(deps, build, limits);
  if (parts?.length === 2 ** build.shardBits) await publish(deps, { ...build, parts });
}

async function beginIfDue(
  deps: FilterDeps,
  published: FilterBuild | null,
  everyMs: number,
  { keysPerShard }: FilterLimits,
): Promise<FilterBuild | null> {
  const now = deps.now();
  if (published && now - published.currentAt < intervalMs(published, everyMs)) return null;
  const newest = await lastChange(deps.db);
  const manifest = await readManifest(deps.kv);
  if (published && manifest?.version === published.version && published.lastChange === newest) {
    await writeManifest(deps.kv, { ...manifest, currentAt: now });
    await markCurrent(deps.db, published.version, now);
    return null;
  }
  const version = Math.max(published?.version ?? 0, manifest?.version ?? 0) + 1;
  // Nobody begins to read these any more: a later one has been published for as long as it took to become due.
  if (published) await removePartsBefore(deps.kv, published.version);
  const atMost = countOf(published?.parts ?? []) + newest - (published?.lastChange ?? 0);
  const shardBits = shardBitsFor(atMost / keysPerShard);
  const begun = { version, startedAt: now, lastChange: newest, shardBits };
  if (!(await insertBuild(deps.db, begun))) return null;
  return { ...begun, parts: [], isPublished: false, currentAt: now };
}

function intervalMs({ parts }: FilterBuild, everyMs: number): number {
  const scanned = parts.reduce((sum, part) => sum + part.scanned, 0);
  return Math.max(everyMs, (scanned / MAX_ROWS_PER_MINUTE) * MINUTE_MS);
}

function countOf(parts: readonly FilterPart[]): number {
  return parts.reduce((sum, part) => sum + part.count, 0);
}

function shardBitsFor(shards: number): number {
  return Math.min(MAX_SHARD_BITS, Math.ceil(Math.log2(Math.max(1, shards))));
}

/** @returns the parts so far; `null` where somebody else builds the same */
async function buildParts(
  deps: FilterDeps,
  build: FilterBuild,
  limits: FilterLimits,
): Promise<readonly FilterPart[] | null> {
  const deadline = deps.now() + RUN_BUDGET_MS;
  const parts = [...build.parts];
  for (let stretches = 0; parts.length < 2 ** build.shardBits; ) {
    if (stretches >= limits.stretchesPerRun || deps.now() >= deadline) break;
    const shard = parts.length;
    const { part, statements } = await buildPart(deps, build, shard, limits);
    if (!(await addPart(deps.db, build.version, shard, part))) return null;
    parts.push(part);
    stretches += statements;
  }
  return parts;
}

async function buildPart(
  deps: FilterDeps,
  { version, shardBits }: FilterBuild,
  shard: number,
  { rowsPerStretch }: FilterLimits,
): Promise<{ part: FilterPart; statements: number }> {
  const before = firstKeyOf(shard + 1, shardBits);
  const addresses: string[] = [];
  const domains: string[] = [];
  let count = 0;
  let scanned = 0;
  for (let after = firstKeyOf(shard, shardBits), statements = 1; ; statements++) {
    const stretch = await suppressedKeys(deps.db, after, before, rowsPerStretch);
    addresses.push(stretch.addresses);
    domains.push(stretch.domains);
    count += stretch.count;
    scanned += stretch.scanned;
    if (stretch.last !== null && stretch.scanned === rowsPerStretch) {
      after = stretch.last;
      continue;
    }
    const keys = prefixesOfHex(addresses.join(""));
    const listed = prefixesOfHex(domains.join(""));
    const bytes = buildShard(keys, listed, newSeed());
    const digest = hexOf(await sha256(bytes));
    const name = partName(version, shard, digest);
    await writePart(deps.kv, name, bytes);
    return { part: { name, bytes: bytes.length, count, scanned }, statements };
  }
}

function newSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
}

/** Where the keys of a shard begin; keys are hex. */
function firstKeyOf(shard: number, shardBits: number): string {
  if (shard === 2 ** shardBits) return AFTER_EVERY_KEY;
  return (shard * 2 ** (4 * PREFIX_DIGITS - shardBits)).toString(16).padStart(PREFIX_DIGITS, "0");
}

/** First for readers, then for us: a run that fails in between publishes the same again. */
async function publish(deps: FilterDeps, build: FilterBuild): Promise<void> {
  const { version, startedAt, lastChange: newest, shardBits, parts, currentAt } = build;
  const described = { version, builtAt: startedAt, lastChange: newest, shardBits, parts };
  const etag = (await sha256Hex(JSON.stringify(described))).slice(0, 32);
  const manifest: FilterManifest = { ...described, etag, currentAt };
  await writeManifest(deps.kv, manifest);
  await markPublished(deps.db, version, deps.now());
  const bytes = parts.reduce((sum, part) => sum + part.bytes, HEAD_BYTES);
  deps.log.info("filter.published", { version, count: countOf(parts), bytes, shards: parts.length });
}

export interface OpenFilter {
  /** Unquoted. */
  readonly etag: string;
  readonly version: number;
  /** Epoch ms: what was on the list by then is in it. */
  readonly currentAt: number;
  readonly bytes: number;
  /** Its bytes, part by part. Throws where one is missing, the first one before it gives out anything at all. */
  readonly read: () => AsyncGenerator<Uint8Array>;
}

/** The published filter; `null` before the first one. */
export async function openFilter(kv: KVNamespace): Promise<OpenFilter | null> {
  const manifest = await readManifest(kv);
  if (!manifest) return null;
  const { etag, version, currentAt, parts } = manifest;
  const bytes = parts.reduce((sum, part) => sum + part.bytes, HEAD_BYTES);
  return { etag, version, currentAt, bytes, read: () => readFilter(kv, manifest) };
}

async function* readFilter(kv: KVNamespace, manifest: FilterManifest): AsyncGenerator<Uint8Array> {
  const bytesOf = async ({ name, bytes }: FilterPart) => {
    const part = await readPart(kv, name);
    if (part?.byteLength !== bytes) throw new Error("a part of the filter is missing");
    return part;
  };
  const [first, ...others] = manifest.parts;
  const firstBytes = first ? await bytesOf(first) : new Uint8Array();
  yield serializeHead({ ...manifest, count: countOf(manifest.parts) });
  yield firstBytes;
  for (const part of others) yield await bytesOf(part);
}
