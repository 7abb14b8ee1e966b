/** All that is known about one recipient. */
import { createRoute } from "@hono/zod-openapi";
import { check } from "../pipeline/check";
import { namesOf, standingOf } from "../pipeline/standing";
import { eventPage, eventsByIdentity } from "../store/events";
import { pendingOfRecipient } from "../store/pending";
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

const NOTHING = { reasons: [], since: null, until: null };

export const recipientRoutes = createRouter();

recipientRoutes.openapi(getOne, async (c) => {
  const { db, policy } = c.env;
  const address = recipientOf(c.req.valid("param").recipient);
  const names = await namesOf(address);
  const [{ key, row, suppressions }, answer, timelines, pending] = await Promise.all([
    standingOf(c.env, address),
    // The same answer as a sender gets, a block of the domain included. A domain itself is not mailed.
    address.startsWith("@") ? null : check(c.env, address, "marketing", "strong"),
    Promise.all(names.map((name) => eventPage(db, { address: name }, TIMELINE_LENGTH, null))),
    pendingOfRecipient(db, names),
  ]);
  const timeline = timelines
    .flat()
    .sort((a, b) => b.seq - a.seq)
    .slice(0, TIMELINE_LENGTH);
  if (!row && !timeline.length && !answer?.suppressed)
    throw new Problem("not_found", { detail: "Nothing is known of this recipient." });
  const standing = answer
    ? { reasons: [...answer.reasons], since: iso(answer.since), until: iso(answer.until) }
    : row
      ? suppressionOf(row, c.env.now())
      : NOTHING;
  const evidence = await eventsByIdentity(
    db,
    names,
    suppressions.map((s) => s.eventId),
  );
  return c.json(
    {
      recipient: address,
      key,
      ...standing,
      suppressed: standing.reasons.length > 0,
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
