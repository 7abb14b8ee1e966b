/** Who is told what: adding, looking at and removing subscriptions, and their secrets. */
import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { NOTIFICATION_FORMATS, TYPE_PATTERNS } from "../domain/notification";
import { once } from "../domain/once";
import { rotate, sendTest, subscribe } from "../pipeline/notifications";
import type { NotifyDeps } from "../pipeline/notify";
import {
  allNotifications,
  deleteNotification,
  NOTIFICATION_STATUSES,
  type Notification,
  notificationById,
  type OutboxCounts,
  resumeNotification,
} from "../store/notifications";
import { askedOf } from "./actor";
import { noteSchema } from "./notes";
import { Problem } from "./problem";
import { iso } from "./representations";
import { createRouter } from "./router";
import { ADMIN, idParam, json, problems, time, timeOrNull, type Wire } from "./schemas";
import type { AppEnv, Services } from "./services";

const MAX_EXCLUDED = 100;

const credentials = z
  .string()
  .max(1_000)
  .describe("Of a listmonk server: an API user and its token, as user:token. Never shown again.");

const notificationFields = once(() => ({
  id: z.string(),
  url: z.string(),
  format: z.enum(NOTIFICATION_FORMATS),
  events: z.array(z.string()),
  excluded: z.array(z.string()),
  note: z.string().nullable(),
  createdAt: time,
  status: z
    .enum(NOTIFICATION_STATUSES)
    .describe("stopped: it failed for three days. gone: the receiver answered 410. Both go on after a resume."),
  failingSince: timeOrNull.describe("Since when nothing could be delivered."),
  nextAttemptAt: timeOrNull.describe("It pauses until then, because the receiver does not answer."),
  lastDeliveredAt: timeOrNull,
  lastError: z.string().nullable(),
  lastErrorAt: timeOrNull,
}));
const notificationSchema = once(() =>
  z
    .object({
      ...notificationFields(),
      waiting: z.number().int().describe("Messages that were refused and are tried again, and those behind them."),
      parked: z.number().int().describe("Messages that were given up after three days."),
    })
    .openapi("Notification"),
);
const secretOrNull = once(() =>
  z
    .string()
    .nullable()
    .describe("What the messages are signed with. Shown here and never again; null for the format listmonk."),
);
const createdSchema = once(() =>
  z.object({ ...notificationFields(), secret: secretOrNull() }).openapi("CreatedNotification"),
);

const common = { tags: ["Notifications"], security: ADMIN };

const create = createRoute({
  ...common,
  method: "post",
  path: "/v1/notifications",
  summary: "Have somebody told what happens from now on",
  description:
    "At least once, and in order per recipient. `standard` is a Standard Webhooks message; `listmonk` posts to a listmonk server's /webhooks/bounce what means something to it.",
  request: {
    body: {
      required: true,
      content: {
        "application/json": {
          schema: z.strictObject({
            url: z.string().min(1).openapi({ example: "https://app.example.com/hooks/bounces" }),
            events: z.array(z.enum(TYPE_PATTERNS)).min(1).default(["*"]),
            format: z.enum(NOTIFICATION_FORMATS).default("standard"),
            credentials: credentials.optional(),
            excluded: z
              .array(z.string().min(1))
              .max(MAX_EXCLUDED)
              .optional()
              .describe(
                'Whose events are not told: a provider, or provider/connection. For listmonk ["listmonk"] unless said otherwise: what it may know already.',
              ),
            note: noteSchema.optional(),
          }),
        },
      },
    },
  },
  responses: { 201: json(createdSchema, "It is told from now on."), ...problems(400, 403, 413) },
});

const list = createRoute({
  ...common,
  method: "get",
  path: "/v1/notifications",
  summary: "Who is told what, and whether it arrives",
  responses: { 200: json(() => z.object({ items: z.array(notificationSchema()) }), "All of them."), ...problems(403) },
});

const getOne = createRoute({
  ...common,
  method: "get",
  path: "/v1/notifications/{id}",
  summary: "One of them",
  request: { params: idParam },
  responses: { 200: json(notificationSchema, "It."), ...problems(403, 404) },
});

const remove = createRoute({
  ...common,
  method: "delete",
  path: "/v1/notifications/{id}",
  summary: "Tell it no more",
  description: "What was not delivered yet is dropped, with the delivery log.",
  request: { params: idParam },
  responses: { 204: { description: "It is gone." }, ...problems(403, 404) },
});

const postRotate = createRoute({
  ...common,
  method: "post",
  path: "/v1/notifications/{id}/rotate",
  summary: "Change its secret",
  description:
    "Messages are signed with the new secret and, for 24 hours, with the one before. A listmonk server's credentials are replaced at once.",
  request: {
    params: idParam,
    body: { content: { "application/json": { schema: z.strictObject({ credentials: credentials.optional() }) } } },
  },
  responses: {
    200: json(() => z.object({ secret: secretOrNull(), previousUntil: timeOrNull }), "The new secret."),
    ...problems(400, 403, 404, 413),
  },
});

