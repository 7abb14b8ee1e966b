/** The edge cache in KV: suppressed recipients (and those on the allow-list) only. It may lag by a minute. */

const PREFIX = "suppression:v1:";
/** KV takes no shorter lifetime. */
const MIN_TTL_SECONDS = 60;
/** Nor a longer one. What lasts longer stays until it is removed: a check looks at the end of each reason anyway. */
const MAX_TTL_SECONDS = 2 ** 31 - 1;

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

/** Several keys in one operation. Absent keys have no entry. */
export async function readEdge(kv: KVNamespace, recipientKeys: readonly string[]): Promise<Map<string, EdgeAnswer>> {
  const values = await kv.get<EdgeAnswer>(recipientKeys.map(edgeKey), "json");
  return new Map(
    recipientKeys.flatMap((key) => {
      const value = values.get(edgeKey(key));
      if (!value) return [];
      // Not ours: better to be asked again elsewhere than to be taken for an answer.
      if (typeof value.reasons !== "object" || value.reasons === null) throw new Error("unreadable answer");
      return [[key, value] as const];
    }),
  );
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
  if (answer === null) return kv.delete(edgeKey(key));
  const value = JSON.parse(answer) as EdgeAnswer;
  const ttl = lifetimeSeconds(value, now);
  await kv.put(edgeKey(key), JSON.stringify({ ...value, version }), ttl === null ? {} : { expirationTtl: ttl });
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
