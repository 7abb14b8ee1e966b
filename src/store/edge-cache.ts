/** The edge cache in KV: suppressed recipients (and those on the allow-list) only. It may lag by a minute. */
import { RecentAnswers } from "./recent-answers";

const PREFIX = "suppression:v1:";
/** KV takes no shorter lifetime. */
const MIN_TTL_SECONDS = 60;
/** Nor a longer one. What lasts longer stays until it is removed: a check looks at the end of each reason anyway. */
const MAX_TTL_SECONDS = 2 ** 31 - 1;

/** What this isolate heard lately of domains: a mailing asks of few of them, over and over, and KV takes pay for each. */
const domains = new RecentAnswers<EdgeAnswer>();

/** Written as JSON by the projection; times are epoch ms. */
export interface EdgeAnswer {
  readonly reasons: Readonly<
    Record<string, { readonly since: number; readonly until: number | null; readonly probeFrom?: number }>
  >;
  readonly allowed?: boolean;
  readonly version?: number;
}

/** The key of a recipient's entry. */
export function edgeKey(recipientKey: string): string {
  return PREFIX + recipientKey;
}

/**
 * A recipient's entry and its domain's: one operation, of one key where the domain was asked for a moment ago.
 *
 * @param now epoch ms
 * @returns by key; absent ones have no entry
 * @throws when KV does not answer, or holds what is not ours
 */
export async function readEdge(
  kv: KVNamespace,
  { own, domain }: { readonly own: string; readonly domain: string },
  now: number,
): Promise<Map<string, EdgeAnswer>> {
  const recent = domains.of(domain, now);
  if (recent) return byKey([own, await readOne(kv, own)], [domain, recent.answer]);
  const isStillTrue = domains.asking(domain);
  const values = await kv.get<EdgeAnswer>([edgeKey(own), edgeKey(domain)], "json");
  const answer = ours(values.get(edgeKey(domain)));
  if (isStillTrue()) domains.remember(domain, answer, now);
  return byKey([own, ours(values.get(edgeKey(own)))], [domain, answer]);
}

/** One entry, or `null`. @throws like `readEdge` */
export async function readOne(kv: KVNamespace, key: string): Promise<EdgeAnswer | null> {
  return ours(await kv.get<EdgeAnswer>(edgeKey(key), "json"));
}

/** For who changes KV past this file: what was heard of domains is asked for again. */
export function forgetDomains(): void {
  domains.clear();
}

/** What is not ours: better to be asked again elsewhere than to be taken for an answer. */
function ours(value: EdgeAnswer | null | undefined): EdgeAnswer | null {
  if (!value) return null;
  if (typeof value.reasons !== "object" || value.reasons === null) throw new Error("unreadable answer");
  return value;
}

function byKey(...entries: readonly (readonly [string, EdgeAnswer | null])[]): Map<string, EdgeAnswer> {
  return new Map(entries.flatMap(([key, answer]) => (answer ? [[key, answer] as const] : [])));
}

/**
 * Writes or removes an answer.
 *
 * @param answer the projection's JSON, or `null` to remove
 * @param now epoch ms; the entry is gone some time after its last reason ends
 */
export async function writeEdge(
  kv: KVNamespace,
  { key, answer, version }: { readonly key: string; readonly answer: string | null; readonly version: number },
  now: number,
): Promise<void> {
  try {
    if (answer === null) return await kv.delete(edgeKey(key));
    const value = JSON.parse(answer) as EdgeAnswer;
    const ttl = lifetimeSeconds(value, now);
    await kv.put(edgeKey(key), JSON.stringify({ ...value, version }), ttl === null ? {} : { expirationTtl: ttl });
  } finally {
    domains.forget(key);
  }
}

function lifetimeSeconds(answer: EdgeAnswer, now: number): number | null {
  const ends = Object.values(answer.reasons).map((reason) => reason.until);
  if (answer.allowed || ends.includes(null)) return null;
  const seconds = Math.ceil((Math.max(...ends.map(Number)) - now) / 1000);
  return seconds > MAX_TTL_SECONDS ? null : Math.max(MIN_TTL_SECONDS, seconds);
}

/** A page of the keys that the cache holds, without the prefix. */
export async function listEdge(
  kv: KVNamespace,
  cursor: string | null,
  limit: number,
): Promise<{ keys: string[]; cursor: string | null }> {
  const page = await kv.list({ prefix: PREFIX, limit, cursor });
  return { keys: page.keys.map((k) => k.name.slice(PREFIX.length)), cursor: page.list_complete ? null : page.cursor };
}
