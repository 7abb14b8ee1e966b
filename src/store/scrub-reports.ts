/** What became of scrubbed lists, for a day, in KV: counts and numbers of lines, no address. */

const PREFIX = "scrub:v1:";
const KEPT_SECONDS = 86_400;

export async function writeScrubReport(kv: KVNamespace, id: string, report: object): Promise<void> {
  await kv.put(PREFIX + id, JSON.stringify(report), { expirationTtl: KEPT_SECONDS });
}

export async function readScrubReport<T>(kv: KVNamespace, id: string): Promise<T | null> {
  return kv.get<T>(PREFIX + id, "json");
}
