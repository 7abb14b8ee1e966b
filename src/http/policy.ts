/** The policy that holds, what another one would do, and making it so. */
import { createRoute, z } from "@hono/zod-openapi";
import { effectivePolicyOf, POLICY_ORIGINS } from "../domain/effective-policy";
import { REASONS } from "../domain/event";
import { once } from "../domain/once";
import { writtenInFull } from "../domain/policy";
import { type ApplyError, applyPolicy, type DraftError, simulate } from "../pipeline/policy-batch";
import { tallyOf } from "../pipeline/policy-run";
import { changesAfter, shownChanges } from "../pipeline/shown-changes";
import { newestPolicy } from "../store/policies";
import { type PolicyRunRow, simulation } from "../store/policy-runs";
import { actorOf } from "./actor";
import { batchOf, batchSchema } from "./batches";
import { decodeCursor, encodeCursor } from "./cursor";
import { usable } from "./expectations";
import { noteSchema } from "./notes";
import { changeOf, policyChangeSchema } from "./policy-changes";
import { Problem } from "./problem";
import { iso } from "./representations";
import { createRouter } from "./router";
import { ADMIN, count, idParam, json, page, pageQuery, problems, time, timeOrNull, type Wire } from "./schemas";
import type { Services } from "./services";

const policyObject = z
  .record(z.string(), z.unknown())
  .describe("As in the variable POLICY; what is left out has its default.");

export const policySchema = once(() =>
  z
    .object({
      origin: z.enum(POLICY_ORIGINS).describe("applied: by a batch; it holds until a deploy changes the variable."),
      version: count.describe("Rises with each policy that is applied or brought back; 0: none ever was."),
      policy: policyObject.describe("As it was written."),
      inFull: policyObject.describe("With the defaults of what was left out."),
      appliedAt: timeOrNull,
      batchId: z.string().nullable().describe("Undo it there."),
      variable: policyObject.describe("What the variable says."),
    })
    .openapi("Policy"),
);

const byReason = once(() => z.partialRecord(z.enum(REASONS), count));

export const simulationSchema = once(() =>
  z
    .object({
      id: z.string(),
      status: z.enum(["running", "done"]),
      policy: policyObject,
      reclassify: z.boolean(),
      createdAt: time.describe("The moment for which everything is decided."),
      finishedAt: timeOrNull,
      recipients: z.object({ total: count, looked: count }),
      suppressed: count.describe("Newly suppressed."),
      released: count.describe("Newly released."),
      changed: count.describe("Suppressed or not as before, for another reason, time or count."),
      suppressedBy: byReason().describe("Of the newly suppressed: by the first of their new reasons."),
      releasedBy: byReason().describe("Of the newly released: by the first of the reasons that they have."),
      overdue: count.describe(
        "Of all: would change already under the policy that holds, when they are decided about anew.",
      ),
      reclassified: count.describe("Bounces that would have another class, category or rule."),
      undecidable: count.describe("Bounces about which too little is kept: they stay as they are."),
      examples: z.array(policyChangeSchema()),
    })
    .openapi("PolicySimulation"),
);

const common = { tags: ["Policy"], security: ADMIN };

const getPolicy = createRoute({
  ...common,
  method: "get",
  path: "/v1/policy",
  summary: "The policy that holds, and where it comes from",
  responses: { 200: json(policySchema, "The policy."), ...problems(403) },
});

const draftBody = {
  policy: policyObject.optional().describe("Absent: the policy that holds, for today's rules for classes alone."),
  reclassify: z.boolean().default(false).describe("Decide the classes of recorded bounces anew, with today's rules."),
};

const postSimulate = createRoute({
  ...common,
  method: "post",
  path: "/v1/policy/simulate",
  summary: "Who would newly be suppressed or released under another policy",
  description: "Runs over everything that is on record, and changes nothing.",
  request: {
    body: { required: true, content: { "application/json": { schema: z.strictObject(draftBody) } } },
  },
  responses: {
    200: json(simulationSchema, "The result."),
    202: json(simulationSchema, "The result so far; the cron goes on."),
    ...problems(400, 403, 413),
  },
});

const getSimulation = createRoute({
  ...common,
  method: "get",
  path: "/v1/policy/simulations/{id}",
  summary: "A simulation, and how far it has come",
  request: { params: idParam },
  responses: { 200: json(simulationSchema, "The simulation."), ...problems(403, 404) },
});

const getChanges = createRoute({
  ...common,
  method: "get",
  path: "/v1/policy/simulations/{id}/changes",
  summary: "Every recipient that would change",
  description:
    "Compared anew with each call. A page may be short, or empty, and still not be the last: `nextCursor` says.",
  request: { params: idParam, query: z.strictObject(pageQuery) },
  responses: { 200: json(page(policyChangeSchema), "A page."), ...problems(400, 403, 404, 409) },
});

