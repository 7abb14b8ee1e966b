/** Certificates by https and keys by DNS over HTTPS, kept in the data centre's cache. */
import { fail, ok, type Result } from "../domain/result";
import type { LookupError, LookupOptions, VerifyContext } from "../providers/adapter";
import { textOf } from "./outgoing";

export const DNS_RESOLVER_URL = "https://cloudflare-dns.com/dns-query";
const CACHE_SECONDS = 3_600;
const TIMEOUT_MS = 5_000;
/** A certificate chain is a few kilobytes. */
const MAX_BYTES = 100_000;

/** A wrong signature makes an adapter ask for a fresh key: this many a minute, then the cached one has to do. */
const MAX_FRESH_PER_MINUTE = 60;
const MINUTE_MS = 60_000;
const fresh = { since: 0, count: 0 };

/** What `verify` sees of the world. The URLs it asks for have been checked against pinned hosts by the adapter. */
export function lookups(now: number): VerifyContext {
  const bounded = (options?: LookupOptions) => ({ fresh: options?.fresh === true && mayGoFresh(now) });
  return {
    now,
    getText: (url, options) => cachedText(url, {}, bounded(options)),
    getTxt: (name, options) => getTxt(name, bounded(options)),
  };
}

function mayGoFresh(now: number): boolean {
  if (Math.abs(now - fresh.since) > MINUTE_MS) Object.assign(fresh, { since: now, count: 0 });
  return fresh.count++ < MAX_FRESH_PER_MINUTE;
}

/** Fetches a URL whose host an adapter has pinned, for its effect. @returns did it work? */
export async function visit(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { redirect: "manual", signal: AbortSignal.timeout(TIMEOUT_MS) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

/** TXT records in the JSON form of DNS over HTTPS; each record's strings joined (RFC 7208 §3.3 does the same). */
async function getTxt(name: string, options?: LookupOptions): Promise<Result<readonly string[], LookupError>> {
  const url = `${DNS_RESOLVER_URL}?name=${encodeURIComponent(name)}&type=TXT`;
  const text = await cachedText(url, { accept: "application/dns-json" }, options, (answer) => recordsIn(answer).ok);
  return text.ok ? recordsIn(text.value) : text;
}

function recordsIn(text: string): Result<readonly string[], LookupError> {
  try {
    const answer = JSON.parse(text) as { Status?: number; Answer?: { type: number; data: string }[] };
    // 0: no error, 3: no such name; anything else is the resolver's trouble.
    if (answer.Status !== 0 && answer.Status !== 3) return fail("unavailable");
    const records = (answer.Answer ?? []).filter((a) => a.type === 16).map((a) => joinStrings(a.data));
    return records.length ? ok(records) : fail("absent");
  } catch {
    return fail("unavailable");
  }
}

/** `"one" "two"` → `onetwo`. */
function joinStrings(data: string): string {
  // An end is no condition: of many quotation marks without one, each would be looked at to the end.
  const closed = [...data.matchAll(/"((?:[^"\\]|\\[\s\S])*)("?)/g)].filter(([, , end]) => end !== "");
  const strings = closed.map(([, text = ""]) => text.replace(/\\(.)/g, "$1"));
  return strings.length ? strings.join("") : data;
}

/** @param isWorthKeeping a resolver's passing trouble also comes as a text */
async function cachedText(
  url: string,
  headers: Record<string, string>,
  options?: LookupOptions,
  isWorthKeeping: (text: string) => boolean = () => true,
): Promise<Result<string, LookupError>> {
  const cache = await openCache();
  const hit = options?.fresh ? undefined : await cache?.match(url).catch(() => undefined);
  if (hit) return ok(await hit.text());
  try {
    const response = await fetch(url, { headers, redirect: "manual", signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (response.status === 404 || response.status === 410) return fail("absent");
    if (!response.ok) return fail("unavailable");
    const text = await textOf(response, MAX_BYTES);
    if (text === null) return fail("unavailable");
    const kept = new Response(text, { headers: { "cache-control": `max-age=${CACHE_SECONDS}` } });
    if (isWorthKeeping(text)) await cache?.put(url, kept).catch(() => {});
    return ok(text);
  } catch {
    return fail("unavailable");
  }
}

/** The cache is a help, not a need: without it every look-up goes out. */
async function openCache(): Promise<Cache | null> {
  return caches.open("lookups").catch(() => null);
}
