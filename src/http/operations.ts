/** Running the service: health, and what the cron does, on demand. */
import { createRoute, z } from "@hono/zod-openapi";
import { once } from "../domain/once";
import { noteAction } from "../pipeline/audit";
import { health } from "../pipeline/health";
import { prune } from "../pipeline/prune";
import { rebuildEdge, rebuildRecipient } from "../pipeline/rebuild";
import { rebuildAll } from "../pipeline/rebuild-all";
import { reconcile } from "../pipeline/reconcile";
import { actorOf } from "./actor";
import { usable } from "./expectations";
import { Problem } from "./problem";
import { recipientOf } from "./recipient-param";
import { iso } from "./representations";
import { createRouter } from "./router";
import { ADMIN, json, problems, reasonSchema, timeOrNull } from "./schemas";
import type { Services } from "./services";

const MAX_REBUILT = 1_000;
const DEFAULT_REBUILT = 200;

const healthSchema = once(() =>
  z
    .object({
      status: z.enum(["ok", "failing"]),
      checks: z.object({
        database: z.boolean(),
        edgeCache: z.boolean(),
        objects: z.boolean(),
        configuration: z.boolean(),
      }),
      pending: z.number().int().nullable().describe("Events on record that are still to be applied."),
      oldestPendingSeconds: z.number().int().nullable(),
      lastCron: timeOrNull,
    })
    .openapi("Health"),
);

const getHealth = createRoute({
  method: "get",
  path: "/health",
  tags: ["Operations"],
  summary: "Is it working?",
  responses: { 200: json(healthSchema, "It works."), 503: json(healthSchema, "Something does not.") },
});

const postReconcile = createRoute({
  method: "post",
  path: "/v1/reconcile",
  tags: ["Operations"],
  summary: "Do now what the cron does every minute",
  security: ADMIN,
  responses: {
    200: json(
      () =>
        z.object({
          applied: z.number().int(),
          failed: z.number().int(),
          settled: z.number().int().describe("Answers written to the edge cache."),
          pruned: z.object({ events: z.number().int(), bodies: z.number().int(), receipts: z.number().int() }),
        }),
      "What was done.",
    ),
    ...problems(403),
  },
});

const postRebuild = createRoute({
  method: "post",
  path: "/v1/rebuild",
  tags: ["Operations"],
  summary: "Rebuild a recipient or all of them from the journal, or the edge cache from the database",
  security: ADMIN,
  request: {
    body: {
      required: true,
      content: {
        "application/json": {
          schema: z.union([
            z.strictObject({ recipient: z.string().min(1) }),
            z.strictObject({ target: z.literal("kv"), cursor: z.string().nullable().optional() }),
            z.strictObject({
              target: z.literal("recipients"),
              cursor: z.string().nullable().optional(),
              limit: z.number().int().min(1).max(MAX_REBUILT).default(DEFAULT_REBUILT).describe("Recipients."),
            }),
          ]),
        },
      },
    },
  },
  responses: {
    200: json(
      () =>
        z.union([
          z.object({
            recipient: z.string(),
            version: z.number().int(),
            suppressed: z.boolean(),
            reasons: z.array(reasonSchema),
            softBounces: z.number().int(),
          }),
          z.object({
            target: z.literal("recipients"),
            rebuilt: z.number().int(),
            nextCursor: z.string().nullable().describe("Post it again to go on; null: done."),
          }),
          z.object({
            target: z.literal("kv"),
            written: z.number().int(),
            removed: z.number().int(),
            nextCursor: z.string().nullable().describe("Post it again to go on; null: done."),
          }),
        ]),
      "What was done.",
    ),
    ...problems(400, 403, 404, 413),
  },
});

export const operationRoutes = createRouter();

operationRoutes.openapi(getHealth, async (c) => {
  const { lastCronAt, ...report } = await health(c.env, c.env.config.problems.length === 0);
  return c.json({ ...report, lastCron: iso(lastCronAt) }, report.status === "ok" ? 200 : 503);
});

operationRoutes.openapi(postReconcile, async (c) => {
  const reconciled = await reconcile(c.env);
  return c.json({ ...reconciled, pruned: await prune(c.env) }, 200);
});

operationRoutes.openapi(postRebuild, async (c) => {
  const wanted = c.req.valid("json");
  if ("target" in wanted && wanted.target === "recipients") return c.json(await rebuildPart(c.env, wanted), 200);
  if ("target" in wanted) {
    const cursor = wanted.cursor ?? null;
    if (cursor !== null && !/^(?:rows|keys):/.test(cursor)) throw new Problem("invalid_cursor");
    return c.json({ target: "kv" as const, ...(await rebuildEdge(c.env, cursor)) }, 200);
  }
  usable(c.env.policy);
  const recipient = recipientOf(wanted.recipient);
  const decision = await rebuildRecipient(c.env, recipient);
  if (!decision.ok) throw new Problem(decision.error === "busy" ? "busy" : "not_found");
  const { key, version, verdict } = decision.value;
  await noteAction(c.env, { action: "rebuild", subject: key, actor: await actorOf(c), requestId: c.env.requestId });
  const reasons = verdict.suppressions.map((s) => s.reason);
  return c.json({ recipient, version, suppressed: reasons.length > 0, reasons, softBounces: verdict.softCount }, 200);
});

async function rebuildPart(
  services: Services,
  { cursor = null, limit }: { readonly cursor?: string | null | undefined; readonly limit: number },
) {
  if (cursor !== null && !/^(?:events:\d{1,16}|rows:.{0,320})$/s.test(cursor)) throw new Problem("invalid_cursor");
  usable(services.policy);
  return { target: "recipients" as const, ...(await rebuildAll(services, cursor, limit)) };
}
