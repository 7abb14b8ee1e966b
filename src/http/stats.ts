/** Counts for charts. */
import { createRoute, z } from "@hono/zod-openapi";
import { BOUNCE_CLASSES, type BounceClass } from "../domain/event";
import { once } from "../domain/once";
import { knowsProvider, STATS_GROUPS, type StatsRow, statsBy } from "../store/stats";
import { Problem } from "./problem";
import { createRouter } from "./router";
import { ADMIN, count, json, moment, problems, type Wire } from "./schemas";

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 30;
const MAX_DAYS = 3_660;
const MAX_GROUPS = 1_000;
const DEFAULT_GROUPS = 100;
const IN_TIME: readonly string[] = ["hour", "day"];

const statsItemSchema = once(() =>
  z
    .object({
      value: z.string().describe("A time, a provider, a connection, a class, a reason, a domain, a campaign."),
      delivered: count,
      deferred: count,
      bounced: count.describe("Of all classes."),
      complained: count,
      unsubscribed: count,
      rejected: count,
      autoReply: count,
      byClass: z
        .object(Object.fromEntries(BOUNCE_CLASSES.map((name) => [name, count])) as Record<BounceClass, typeof count>)
        .describe("The bounces by class."),
    })
    .openapi("StatsItem"),
);

const getStats = createRoute({
  method: "get",
  path: "/v1/stats",
  tags: ["Events"],
  summary: "Counts of events by hour, day, provider, connection, class, reason, domain or campaign",
  description: `Days are UTC days of the events' own time. Without since: the last ${DEFAULT_DAYS} days. Hours are kept for eight days. Counts by reason, domain and campaign do not know the provider.`,
  security: ADMIN,
  request: {
    query: z.strictObject({
      by: z.enum(STATS_GROUPS).default("day"),
      since: moment.optional().describe("From the day that this falls on."),
      until: moment.optional().describe("Up to and with the day before which this falls."),
      provider: z.string().optional().describe("For hour, day, provider, connection and class."),
      connection: z.string().optional().describe("Together with provider."),
      limit: z.coerce
        .number()
        .int()
        .min(1)
        .max(MAX_GROUPS)
        .optional()
        .describe(`Of domains, campaigns and the like those with the most events; default ${DEFAULT_GROUPS}.`),
    }),
  },
  responses: {
    200: json(
      () =>
        z.object({ by: z.enum(STATS_GROUPS), since: z.string(), until: z.string(), items: z.array(statsItemSchema()) }),
      "The counts.",
    ),
    ...problems(400, 403),
  },
});

export const statsRoutes = createRouter();

statsRoutes.openapi(getStats, async (c) => {
  const { by, since, until, provider, connection, limit } = c.req.valid("query");
  // A filter that has no effect would give the counts of everything, and look right.
  if (provider !== undefined && !knowsProvider(by)) {
    throw new Problem("invalid_request", { detail: `provider: counts by ${by} do not know it` });
  }
  if (connection !== undefined && provider === undefined) {
    throw new Problem("invalid_request", { detail: "connection: with provider only" });
  }
  const now = c.env.now();
  const toDay = Math.ceil((until ?? now + 1) / DAY_MS);
  const fromDay = since === undefined ? toDay - DEFAULT_DAYS : Math.floor(since / DAY_MS);
  if (toDay - fromDay > MAX_DAYS || toDay < fromDay) {
    throw new Problem("invalid_request", { detail: `since and until: at most ${MAX_DAYS} days, in their order` });
  }
  const groups = limit ?? (IN_TIME.includes(by) ? MAX_DAYS * 24 : DEFAULT_GROUPS);
  const rows = await statsBy(c.env.db, { by, fromDay, toDay, provider, connection, limit: groups });
  const isoOf = (day: number) => new Date(day * DAY_MS).toISOString();
  return c.json({ by, since: isoOf(fromDay), until: isoOf(toDay), items: itemsOf(rows, by) }, 200);
});

type StatsItem = Wire<typeof statsItemSchema>;

/** How much of an ISO time tells two of them apart. */
const TIME_LENGTHS: Readonly<Record<string, number>> = {
  day: "YYYY-MM-DD".length,
  hour: "YYYY-MM-DDTHH:MM:SS.sssZ".length,
};

function itemsOf(rows: readonly StatsRow[], by: string): StatsItem[] {
  const groups = Map.groupBy(rows, (row) => row.value);
  const length = TIME_LENGTHS[by];
  return [...groups].map(([value, counts]) => {
    const sum = (kind: string, bounceClass?: string) =>
      counts
        .filter((row) => row.kind === kind && (bounceClass === undefined || row.class === bounceClass))
        .reduce((total, row) => total + row.count, 0);
    return {
      value: length === undefined ? String(value) : new Date(Number(value)).toISOString().slice(0, length),
      delivered: sum("delivered"),
      deferred: sum("deferred"),
      bounced: sum("bounced"),
      complained: sum("complained"),
      unsubscribed: sum("unsubscribed"),
      rejected: sum("rejected"),
      autoReply: sum("auto_reply"),
      byClass: Object.fromEntries(BOUNCE_CLASSES.map((name) => [name, sum("bounced", name)])) as Record<
        BounceClass,
        number
      >,
    };
  });
}
