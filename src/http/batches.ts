/** Batches: what was done to many recipients at once, how far it has come, and undoing it. */
import { createRoute, z } from "@hono/zod-openapi";
import { once } from "../domain/once";
import { BULK_ACTIONS, MAX_BULK_RECIPIENTS, runBulk } from "../pipeline/bulk";
import { undoBatch } from "../pipeline/policy-batch";
import { BATCH_KINDS, BATCH_STATUSES, type BatchRow, batchById, batchPage } from "../store/batches";
import { actorOf } from "./actor";
import { cursorAfter, decodeCursor } from "./cursor";
import { expectFuture, usable } from "./expectations";
import { noteSchema } from "./notes";
import { Problem } from "./problem";
import { iso } from "./representations";
import { createRouter } from "./router";
import {
  ADMIN,
  idParam,
  json,
  moment,
  page,
  pageQuery,
  problems,
  textOrNull,
  time,
  timeOrNull,
  type Wire,
} from "./schemas";

export const batchSchema = once(() =>
  z
    .object({
      id: z.string(),
      kind: z.enum(BATCH_KINDS),
      format: textOrNull.describe("Of an import: what the list was read as."),
      status: z
        .enum(BATCH_STATUSES)
        .describe("incomplete: it is being recorded, or was cut off. reverting: it is being undone."),
      note: textOrNull,
      actor: z.string().describe("Who: a fingerprint of the token."),
      actorLabel: textOrNull,
      createdAt: time,
      recordedAt: timeOrNull,
      rows: z.number().int(),
      new: z
        .number()
        .int()
        .describe("Events that it brought; undoing it withdraws them. Of a policy: recipients decided about anew."),
      known: z.number().int().describe("Events that were on record already, and are not its own."),
      skipped: z.number().int(),
      invalid: z.number().int(),
      pending: z
        .number()
        .int()
        .describe(
          "Events whose recipients are still to be told; of a policy: recipients to be looked at. The cron goes on.",
        ),
      revertedAt: timeOrNull,
      revertedBy: textOrNull,
      revertedByLabel: textOrNull,
      retracted: z
        .number()
        .int()
        .describe("Events that were withdrawn so far. Of a policy: recipients decided about anew."),
    })
    .openapi("Batch"),
);

const common = { tags: ["Batches"], security: ADMIN };

const list = createRoute({
  ...common,
  method: "get",
  path: "/v1/batches",
  summary: "Imports, bulk blocks and releases, and policies that were applied, newest first",
  request: { query: z.strictObject(pageQuery) },
  responses: { 200: json(page(batchSchema), "A page."), ...problems(400, 403) },
});

const getOne = createRoute({
  ...common,
  method: "get",
  path: "/v1/batches/{id}",
  summary: "One batch, and how far it has come",
  request: { params: idParam },
  responses: { 200: json(batchSchema, "The batch."), ...problems(403, 404) },
});

const revert = createRoute({
  ...common,
  method: "post",
  path: "/v1/batches/{id}/revert",
  summary: "Undo what a batch did, and nothing later",
  description:
    "Its events are withdrawn, and their recipients are decided about anew without them. Asked again, it goes on or says that it is done. It cannot be undone itself; the same list can be imported again. Of a policy: what held before holds again; only the latest that stands can be undone.",
  request: { params: idParam },
  responses: {
    200: json(batchSchema, "It is undone. What is `pending` takes effect within the next minutes."),
    202: json(batchSchema, "It is being undone; the cron goes on."),
    ...problems(403, 404, 409),
  },
});

const bulkResultSchema = once(() =>
  z
    .object({
      recipient: z.string().describe("As it was sent."),
      status: z.enum(["done", "skipped", "invalid"]),
      code: textOrNull.describe("Why not: a stable word."),
      detail: textOrNull,
    })
    .openapi("BulkResult"),
);

