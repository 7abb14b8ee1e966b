/**
 * listmonk's API for bounces, so that scripts written for it work when only the host changes: its paths, its envelope,
 * its statuses and texts.
 *
 * Manual: https://listmonk.app/docs/apis/bounces/ (read 2026-11); checks as in listmonk's `cmd/bounce.go`. Deleting
 * bounces takes them off this list; the journal keeps them, and nobody is released by it.
 */
import { type Context, Hono } from "hono";
import { actorOfToken } from "../pipeline/audit";
import { blockBounced, subscriberNumber } from "../pipeline/bounce-list";
import { listmonk } from "../providers/listmonk";
import {
  type BounceFilter,
  type BounceRow,
  bounceBySeq,
  bounceCount,
  bouncePage,
  dismissAllBounces,
  dismissBounces,
  isBounceOrder,
  uuidOfAddress,
} from "../store/bounces";
import { Problem } from "./problem";
import { iso } from "./representations";
import type { AppEnv } from "./services";

const DEFAULT_PER_PAGE = 20;
const MAX_PER_PAGE = 50;
/** Rows of one round trip where `per_page=all` streams all of them. */
const STREAM_PAGE = 1_000;
/** What the journal keeps in an event's metadata beside `meta`. */
const OWN_METADATA = new Set(["source", "subscriber_uuid", "subscriber", "email"]);

export const listmonkRoutes = new Hono<AppEnv>();

/** `user:token` of any connection of listmonk, as its own API takes it. */
listmonkRoutes.use("/api/bounces/*", async (c, next) => {
  const connections = [...c.env.config.connections.values()].filter(({ adapter }) => adapter.id === listmonk.id);
  if (!connections.length) throw new Problem("not_found");
  const pairs = connections.flatMap(({ credentials }) => (credentials.ok ? credentials.value : []));
  const request = { method: c.req.method, url: new URL(c.req.url), headers: c.req.raw.headers, body: new Uint8Array() };
  const verified = await listmonk.verify(request, pairs, NO_LOOKUPS);
  if (!verified.ok) return c.json({ message: "invalid API credentials" }, 403);
  return next();
});

/** Nothing outside is asked about a token. */
const NO_LOOKUPS = {
  now: 0,
  getText: async () => ({ ok: false, error: "unavailable" }) as const,
  getTxt: async () => ({ ok: false, error: "unavailable" }) as const,
};

listmonkRoutes.get("/api/bounces", async (c) => {
  const query = new URL(c.req.url).searchParams;
  const filter = { campaign: campaignOf(query.get("campaign_id")), source: query.get("source") || undefined };
  const total = await bounceCount(c.env.db, filter);
  const isAll = query.get("per_page") === "all";
  const page = Math.max(1, wholeNumber(query.get("page")) ?? 1);
  const perPage = isAll ? total : Math.min(wholeNumber(query.get("per_page")) || DEFAULT_PER_PAGE, MAX_PER_PAGE);
  const word = query.get("order_by") ?? undefined;
  const order = {
    orderBy: isBounceOrder(word) ? word : ("created_at" as const),
    isAscending: query.get("order")?.toLowerCase() === "asc",
  };
  if (isAll) return streamAll(c, filter, order, total);
  const rows = await bouncePage(c.env.db, filter, { ...order, limit: perPage, offset: (page - 1) * perPage });
  if (!rows.length) return c.json({ data: { results: [], search: "", query: "", total: 0, per_page: 0, page: 0 } });
  const results = await Promise.all(rows.map(bounceOf));
  return c.json({ data: { results, search: "", query: "", total, per_page: perPage, page } });
});

listmonkRoutes.get("/api/bounces/:id", async (c) => {
  const id = wholeNumber(c.req.param("id"));
  if (!id) return c.json({ message: "Invalid ID" }, 400);
  const row = await bounceBySeq(c.env.db, id);
  return row ? c.json({ data: await bounceOf(row) }) : c.json({ message: "Bounce not found" }, 400);
});

