/** The journal and the suppression list as files. */
import { createRoute, z } from "@hono/zod-openapi";
import { once } from "../domain/once";
import { searchEvents } from "../store/events";
import { newestSuppressions } from "../store/suppression-search";
import { exportContent, exportQuery, exportResponse } from "./export-stream";
import {
  eventCursor,
  eventCursorOf,
  eventFilterOf,
  eventFilterQuery,
  suppressionCursor,
  suppressionCursorOf,
  suppressionFilterOf,
  suppressionFilterQuery,
} from "./filters";
import { eventOf, exportedSuppressionOf } from "./representations";
import { createRouter } from "./router";
import { ADMIN, eventSchema, exportedSuppressionSchema, problems } from "./schemas";

const DESCRIPTION =
  "Streamed, however long. Each row carries a cursor: an export that fails on the way ends in the middle of a row, and goes on after the last whole one.";
/** Of an export of events, in their order; the last one says where to go on. */
export const eventColumns = once(() => [...Object.keys(eventSchema().shape), "cursor"]);
/** Of an export of suppressions, in their order; the last one says where to go on. */
export const suppressionColumns = once(() => [...Object.keys(exportedSuppressionSchema().shape), "cursor"]);

const exportEvents = createRoute({
  method: "get",
  path: "/v1/events/export",
  tags: ["Events"],
  summary: "The journal as CSV or NDJSON, newest first",
  description: DESCRIPTION,
  security: ADMIN,
  request: { query: z.strictObject({ ...eventFilterQuery, ...exportQuery }) },
  responses: { 200: exportContent, ...problems(400, 403) },
});

const exportSuppressions = createRoute({
  method: "get",
  path: "/v1/suppressions/export",
  tags: ["Suppressions"],
  summary: "The suppression list as CSV or NDJSON, newest first, with what caused each entry",
  description: DESCRIPTION,
  security: ADMIN,
  request: { query: z.strictObject({ ...suppressionFilterQuery, ...exportQuery }) },
  responses: { 200: exportContent, ...problems(400, 403) },
});

export const exportRoutes = createRouter();

exportRoutes.openapi(exportEvents, async (c) => {
  const { format, cursor, ...query } = c.req.valid("query");
  const filter = eventFilterOf(query);
  const pageAfter = async (before: number | null, limit: number): Promise<Page> => {
    const { rows, next } = await searchEvents(c.env.db, filter, limit, before);
    // A stretch without any: a page has to have something, or be the last.
    if (!rows.length && next !== null) return pageAfter(next, limit);
    const items = rows.map((row) => ({ ...eventOf(row), cursor: eventCursor(row.seq, filter) }));
    return { items, next: next === null ? null : (size) => pageAfter(next, size) };
  };
  const first = (limit: number) => pageAfter(eventCursorOf(cursor, filter), limit);
  return exportResponse({ name: "events", format, columns: eventColumns(), first });
});

exportRoutes.openapi(exportSuppressions, async (c) => {
  const { format, cursor, ...query } = c.req.valid("query");
  const filter = suppressionFilterOf(query);
  const pageAfter = async (after: ReturnType<typeof suppressionCursorOf>, limit: number): Promise<Page> => {
    const { rows, next } = await newestSuppressions(c.env.db, filter, limit, after, c.env.now());
    if (!rows.length && next !== null) return pageAfter(next, limit);
    const items = rows.map((row) => ({
      ...exportedSuppressionOf(row, c.env.now()),
      cursor: suppressionCursor(row, filter),
    }));
    return { items, next: next === null ? null : (size) => pageAfter(next, size) };
  };
  const first = (limit: number) => pageAfter(suppressionCursorOf(cursor, filter), limit);
  return exportResponse({ name: "suppressions", format, columns: suppressionColumns(), first });
});

type Page = Awaited<ReturnType<Parameters<typeof exportResponse>[0]["first"]>>;
