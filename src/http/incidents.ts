/** Incidents: bursts of bounces with the same cause, what they hold, and deciding about it. */
import { createRoute, z } from "@hono/zod-openapi";
import { BOUNCE_CLASSES } from "../domain/event";
import { once } from "../domain/once";
import { decideIncident } from "../pipeline/incidents";
import {
  countBefore,
  type Decision,
  eventsBefore,
  heldEvents,
  INCIDENT_STATUSES,
  type IncidentRow,
  incidentById,
  incidentPage,
  receiverOfCause,
} from "../store/incidents";
import { actorOf } from "./actor";
import { cursorAfter, decodeCursor } from "./cursor";
import { Problem } from "./problem";
import { eventOf, iso } from "./representations";
import { createRouter } from "./router";
import {
  ADMIN,
  count,
  eventSchema,
  idParam,
  json,
  page,
  pageQuery,
  problems,
  textOrNull,
  time,
  timeOrNull,
  type Wire,
} from "./schemas";
import type { Services } from "./services";

const incidentFields = once(() => ({
  id: z.string(),
  status: z
    .enum(INCIDENT_STATUSES)
    .describe("open: it waits for a decision. confirmed: the bounces count. dropped: they do not."),
  connection: z.string().describe("provider/connection"),
  receiver: textOrNull.describe("Who refused; null: receivers of all kinds."),
  class: z.enum(BOUNCE_CLASSES).nullable(),
  category: textOrNull,
  statusCode: textOrNull,
  diagnosticCode: textOrNull.describe("An example of what was said."),
  startedAt: time,
  openedAt: time.describe("When it was noticed: from then on its bounces are held."),
  lastAt: time.describe("Its last bounce so far."),
  endedAt: timeOrNull.describe("null: it goes on."),
  recipients: count.describe("In the window when it was noticed."),
  knownGood: count.describe("Of these: something was delivered to them before."),
  threshold: count.describe("So many would have been needed."),
  held: count.describe("Bounces that were put on hold."),
  decidedAt: timeOrNull,
  decidedBy: textOrNull.describe("Who: a fingerprint of the token."),
  decidedByLabel: textOrNull,
  released: count.describe("Bounces from before it was noticed that were withdrawn."),
  pending: count.describe("Bounces whose recipients are still to be told; the cron goes on."),
  settledAt: timeOrNull.describe("When the decision was carried out."),
}));
const incidentSchema = once(() => z.object(incidentFields()).openapi("Incident"));
export const incidentDetailSchema = once(() =>
  z
    .object({
      ...incidentFields(),
      suppressedBefore: count.describe("Recipients of the burst before it was noticed: these may be suppressed."),
    })
    .openapi("IncidentDetail"),
);

const common = { tags: ["Incidents"], security: ADMIN };

const list = createRoute({
  ...common,
  method: "get",
  path: "/v1/incidents",
  summary: "Bursts of bounces with the same cause, newest first",
  request: { query: z.strictObject({ status: z.enum(INCIDENT_STATUSES).optional(), ...pageQuery }) },
  responses: { 200: json(page(incidentSchema), "A page."), ...problems(400, 403) },
});

const getOne = createRoute({
  ...common,
  method: "get",
  path: "/v1/incidents/{id}",
  summary: "One incident: its cause, its figures, and what was decided",
  request: { params: idParam },
  responses: { 200: json(incidentDetailSchema, "The incident."), ...problems(403, 404) },
});

const GROUPS = ["held", "before"] as const;

const recipients = createRoute({
  ...common,
  method: "get",
  path: "/v1/incidents/{id}/recipients",
  summary: "Whom it is about, bounce by bounce",
  request: {
    params: idParam,
    query: z.strictObject({
      group: z
        .enum(GROUPS)
        .default("held")
        .describe("held: whose bounces were put on hold. before: whose bounces came before it was noticed."),
      ...pageQuery,
    }),
  },
  responses: { 200: json(page(eventSchema), "A page."), ...problems(400, 403, 404) },
});

const DECIDING = "Asked again, it goes on or says that it is done. What was decided is good for the rest of the burst.";
const decidedResponses = {
  200: json(incidentDetailSchema, "It is done. What is `pending` takes effect within the next minutes."),
  202: json(incidentDetailSchema, "It is being done; the cron goes on."),
  ...problems(400, 403, 404, 409, 413),
};

const confirm = createRoute({
  ...common,
  method: "post",
  path: "/v1/incidents/{id}/confirm",
  summary: "The bounces are right: what is held takes effect",
  description: DECIDING,
  request: { params: idParam },
  responses: decidedResponses,
});

