/**
 * Postmark's suppressions of a message stream. Manual (read 2026-11-27):
 * https://postmarkapp.com/developer/api/suppressions-api.
 *
 * What is created by the API is a `ManualSuppression` of the origin `Customer`, whatever the reason. A spam complaint
 * cannot be deleted: Postmark says so for each address, and so does the sync. The dump has no pages; it is asked for by
 * reason, so that one answer is not the whole of a long list.
 */
import { z } from "zod";
import { isObject, type JsonObject } from "../domain/json";
import { fail, ok } from "../domain/result";
import {
  commonFields,
  objectsOf,
  PUSH_REASONS,
  type PulledEntry,
  type PushCall,
  type PushOutcome,
  splitStandings,
  syncAdapter,
  word,
} from "./adapter";

const ORIGIN = "https://api.postmarkapp.com";
const FORMAT = "postmark-suppressions";
const PULLED = ["HardBounce", "SpamComplaint", "ManualSuppression"] as const;
/** The most that a request may name. */
const MAX_ENTRIES = 50;
const DAY_MS = 86_400_000;
const MAX_STREAM_LENGTH = 30;

interface Cursor {
  readonly reason: number;
  /** Day, as the API wants it. */
  readonly from: string | null;
}

export const postmarkSync = syncAdapter({
  id: "postmark",
  title: "Postmark",
  manual: "https://postmarkapp.com/developer/api/suppressions-api",
  schema: () =>
    z.strictObject({
      ...commonFields(),
      apiKey: word(),
      stream: z
        .string()
        .max(MAX_STREAM_LENGTH)
        .regex(/^[A-Za-z][A-Za-z0-9_-]*$/, "must be a message stream's id")
        .default("outbound"),
    }),
  originOf: () => ORIGIN,
  open: ({ apiKey, stream }, origin) => ({
    origin,
    authorize: async () => ({ "x-postmark-server-token": apiKey }),
    firstPage: ({ since }) => JSON.stringify({ reason: 0, from: since === null ? null : dayBefore(since) }),
    pageRequest: (text) => {
      const { reason, from } = JSON.parse(text) as Cursor;
      const query = new URLSearchParams({ SuppressionReason: PULLED[reason] ?? "" });
      if (from !== null) query.set("fromdate", from);
      return { method: "GET", path: `${pathOf(stream)}/dump?${query}` };
    },
    readPage: (text, body) => {
      const cursor = JSON.parse(text) as Cursor;
      const items = isObject(body) ? objectsOf(body.Suppressions) : null;
      if (!items) return fail("The answer is no list of suppressions.");
      const hasMore = cursor.reason + 1 < PULLED.length;
      const next = hasMore ? JSON.stringify({ ...cursor, reason: cursor.reason + 1 }) : null;
      return ok({ entries: items.map(entryOf), next });
    },
    maxListings: MAX_ENTRIES,
    maxReleases: MAX_ENTRIES,
    callsFor: (standings) => {
      const { listed, released } = splitStandings(standings);
      return [
        ...callFor(
          "list",
          pathOf(stream),
          listed.map(({ address }) => address),
        ),
        ...callFor("release", `${pathOf(stream)}/delete`, released),
      ];
    },
    resultsOf: (call, { status, body }) => {
      const items = isObject(body) ? objectsOf(body.Suppressions) : null;
      if (status < 200 || status >= 300 || !items) return null;
      const byAddress = new Map(items.map((item) => [String(item.EmailAddress).toLowerCase(), item]));
      return call.addresses.map((address) => ({ address, ...outcomeOf(call, byAddress.get(address.toLowerCase())) }));
    },
  }),
});

function pathOf(stream: string): string {
  return `/message-streams/${stream}/suppressions`;
}

function callFor(action: PushCall["action"], path: string, addresses: readonly string[]): PushCall[] {
  const Suppressions = addresses.map((EmailAddress) => ({ EmailAddress }));
  return addresses.length ? [{ action, addresses, request: { method: "POST", path, body: { Suppressions } } }] : [];
}

/** `Suppressed` and `Deleted` are what was asked for; `Failed` comes with a sentence. */
function outcomeOf(
  { action }: PushCall,
  item: JsonObject | undefined,
): { readonly outcome: PushOutcome; readonly detail: string | null } {
  if (!item) return { outcome: "refused", detail: "It was left out of the answer." };
  if (item.Status !== "Failed") return { outcome: "done", detail: null };
  return { outcome: action === "release" ? "kept" : "refused", detail: String(item.Message ?? "") || null };
}

function entryOf(value: JsonObject): PulledEntry {
  const isOurs = value.SuppressionReason === "ManualSuppression" && value.Origin === "Customer";
  return { format: FORMAT, value, ownReasons: isOurs ? PUSH_REASONS : [] };
}

/** Postmark's days are those of its own zone, up to five hours behind. @param at epoch ms */
function dayBefore(at: number): string {
  return new Date(at - DAY_MS).toISOString().slice(0, 10);
}
