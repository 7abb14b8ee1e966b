/** All that is known about one recipient. */
import { createRoute, z } from "@hono/zod-openapi";
import { once } from "../domain/once";
import { erase } from "../pipeline/erase";
import { recipientReport, TIMELINE_LENGTH } from "../pipeline/recipient-report";
import { actorOf } from "./actor";
import { usable } from "./expectations";
import { Problem } from "./problem";
import { recipientOf, recipientParam } from "./recipient-param";
import { eventOf, iso, probationOf, suppressionOf } from "./representations";
import { createRouter } from "./router";
import { ADMIN, json, problems, recipientSchema } from "./schemas";

const erasedSchema = once(() =>
  z
    .object({
      recipient: z.string(),
      key: z.string().describe("Hex SHA-256 of the address."),
      erased: z.literal(true),
      events: z.number().int().describe("Events that are gone."),
      suppressed: z.boolean().describe("Its hash is still suppressed."),
    })
    .openapi("Erased"),
);

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

const remove = createRoute({
  method: "delete",
  path: "/v1/recipients/{recipient}",
  tags: ["Recipients"],
  summary: "Erase a recipient",
  description:
    "Its events, the raw bodies that they came in, its decision and its entry of the edge cache are removed for good. What happens later is recorded again.",
  security: ADMIN,
  request: {
    params: recipientParam,
    query: z.strictObject({
      keepSuppressed: z
        .enum(["true", "false"])
        .default("false")
        .describe("The hash of the address stays suppressed, as if blocked by hand; the address is kept nowhere."),
    }),
  },
  responses: {
    200: json(erasedSchema, "It is erased."),
    202: json(erasedSchema, "It is erased from the database; the rest follows within minutes."),
    ...problems(400, 403, 404),
  },
});

const NOTHING = { reasons: [], since: null, until: null };

export const recipientRoutes = createRouter();

recipientRoutes.openapi(getOne, async (c) => {
  const address = recipientOf(c.req.valid("param").recipient);
  const report = await recipientReport(c.env, address);
  const { key, row, suppressions, answer, evidence, timeline, pending, threshold } = report;
  if (!row && !timeline.length && !answer?.suppressed)
    throw new Problem("not_found", { detail: "Nothing is known of this recipient." });
  const standing = answer
    ? { reasons: [...answer.reasons], since: iso(answer.since), until: iso(answer.until) }
    : row
      ? suppressionOf(row, c.env.now())
      : NOTHING;
  return c.json(
    {
      recipient: address,
      key,
      ...standing,
      ...probationOf(suppressions),
      suppressed: standing.reasons.length > 0,
      allowed: row?.allowed === 1,
      softBounces: { count: row?.soft_count ?? 0, threshold },
      releasedAt: iso(row?.released_at ?? null),
      pending,
      evidence: evidence.map(eventOf),
      timeline: timeline.map(eventOf),
    },
    200,
  );
});

recipientRoutes.openapi(remove, async (c) => {
  const address = recipientOf(c.req.valid("param").recipient);
  const keepSuppressed = c.req.valid("query").keepSuppressed === "true";
  usable(c.env.policy);
  const { requestId } = c.env;
  const outcome = await erase(c.env, { address, keepSuppressed, actor: await actorOf(c), requestId });
  if (!outcome) throw new Problem("not_found", { detail: "Nothing is known of this recipient." });
  const { key, events, isPending } = outcome;
  c.env.log.info("recipient.erased", { recipient: key, events, keepSuppressed, pending: isPending });
  const body = { recipient: address, key, erased: true as const, events, suppressed: keepSuppressed };
  return isPending ? c.json(body, 202) : c.json(body, 200);
});
