/** How telling others goes: what was attempted, what waits, what was given up, and delivering it again. */
import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { once } from "../domain/once";
import { redeliver } from "../pipeline/notifications";
import { type Notification, notificationById } from "../store/notifications";
import { ATTEMPT_OUTCOMES, attemptPage, dropItem, type OutboxItem, outboxPage } from "../store/outbox";
import { askedOf } from "./actor";
import { cursorAfter, decodeCursor } from "./cursor";
import { notifyDepsOf } from "./notifications";
import { Problem } from "./problem";
import { iso } from "./representations";
import { createRouter } from "./router";
import { ADMIN, idParam, json, page, pageQuery, problems, time, timeOrNull, type Wire } from "./schemas";
import type { AppEnv } from "./services";

const messageFields = once(() => ({
  messageId: z.string(),
  type: z.string(),
  subject: z.string().describe("The hash of the recipient's address, or alert: and the alert's key."),
}));

const deliverySchema = once(() =>
  z
    .object({
      at: time,
      ...messageFields(),
      attempt: z.number().int().describe("Of this message, counted from 1."),
      outcome: z.enum(ATTEMPT_OUTCOMES).describe("parked: it failed, and was given up."),
      status: z.number().int().nullable().describe("HTTP. Null: nobody answered."),
      error: z.string().nullable(),
      durationMs: z.number().int(),
    })
    .openapi("Delivery"),
);

const outboxSchema = once(() =>
  z
    .object({
      ...messageFields(),
      attempts: z.number().int().describe("0: it waits behind another message of the same recipient."),
      firstAttemptAt: timeOrNull,
      nextAttemptAt: timeOrNull.describe("Null: as soon as it is the first of its recipient, or never."),
      parkedAt: timeOrNull,
      error: z.string().nullable(),
    })
    .openapi("OutboxItem"),
);

const common = { tags: ["Notifications"], security: ADMIN };

const listDeliveries = createRoute({
  ...common,
  method: "get",
  path: "/v1/notifications/{id}/deliveries",
  summary: "What was attempted, newest first",
  description: "Kept for seven days.",
  request: {
    params: idParam,
    query: z.strictObject({ outcome: z.enum(ATTEMPT_OUTCOMES).optional(), ...pageQuery }),
  },
  responses: { 200: json(page(deliverySchema), "A page."), ...problems(400, 403, 404) },
});

const listOutbox = createRoute({
  ...common,
  method: "get",
  path: "/v1/notifications/{id}/outbox",
  summary: "Messages that are to be tried again, or that were given up",
  description: "What was given up is kept for 30 days.",
  request: {
    params: idParam,
    query: z.strictObject({ state: z.enum(["waiting", "parked"]).default("parked"), ...pageQuery }),
  },
  responses: { 200: json(page(outboxSchema), "A page."), ...problems(400, 403, 404) },
});

const drop = createRoute({
  ...common,
  method: "delete",
  path: "/v1/notifications/{id}/outbox/{messageId}",
  summary: "Drop a message that is not to be delivered any more",
  request: {
    params: idParam.extend({
      messageId: z.string().openapi({ param: { name: "messageId", in: "path" } }),
    }),
  },
  responses: { 204: { description: "It is gone." }, ...problems(403, 404) },
});

const postRedeliver = createRoute({
  ...common,
  method: "post",
  path: "/v1/notifications/{id}/redeliver",
  summary: "Deliver a message again, or all that were given up",
  description:
    "Under its own id, by which a receiver knows it. The order of a recipient's messages is not kept by this.",
  request: {
    params: idParam,
    body: {
      required: true,
      content: {
        "application/json": {
          schema: z.union([
            z.strictObject({ messageId: z.string().min(1) }),
            z.strictObject({ parked: z.literal(true).describe("All that were given up.") }),
          ]),
        },
      },
    },
  },
  responses: {
    202: json(() => z.object({ queued: z.boolean() }), "It is delivered within a minute. queued: was there anything?"),
    ...problems(400, 403, 404, 413),
  },
});

export const deliveryRoutes = createRouter();

deliveryRoutes.openapi(listDeliveries, async (c) => {
  const { id } = await notificationOf(c, c.req.valid("param").id);
  const { outcome, limit, cursor } = c.req.valid("query");
  const before = decodeCursor("deliveries", cursor, ["number"], { id, outcome });
  const rows = await attemptPage(c.env.db, id, outcome ?? null, limit, before?.[0] ?? null);
  const nextCursor = cursorAfter(rows, limit, "deliveries", (row) => [row.id], { id, outcome });
  const items = rows.map(({ id: _id, at, ...row }) => ({ at: new Date(at).toISOString(), ...row }));
  return c.json({ items, nextCursor }, 200);
});

deliveryRoutes.openapi(listOutbox, async (c) => {
  const { id } = await notificationOf(c, c.req.valid("param").id);
  const { state, limit, cursor } = c.req.valid("query");
  const after = decodeCursor("outbox", cursor, ["number"], { id, state });
  const rows = await outboxPage(c.env.db, id, state === "parked", limit, after?.[0] ?? null);
  const nextCursor = cursorAfter(rows, limit, "outbox", (row) => [row.id], { id, state });
  return c.json({ items: rows.map(outboxItemOf), nextCursor }, 200);
});

deliveryRoutes.openapi(drop, async (c) => {
  const { id, messageId } = c.req.valid("param");
  if (!(await dropItem(c.env.db, id, messageId))) throw new Problem("not_found");
  return c.body(null, 204);
});

deliveryRoutes.openapi(postRedeliver, async (c) => {
  const notification = await notificationOf(c, c.req.valid("param").id);
  const wanted = c.req.valid("json");
  const message = "messageId" in wanted ? wanted.messageId : null;
  const queued = await redeliver(notifyDepsOf(c.env), notification, message, await askedOf(c));
  if (!queued && message !== null) throw new Problem("not_found", { detail: "There is no such message any more." });
  return c.json({ queued }, 202);
});

async function notificationOf(c: Context<AppEnv>, id: string): Promise<Notification> {
  const notification = await notificationById(c.env.db, id);
  if (!notification) throw new Problem("not_found");
  return notification;
}

function outboxItemOf(item: OutboxItem): Wire<typeof outboxSchema> {
  const { messageId, type, subject, attempts, firstAttemptAt, nextAttemptAt, parkedAt, error } = item;
  const isScheduled = parkedAt === null && nextAttemptAt > 0;
  return {
    messageId,
    type,
    subject,
    attempts,
    firstAttemptAt: iso(firstAttemptAt),
    nextAttemptAt: isScheduled ? iso(nextAttemptAt) : null,
    parkedAt: iso(parkedAt),
    error,
  };
}
