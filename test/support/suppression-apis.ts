/**
 * Made-up suppression APIs behind the global `fetch`, after the manuals that `src/sync/` names: authentication, paging,
 * limits, what they answer to what they do not take. Each holds its lists in memory, for tests to look into.
 */
import { vi } from "vitest";

export interface ApiCall {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Headers;
  readonly body: unknown;
}

/** An entry as the API shows it. */
export type Entry = Readonly<Record<string, unknown>>;

export interface FakeApi {
  /** Addresses and entries, by list. */
  readonly lists: Readonly<Record<string, Map<string, Entry>>>;
  readonly calls: ApiCall[];
  /** Answers in the API's place, from now on; `null`: it answers itself. */
  intercept: (call: ApiCall, index: number) => Response | null | Promise<Response | null>;
}

type Handler = (call: ApiCall) => Response;

const problem = (status: number, body: unknown) => Response.json(body, { status });
const isAddress = (text: unknown) => /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(String(text));
const nowSeconds = () => Math.floor(Date.now() / 1000);
const mapsOf = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, new Map<string, Entry>()]));

interface Installed {
  readonly hosts: readonly string[];
  readonly api: FakeApi;
  readonly handle: Handler;
}

function fake(hosts: readonly string[], names: readonly string[], handlerOf: (api: FakeApi) => Handler): Installed {
  const api: FakeApi = { lists: mapsOf(names), calls: [], intercept: () => null };
  return { hosts, api, handle: handlerOf(api) };
}

export const SENDGRID_KEY = "SG.made-up";
const SENDGRID_LISTS = ["bounces", "spam_reports", "invalid_emails", "unsubscribes"];
const SENDGRID_MAX_PAGE = 500;

const sendgrid = () =>
  fake(
    ["api.sendgrid.com", "api.eu.sendgrid.com"],
    SENDGRID_LISTS,
    ({ lists }) =>
      ({ method, path, query, headers, body }) => {
        const error = (status: number, message: string) => problem(status, { errors: [{ field: null, message }] });
        if (headers.get("authorization") !== `Bearer ${SENDGRID_KEY}`) return error(401, "authorization required");
        const listed = /^\/v3\/suppression\/(\w+)$/.exec(path);
        const list = lists[listed?.[1] ?? ""];
        if (list && method === "GET") {
          const number = (name: string, otherwise: number) => Number(query.get(name) ?? otherwise);
          const limit = number("limit", SENDGRID_MAX_PAGE);
          if (limit > SENDGRID_MAX_PAGE) return error(400, "limit must be at most 500");
          const [from, to] = [number("start_time", 0), number("end_time", 1e12)];
          const items = [...list.values()]
            .filter(({ created }) => Number(created) >= from && Number(created) <= to)
            .sort((a, b) => Number(b.created) - Number(a.created));
          const offset = number("offset", 0);
          return Response.json(items.slice(offset, offset + limit));
        }
        const fields = body as { emails?: string[]; recipient_emails?: string[] } | null;
        if (list && method === "DELETE" && listed?.[1] !== "unsubscribes" && fields?.emails) {
          for (const email of fields.emails) list.delete(email);
          return new Response(null, { status: 204 });
        }
        const globals = lists.unsubscribes as Map<string, Entry>;
        if (path === "/v3/asm/suppressions/global" && method === "POST" && fields?.recipient_emails) {
          if (!fields.recipient_emails.every(isAddress)) return error(400, "recipient_emails: invalid email");
          for (const email of fields.recipient_emails) {
            if (!globals.has(email)) globals.set(email, { email, created: nowSeconds() });
          }
          return problem(201, { recipient_emails: fields.recipient_emails });
        }
        const one = /^\/v3\/asm\/suppressions\/global\/([^/]+)$/.exec(path)?.[1];
        if (one !== undefined && method === "DELETE") {
          globals.delete(decodeURIComponent(one));
          return new Response(null, { status: 204 });
        }
        return error(404, "not found");
      },
  );

export const MAILGUN_KEY = "key-made-up";
export const MAILGUN_DOMAIN = "mg.example.com";
const MAILGUN_LISTS = ["bounces", "complaints", "unsubscribes"];
const MAILGUN_MAX = 1_000;