const postResume = createRoute({
  ...common,
  method: "post",
  path: "/v1/notifications/{id}/resume",
  summary: "Go on where it was left",
  description: "Where it was stopped, or pauses. What happened meanwhile is told, as far back as it is kept.",
  request: { params: idParam },
  responses: { 200: json(notificationSchema, "It goes on."), ...problems(403, 404) },
});

const postTest = createRoute({
  ...common,
  method: "post",
  path: "/v1/notifications/{id}/test",
  summary: "Send it a message that says nothing: notification.test",
  request: { params: idParam },
  responses: {
    200: json(
      () =>
        z.object({
          delivered: z.boolean(),
          status: z.number().int().nullable().describe("HTTP. Null: nobody answered."),
          error: z.string().nullable(),
        }),
      "What came of it.",
    ),
    ...problems(400, 403, 404),
  },
});

export const notificationRoutes = createRouter();

notificationRoutes.openapi(create, async (c) => {
  const { note = null, ...wanted } = c.req.valid("json");
  const subscription = { ...wanted, note, ownOrigin: new URL(c.req.url).origin };
  const outcome = await subscribe(notifyDepsOf(c.env), subscription, await askedOf(c));
  if (!outcome.ok) throw new Problem("invalid_request", { detail: outcome.error });
  const { notification, secret } = outcome.value;
  return c.json({ ...fieldsOf(notification, c.env.now()), secret }, 201);
});

notificationRoutes.openapi(list, async (c) => {
  const now = c.env.now();
  const items = (await allNotifications(c.env.db)).map(({ outbox, ...notification }) =>
    represent(notification, outbox, now),
  );
  return c.json({ items }, 200);
});

notificationRoutes.openapi(getOne, async (c) => c.json(await oneOf(c, c.req.valid("param").id), 200));

notificationRoutes.openapi(remove, async (c) => {
  if (!(await deleteNotification(c.env.db, c.req.valid("param").id, await askedOf(c)))) throw new Problem("not_found");
  return c.body(null, 204);
});

notificationRoutes.openapi(postRotate, async (c) => {
  const { credentials: given } = c.req.valid("json");
  const outcome = await rotate(notifyDepsOf(c.env), c.req.valid("param").id, given, await askedOf(c));
  if (!outcome) throw new Problem("not_found");
  if (!outcome.ok) throw new Problem("invalid_request", { detail: outcome.error });
  const { secret, previousUntil } = outcome.value;
  return c.json({ secret, previousUntil: iso(previousUntil) }, 200);
});

notificationRoutes.openapi(postResume, async (c) => {
  const { id } = c.req.valid("param");
  if (!(await resumeNotification(c.env.db, id, await askedOf(c)))) throw new Problem("not_found");
  return c.json(await oneOf(c, id), 200);
});

notificationRoutes.openapi(postTest, async (c) => {
  const notification = await notificationById(c.env.db, c.req.valid("param").id);
  if (!notification) throw new Problem("not_found");
  if (notification.format !== "standard") {
    throw new Problem("invalid_request", { detail: "listmonk takes no message that says nothing." });
  }
  const outcome = await sendTest(notifyDepsOf(c.env), notification);
  if (!outcome.ok) return c.json({ delivered: false, status: null, error: outcome.error }, 200);
  const { type, status } = outcome.value;
  const error = outcome.value.type === "delivered" ? null : outcome.value.error;
  return c.json({ delivered: type === "delivered", status, error }, 200);
});

/** What telling others works with: the configuration says where they may be. */
export function notifyDepsOf(services: Services): NotifyDeps {
  return { ...services, allowPrivateTargets: services.config.allowPrivateTargets };
}

async function oneOf(c: Context<AppEnv>, id: string): Promise<Wire<typeof notificationSchema>> {
  const found = (await allNotifications(c.env.db)).find((notification) => notification.id === id);
  if (!found) throw new Problem("not_found");
  return represent(found, found.outbox, c.env.now());
}

function represent(
  notification: Notification,
  { waiting, parked }: OutboxCounts,
  now: number,
): Wire<typeof notificationSchema> {
  return { ...fieldsOf(notification, now), waiting, parked };
}

/** Never the secrets. */
function fieldsOf(n: Notification, now: number) {
  return {
    id: n.id,
    url: n.url,
    format: n.format,
    events: [...n.events],
    excluded: [...n.excluded],
    note: n.note,
    createdAt: new Date(n.createdAt).toISOString(),
    status: n.status,
    failingSince: iso(n.failingSince),
    nextAttemptAt: n.nextAttemptAt > now ? iso(n.nextAttemptAt) : null,
    lastDeliveredAt: iso(n.lastDeliveredAt),
    lastError: n.lastError,
    lastErrorAt: iso(n.lastErrorAt),
  };
}
