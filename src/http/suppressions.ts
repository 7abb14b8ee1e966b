/** The suppression list: read it, block by hand, release. */
import { createRoute, z } from "@hono/zod-openapi";
import { command, release } from "../pipeline/operate";
import { namesOf, standingOf } from "../pipeline/standing";
import type { EventRow } from "../store/event-row";
import { eventsByIdentity } from "../store/events";
import { pendingOfRecipient } from "../store/pending";
import { newestSuppressions } from "../store/suppression-search";
import { actorOf } from "./actor";
import { expectFuture, usable } from "./expectations";
import { suppressionCursor, suppressionCursorOf, suppressionFilterOf, suppressionFilterQuery } from "./filters";
import { noteSchema } from "./notes";
import { Problem } from "./problem";
import { recipientOf, recipientParam } from "./recipient-param";
import { eventOf, suppressionOf } from "./representations";
import { createRouter } from "./router";
import { ADMIN, json, moment, page, pageQuery, problems, suppressionDetailSchema, suppressionSchema } from "./schemas";
import type { Services } from "./services";

const list = createRoute({
  method: "get",
  path: "/v1/suppressions",
  tags: ["Suppressions"],
  summary: "The suppression list, newest first",
  description:
    "Where `q` or `reason` matches few of very many entries, a page may be short, or empty, and the next one goes on: the list ends where `nextCursor` is null.",
  security: ADMIN,
  request: {
    query: z.strictObject({
      ...suppressionFilterQuery,
      ...pageQuery,
    }),
  },
  responses: { 200: json(page(suppressionSchema), "A page."), ...problems(400, 403) },
});

const getOne = createRoute({
  method: "get",
  path: "/v1/suppressions/{recipient}",
  tags: ["Suppressions"],
  summary: "One suppression, with its evidence",
  security: ADMIN,
  request: { params: recipientParam },
  responses: { 200: json(suppressionDetailSchema, "It is suppressed."), ...problems(400, 403, 404) },
});

const put = createRoute({
  method: "put",
  path: "/v1/suppressions/{recipient}",
  tags: ["Suppressions"],
  summary: "Block an address or a whole domain by hand",
  security: ADMIN,
  request: {
    params: recipientParam,
    body: {
      content: {
        "application/json": {
          schema: z.strictObject({
            note: noteSchema.optional(),
            expiresAt: moment.optional().describe("When the block ends by itself."),
          }),
        },
      },
    },
  },
  responses: {
    200: json(suppressionDetailSchema, "It is suppressed."),
    202: json(suppressionDetailSchema, "It is on record and will take effect within a minute."),
    ...problems(400, 403, 413),
  },
});

const remove = createRoute({
  method: "delete",
  path: "/v1/suppressions/{recipient}",
  tags: ["Suppressions"],
  summary: "Release an address or a domain",
  description: "Final for the past: nothing that occurred before can suppress it again.",
  security: ADMIN,
  request: {
    params: recipientParam,
    query: z.strictObject({ force: z.enum(["true", "false"]).optional(), note: noteSchema.optional() }),
  },
  responses: {
    200: json(
      () => z.object({ recipient: z.string(), released: z.literal(true), pending: z.number().int() }),
      "It is released.",
    ),
    ...problems(400, 403, 404, 409),
  },
});

export const suppressionRoutes = createRouter();

suppressionRoutes.openapi(list, async (c) => {
  const { limit, cursor, ...query } = c.req.valid("query");
  const now = c.env.now();
  const filter = suppressionFilterOf(query);
  const { rows, next } = await newestSuppressions(c.env.db, filter, limit, suppressionCursorOf(cursor, filter), now);
  const nextCursor = next === null ? null : suppressionCursor(next, filter);
  return c.json({ items: rows.map((row) => suppressionOf(row, now)), nextCursor }, 200);
});

suppressionRoutes.openapi(getOne, async (c) => {
  const detail = await suppressionDetail(c.env, recipientOf(c.req.valid("param").recipient));
  if (!detail) throw new Problem("not_found", { detail: "Not on the suppression list." });
  return c.json(detail, 200);
});

suppressionRoutes.openapi(put, async (c) => {
  const address = recipientOf(c.req.valid("param").recipient);
  const wanted = c.req.valid("json") ?? {};
  expectFuture("expiresAt", wanted.expiresAt, c.env.now());
  usable(c.env.policy);
  if (!(await isBlocked(c.env, address, wanted))) {
    const { requestId } = c.env;
    const standing = await standingOf(c.env, address);
    await command(c.env, standing, { kind: "manual_block", ...wanted, actor: await actorOf(c), requestId });
  }
  const detail = await suppressionDetail(c.env, address);
  const pending = {
    recipient: address,
    reasons: [],
    since: null,
    until: null,
    note: wanted.note ?? null,
    evidence: [],
  };
  return detail ? c.json(detail, 200) : c.json(pending, 202);
});

suppressionRoutes.openapi(remove, async (c) => {
  const recipient = recipientOf(c.req.valid("param").recipient);
  const query = c.req.valid("query");
  usable(c.env.policy);
  const outcome = await release(c.env, {
    address: recipient,
    force: query.force === "true",
    note: query.note,
    actor: await actorOf(c),
    requestId: c.env.requestId,
  });
  if (outcome.type === "unknown") throw new Problem("not_found", { detail: "Nothing is known of this recipient." });
  if (outcome.type === "needs_force") throw new Problem("complaint_needs_force");
  return c.json({ recipient, released: true as const, pending: outcome.counts.pending }, 200);
});

/**
 * Is the very same block in force, and nothing on its way that could end it? Then asking again changes nothing. What is
 * pending is read first: it cannot take effect in between unseen.
 */
async function isBlocked(
  services: Services,
  address: string,
  wanted: { readonly note?: string | undefined; readonly expiresAt?: number | undefined },
): Promise<boolean> {
  if ((await pendingOfRecipient(services.db, namesOf(address))).length) return false;
  const { suppressions, names } = await standingOf(services, address);
  const manual = suppressions.find((s) => s.reason === "manual");
  if (!manual || manual.until !== (wanted.expiresAt ?? null)) return false;
  const [event] = await eventsByIdentity(services.db, names, [manual.eventId]);
  return wanted.note === undefined || noteOf(event) === wanted.note;
}

async function suppressionDetail(services: Services, address: string) {
  const { row, suppressions, names } = await standingOf(services, address);
  if (!row || !suppressions.length) return null;
  const ids = suppressions.map((s) => s.eventId);
  const evidence = await eventsByIdentity(services.db, names, ids);
  const manual = suppressions.find((s) => s.reason === "manual");
  return {
    ...suppressionOf(row, services.now()),
    note: noteOf(evidence.find((event) => event.id === manual?.eventId)),
    evidence: evidence.map(eventOf),
  };
}

function noteOf(event: EventRow | undefined): string | null {
  const metadata = event?.metadata ? (JSON.parse(event.metadata) as { note?: unknown }) : {};
  return typeof metadata.note === "string" ? metadata.note : null;
}
