/** Where providers post. Paths are resolved to a connection; everything else is the pipeline's. */
import { z } from "@hono/zod-openapi";
import { Hono } from "hono";
import { type Connection, connectionNameOf } from "../config";
import { TooManyEvents } from "../pipeline/ingest";
import { receiveWebhook, type WebhookOutcome } from "../pipeline/webhook";
import type { Adapter, WebhookRequest } from "../providers/adapter";
import { ADAPTERS } from "../providers/registry";
import { readBody } from "./body";
import { LISTMONK_REFUSALS } from "./listmonk-description";
import { Problem, problemResponse } from "./problem";
import type { createRouter } from "./router";
import { countsSchema, json, problems, problemsAs } from "./schemas";
import type { AppEnv, Services } from "./services";

/** listmonk's own URLs, so that its users change the host only. */
const LISTMONK_SERVICES = ["ses", "azure", "sendgrid", "postmark", "forwardemail", "lettermint"];
const LISTMONK_BOUNCE_PATH = "/webhooks/bounce";

/** Where providers post. Any answer but a 2xx makes most of them send it again. */
export const webhookRoutes = new Hono<AppEnv>();

webhookRoutes.all(LISTMONK_BOUNCE_PATH, (c) => serve(c.env, c.req.raw, "listmonk", undefined));
for (const service of LISTMONK_SERVICES) {
  webhookRoutes.all(`/webhooks/service/${service}`, (c) => serve(c.env, c.req.raw, service, undefined));
}
webhookRoutes.get("/:file{[A-Za-z0-9._-]+\\.txt}", (c) => ownershipFile(c.env, c.req.param("file")));
webhookRoutes.get("/webhooks/:file{[A-Za-z0-9._-]+\\.txt}", (c) => ownershipFile(c.env, c.req.param("file")));
webhookRoutes.get("/webhooks/:provider/:file{[A-Za-z0-9._-]+\\.txt}", (c) => ownershipFile(c.env, c.req.param("file")));
webhookRoutes.all("/webhooks/:provider/:connection?", (c) =>
  serve(c.env, c.req.raw, c.req.param("provider"), c.req.param("connection")),
);

async function serve(
  services: Services,
  raw: Request,
  provider: string,
  connectionPart: string | undefined,
): Promise<Response> {
  const name = connectionNameOf(connectionPart);
  const connection = services.config.connections.get(`${provider}/${name}`);
  if (!connection) throw new Problem("not_found", { detail: "No such provider or connection is configured." });
  const { adapter, credentials } = connection;
  if (!services.policy.ok || !credentials.ok) {
    const detail = services.policy.ok ? `credentials of ${adapter.id}/${name}` : services.policy.error;
    services.log.error("config.invalid", { provider: adapter.id, connection: name, detail });
    return retryLater(adapter, "config_invalid", detail);
  }
  const request = await readRequest(raw);
  const probe = adapter.probe?.(request, credentials.value);
  if (probe) return new Response(probe.body ?? null, { status: probe.status, headers: { ...probe.headers } });
  if (raw.method !== "POST" && !(adapter.acceptsGet && raw.method === "GET")) {
    throw new Problem("method_not_allowed", { headers: { allow: adapter.acceptsGet ? "GET, POST" : "POST" } });
  }
  const target = { adapter, connection: name, credentials: credentials.value };
  try {
    return answer(adapter, await receiveWebhook(services, target, request, services.requestId));
  } catch (error) {
    if (error instanceof TooManyEvents) throw new Problem("too_many_events");
    services.onFailure(error);
    return retryLater(adapter, "unavailable");
  }
}

async function readRequest(raw: Request): Promise<WebhookRequest> {
  return { method: raw.method, url: new URL(raw.url), headers: raw.headers, body: await readBody(raw) };
}

function answer(adapter: Adapter, outcome: WebhookOutcome): Response {
  switch (outcome.type) {
    case "recorded": {
      const { status, body } = adapter.dialect?.recorded ?? { status: 200, body: outcome.counts };
      return Response.json(body, { status });
    }
    case "answered":
      return Response.json(outcome.body);
    case "unauthenticated":
      return unauthenticated(adapter);
    case "unavailable":
      return retryLater(adapter, "unavailable");
    case "refused":
      return Response.json(adapter.dialect?.refused(outcome.message) ?? { message: outcome.message }, { status: 400 });
  }
}

function unauthenticated(adapter: Adapter): Response {
  const challenge: Record<string, string> = adapter.usesBasicAuth
    ? { "www-authenticate": 'Basic realm="bouncekeeper"' }
    : {};
  const dialect = adapter.dialect?.unauthenticated;
  if (dialect) return Response.json(dialect.body, { status: dialect.status });
  return problemResponse("webhook_unauthenticated", { headers: challenge });
}

/** Some providers discard what is answered with a 5xx; theirs says so. */
function retryLater(adapter: Adapter, code: "unavailable" | "config_invalid", detail?: string): Response {
  return problemResponse(code, {
    ...(adapter.retryStatus ? { status: adapter.retryStatus } : {}),
    ...(detail === undefined ? {} : { detail }),
  });
}

/** A file by which a provider proves that the host is ours: at the root, and beside the hook. */
function ownershipFile(services: Services, name: string): Response {
  const files = [...services.config.connections.values()].map((connection) => filesOf(connection)[name]);
  const content = files.find((file) => file !== undefined);
  if (content === undefined) throw new Problem("not_found");
  return new Response(content, { headers: { "content-type": "text/plain; charset=utf-8" } });
}

function filesOf({ adapter, credentials }: Connection): Readonly<Record<string, string>> {
  return (credentials.ok && adapter.ownershipFiles?.(credentials.value)) || {};
}

/** Webhooks have no schema of ours: each provider's page says what it posts. */
export function describeWebhooks(registry: ReturnType<typeof createRouter>["openAPIRegistry"]): void {
  const answers = {
    200: json(countsSchema, "Recorded, or known already, or of no interest. What was unreadable is kept and counted."),
    ...problems(401, 404, 413),
    400: LISTMONK_REFUSALS[400],
    403: LISTMONK_REFUSALS[403],
  };
  const params = z.object({
    provider: z.enum(ADAPTERS.map((adapter) => adapter.id)),
    connection: z.string().openapi({ description: "Of several accounts of a provider: which." }),
  });
  const body = { content: { "*/*": { schema: z.string().openapi({ description: "As the provider sends it." }) } } };
  const common = { method: "post" as const, tags: ["Webhooks"], responses: answers };
  registry.registerPath({
    ...common,
    path: "/webhooks/{provider}",
    summary: "Where a provider posts its events",
    request: { params: params.omit({ connection: true }), body },
  });
  registry.registerPath({
    ...common,
    path: "/webhooks/{provider}/{connection}",
    summary: "The same, for another account of the provider",
    request: { params, body },
  });
  registry.registerPath({
    method: "post",
    path: LISTMONK_BOUNCE_PATH,
    tags: ["Webhooks"],
    summary: "listmonk's own bounce API",
    description: "Statuses and texts are listmonk's: 403 for authentication, 400 for bad fields.",
    request: { body },
    responses: {
      200: json(() => z.object({ data: z.literal(true) }), "Recorded."),
      ...LISTMONK_REFUSALS,
      ...problemsAs(413),
    },
  });
}
