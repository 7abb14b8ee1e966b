/** Puts the routes together. One place for errors, one for what does not exist. */
import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { HTTPException } from "hono/http-exception";
import { dashboard } from "./dashboard/routes";
import { alertRoutes } from "./http/alerts";
import { allowlistRoutes } from "./http/allowlist";
import { auditRoutes } from "./http/audit";
import { expectAdmin, expectChecker } from "./http/auth";
import { batchRoutes } from "./http/batches";
import { MAX_BODY_BYTES, MAX_MAIL_BODY_BYTES } from "./http/body";
import { changeRoutes } from "./http/changes";
import { checkRoutes } from "./http/checks";
import { connectionRoutes } from "./http/connections";
import { deliveryRoutes } from "./http/deliveries";
import { docsRoutes } from "./http/docs";
import { eventRoutes } from "./http/events";
import { exportRoutes } from "./http/exports";
import { filterRoutes } from "./http/filter";
import { IMPORT_PATH, importRoutes } from "./http/imports";
import { incidentRoutes } from "./http/incidents";
import { expectFewChecks, limitFailures } from "./http/limits";
import { listmonkRoutes } from "./http/listmonk-bounces";
import { describeListmonk } from "./http/listmonk-description";
import { mailboxRoutes } from "./http/mailboxes";
import { MAIL_PATHS, messageRoutes } from "./http/messages";
import { metricsRoutes } from "./http/metrics";
import { notificationRoutes } from "./http/notifications";
import { operationRoutes } from "./http/operations";
import { policyRoutes } from "./http/policy";
import { Problem, problemResponse, refusalResponse } from "./http/problem";
import { quarantineRoutes } from "./http/quarantine";
import { recipientRoutes } from "./http/recipients";
import { createRouter } from "./http/router";
import { SCRUB_PATH, scrubRoutes } from "./http/scrub";
import type { AppEnv } from "./http/services";
import { statsRoutes } from "./http/stats";
import { suppressionRoutes } from "./http/suppressions";
import { syncRoutes } from "./http/syncs";
import { describeWebhooks, webhookRoutes } from "./http/webhooks";

/** Senders' tokens reach these; everything else under /v1 is the operator's. */
const CHECK_PATHS = /^\/v1\/(?:check|scrub|scrub\/[^/]+|suppressions\/filter)$/;

/** Who may come in, how often, and with how much. */
const guardApi: MiddlewareHandler<AppEnv> = async (c, next) => {
  const { method, path } = c.req;
  if (CHECK_PATHS.test(path)) {
    expectChecker(c);
    await expectFewChecks(c);
  } else expectAdmin(c);
  if (method === "GET" || path === SCRUB_PATH || path === IMPORT_PATH) return next();
  return (MAIL_PATHS.includes(path) ? limitMail : limitBody)(c, next);
};

const limitBody = limitedTo(MAX_BODY_BYTES);
const limitMail = limitedTo(MAX_MAIL_BODY_BYTES);

/** The whole of HTTP, as one app; it takes its services with each call. Made once, when the worker starts. */
export function createApp() {
  const app = createRouter();

  app.use(async (c, next) => {
    await next();
    c.res.headers.set("x-request-id", c.env.requestId);
    c.res.headers.set("x-content-type-options", "nosniff");
  });
  app.use(limitFailures);
  app.use("/v1/*", guardApi);

  // Before the routes whose last part may be any recipient.
  app.route("/", exportRoutes);
  for (const routes of [checkRoutes, scrubRoutes, eventRoutes, messageRoutes, statsRoutes]) app.route("/", routes);
  // Before the suppressions, which take what follows for a recipient.
  for (const routes of [changeRoutes, filterRoutes]) app.route("/", routes);
  for (const routes of [importRoutes, batchRoutes, policyRoutes]) app.route("/", routes);
  for (const routes of [suppressionRoutes, allowlistRoutes, recipientRoutes, auditRoutes]) app.route("/", routes);
  for (const routes of [quarantineRoutes, connectionRoutes, mailboxRoutes, operationRoutes]) app.route("/", routes);
  for (const routes of [notificationRoutes, deliveryRoutes, syncRoutes, alertRoutes, incidentRoutes, metricsRoutes])
    app.route("/", routes);
  app.route("/", docsRoutes(app, [describeWebhooks, describeListmonk]));
  app.all("/dashboard/*", (c) => dashboard().fetch(c.req.raw, c.env, c.executionCtx));
  app.route("/", listmonkRoutes);
  app.route("/", webhookRoutes);

  app.notFound(() => problemResponse("not_found"));
  app.onError((error, c) => {
    if (error instanceof Problem) return problemResponse(error.code, error.options);
    // Hono's own: a body that is no JSON.
    if (error instanceof HTTPException && error.status < 500) return refusalResponse(error);
    c.env.onFailure(error);
    return problemResponse("unavailable");
  });
  return app;
}

function limitedTo(maxSize: number) {
  return bodyLimit({
    maxSize,
    onError: () => {
      throw new Problem("body_too_large", { detail: `The limit is ${maxSize} bytes.` });
    },
  });
}
