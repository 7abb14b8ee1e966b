/** The configured connections, and whether they work. */
import { createRoute, z } from "@hono/zod-openapi";
import { type Connection, DEFAULT_CONNECTION } from "../config";
import { ok } from "../domain/result";
import { cloudflareEmail } from "../providers/cloudflare-email";
import { allActivity, type ConnectionActivity, countsByConnection } from "../store/connection-activity";
import { iso } from "./representations";
import { createRouter } from "./router";
import { ADMIN, json, problems, timeOrNull } from "./schemas";

const connectionSchema = z
  .object({
    provider: z.string(),
    title: z.string(),
    connection: z.string(),
    url: z.string().describe("Where the provider posts; for a queue, its name."),
    manual: z.string(),
    verifiedBy: z.string(),
    usable: z.boolean(),
    problem: z.string().nullable().describe("What is wrong with its credentials."),
    lastReceivedAt: timeOrNull.describe("To the minute."),
    lastRejectedAt: timeOrNull.describe("To the minute."),
    lastRejectedReason: z.string().nullable(),
    counts: z.record(z.string(), z.number()).describe("Events by kind, for all time."),
  })
  .openapi("Connection");

const list = createRoute({
  method: "get",
  path: "/v1/connections",
  tags: ["Operations"],
  summary: "Configured connections",
  security: ADMIN,
  responses: { 200: json(z.object({ items: z.array(connectionSchema) }), "All of them."), ...problems(403) },
});

export const connectionRoutes = createRouter();

connectionRoutes.openapi(list, async (c) => {
  const [activity, counts] = await Promise.all([allActivity(c.env.db), countsByConnection(c.env.db)]);
  const { origin } = new URL(c.req.url);
  const items = [...c.env.config.connections.entries(), ...queuesIn(activity)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, connection]) => ({
      ...described(connection, origin),
      ...seen(activity.find((a) => `${a.provider}/${a.connection}` === id)),
      counts: Object.fromEntries(counts.filter((n) => n.connection === id).map((n) => [n.kind, n.count])),
    }));
  return c.json({ items }, 200);
});

/** A queue is bound to the worker, not configured by a secret: it is known from the first message on. */
function queuesIn(activity: readonly ConnectionActivity[]): [string, Connection][] {
  return activity
    .filter(({ provider }) => provider === cloudflareEmail.id)
    .map(({ connection }) => [
      `${cloudflareEmail.id}/${connection}`,
      { adapter: cloudflareEmail, name: connection, credentials: ok([]) },
    ]);
}

function urlOf(id: string, name: string, origin: string): string {
  if (id === cloudflareEmail.id) return `queue:${name}`;
  return `${origin}/webhooks/${id}${name === DEFAULT_CONNECTION ? "" : `/${name}`}`;
}

function described({ adapter, name, credentials }: Connection, origin: string) {
  return {
    provider: adapter.id,
    title: adapter.title,
    connection: name,
    url: urlOf(adapter.id, name, origin),
    manual: adapter.manual,
    verifiedBy: adapter.verifiedBy,
    usable: credentials.ok,
    problem: credentials.ok ? null : credentials.error,
  };
}

function seen(activity: ConnectionActivity | undefined) {
  return {
    lastReceivedAt: iso(activity?.lastReceivedAt ?? null),
    lastRejectedAt: iso(activity?.lastRejectedAt ?? null),
    lastRejectedReason: activity?.lastRejectedReason ?? null,
  };
}
