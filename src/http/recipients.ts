/** All that is known about one recipient. */
import { createRoute } from "@hono/zod-openapi";
import { standingOf } from "../pipeline/standing";
import { eventPage, eventsByIdentity } from "../store/events";
import { pendingOfAddress } from "../store/pending";
import { Problem } from "./problem";
import { recipientOf, recipientParam } from "./recipient-param";
import { eventOf, iso, suppressionOf } from "./representations";
import { createRouter } from "./router";
import { ADMIN, json, problems, recipientSchema } from "./schemas";

const TIMELINE_LENGTH = 100;

const getOne = createRoute({
  method: "get",
  path: "/v1/recipients/{recipient}",
  tags: ["Recipients"],
  summary: "State, counter, evidence and timeline of a recipient",
  description: `The timeline holds the newest ${TIMELINE_LENGTH} events; GET /v1/events?recipient= pages through all of them.`,
  security: ADMIN,
  request: { params: recipientParam },
  responses: { 200: json(recipientSchema, "What is known."), ...problems(400, 403, 404) },
});

export const recipientRoutes = createRouter();

recipientRoutes.openapi(getOne, async (c) => {
  const { db, policy } = c.env;
  const address = recipientOf(c.req.valid("param").recipient);
  const [{ key, row, suppressions }, timeline, pending] = await Promise.all([
    standingOf(c.env, address),
    eventPage(db, { address }, TIMELINE_LENGTH, null),
    pendingOfAddress(db, address),
  ]);
  if (!row && !timeline.length) throw new Problem("not_found", { detail: "Nothing is known of this recipient." });
  const now = c.env.now();
  const evidence = await eventsByIdentity(
    db,
    address,
    suppressions.map((s) => s.eventId),
  );
  return c.json(
    {
      ...(row ? suppressionOf(row, now) : { reasons: [], since: null, until: null }),
      recipient: address,
      key,
      suppressed: suppressions.length > 0,
      allowed: row?.allowed === 1,
      softBounces: { count: row?.soft_count ?? 0, threshold: policy.ok ? policy.value.softThreshold : null },
      releasedAt: iso(row?.released_at ?? null),
      pending: pending.length,
      evidence: evidence.map(eventOf),
      timeline: timeline.map(eventOf),
    },
    200,
  );
});
