/** What a list shows, all of it, as a file: the API's exports, behind the sign-in. */
import { Hono } from "hono";
import { type ExportFile, exportResponse } from "../../http/export-stream";
import { eventColumns, suppressionColumns } from "../../http/exports";
import { eventCursor, suppressionCursor } from "../../http/filters";
import { eventOf, exportedSuppressionOf } from "../../http/representations";
import { searchEvents } from "../../store/events";
import { type SuppressionPlace, searchSuppressions } from "../../store/suppression-search";
import type { DashboardEnv } from "../env";
import { EVENT_FILTERS, eventFilterOf, SUPPRESSION_FILTERS, suppressionSearchOf } from "../filters";
import { queryOf } from "../query";

type ExportPage = Awaited<ReturnType<ExportFile["first"]>>;

export const exportsRoutes = new Hono<DashboardEnv>();

exportsRoutes.get("/dashboard/events/export", async (c) => {
  const filter = eventFilterOf(queryOf(new URL(c.req.url), EVENT_FILTERS));
  if (!filter) return c.redirect("/dashboard/events", 303);
  const pageBefore = async (before: number | null, limit: number): Promise<ExportPage> => {
    const { rows, next } = await searchEvents(c.env.db, filter, limit, before);
    // A stretch without any: a page has to have something, or be the last.
    if (!rows.length && next !== null) return pageBefore(next, limit);
    const items = rows.map((row) => ({ ...eventOf(row), cursor: eventCursor(row.seq, {}) }));
    return { items, next: next === null ? null : (size) => pageBefore(next, size) };
  };
  return exportResponse({
    name: "events",
    format: "csv",
    columns: eventColumns(),
    first: (limit) => pageBefore(null, limit),
  });
});

exportsRoutes.get("/dashboard/suppressions/export", async (c) => {
  const search = suppressionSearchOf(queryOf(new URL(c.req.url), SUPPRESSION_FILTERS));
  const now = c.env.now();
  const pageAfter = async (place: SuppressionPlace | null, limit: number): Promise<ExportPage> => {
    const { rows, next } = await searchSuppressions(c.env.db, search, limit, place, now);
    if (!rows.length && next !== null) return pageAfter(next, limit);
    const items = rows.map((row) => ({ ...exportedSuppressionOf(row, now), cursor: suppressionCursor(row, {}) }));
    return { items, next: next === null ? null : (size) => pageAfter(next, size) };
  };
  const first = (limit: number) => pageAfter(null, limit);
  return exportResponse({ name: "suppressions", format: "csv", columns: suppressionColumns(), first });
});
