/** "What changed on the list since I last asked?" */
import { createRoute, z } from "@hono/zod-openapi";
import { once } from "../domain/once";
import { type ChangePosition, changesSince } from "../pipeline/changes";
import { Problem } from "./problem";
import { iso } from "./representations";
import { createRouter } from "./router";
import { ADMIN, json, MAX_PAGE, pageQuery, problems, reasonSchema, time, timeOrNull } from "./schemas";

/** A position in the feed, as callers see it. A letter keeps it apart from other lists' cursors. */
const CURSOR = /^c(\d{1,15})$/;
/** Instead of a cursor: from now on. */
const LATEST = "latest";

const changeSchema = once(() =>
  z
    .object({
      recipient: z.string().nullable().describe("null: the address was erased, and only its key is left."),
      key: z.string().describe("Hex SHA-256 of the address."),
      suppressed: z.boolean(),
      allowed: z.boolean().describe("On the allow-list: a block of its domain does not reach it."),
      reasons: z.array(reasonSchema),
      since: timeOrNull,
      until: timeOrNull,
      changedAt: time,
    })
    .openapi("Change"),
);

const list = createRoute({
  method: "get",
  path: "/v1/suppressions/changes",
  tags: ["Suppressions"],
  summary: "Listings and releases since a cursor, in the order in which they took effect",
  description:
    "For mirrors. Take a cursor with `cursor=latest`, load the list, then follow from there: what happens twice does no harm. Fewer items than `limit`: that is all for now.",
  security: ADMIN,
  request: {
    query: z.strictObject({
      limit: pageQuery.limit,
      cursor: z
        .string()
        .optional()
        .describe("`nextCursor` of the call before; `latest`: from now on; absent: from the oldest that is kept."),
    }),
  },
  responses: {
    200: json(
      () =>
        z.object({
          items: z.array(changeSchema()),
          nextCursor: z.string().describe("Ask again with it, now or later."),
        }),
      `At most ${MAX_PAGE} changes.`,
    ),
    ...problems(400, 403, 410),
  },
});

export const changeRoutes = createRouter();

changeRoutes.openapi(list, async (c) => {
  const { cursor, limit } = c.req.valid("query");
  const page = await changesSince(c.env, positionOf(cursor), limit);
  if (!page.ok) throw new Problem("cursor_expired");
  const items = page.value.changes.map(({ address, since, until, changedAt, reasons, ...change }) => ({
    recipient: address,
    ...change,
    reasons: [...reasons],
    since: iso(since),
    until: iso(until),
    changedAt: new Date(changedAt).toISOString(),
  }));
  return c.json({ items, nextCursor: `c${page.value.next}` }, 200);
});

/** @throws Problem `invalid_cursor` */
function positionOf(cursor: string | undefined): ChangePosition {
  if (cursor === undefined) return "oldest";
  if (cursor === LATEST) return "newest";
  const seq = CURSOR.exec(cursor)?.[1];
  if (seq === undefined) throw new Problem("invalid_cursor");
  return Number(seq);
}