const postApply = createRoute({
  ...common,
  method: "post",
  path: "/v1/policy/apply",
  summary: "Put a policy in force, retroactively",
  description:
    "As a batch: undo it with POST /v1/batches/{id}/revert. It holds at once, and until a deploy changes the variable POLICY; recipients who stand otherwise are decided about anew.",
  request: {
    body: {
      required: true,
      content: {
        "application/json": {
          schema: z.union([
            z.strictObject({ simulationId: z.string(), note: noteSchema.optional() }),
            z.strictObject({ ...draftBody, note: noteSchema.optional() }),
          ]),
        },
      },
    },
  },
  responses: {
    200: json(batchSchema, "It holds, and everybody has been decided about."),
    202: json(batchSchema, "It holds; the cron goes on deciding about recipients."),
    ...problems(400, 403, 404, 409, 413),
  },
});

export const policyRoutes = createRouter();

policyRoutes.openapi(getPolicy, async (c) => {
  // Read once: what holds, and the batch that made it so, are of the same moment.
  const newest = await newestPolicy(c.env.db);
  const { origin, version, text } = usable(effectivePolicyOf(c.env, newest));
  const applied = origin === "applied" ? newest : null;
  return c.json(
    {
      origin,
      version,
      policy: objectOf(text),
      inFull: { ...writtenInFull(text) },
      appliedAt: iso(applied?.created_at ?? null),
      batchId: applied?.batch_id ?? null,
      variable: objectOf(c.env.policyText),
    },
    200,
  );
});

policyRoutes.openapi(postSimulate, async (c) => {
  const { requestId } = c.env;
  const run = await simulate(c.env, c.req.valid("json"), { actor: await actorOf(c), requestId });
  if (!run.ok) throw problemOf(run.error);
  c.env.log.info("policy.simulated", { run: run.value.id, looked: run.value.looked });
  const body = await simulationOf(c.env, run.value);
  return run.value.finished_at === null ? c.json(body, 202) : c.json(body, 200);
});

policyRoutes.openapi(getSimulation, async (c) => {
  const run = await simulation(c.env.db, c.req.valid("param").id);
  if (!run) throw new Problem("not_found");
  return c.json(await simulationOf(c.env, run), 200);
});

policyRoutes.openapi(getChanges, async (c) => {
  const { limit, cursor } = c.req.valid("query");
  const { id } = c.req.valid("param");
  const run = await simulation(c.env.db, id);
  if (!run) throw new Problem("not_found");
  // Classes are known when it is finished.
  if (run.finished_at === null) throw new Problem("simulation_unfinished");
  const [after] = decodeCursor("policy-changes", cursor, ["string"], { id }) ?? [""];
  const { changes, next } = await changesAfter(c.env, run, after, limit);
  const items = (await shownChanges(c.env.db, changes)).map(changeOf);
  return c.json({ items, nextCursor: next === null ? null : encodeCursor("policy-changes", [next], { id }) }, 200);
});

policyRoutes.openapi(postApply, async (c) => {
  const { note = null, ...wanted } = c.req.valid("json");
  const { requestId } = c.env;
  const batch = await applyPolicy(c.env, { wanted, note, actor: await actorOf(c), requestId });
  if (!batch.ok) throw problemOf(batch.error);
  const { id, status, row_count: looked, added: decided } = batch.value;
  c.env.log.info("policy.applied", { batch: id, status, looked, decided });
  return status === "recorded" ? c.json(batchOf(batch.value), 200) : c.json(batchOf(batch.value), 202);
});

function problemOf(error: DraftError | ApplyError): Problem {
  switch (error.type) {
    case "invalid":
      return new Problem("invalid_request", { detail: error.detail });
    case "unusable":
      return new Problem("config_invalid", { detail: error.detail });
    case "busy":
      return new Problem("policy_busy");
    case "unknown":
      return new Problem("not_found", { detail: "There is no such simulation." });
    case "unfinished":
      return new Problem("simulation_unfinished");
  }
}

async function simulationOf({ db }: Pick<Services, "db">, run: PolicyRunRow): Promise<Wire<typeof simulationSchema>> {
  const { examples, again, ...counts } = tallyOf(run);
  return {
    id: run.id,
    status: run.finished_at === null ? "running" : "done",
    policy: objectOf(run.policy),
    reclassify: run.reclassify === 1,
    createdAt: new Date(run.created_at).toISOString(),
    finishedAt: iso(run.finished_at),
    recipients: { total: run.total, looked: run.looked },
    ...counts,
    examples: (await shownChanges(db, examples)).map(changeOf),
  };
}

function objectOf(text: string): Record<string, unknown> {
  return JSON.parse(text) as Record<string, unknown>;
}
