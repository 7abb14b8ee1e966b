/**
 * Mailgun's suppressions of a sending domain, API v3. Manual (read 2026-11-27):
 * https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/bounces.md and its neighbours (complaints,
 * unsubscribes), and https://documentation.mailgun.com/en/latest/api-suppressions.html for the end of paging.
 *
 * Its lists come in alphabetical order and know no time: a pull reads all of them. What is blocked by hand becomes an
 * unsubscription from everything (tag `*`), so that it does not look like a bounce in Mailgun's own figures.
 */
import { z } from "zod";
import { isObject, type JsonObject } from "../domain/json";
import { fail, ok, type Result } from "../domain/result";
import {
  allOf,
  commonFields,
  objectsOf,
  type PulledEntry,
  type PulledPage,
  type PushCall,
  type PushReason,
  type Standing,
  splitStandings,
  syncAdapter,
  word,
} from "./adapter";

const ORIGINS = { us: "https://api.mailgun.net", eu: "https://api.eu.mailgun.net" } as const;

/** What stands beside a bounce that we sent: by it, it is known when it comes back. */
const OUR_ERROR = "Suppressed by Bouncekeeper";
const EVERYTHING = "*";
/** The most that a page and a request may hold. */
const MAX_ENTRIES = 1_000;
/** One call for each list and recipient. */
const MAX_RELEASES = 8;
const NOT_THERE = 404;

interface List {
  readonly name: string;
  readonly format: string;
  readonly reasons: readonly PushReason[];
  /** What an entry of ours says beside address and time. */
  readonly fields: Readonly<Record<string, unknown>>;
}

const LISTS: readonly List[] = [
  {
    name: "bounces",
    format: "mailgun-bounces",
    reasons: ["hard", "soft"],
    fields: { code: "550", error: OUR_ERROR },
  },
  { name: "complaints", format: "mailgun-complaints", reasons: ["complaint"], fields: {} },
  {
    name: "unsubscribes",
    format: "mailgun-unsubscribes",
    reasons: ["unsubscribe", "manual"],
    fields: { tags: [EVERYTHING] },
  },
];

interface Cursor {
  readonly list: number;
  readonly path: string;
}

const DOMAIN = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;

export const mailgunSync = syncAdapter({
  id: "mailgun",
  title: "Mailgun",
  manual: "https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/bounces",
  schema: () =>
    z.strictObject({
      ...commonFields(),
      apiKey: word(),
      region: z.enum(["us", "eu"]).default("us"),
      domain: z.string().toLowerCase().regex(DOMAIN, "must be a sending domain"),
    }),
  originOf: ({ region }) => ORIGINS[region],
  open: ({ apiKey, domain }, origin) => ({
    origin,
    authorize: async () => ({ authorization: `Basic ${btoa(`api:${apiKey}`)}` }),
    firstPage: () => firstPageOf(domain, 0),
    pageRequest: (cursor) => ({ method: "GET", path: (JSON.parse(cursor) as Cursor).path }),
    readPage: (cursor, body) => readPage(JSON.parse(cursor) as Cursor, body, { origin, domain }),
    maxListings: MAX_ENTRIES,
    maxReleases: MAX_RELEASES,
    callsFor: (standings) => {
      const { listed, released } = splitStandings(standings);
      return [...listings(domain, listed), ...released.flatMap((address) => releasesOf(domain, address))];
    },
    resultsOf: (call, { status, body }) => {
      if (status >= 200 && status < 300) return allOf(call, "done");
      const isGone = call.action === "release" && status === NOT_THERE && !isAboutDomain(body);
      return isGone ? allOf(call, "done") : null;
    },
  }),
});

function pathOf(domain: string, list: List): string {
  return `/v3/${domain}/${list.name}`;
}

function firstPageOf(domain: string, list: number): string {
  const { [list]: found } = LISTS;
  return JSON.stringify({ list, path: found ? `${pathOf(domain, found)}?limit=${MAX_ENTRIES}` : "" });
}

interface Account {
  readonly origin: string;
  readonly domain: string;
}

function readPage(cursor: Cursor, body: unknown, { origin, domain }: Account): Result<PulledPage, string> {
  const list = LISTS[cursor.list];
  const items = isObject(body) ? objectsOf(body.items) : null;
  if (!list || !isObject(body) || !items) return fail("The answer is no list of suppressions.");
  const entries = items.map((value) => entryOf(list, value));
  const next = isObject(body.paging) ? body.paging.next : undefined;
  const isLast = !items.length || typeof next !== "string";
  if (isLast) {
    const hasMore = cursor.list + 1 < LISTS.length;
    return ok({ entries, next: hasMore ? firstPageOf(domain, cursor.list + 1) : null });
  }
  const path = pathWithin(next, origin, pathOf(domain, list));
  if (path === null) return fail("The next page is said to be somewhere else.");
  if (path === cursor.path) return fail("The next page is said to be the same one.");
  return ok({ entries, next: JSON.stringify({ list: cursor.list, path }) });
}

/** Mailgun names the next page by a whole URL: it has to be of the same host and list. */
function pathWithin(text: string, origin: string, path: string): string | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url && url.origin === origin && url.pathname === path ? url.pathname + url.search : null;
}

function entryOf(list: List, value: JsonObject): PulledEntry {
  const isOurs = list.fields.error === undefined || value.error === OUR_ERROR;
  return { format: list.format, value, ownReasons: isOurs ? list.reasons : [] };
}

function listings(domain: string, listed: readonly Standing[]): PushCall[] {
  return LISTS.flatMap((list): PushCall[] => {
    const entries = listed.filter(({ reasons }) => reasons.some((reason) => list.reasons.includes(reason)));
    if (!entries.length) return [];
    const body = entries.map(({ address, since }) => ({ address, ...list.fields, created_at: mailTime(since) }));
    return [
      {
        action: "list",
        addresses: entries.map(({ address }) => address),
        request: { method: "POST", path: pathOf(domain, list), body },
      },
    ];
  });
}

function releasesOf(domain: string, address: string): PushCall[] {
  return LISTS.map((list) => ({
    action: "release",
    addresses: [address],
    request: { method: "DELETE", path: `${pathOf(domain, list)}/${encodeURIComponent(address)}` },
  }));
}

/** An address that is not on the list, or a domain that is not in the account? */
function isAboutDomain(body: unknown): boolean {
  const message = isObject(body) ? String(body.message ?? "") : "";
  return /\bdomain\b/i.test(message) && !/\baddress\b/i.test(message);
}

/** RFC 822, as the manual writes it. @param at epoch ms */
function mailTime(at: number): string {
  return new Date(at).toUTCString().replace("GMT", "UTC");
}
