/** Metrics for Prometheus and whatever reads its text form. */
import { createRoute, z } from "@hono/zod-openapi";
import { METRICS_CONTENT_TYPE, metricsText } from "../domain/prometheus";
import { metrics } from "../pipeline/metrics";
import { requireAdmin } from "./auth";
import { createRouter } from "./router";
import { ADMIN, problems } from "./schemas";

const PATH = "/metrics";

const getMetrics = createRoute({
  method: "get",
  path: PATH,
  tags: ["Operations"],
  summary: "Metrics in the text form of Prometheus",
  description: "Connections are told apart, recipients and campaigns are not.",
  security: ADMIN,
  responses: {
    200: { description: "The metrics.", content: { "text/plain": { schema: z.string() } } },
    ...problems(403),
  },
});

export const metricsRoutes = createRouter();

metricsRoutes.use(PATH, requireAdmin);
metricsRoutes.openapi(getMetrics, async (c) => {
  const text = metricsText(await metrics(c.env, c.env.config.problems.length));
  return c.text(text, 200, { "content-type": METRICS_CONTENT_TYPE, "cache-control": "no-store" });
});
