/** listmonk's API for bounces, for openapi.json. */
import { z } from "@hono/zod-openapi";
import type { createRouter } from "./router";
import { json, problemsAs } from "./schemas";

const refused = json(
  () => z.object({ message: z.string() }),
  "Refused, in listmonk's words; only connections of listmonk do so.",
);

/** How listmonk refuses, and what it has no words for. */
export const LISTMONK_REFUSALS = { 400: refused, 403: refused, ...problemsAs(404, 429, 503) };

/** Its statuses and texts are listmonk's; only the shapes are said here. */
export function describeListmonk(registry: ReturnType<typeof createRouter>["openAPIRegistry"]): void {
  const done = { 200: json(() => z.object({ data: z.literal(true) }), "Done."), ...LISTMONK_REFUSALS };
  const security = [{ listmonk: [] }];
  const tags = ["listmonk"];
  const bounce = z.object({ id: z.number(), type: z.enum(["hard", "soft", "complaint"]) }).loose();
  registry.registerPath({
    method: "get",
    path: "/api/bounces",
    tags,
    security,
    summary: "listmonk's list of bounces",
    request: {
      query: z.object({
        campaign_id: z.string().optional(),
        source: z.string().optional(),
        order_by: z.enum(["email", "campaign_name", "source", "created_at", "type"]).optional(),
        order: z.enum(["asc", "desc"]).optional(),
        page: z.string().optional(),
        per_page: z.string().optional().describe("At most 50, or all."),
      }),
    },
    responses: {
      200: json(
        () =>
          z.object({
            data: z.object({
              results: z.array(bounce),
              search: z.string(),
              query: z.string(),
              total: z.number(),
              per_page: z.number(),
              page: z.number(),
            }),
          }),
        "A page.",
      ),
      ...LISTMONK_REFUSALS,
    },
  });
  registry.registerPath({
    method: "get",
    path: "/api/bounces/{id}",
    tags,
    security,
    summary: "One bounce",
    request: { params: z.object({ id: z.string() }) },
    responses: { 200: json(() => z.object({ data: bounce }), "It."), ...LISTMONK_REFUSALS },
  });
  registry.registerPath({
    method: "delete",
    path: "/api/bounces",
    tags,
    security,
    summary: "Take bounces off listmonk's list; releases nobody",
    request: { query: z.object({ id: z.string().optional(), all: z.string().optional() }) },
    responses: done,
  });
  registry.registerPath({
    method: "delete",
    path: "/api/bounces/{id}",
    tags,
    security,
    summary: "Take one bounce off listmonk's list",
    request: { params: z.object({ id: z.string() }) },
    responses: done,
  });
  registry.registerPath({
    method: "put",
    path: "/api/bounces/blocklist",
    tags,
    security,
    summary: "Block every recipient that has a bounce on listmonk's list",
    responses: done,
  });
}
