/** Our own event format in, the journal out. */
import { createRoute, z } from "@hono/zod-openapi";
import { DEFAULT_CONNECTION } from "../config";
import { once } from "../domain/once";
import { type Ingested, ingest, TooManyEvents } from "../pipeline/ingest";
import { auditOf } from "../pipeline/operate";
import { draftsIn, parseSafely } from "../pipeline/parse";
import { markVerified, type WebhookRequest } from "../providers/adapter";
import { IDEMPOTENCY_KEY_HEADER, ownEventSchema, ownFormat } from "../providers/own-format";
import type { Asked } from "../store/audit";
import { searchEvents } from "../store/events";
import { askedOf } from "./actor";
import { readBody } from "./body";
import { usable } from "./expectations";
import { eventCursor, eventCursorOf, eventFilterOf, eventFilterQuery } from "./filters";
import { Problem } from "./problem";
import { eventOf } from "./representations";
import { createRouter } from "./router";
import { ADMIN, countsSchema, eventSchema, json, page, pageQuery, problems, shaped } from "./schemas";
import type { Services } from "./services";

const MAX_KEY_LENGTH = 255;

const itemSchema = once(() =>
  z.object({
    index: z.number().int(),
    status: z.enum(["new", "duplicate", "invalid"]),
    id: z.string().nullable(),
    error: z.string().nullable(),
  }),
);

export const eventRoutes = createRouter();

eventRoutes.openAPIRegistry.registerPath({
  method: "post",
  path: "/v1/events",
  tags: ["Events"],
  summary: "Record events in our own format",
  description:
    "One event, an array, or one per line (NDJSON); the bytes decide, not the content type. Invalid ones are answered one by one, and kept in quarantine when others of the same request were recorded.",
  security: ADMIN,
  request: {
    headers: z.object({ "idempotency-key": z.string().max(MAX_KEY_LENGTH).optional() }),
    body: {
      required: true,
      content: {
        "application/json": shaped(() => z.union([ownEventSchema(), z.array(ownEventSchema())])),
        "application/x-ndjson": shaped(ownEventSchema),
      },
    },
  },
  responses: {
    200: json(() => countsSchema().extend({ items: z.array(itemSchema()) }), "Recorded, item by item."),
    ...problems(400, 403, 413),
  },
});

eventRoutes.post("/v1/events", async (c) => {
  const key = c.req.header(IDEMPOTENCY_KEY_HEADER) ?? null;
  if (key !== null && key.length > MAX_KEY_LENGTH) {
    throw new Problem("invalid_request", { detail: `Idempotency-Key: at most ${MAX_KEY_LENGTH} characters` });
  }
  const { raw } = c.req;
  const request = { method: raw.method, url: new URL(raw.url), headers: raw.headers, body: await readBody(raw) };
  return Response.json(await recordOwnEvents(c.env, request, await askedOf(c)));
});

async function recordOwnEvents(services: Services, request: WebhookRequest, asked: Asked) {
  usable(services.policy);
  const receivedAt = services.now();
  const parsed = await parseSafely(services, ownFormat, markVerified(request), { receivedAt });
  if (parsed.type !== "items")
    throw new Problem("invalid_json", parsed.type === "unreadable" ? { detail: parsed.detail } : {});
  const errors = parsed.items.flatMap((item, index) =>
    item.type === "unreadable" ? [{ index, message: item.detail }] : [],
  );
  if (errors.length === parsed.items.length) {
    const detail = errors[0]?.message ?? "The body holds no event.";
    throw new Problem("invalid_events", { detail, extra: { errors } });
  }
  const origin = {
    requestId: services.requestId,
    source: "api" as const,
    provider: ownFormat.id,
    connection: DEFAULT_CONNECTION,
    receivedAt,
    keepHeaders: [IDEMPOTENCY_KEY_HEADER],
  };
  const extra = auditOf(services.db, draftsIn(parsed.items), asked);
  const ingested = await ingest(services, { request, origin, parsed, extra }).catch((error: unknown) => {
    throw error instanceof TooManyEvents ? new Problem("too_many_events") : error;
  });
  services.log.info("events.recorded", { ...ingested.counts });
  return { ...ingested.counts, items: itemResults(ingested) };
}

function itemResults({ items }: Ingested) {
  return items().map((item) => {
    const [event] = item.events;
    return {
      index: item.index ?? 0,
      status: item.problem ? "invalid" : event?.isNew ? "new" : "duplicate",
      id: event?.id ?? null,
      error: item.problem?.detail ?? null,
    };
  });
}

const list = createRoute({
  method: "get",
  path: "/v1/events",
  tags: ["Events"],
  summary: "The journal, newest first",
  description:
    "Where a filter matches few of very many events, a page may be short, or empty, and the next one goes on: the list ends where `nextCursor` is null.",
  security: ADMIN,
  request: {
    query: z.strictObject({
      ...eventFilterQuery,
      ...pageQuery,
    }),
  },
  responses: { 200: json(page(eventSchema), "A page."), ...problems(400, 403) },
});

eventRoutes.openapi(list, async (c) => {
  const { limit, cursor, ...query } = c.req.valid("query");
  const filter = eventFilterOf(query);
  const { rows, next } = await searchEvents(c.env.db, filter, limit, eventCursorOf(cursor, filter));
  const nextCursor = next === null ? null : eventCursor(next, filter);
  return c.json({ items: rows.map(eventOf), nextCursor }, 200);
});
