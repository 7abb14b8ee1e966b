/**
 * Twilio SendGrid's suppressions, Web API v3. Manual (read 2026-11-27):
 * https://www.twilio.com/docs/sendgrid/api-reference/bounces-api/retrieve-all-bounces and its neighbours (spam reports,
 * invalid emails, global suppressions), and the OpenAPI description that SendGrid publishes (twilio/sendgrid-oai).
 *
 * Only the list of global unsubscribes takes new entries; bounces and spam reports cannot be created. So whatever the
 * reason, what we send is a global unsubscribe. A release takes the address off all four lists. Blocks are refusals because
 * of the sender or the message; SendGrid does not suppress these, and they are not read.
 */
import { z } from "zod";
import { isObject } from "../domain/json";
import { fail, ok } from "../domain/result";
import {
  type ApiRequest,
  allOf,
  commonFields,
  objectsOf,
  PUSH_REASONS,
  type PushCall,
  type PushReason,
  splitStandings,
  syncAdapter,
  word,
} from "./adapter";

const ORIGINS = { global: "https://api.sendgrid.com", eu: "https://api.eu.sendgrid.com" } as const;

interface List {
  readonly path: string;
  readonly format: string;
  readonly ownReasons: readonly PushReason[];
}

const GLOBAL_PATH = "/v3/asm/suppressions/global";
const BOUNCES: List = { path: "/v3/suppression/bounces", format: "sendgrid-bounces", ownReasons: [] };
const SPAM_REPORTS: List = { path: "/v3/suppression/spam_reports", format: "sendgrid-spam-reports", ownReasons: [] };
const INVALID: List = { path: "/v3/suppression/invalid_emails", format: "sendgrid-invalid", ownReasons: [] };
const UNSUBSCRIBES: List = {
  path: "/v3/suppression/unsubscribes",
  format: "sendgrid-unsubscribes",
  ownReasons: PUSH_REASONS,
};

const LISTS = [BOUNCES, SPAM_REPORTS, INVALID, UNSUBSCRIBES];
/** Their entries are deleted many at a time; global unsubscribes only one by one. */
const DELETED_TOGETHER = [BOUNCES, SPAM_REPORTS, INVALID];

/** The most that a page may hold. */
const PAGE_ENTRIES = 500;
/** Pages overlap: where entries are removed between two of them, those that follow move up. */
const PAGE_STEP = 450;

interface Cursor {
  readonly list: number;
  readonly offset: number;
  /** Unix seconds. What is added while the pages are read would move them. */
  readonly since: number | null;
  readonly until: number;
}

const NOT_THERE = 404;

export const sendgridSync = syncAdapter({
  id: "sendgrid",
  title: "SendGrid",
  manual: "https://www.twilio.com/docs/sendgrid/api-reference/bounces-api/retrieve-all-bounces",
  schema: () =>
    z.strictObject({ ...commonFields(), apiKey: word(), region: z.enum(["global", "eu"]).default("global") }),
  originOf: ({ region }) => ORIGINS[region],
  open: ({ apiKey }, origin) => ({
    origin,
    authorize: async () => ({ authorization: `Bearer ${apiKey}` }),
    firstPage: ({ since, until }) =>
      cursorOf({ list: 0, offset: 0, since: since === null ? null : seconds(since), until: seconds(until) }),
    pageRequest,
    readPage: (text, body) => {
      const cursor = JSON.parse(text) as Cursor;
      const items = objectsOf(body);
      const list = LISTS[cursor.list];
      if (!items || !list) return fail("The answer is no list of suppressions.");
      const { format, ownReasons } = list;
      return ok({ entries: items.map((value) => ({ format, value, ownReasons })), next: after(cursor, items.length) });
    },
    maxListings: PAGE_ENTRIES,
    maxReleases: 20,
    callsFor: (standings) => {
      const { listed, released } = splitStandings(standings);
      const addresses = listed.map(({ address }) => address);
      return [...(addresses.length ? [listing(addresses)] : []), ...(released.length ? releases(released) : [])];
    },
    resultsOf: (call, { status, body }) => {
      if (call.action === "release") return isSuccess(status) || status === NOT_THERE ? allOf(call, "done") : null;
      const taken = isObject(body) ? body.recipient_emails : undefined;
      if (!isSuccess(status) || !Array.isArray(taken)) return null;
      const known = new Set(taken.map((address) => String(address).toLowerCase()));
      return call.addresses.map((address) =>
        known.has(address.toLowerCase())
          ? { address, outcome: "done", detail: null }
          : { address, outcome: "refused", detail: "It was left out of the answer." },
      );
    },
  }),
});

function pageRequest(text: string): ApiRequest {
  const { list, offset, since, until } = JSON.parse(text) as Cursor;
  const query = new URLSearchParams({ limit: `${PAGE_ENTRIES}`, offset: `${offset}`, end_time: `${until}` });
  if (since !== null) query.set("start_time", `${since}`);
  return { method: "GET", path: `${LISTS[list]?.path}?${query}` };
}

function after(cursor: Cursor, entries: number): string | null {
  if (entries >= PAGE_ENTRIES) return cursorOf({ ...cursor, offset: cursor.offset + PAGE_STEP });
  return cursor.list + 1 < LISTS.length ? cursorOf({ ...cursor, list: cursor.list + 1, offset: 0 }) : null;
}

function listing(addresses: readonly string[]): PushCall {
  return {
    action: "list",
    addresses,
    request: { method: "POST", path: GLOBAL_PATH, body: { recipient_emails: addresses } },
  };
}

function releases(addresses: readonly string[]): PushCall[] {
  return [
    ...DELETED_TOGETHER.map(
      ({ path }): PushCall => ({
        action: "release",
        addresses,
        request: { method: "DELETE", path, body: { emails: addresses } },
      }),
    ),
    ...addresses.map(
      (address): PushCall => ({
        action: "release",
        addresses: [address],
        request: { method: "DELETE", path: `${GLOBAL_PATH}/${encodeURIComponent(address)}` },
      }),
    ),
  ];
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

function cursorOf(cursor: Cursor): string {
  return JSON.stringify(cursor);
}

/** @param at epoch ms */
function seconds(at: number): number {
  return Math.floor(at / 1000);
}
