/** The filter of suppressed recipients: what it is made of and how far its building is, in D1; the filter itself, in KV. */
import { ERASED_DOMAIN } from "../domain/address";
import { rowsOf } from "./statements";

const PREFIX = "filter:v1:";
const MANIFEST_KEY = `${PREFIX}current`;
const PART_PREFIX = `${PREFIX}part:`;
const VERSION_DIGITS = 10;
const PARTS_PER_SWEEP = 200;

/** One shard, in KV. */
export interface FilterPart {
  readonly name: string;
  readonly bytes: number;
  /** Recipients in it. */
  readonly count: number;
  /** Rows that were read for it. */
  readonly scanned: number;
}

export interface FilterBuild {
  readonly version: number;
  /** Epoch ms. */
  readonly startedAt: number;
  /** The newest change of the list when it began. */
  readonly lastChange: number;
  readonly shardBits: number;
  /** Those that are built so far, in the order of the shards. */
  readonly parts: readonly FilterPart[];
  readonly isPublished: boolean;
  /** Epoch ms: what was on the list by then is in it. */
  readonly currentAt: number;
}

/** What is published: enough to serve the filter without D1. */
export interface FilterManifest {
  readonly version: number;
  readonly etag: string;
  readonly builtAt: number;
  readonly lastChange: number;
  readonly shardBits: number;
  readonly currentAt: number;
  readonly parts: readonly FilterPart[];
}

interface BuildRow {
  version: number;
  started_at: number;
  last_change: number;
  shard_bits: number;
  parts: string;
  published_at: number | null;
  current_at: number;
}

/** The latest build, published or not. */
export async function latestBuild(db: D1Database): Promise<FilterBuild | null> {
  const row = await db.prepare("SELECT * FROM filter_builds ORDER BY version DESC LIMIT 1").first<BuildRow>();
  return (
    row && {
      version: row.version,
      startedAt: row.started_at,
      lastChange: row.last_change,
      shardBits: row.shard_bits,
      parts: JSON.parse(row.parts) as FilterPart[],
      isPublished: row.published_at !== null,
      currentAt: row.current_at,
    }
  );
}

/** Begins a build, and forgets those before it. @returns `false` where somebody else has begun it */
export async function insertBuild(
  db: D1Database,
  {
    version,
    startedAt,
    lastChange,
    shardBits,
  }: Pick<FilterBuild, "version" | "startedAt" | "lastChange" | "shardBits">,
): Promise<boolean> {
  const results = await db.batch([
    db
      .prepare(
        `INSERT INTO filter_builds (version, started_at, last_change, shard_bits, parts, current_at)
         VALUES (?1, ?2, ?3, ?4, '[]', ?2) ON CONFLICT (version) DO NOTHING RETURNING version`,
      )
      .bind(version, startedAt, lastChange, shardBits),
    db.prepare("DELETE FROM filter_builds WHERE version < ?1").bind(version),
  ]);
  return rowsOf(results, 0).length > 0;
}

/** Notes a part, unless it is there already. @returns was it the next one? */
export async function addPart(db: D1Database, version: number, shard: number, part: FilterPart): Promise<boolean> {
  const { meta } = await db
    .prepare(
      `UPDATE filter_builds SET parts = json_insert(parts, '$[#]', json(?3))
       WHERE version = ?1 AND json_array_length(parts) = ?2`,
    )
    .bind(version, shard, JSON.stringify(part))
    .run();
  return meta.changes > 0;
}

/** Readers are given this build now. @param now epoch ms */
export async function markPublished(db: D1Database, version: number, now: number): Promise<void> {
  await db.prepare("UPDATE filter_builds SET published_at = ?2 WHERE version = ?1").bind(version, now).run();
}

/** Nothing has changed since: the build says as much as a new one would. @param at epoch ms */
export async function markCurrent(db: D1Database, version: number, at: number): Promise<void> {
  await db.prepare("UPDATE filter_builds SET current_at = ?2 WHERE version = ?1").bind(version, at).run();
}

/** A stretch of keys: digests' first 64 bits in hex, one after another. */
export interface KeyStretch {
  readonly addresses: string;
  readonly domains: string;
  /** Recipients in it. */
  readonly count: number;
  readonly scanned: number;
  /** The last key that was looked at; `null`: there was none. */
  readonly last: string | null;
}

/**
 * In the order of the keys, suppressed or not, so that a statement ends in time however few of them are. Of whom only
 * the hash is left may have been a domain: such a key is among both.
 */
const STRETCH = `
  SELECT count(*) AS scanned, max(key) AS last, coalesce(sum(suppressed), 0) AS count,
    coalesce(group_concat(CASE WHEN suppressed = 1 AND is_domain IS NOT 1 THEN substr(key, 1, 16) END, ''), '') AS addresses,
    coalesce(group_concat(CASE WHEN suppressed = 1 AND is_domain IS NOT 0 THEN substr(key, 1, 16) END, ''), '') AS domains
  FROM (SELECT key, suppressed, CASE WHEN domain <> '${ERASED_DOMAIN}' THEN substr(address, 1, 1) = '@' END AS is_domain
        FROM recipients WHERE key > ?1 AND key < ?2 ORDER BY key LIMIT ?3)`;

/**
 * The suppressed recipients of a stretch of keys. What has ended in the meantime may be among them.
 *
 * @param after a key, or the beginning of one
 * @param before the same
 */
export async function suppressedKeys(
  db: D1Database,
  after: string,
  before: string,
  limit: number,
): Promise<KeyStretch> {
  const stretch = await db.prepare(STRETCH).bind(after, before, limit).first<KeyStretch>();
  if (!stretch) throw new Error("D1 answered no row to an aggregate");
  return stretch;
}

/** What is published; `null`: nothing yet. */
export async function readManifest(kv: KVNamespace): Promise<FilterManifest | null> {
  return kv.get<FilterManifest>(MANIFEST_KEY, "json");
}

/** Publishes: from then on readers are given these parts. */
export async function writeManifest(kv: KVNamespace, manifest: FilterManifest): Promise<void> {
  await kv.put(MANIFEST_KEY, JSON.stringify(manifest));
}

/** In the order of versions. @param digest of the bytes: what somebody else writes late then replaces nothing */
export function partName(version: number, shard: number, digest: string): string {
  return `${PART_PREFIX}${String(version).padStart(VERSION_DIGITS, "0")}:${shard}:${digest}`;
}

/** The bytes of a shard; `null`: they are gone. */
export async function readPart(kv: KVNamespace, name: string): Promise<Uint8Array | null> {
  const bytes = await kv.get(name, "arrayBuffer");
  return bytes && new Uint8Array(bytes);
}

/** @param name as `partName` makes it */
export async function writePart(kv: KVNamespace, name: string, bytes: Uint8Array): Promise<void> {
  await kv.put(name, bytes);
}

/** Removes parts of builds before this one: the next of them. */
export async function removePartsBefore(kv: KVNamespace, version: number): Promise<void> {
  const { keys } = await kv.list({ prefix: PART_PREFIX, limit: PARTS_PER_SWEEP });
  const old = keys.filter(({ name }) => Number(name.slice(PART_PREFIX.length).split(":")[0]) < version);
  await Promise.all(old.map(({ name }) => kv.delete(name)));
}