const mailgun = () =>
  fake(
    ["api.mailgun.net", "api.eu.mailgun.net"],
    MAILGUN_LISTS,
    ({ lists }) =>
      ({ method, path, query, headers, body }) => {
        if (headers.get("authorization") !== `Basic ${btoa(`api:${MAILGUN_KEY}`)}`) {
          return new Response("Forbidden", { status: 401 });
        }
        const [, domain, name = "", one] = /^\/v3\/([^/]+)\/(\w+)(?:\/([^/]+))?$/.exec(path) ?? [];
        if (domain !== MAILGUN_DOMAIN) return problem(404, { message: `Domain not found: ${domain}` });
        const list = lists[name];
        if (!list) return problem(404, { message: "Not Found" });
        if (method === "GET") {
          const limit = Number(query.get("limit") ?? 100);
          if (limit > MAILGUN_MAX) return problem(400, { message: "limit must be at most 1000" });
          const after = query.get("page") === "next" ? (query.get("address") ?? "") : "";
          const items = [...list.values()]
            .filter(({ address }) => String(address) > after)
            .sort((a, b) => (String(a.address) < String(b.address) ? -1 : 1))
            .slice(0, limit);
          const last = String(items.at(-1)?.address ?? after);
          const base = `https://${headers.get("x-host")}${path}`;
          const next = `${base}?page=next&address=${encodeURIComponent(last)}&limit=${limit}`;
          return Response.json({
            items,
            paging: { first: `${base}?page=first`, next, previous: base, last: `${base}?page=last` },
          });
        }
        if (method === "POST") {
          const entries = body as Entry[];
          if (!Array.isArray(entries) || entries.length > MAILGUN_MAX)
            return problem(400, { message: "Batch size should be less than 1000" });
          if (!entries.every(({ address }) => isAddress(address)))
            return problem(400, { message: "Invalid address in batch" });
          for (const entry of entries) list.set(String(entry.address), entry);
          return Response.json({ message: `${entries.length} addresses have been added to the ${name} table` });
        }
        if (method === "DELETE" && one !== undefined) {
          const address = decodeURIComponent(one);
          if (!list.delete(address)) return problem(404, { message: `Address not found in ${name} table` });
          return Response.json({ message: "Bounced address has been removed", address });
        }
        return problem(405, { message: "Method not allowed" });
      },
  );

export const POSTMARK_TOKEN = "00000000-made-up-token";
const POSTMARK_MAX = 50;

const postmark = () =>
  fake(["api.postmarkapp.com"], ["outbound"], ({ lists }) => ({ method, path, query, headers, body }) => {
    const error = (status: number, ErrorCode: number, Message: string) => problem(status, { ErrorCode, Message });
    if (headers.get("x-postmark-server-token") !== POSTMARK_TOKEN) {
      return error(401, 10, "The Server Token you provided in the X-Postmark-Server-Token request header was invalid.");
    }
    const [, stream = "", action] = /^\/message-streams\/([\w-]+)\/suppressions(?:\/(dump|delete))?$/.exec(path) ?? [];
    const list = lists[stream];
    if (!list) return error(404, 1226, "The message stream was not found.");
    if (method === "GET" && action === "dump") {
      const reason = query.get("SuppressionReason");
      const from = query.get("fromdate") ?? "";
      const items = [...list.values()].filter(
        (item) => (reason === null || item.SuppressionReason === reason) && String(item.CreatedAt).slice(0, 10) >= from,
      );
      return Response.json({ Suppressions: items });
    }
    const wanted = (body as { Suppressions?: { EmailAddress: string }[] } | null)?.Suppressions;
    if (method !== "POST" || !wanted) return error(405, 0, "Method not allowed");
    if (wanted.length > POSTMARK_MAX) return error(422, 1300, "A maximum of 50 suppressions can be changed at once.");
    const results = wanted.map(({ EmailAddress }) => {
      const failed = (Message: string) => ({ EmailAddress, Status: "Failed", Message });
      if (!isAddress(EmailAddress)) return failed("An invalid email address was provided.");
      if (action === "delete") {
        if (list.get(EmailAddress)?.SuppressionReason === "SpamComplaint") {
          return failed("You do not have the required authority to change this suppression.");
        }
        list.delete(EmailAddress);
        return { EmailAddress, Status: "Deleted", Message: null };
      }
      const CreatedAt = new Date().toISOString();
      const entry = { EmailAddress, SuppressionReason: "ManualSuppression", Origin: "Customer", CreatedAt };
      if (!list.has(EmailAddress)) list.set(EmailAddress, entry);
      return { EmailAddress, Status: "Suppressed", Message: null };
    });
    return Response.json({ Suppressions: results });
  });

