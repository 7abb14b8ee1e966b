/** What became of scrubbed lists, for a day, in KV: counts and numbers of lines, no address. */

const PREFIX = "scrub:v1:";
const KEPT_SECONDS = 86_400;
/** Longer than any of ours; KV refuses to look for what is longer than a key can be. */
const MAX_ID_LENGTH = 100;

/** @param id of the request that scrubbed the list */
export async function writeScrubReport(kv: KVNamespace, id: string, report: object): Promise<void> {
  await kv.put(PREFIX + id, JSON.stringify(report), { expirationTtl: KEPT_SECONDS });
}

/** `null`: there is none, any more or yet. */
export async function readScrubReport<T>(kv: KVNamespace, id: string): Promise<T | null> {
  return id.length > MAX_ID_LENGTH ? null : kv.get<T>(PREFIX + id, "json");
}
