/** What needs a person, and what to do about it. */
import { createRoute, z } from "@hono/zod-openapi";
import { ALERT_RULES, SEVERITIES } from "../domain/alert";
import { once } from "../domain/once";
import { toldAlert } from "../pipeline/alerts";
import { closedAlerts, openAlerts } from "../store/alerts";
import { iso } from "./representations";
import { createRouter } from "./router";
import { ADMIN, json, MAX_PAGE, problems, time, timeOrNull } from "./schemas";

const alertSchema = once(() =>
  z
    .object({
      key: z.string(),
      rule: z.enum(ALERT_RULES),
      subject: z
        .string()
        .describe("A provider, a campaign, a connection, a notification, an incident. Empty: the service."),
      severity: z.enum(SEVERITIES),
      summary: z.string().describe("What is wrong."),
      advice: z.string().describe("What to do about it."),
      openedAt: time,
      closedAt: timeOrNull,
      detail: z.record(z.string(), z.union([z.string(), z.number(), z.null()])).describe("The figures behind it."),
    })
    .openapi("Alert"),
);

const DEFAULT_CLOSED = 100;

const list = createRoute({
  method: "get",
  path: "/v1/alerts",
  tags: ["Operations"],
  summary: "What needs a person, the worst first",
  security: ADMIN,
  request: {
    query: z.strictObject({
      state: z.enum(["open", "closed"]).default("open"),
      limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(DEFAULT_CLOSED).describe("Of those that are closed."),
    }),
  },
  responses: { 200: json(() => z.object({ items: z.array(alertSchema()) }), "The alerts."), ...problems(400, 403) },
});

export const alertRoutes = createRouter();

alertRoutes.openapi(list, async (c) => {
  const { state, limit } = c.req.valid("query");
  const alerts = state === "open" ? await openAlerts(c.env.db) : await closedAlerts(c.env.db, limit);
  const items = alerts.map((alert) => {
    const { openedAt, closedAt, detail, ...told } = toldAlert(alert);
    return {
      ...told,
      rule: alert.rule,
      severity: alert.severity,
      openedAt: new Date(openedAt).toISOString(),
      closedAt: iso(closedAt),
      detail: { ...detail },
    };
  });
  return c.json({ items }, 200);
});