listmonkRoutes.delete("/api/bounces", async (c) => {
  const query = new URL(c.req.url).searchParams;
  if (/^(?:true|1)$/i.test(query.get("all") ?? "")) {
    await dismissAllBounces(c.env.db);
    return c.json({ data: true });
  }
  const ids = query.getAll("id").map(wholeNumber);
  if (!ids.length || ids.some((id) => !id)) return c.json({ message: "Invalid ID" }, 400);
  await dismissBounces(c.env.db, ids as number[]);
  return c.json({ data: true });
});

listmonkRoutes.delete("/api/bounces/:id", async (c) => {
  const id = wholeNumber(c.req.param("id"));
  if (!id) return c.json({ message: "Invalid ID" }, 400);
  await dismissBounces(c.env.db, [id]);
  return c.json({ data: true });
});

listmonkRoutes.put("/api/bounces/blocklist", async (c) => {
  const actor = await actorOfToken(c.req.header("authorization") ?? "", "listmonk API");
  await blockBounced(c.env, actor, c.env.requestId);
  return c.json({ data: true });
});

/** listmonk numbers its campaigns; ours have the names under which they were posted. `0` asks for all. */
function campaignOf(text: string | null): string | undefined {
  return text === null || text === "" || text === "0" ? undefined : text;
}

function wholeNumber(text: string | null): number | undefined {
  return text !== null && /^\d{1,16}$/.test(text) ? Number(text) : undefined;
}

async function bounceOf(row: BounceRow) {
  const metadata = row.metadata === null ? {} : (JSON.parse(row.metadata) as Record<string, unknown>);
  const uuid = metadata.subscriber_uuid ?? metadata.subscriber ?? uuidOfAddress(row.address);
  return {
    id: row.seq,
    type: row.type,
    source: row.source,
    meta: metaOf(row, metadata),
    created_at: iso(row.occurred_at),
    email: uuidOfAddress(row.address) === null ? row.address : "",
    subscriber_uuid: typeof uuid === "string" ? uuid : "",
    subscriber_id: await subscriberNumber(row.address),
    subscriber_status: row.suppressed === 1 ? "blocklisted" : "enabled",
    campaign: row.campaign === null ? null : { id: campaignId(row.campaign), name: row.campaign },
  };
}

/** What was posted as `meta`, and what the receiver said. */
function metaOf(row: BounceRow, metadata: Record<string, unknown>): Record<string, unknown> {
  const posted = Object.entries(metadata).filter(([name]) => !OWN_METADATA.has(name));
  const said = { status: row.status_code, diagnostic: row.diagnostic_code, category: row.category };
  const known = Object.entries(said).filter(([name, value]) => value !== null && !Object.hasOwn(metadata, name));
  return Object.fromEntries([...known, ...posted]);
}

function campaignId(campaign: string): number | string {
  return wholeNumber(campaign) ?? campaign;
}

type Order = Pick<Parameters<typeof bouncePage>[2], "orderBy" | "isAscending">;

/** `per_page=all`, page by page: however many there are, the worker holds a page of them. */
function streamAll(c: Context<AppEnv>, filter: BounceFilter, order: Order, total: number): Response {
  const { db } = c.env;
  let offset = 0;
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(encoder.encode('{"data":{"results":[')),
    pull: async (controller) => {
      const rows = await bouncePage(db, filter, { ...order, limit: STREAM_PAGE, offset });
      const text = (await Promise.all(rows.map(bounceOf))).map((bounce) => JSON.stringify(bounce)).join(",");
      if (rows.length) controller.enqueue(encoder.encode(`${offset ? "," : ""}${text}`));
      offset += rows.length;
      if (rows.length === STREAM_PAGE) return;
      const rest = { search: "", query: "", total: offset, per_page: offset ? total : 0, page: offset ? 1 : 0 };
      controller.enqueue(encoder.encode(`],${JSON.stringify(rest).slice(1)}}`));
      controller.close();
    },
  });
  return new Response(body, { headers: { "content-type": "application/json" } });
}
