/**
 * Amazon SES's suppression list of an account, API v2. Manual (read 2026-11-27):
 * https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_ListSuppressedDestinations.html and its neighbours
 * (PutSuppressedDestination, DeleteSuppressedDestination).
 *
 * The list knows bounces and complaints, one reason for each address, and a call is about one address. SES allows few calls
 * a second: each is a step of its own, so that one that is put off undoes none before it.
 */
import { z } from "zod";
import { awsHeaders } from "../crypto/aws-signature";
import { isObject } from "../domain/json";
import { fail, ok } from "../domain/result";
import {
  type ApiRequest,
  allOf,
  commonFields,
  objectsOf,
  type PushCall,
  type PushReason,
  splitStandings,
  syncAdapter,
  word,
} from "./adapter";

const PATH = "/v2/email/suppression/addresses";
const FORMAT = "ses";
const SERVICE = "ses";
const PAGE_ENTRIES = 100;
const NOT_THERE = 404;

/** A complaint is the stronger one: it is what SES is told where both stand. */
const OWN_REASONS: Readonly<Record<string, readonly PushReason[]>> = {
  COMPLAINT: ["complaint"],
  BOUNCE: ["hard", "soft", "unsubscribe", "manual"],
};

interface Cursor {
  readonly token: string | null;
  /** ISO 8601. */
  readonly since: string | null;
}

export const sesSync = syncAdapter({
  id: "ses",
  title: "Amazon SES",
  manual: "https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_ListSuppressedDestinations.html",
  schema: () =>
    z.strictObject({
      ...commonFields(),
      accessKeyId: word(),
      secretAccessKey: word(),
      region: z
        .string()
        .max(30)
        .regex(/^[a-z]{2}(?:-[a-z]{2,12}){1,2}-\d$/, "must be a region: eu-west-1"),
    }),
  originOf: ({ region }) => `https://email.${region}.amazonaws.com`,
  open: ({ accessKeyId, secretAccessKey, region }, origin) => ({
    origin,
    authorize: ({ method, path, body }, now) => {
      const request = { method, url: new URL(origin + path), body: body === undefined ? "" : JSON.stringify(body) };
      return awsHeaders(request, { accessKeyId, secretAccessKey, region, service: SERVICE }, now);
    },
    firstPage: ({ since }) =>
      JSON.stringify({ token: null, since: since === null ? null : new Date(since).toISOString() } satisfies Cursor),
    pageRequest,
    readPage: (text, body) => {
      const items = isObject(body) ? objectsOf(body.SuppressedDestinationSummaries) : null;
      if (!isObject(body) || !items) return fail("The answer is no list of suppressions.");
      const entries = items.map((value) => ({
        format: FORMAT,
        value,
        ownReasons: OWN_REASONS[String(value.Reason)] ?? [],
      }));
      const cursor = JSON.parse(text) as Cursor;
      const token = body.NextToken;
      if (typeof token !== "string" || token === "") return ok({ entries, next: null });
      if (token === cursor.token) return fail("The next page is said to be the same one.");
      return ok({ entries, next: JSON.stringify({ ...cursor, token } satisfies Cursor) });
    },
    maxListings: 1,
    maxReleases: 1,
    callsFor: (standings) => {
      const { listed, released } = splitStandings(standings);
      return [
        ...listed.map(({ address, reasons }): PushCall => {
          const body = { EmailAddress: address, Reason: reasons.includes("complaint") ? "COMPLAINT" : "BOUNCE" };
          return { action: "list", addresses: [address], request: { method: "PUT", path: PATH, body } };
        }),
        ...released.map((address): PushCall => {
          const path = `${PATH}/${encodeURIComponent(address)}`;
          return { action: "release", addresses: [address], request: { method: "DELETE", path } };
        }),
      ];
    },
    resultsOf: (call, { status }) => {
      const isGone = call.action === "release" && status === NOT_THERE;
      return (status >= 200 && status < 300) || isGone ? allOf(call, "done") : null;
    },
  }),
});

function pageRequest(text: string): ApiRequest {
  const { token, since } = JSON.parse(text) as Cursor;
  const query = new URLSearchParams({ PageSize: `${PAGE_ENTRIES}` });
  if (since !== null) query.set("StartDate", since);
  if (token !== null) query.set("NextToken", token);
  return { method: "GET", path: `${PATH}?${query}` };
}
