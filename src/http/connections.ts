/** The configured connections, and whether they work. */
import { createRoute, z } from "@hono/zod-openapi";
import { type Connection, DEFAULT_CONNECTION } from "../config";
import { once } from "../domain/once";
import { isMailDoor, type MailDoor } from "../pipeline/mail";
import { cloudflareEmail } from "../providers/cloudflare-email";
import { allActivity, type ConnectionActivity, countsByConnection } from "../store/connection-activity";
import { iso } from "./representations";
import { createRouter } from "./router";
import { ADMIN, json, problems, timeOrNull, type Wire } from "./schemas";
import type { Services } from "./services";

const connectionSchema = once(() =>
  z
    .object({
      provider: z.string(),
      title: z.string(),
      connection: z.string(),
      url: z.string().describe("Where the provider posts; for a queue, its name; for mail, how it comes in."),
      manual: z.string(),
      verifiedBy: z.string(),
      usable: z.boolean(),
      problem: z.string().nullable().describe("What is wrong with its credentials."),
      lastReceivedAt: timeOrNull.describe("To the minute."),
      lastRejectedAt: timeOrNull.describe("To the minute."),
      lastRejectedReason: z.string().nullable(),
      counts: z.record(z.string(), z.number()).describe("Events by kind, for all time."),
    })
    .openapi("Connection"),
);

const list = createRoute({
  method: "get",
  path: "/v1/connections",
  tags: ["Operations"],
  summary: "Configured connections",
  security: ADMIN,
  responses: { 200: json(() => z.object({ items: z.array(connectionSchema()) }), "All of them."), ...problems(403) },
});

export const connectionRoutes = createRouter();

connectionRoutes.openapi(list, async (c) =>
  c.json({ items: await connectionsOf(c.env, new URL(c.req.url).origin) }, 200),
);

/** Every connection that is configured, and what was heard from without being one. */
export async function connectionsOf(
  { db, config }: Pick<Services, "db" | "config">,
  origin: string,
): Promise<Wire<typeof connectionSchema>[]> {
  const [activity, counts] = await Promise.all([allActivity(db), countsByConnection(db)]);
  const configured = [...config.connections.values()].map((connection) => webhookOf(connection, origin));
  return [...configured, ...activity.flatMap((heard) => unconfigured(heard, origin))]
    .map((source) => ({ id: `${source.provider}/${source.connection}`, source }))
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map(({ id, source }) => ({
      ...source,
      ...seen(activity.find((a) => `${a.provider}/${a.connection}` === id)),
      counts: Object.fromEntries(counts.filter((n) => n.connection === id).map((n) => [n.kind, n.count])),
    }));
}

const QUEUE = {
  provider: cloudflareEmail.id,
  title: cloudflareEmail.title,
  manual: cloudflareEmail.manual,
  verifiedBy: cloudflareEmail.verifiedBy,
};

const MAIL_MANUAL = "docs/bounce-mail.md";
const BY_EVIDENCE = "signed return path, or a known Message-ID of the recipient";
const MAIL_SOURCES: Readonly<Record<MailDoor, { title: string; verifiedBy: string; url: (origin: string) => string }>> =
  {
    email: { title: "Cloudflare Email Routing", verifiedBy: BY_EVIDENCE, url: () => "email:" },
    mailbox: { title: "Mailbox", verifiedBy: `${BY_EVIDENCE}, or the mailbox is trusted`, url: () => "pop3:" },
    messages: {
      title: "Mail posted to the API",
      verifiedBy: "operator's token",
      url: (origin) => `${origin}/v1/messages`,
    },
  };

/** Queues and the doors of mail are bound to the worker, not configured by a secret: they are known from their first message on. */
function unconfigured({ provider, connection }: ConnectionActivity, origin: string) {
  const known = { connection, usable: true, problem: null };
  if (provider === cloudflareEmail.id) return [{ ...QUEUE, ...known, url: `queue:${connection}` }];
  if (!isMailDoor(provider)) return [];
  const { title, verifiedBy, url } = MAIL_SOURCES[provider];
  return [{ provider, title, manual: MAIL_MANUAL, verifiedBy, ...known, url: url(origin) }];
}

function webhookOf({ adapter, name, credentials }: Connection, origin: string) {
  return {
    provider: adapter.id,
    title: adapter.title,
    connection: name,
    url: `${origin}/webhooks/${adapter.id}${name === DEFAULT_CONNECTION ? "" : `/${name}`}`,
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
