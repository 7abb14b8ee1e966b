/**
 * The downloaded filter: for who checks millions. What it does not contain may be mailed, and nobody is asked; what it
 * seems to contain is asked about, which is every suppressed address and one other in 256.
 */
import { ADDRESS_ERRORS, canonicalMailbox, domainRecipient } from "../domain/address";
import { type Filter, listsDomain, mayListAddress, parseFilter } from "../domain/fuse-filter";
import { type DigestPrefix, sha256Prefix } from "../domain/sha256";
import type { CheckOne } from "./check";
import { type CheckMany, distinct, verdicts } from "./check-many";
import { BouncekeeperError, badAnswer, invalidRecipient } from "./error";
import type { CallOptions, Settings } from "./options";
import { createSend } from "./resource";
import type { Changes } from "./suppressions";

export interface FilterOptions extends CallOptions {
  /**
   * How old what the filter knows may be. Once it is older it answers nothing any more, and everything is asked, until it
   * is refreshed. Default 3,600,000: an hour.
   */
  readonly maxAgeMs?: number | undefined;
}

export interface LocalFilter {
  /**
   * `false`: it was not suppressed at `currentAt`, for any purpose. `true`: ask.
   *
   * @throws BouncekeeperError `invalid_recipient`
   */
  readonly mayBeSuppressed: (recipient: string) => boolean;
  /** As the client's: asks the service only about what may be suppressed. */
  readonly check: CheckOne;
  readonly checkMany: CheckMany;
  /**
   * Fetches the filter anew if it has changed, and with an admin's token what has changed since it was built.
   *
   * @returns whether anything has
   */
  readonly refresh: (options?: CallOptions) => Promise<boolean>;
  /** What was on the list by then, the filter knows. */
  readonly currentAt: () => Date;
  /** Recipients in it. */
  readonly count: () => number;
}

interface Loaded {
  readonly filter: Filter;
  readonly etag: string;
  readonly currentAt: Date;
}

/** What has been listed since the filter was built, as far as the feed tells. */
interface Listed {
  /** The first 64 bits of the keys, in hex. */
  readonly prefixes: ReadonlySet<string>;
  /** Where the feed goes on. */
  readonly cursor: string;
  /** `null`: there is no feed for us, and the filter is as current as its building. */
  readonly currentAt: Date | null;
}

const FILTER_PATH = "/v1/suppressions/filter";
const NOT_MODIFIED = 304;
/** Some megabytes, on any line. */
const DOWNLOAD_TIMEOUT_MS = 120_000;
const DOWNLOAD_DEADLINE_MS = 300_000;
const DEFAULT_MAX_AGE_MS = 3_600_000;
const CHANGES_PAGE = 1_000;
const PREFIX_DIGITS = 16;
const MAX_KNOWN_DOMAINS = 20_000;
const domainDigests = new Map<string, DigestPrefix>();
/** The feed is for operators, and goes back only so far. */
const NO_FEED = ["forbidden", "not_found", "cursor_expired"];

/**
 * Downloads the filter.
 *
 * @throws BouncekeeperError; `unavailable` while the first one is still to be built
 */
