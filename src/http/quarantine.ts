/** What could not be read: look at it, read it again with today's code, or drop it. */
import { createRoute, z } from "@hono/zod-openapi";
import { once } from "../domain/once";
import { noteAction } from "../pipeline/audit";
import { bodyOf, dismiss, type ReplayError, replay } from "../pipeline/replay";
import { type QuarantineRow, quarantinePage } from "../store/quarantine";
import { actorOf } from "./actor";
import { cursorAfter, decodeCursor } from "./cursor";
import { usable } from "./expectations";
import { Problem, type ProblemCode } from "./problem";
import { createRouter } from "./router";
import { ADMIN, countsSchema, idParam, json, page, pageQuery, problems, timeOrNull, type Wire } from "./schemas";

const itemSchema = once(() =>
  z
    .object({
      id: z.string(),
      provider: z.string(),
      connection: z.string(),
      receiptId: z.number().int(),
      item: z.number().int().nullable().describe("Position of the record in the body; null: the body as a whole."),
      reason: z.string().describe("A stable word."),
      detail: z.string(),
      receivedAt: timeOrNull,
      bodyBytes: z.number().int(),
    })
    .openapi("QuarantineItem"),
);

const common = { tags: ["Quarantine"], security: ADMIN };

const list = createRoute({
  ...common,
  method: "get",
  path: "/v1/quarantine",
  summary: "What could not be read, newest first",
  request: { query: z.strictObject(pageQuery) },
  responses: { 200: json(page(itemSchema), "A page."), ...problems(400, 403) },
});

const replayOne = createRoute({
  ...common,
  method: "post",
  path: "/v1/quarantine/{id}/replay",
  summary: "Read it again with today's code",
  description:
    "Keeps the time at which it first reached us. What was recorded before is recognized and not counted twice. Mail with the reason unverified is believed by this: it is how an operator releases it.",
  request: { params: idParam },
  responses: {
    200: json(
      () => countsSchema().extend({ settled: z.boolean().describe("Is it out of quarantine?") }),
      "What came of it.",
    ),
    ...problems(403, 404, 410),
  },
});

const remove = createRoute({
  ...common,
  method: "delete",
  path: "/v1/quarantine/{id}",
  summary: "Drop it",
  request: { params: idParam },
  responses: { 204: { description: "It is gone." }, ...problems(403, 404) },
});

export const quarantineRoutes = createRouter();

quarantineRoutes.openapi(list, async (c) => {
  const { limit, cursor } = c.req.valid("query");
  const before = decodeCursor("quarantine", cursor, ["number", "string"]);
  const rows = await quarantinePage(c.env.db, limit, before && { receiptId: before[0], id: before[1] });
  const nextCursor = cursorAfter(rows, limit, "quarantine", (row) => [row.receipt_id, row.id]);
  return c.json({ items: rows.map(itemOf), nextCursor }, 200);
});

const REPLAY_PROBLEMS: Readonly<Record<ReplayError, ProblemCode>> = {
  not_found: "not_found",
  body_gone: "body_gone",
  no_adapter: "not_found",
};

quarantineRoutes.openapi(replayOne, async (c) => {
  usable(c.env.policy);
  const { id } = c.req.valid("param");
  const outcome = await replay(c.env, id, c.env.requestId);
  if (!outcome.ok) throw new Problem(REPLAY_PROBLEMS[outcome.error]);
  await noteAction(c.env, { action: "replay", subject: id, actor: await actorOf(c), requestId: c.env.requestId });
  return c.json({ ...outcome.value.counts, settled: outcome.value.settled }, 200);
});

quarantineRoutes.openapi(remove, async (c) => {
  const { id } = c.req.valid("param");
  if (!(await dismiss(c.env, id))) throw new Problem("not_found");
  await noteAction(c.env, { action: "drop", subject: id, actor: await actorOf(c), requestId: c.env.requestId });
  return c.body(null, 204);
});

quarantineRoutes.openAPIRegistry.registerPath({
  method: "get",
  path: "/v1/quarantine/{id}/body",
  tags: ["Quarantine"],
  summary: "The bytes, as they came",
  security: ADMIN,
  request: { params: idParam },
  responses: {
    200: {
      description: "The whole body of the request.",
      content: { "application/octet-stream": { schema: z.string() } },
    },
    ...problems(403, 404, 410),
  },
});

quarantineRoutes.get("/v1/quarantine/:id/body", async (c) => {
  const outcome = await bodyOf(c.env, c.req.param("id"));
  if (!outcome.ok) throw new Problem(REPLAY_PROBLEMS[outcome.error]);
  // Somebody else wrote these bytes: never anything that a browser would run.
  const headers = {
    "content-type": "application/octet-stream",
    "content-disposition": 'attachment; filename="body"',
  };
  return new Response(outcome.value, { headers });
});

function itemOf(row: QuarantineRow): Wire<typeof itemSchema> {
  return {
    id: row.id,
    provider: row.provider,
    connection: row.connection,
    receiptId: row.receipt_id,
    item: row.item,
    reason: row.reason,
    detail: row.detail,
    receivedAt: new Date(row.received_at).toISOString(),
    bodyBytes: row.body_bytes,
  };
}