const bulk = createRoute({
  method: "post",
  path: "/v1/suppressions/bulk",
  tags: ["Suppressions"],
  summary: "Block or release many recipients at once",
  description: "As a batch, which can be undone as a whole. Each recipient is answered by itself.",
  security: ADMIN,
  request: {
    body: {
      required: true,
      content: {
        "application/json": {
          schema: z.strictObject({
            action: z.enum(BULK_ACTIONS),
            recipients: z.array(z.string()).min(1).max(MAX_BULK_RECIPIENTS),
            note: noteSchema.optional(),
            expiresAt: moment.optional().describe("Of a block: when it ends by itself."),
            force: z.boolean().default(false).describe("Of a release: complaints too, with a note."),
          }),
        },
      },
    },
  },
  responses: {
    200: json(
      () =>
        z.object({
          batchId: textOrNull.describe("null: there was nothing to record."),
          done: z.number().int(),
          skipped: z.number().int(),
          invalid: z.number().int(),
          pending: z.number().int(),
          results: z.array(bulkResultSchema()),
        }),
      "What became of each.",
    ),
    ...problems(400, 403, 413),
  },
});

export const batchRoutes = createRouter();

batchRoutes.openapi(list, async (c) => {
  const { limit, cursor } = c.req.valid("query");
  const before = decodeCursor("batches", cursor, ["string"]);
  const rows = await batchPage(c.env.db, limit, before?.[0] ?? null);
  const nextCursor = cursorAfter(rows, limit, "batches", ({ id }) => [id]);
  return c.json({ items: rows.map(batchOf), nextCursor }, 200);
});

batchRoutes.openapi(getOne, async (c) => {
  const row = await batchById(c.env.db, c.req.valid("param").id);
  if (!row) throw new Problem("not_found");
  return c.json(batchOf(row), 200);
});

batchRoutes.openapi(revert, async (c) => {
  const { id } = c.req.valid("param");
  const { requestId } = c.env;
  const outcome = await undoBatch(c.env, { id, actor: await actorOf(c), requestId });
  if (outcome.type !== "undone") throw new Problem(outcome.type === "unknown" ? "not_found" : "policy_superseded");
  const row = outcome.batch;
  c.env.log.info("batch.reverted", { batch: id, status: row.status, retracted: row.retracted, pending: row.pending });
  return row.status === "reverted" ? c.json(batchOf(row), 200) : c.json(batchOf(row), 202);
});

batchRoutes.openapi(bulk, async (c) => {
  const { note, expiresAt, ...wanted } = c.req.valid("json");
  usable(c.env.policy);
  expectFuture("expiresAt", expiresAt, c.env.now());
  const { requestId } = c.env;
  const outcome = await runBulk(c.env, {
    ...wanted,
    note: note ?? null,
    expiresAt,
    actor: await actorOf(c),
    requestId,
  });
  const count = (status: string) => outcome.results.filter((result) => result.status === status).length;
  const counts = { done: count("done"), skipped: count("skipped"), invalid: count("invalid") };
  c.env.log.info("bulk.done", { action: wanted.action, batch: outcome.batchId, ...counts, pending: outcome.pending });
  return c.json({ ...outcome, ...counts, results: [...outcome.results] }, 200);
});

/** A batch on the wire. */
export function batchOf(row: BatchRow): Wire<typeof batchSchema> {
  return {
    id: row.id,
    kind: row.kind,
    format: row.format,
    status: row.status,
    note: row.note,
    actor: row.actor,
    actorLabel: row.actor_label,
    createdAt: new Date(row.created_at).toISOString(),
    recordedAt: iso(row.recorded_at),
    rows: row.row_count,
    new: row.added,
    known: row.known,
    skipped: row.skipped,
    invalid: row.invalid,
    pending: row.pending,
    revertedAt: iso(row.reverted_at),
    revertedBy: row.reverted_by,
    revertedByLabel: row.reverted_by_label,
    retracted: row.retracted,
  };
}