export async function loadFilter(
  settings: Settings,
  ask: { readonly check: CheckOne; readonly checkMany: CheckMany },
  { maxAgeMs = DEFAULT_MAX_AGE_MS, ...options }: FilterOptions = {},
): Promise<LocalFilter> {
  let loaded = await download(settings, null, options);
  let listed = await listedSince(settings, nothingListed(loaded), options);

  const currentAt = () => listed.currentAt ?? loaded.currentAt;
  const mayList = (address: string): boolean => {
    if (Date.now() - currentAt().getTime() > maxAgeMs) return true;
    const { filter } = loaded;
    const { prefixes } = listed;
    const own = sha256Prefix(address);
    if (mayListAddress(filter, own)) return true;
    // Usually nothing is known that could be about a domain.
    if (!filter.listsDomains && prefixes.size === 0) return false;
    const domain = digestOfDomain(domainRecipient(address));
    if (listsDomain(filter, domain)) return true;
    return prefixes.size > 0 && (prefixes.has(hexOf(own)) || prefixes.has(hexOf(domain)));
  };
  const mayBeSuppressed = (recipient: string): boolean => {
    const address = canonicalMailbox(recipient);
    if (!address.ok) throw invalidRecipient(ADDRESS_ERRORS[address.error]);
    return mayList(address.value);
  };
  /** What is no address is for the service to say. */
  const isDoubtful = (recipient: string): boolean => {
    const address = canonicalMailbox(recipient);
    return !address.ok || mayList(address.value);
  };

  return {
    mayBeSuppressed,
    check: async (recipient, checkOptions = {}) => {
      const isStrong = (checkOptions.consistency ?? settings.consistency) === "strong";
      if (isStrong || mayBeSuppressed(recipient)) return ask.check(recipient, checkOptions);
      return { recipient, suppressed: false, reasons: [], since: null, until: null, source: "filter" };
    },
    checkMany: async (recipients, checkOptions) => {
      const all = await distinct(recipients);
      const doubtful = new Set([...all].filter(isDoubtful));
      const asked = await ask.checkMany(doubtful, checkOptions);
      return { ...asked, ...verdicts(all, (recipient) => !doubtful.has(recipient) || asked.maySend(recipient)) };
    },
    refresh: async (refreshOptions = {}) => {
      const latest = await download(settings, loaded, refreshOptions);
      const isAnother = latest.filter !== loaded.filter;
      const after = await listedSince(settings, isAnother ? nothingListed(latest) : listed, refreshOptions);
      const hasChanged = isAnother || after.cursor !== listed.cursor;
      // Together: what the old one has been told is in the new one.
      loaded = latest;
      listed = after;
      return hasChanged;
    },
    currentAt,
    count: () => loaded.filter.count,
  };
}

/** @param known is given back, as of today, where it is still the same */
function download({ transport, patient }: Settings, known: Loaded | null, { signal }: CallOptions): Promise<Loaded> {
  const call = {
    method: "GET",
    path: FILTER_PATH,
    headers: { accept: "application/octet-stream", ...(known ? { "if-none-match": known.etag } : {}) },
    expects: NOT_MODIFIED,
    pace: { ...patient, timeoutMs: DOWNLOAD_TIMEOUT_MS, deadlineMs: DOWNLOAD_DEADLINE_MS },
    signal,
  } as const;
  return transport(call, (response) => loadedOf(response, known));
}

async function loadedOf(response: Response, known: Loaded | null): Promise<Loaded> {
  const { status, headers } = response;
  const currentAt = new Date(headers.get("x-filter-current-at") ?? Number.NaN);
  if (Number.isNaN(currentAt.getTime())) throw badAnswer("The filter does not say of when it is.", { status });
  if (status === NOT_MODIFIED) {
    if (!known) throw badAnswer("The service takes us to have a filter.", { status });
    return { ...known, currentAt };
  }
  const filter = parseFilter(new Uint8Array(await response.arrayBuffer()));
  if (!filter.ok) throw badAnswer(`The filter cannot be read (${filter.error}).`, { status });
  return { filter: filter.value, etag: headers.get("etag") ?? "", currentAt };
}

function nothingListed({ filter }: Loaded): Listed {
  return { prefixes: new Set(), cursor: `c${filter.lastChange}`, currentAt: null };
}

/** Reads the feed to its end. What was released meanwhile is only asked about once more than it must be. */
async function listedSince(settings: Settings, before: Listed, { signal }: CallOptions): Promise<Listed> {
  const send = createSend(settings);
  const prefixes = new Set(before.prefixes);
  const startedAt = new Date();
  for (let { cursor } = before; ; ) {
    const query = { cursor, limit: CHANGES_PAGE };
    const page = await send<Changes>("GET", "/v1/suppressions/changes", { query, signal }).catch(withoutFeed);
    if (!page) return { ...before, currentAt: null };
    for (const { key, suppressed } of page.items) if (suppressed) prefixes.add(key.slice(0, PREFIX_DIGITS));
    cursor = page.nextCursor;
    if (page.items.length < CHANGES_PAGE) return { prefixes, cursor, currentAt: startedAt };
  }
}

function withoutFeed(error: unknown): null {
  if (error instanceof BouncekeeperError && NO_FEED.includes(error.code)) return null;
  throw error;
}

/** Domains are few beside their addresses: a digest is half of what an answer takes. */
function digestOfDomain(domain: string): DigestPrefix {
  const known = domainDigests.get(domain);
  if (known) return known;
  if (domainDigests.size === MAX_KNOWN_DOMAINS) domainDigests.clear();
  const digest = sha256Prefix(domain);
  domainDigests.set(domain, digest);
  return digest;
}

function hexOf({ high, low }: DigestPrefix): string {
  return high.toString(16).padStart(8, "0") + low.toString(16).padStart(8, "0");
}