const drop = createRoute({
  ...common,
  method: "post",
  path: "/v1/incidents/{id}/drop",
  summary: "It was not the recipients' fault: what is held is withdrawn",
  description: `${DECIDING} The bounces stay on record, marked as withdrawn. Dropped already, it may be dropped once more to release.`,
  request: {
    params: idParam,
    body: {
      content: {
        "application/json": {
          schema: z.strictObject({
            releaseSuppressed: z
              .boolean()
              .default(false)
              .describe(
                "The bounces of the burst from before it was noticed are withdrawn too: whom they suppressed is released.",
              ),
          }),
        },
      },
    },
  },
  responses: decidedResponses,
});

export const incidentRoutes = createRouter();

incidentRoutes.openapi(list, async (c) => {
  const { status, limit, cursor } = c.req.valid("query");
  const [before = null] = decodeCursor("incidents", cursor, ["string"], { status }) ?? [];
  const rows = await incidentPage(c.env.db, { status: status ?? null, before }, limit);
  const nextCursor = cursorAfter(rows, limit, "incidents", ({ id }) => [id], { status });
  return c.json({ items: rows.map(incidentOf), nextCursor }, 200);
});

incidentRoutes.openapi(getOne, async (c) => {
  const row = await incidentById(c.env.db, c.req.valid("param").id);
  if (!row) throw new Problem("not_found");
  return c.json(await detailOf(c.env, row), 200);
});

incidentRoutes.openapi(recipients, async (c) => {
  const { id } = c.req.valid("param");
  const { group, limit, cursor } = c.req.valid("query");
  if (!(await incidentById(c.env.db, id))) throw new Problem("not_found");
  const [at = 0, seq = 0] = decodeCursor("incident", cursor, ["number", "number"], { id, group }) ?? [];
  const rows =
    group === "held"
      ? await heldEvents(c.env.db, id, seq, limit)
      : await eventsBefore(c.env.db, id, { at, seq }, limit);
  const nextCursor = cursorAfter(rows, limit, "incident", (row) => [row.occurred_at, row.seq], { id, group });
  return c.json({ items: rows.map(eventOf), nextCursor }, 200);
});

incidentRoutes.openapi(confirm, async (c) => {
  const row = await decide(
    c.env,
    { id: c.req.valid("param").id, decision: "confirmed", releases: false },
    await actorOf(c),
  );
  return row.settledAt ? c.json(row, 200) : c.json(row, 202);
});

incidentRoutes.openapi(drop, async (c) => {
  const { releaseSuppressed = false } = c.req.valid("json") ?? {};
  const wanted = { id: c.req.valid("param").id, decision: "dropped" as const, releases: releaseSuppressed };
  const row = await decide(c.env, wanted, await actorOf(c));
  return row.settledAt ? c.json(row, 200) : c.json(row, 202);
});

async function decide(
  services: Services,
  wanted: { readonly id: string; readonly decision: Decision; readonly releases: boolean },
  actor: Awaited<ReturnType<typeof actorOf>>,
) {
  const outcome = await decideIncident(services, { ...wanted, actor, requestId: services.requestId });
  if (!outcome.ok) throw new Problem(outcome.error === "unknown" ? "not_found" : "incident_decided");
  const { id, status, held, released, pending } = outcome.value;
  services.log.info("incident.decided", { incident: id, status, held, released, pending });
  return detailOf(services, outcome.value);
}

async function detailOf({ db }: Pick<Services, "db">, row: IncidentRow): Promise<Wire<typeof incidentDetailSchema>> {
  return { ...incidentOf(row), suppressedBefore: await countBefore(db, row.id) };
}

function incidentOf(row: IncidentRow): Wire<typeof incidentSchema> {
  const at = (ms: number) => new Date(ms).toISOString();
  return {
    id: row.id,
    status: row.status,
    connection: row.connection,
    receiver: receiverOfCause(row.cause),
    class: row.class,
    category: row.category,
    statusCode: row.status_code,
    diagnosticCode: row.diagnostic_code,
    startedAt: at(row.started_at),
    openedAt: at(row.opened_at),
    lastAt: at(row.last_at),
    endedAt: iso(row.ended_at),
    recipients: row.recipients,
    knownGood: row.known_good,
    threshold: row.threshold,
    held: row.held,
    decidedAt: iso(row.decided_at),
    decidedBy: row.decided_by,
    decidedByLabel: row.decided_by_label,
    released: row.released,
    pending: row.pending,
    settledAt: iso(row.settled_at),
  };
}