export const SES_KEYS = { accessKeyId: "AKIDMADEUP", secretAccessKey: "made-up-secret", region: "eu-west-1" };
const SES_SIGNED =
  /^AWS4-HMAC-SHA256 Credential=AKIDMADEUP\/\d{8}\/eu-west-1\/ses\/aws4_request, SignedHeaders=host;x-amz-date, Signature=[0-9a-f]{64}$/;
const SES_PATH = "/v2/email/suppression/addresses";

/** Whether a signature is right, test/crypto/aws-signature.test.ts says. */
const ses = () =>
  fake(["email.eu-west-1.amazonaws.com"], ["account"], ({ lists }) => ({ method, path, query, headers, body }) => {
    const list = lists.account as Map<string, Entry>;
    if (!SES_SIGNED.test(headers.get("authorization") ?? "")) {
      return problem(403, { message: "The request signature we calculated does not match." });
    }
    if (method === "GET" && path === SES_PATH) {
      const size = Number(query.get("PageSize") ?? 10);
      const from = Number(query.get("NextToken")?.replace("token/", "") ?? 0);
      const since = Date.parse(query.get("StartDate") ?? "1970-01-01") / 1000;
      const all = [...list.values()].filter(({ LastUpdateTime }) => Number(LastUpdateTime) >= since);
      const more = from + size < all.length ? { NextToken: `token/${from + size}` } : {};
      return Response.json({ SuppressedDestinationSummaries: all.slice(from, from + size), ...more });
    }
    if (method === "PUT" && path === SES_PATH) {
      const { EmailAddress = "", Reason = "" } = body as Record<string, string>;
      if (!isAddress(EmailAddress) || !/^(?:BOUNCE|COMPLAINT)$/.test(Reason))
        return problem(400, { message: "Invalid input" });
      list.set(EmailAddress, { EmailAddress, Reason, LastUpdateTime: Date.now() / 1000 });
      return new Response(null, { status: 200 });
    }
    if (method === "DELETE" && path.startsWith(`${SES_PATH}/`)) {
      const known = list.delete(decodeURIComponent(path.slice(SES_PATH.length + 1)));
      return known ? new Response(null, { status: 200 }) : problem(404, { message: "Email address is not suppressed" });
    }
    return problem(404, { message: "UnknownOperationException" });
  });

export interface SuppressionApis {
  readonly ses: FakeApi;
  readonly sendgrid: FakeApi;
  readonly mailgun: FakeApi;
  readonly postmark: FakeApi;
}

/** Puts all of them in place of the network. Undone by `vi.restoreAllMocks`. */
export function suppressionApis(): SuppressionApis {
  const all = { ses: ses(), sendgrid: sendgrid(), mailgun: mailgun(), postmark: postmark() };
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const request = new Request(input as RequestInfo, init as RequestInit);
    const url = new URL(request.url);
    const found = Object.values(all).find(({ hosts }) => hosts.includes(url.host));
    if (!found || url.protocol !== "https:") throw new Error(`nobody listens at ${url.host}`);
    const headers = new Headers(request.headers);
    headers.set("x-host", url.host);
    const text = await request.text();
    const body: unknown = text === "" ? null : JSON.parse(text);
    const call = { method: request.method, path: url.pathname, query: url.searchParams, headers, body };
    const index = found.api.calls.push(call) - 1;
    return (await found.api.intercept(call, index)) ?? found.handle(call);
  });
  return { ses: all.ses.api, sendgrid: all.sendgrid.api, mailgun: all.mailgun.api, postmark: all.postmark.api };
}
