/** Lists of suppressions in: the exports of providers, or anybody's. */
import { createRoute, z } from "@hono/zod-openapi";
import { once } from "../domain/once";
import { FORMAT_IDS } from "../import/formats";
import { errorFields } from "../log";
import {
  type Imported,
  type ImportFailure,
  type ImportSummary,
  type ListImport,
  openImport,
  ROW_STATUSES,
  type RowResult,
} from "../pipeline/import";
import { actorOf } from "./actor";
import { streamedBody } from "./body";
import { expectQuery, usable } from "./expectations";
import { noteSchema } from "./notes";
import { Problem, type ProblemCode, type ProblemOptions, problemResponse } from "./problem";
import { createRouter } from "./router";
import { ADMIN, flag, problems, shaped } from "./schemas";
import type { Services } from "./services";

/** Where a body may be longer than elsewhere: it is read while it comes. */
export const IMPORT_PATH = "/v1/suppressions/import";
/** What the platform takes; unpacked, where it is gzipped. */
const MAX_LIST_BYTES = 100 * 1024 * 1024;
/** Rows that an answer lists. */
const MAX_LISTED_ROWS = 1_000;

const REASONS = ["hard", "complaint", "unsubscribe", "manual"] as const;

const rowSchema = once(() =>
  z
    .object({
      line: z.number().int().describe("Where it begins, counted from 1."),
      recipient: z.string().nullable().describe("As it stands on the list."),
      status: z
        .enum(ROW_STATUSES)
        .describe("known: it was on record. skipped: it says nothing to record. invalid: it cannot be read."),
      code: z.string().nullable().describe("Why, or what keeps it from having an effect: a stable word."),
      detail: z.string().nullable(),
    })
    .openapi("ImportRow"),
);

const summarySchema = once(() =>
  z.object({
    batchId: z.string().nullable().describe("What a revert names; null: nothing was recorded."),
    format: z.string().describe("What the list was read as."),
    dryRun: z.boolean(),
    rows: z.number().int(),
    new: z.number().int(),
    known: z.number().int(),
    skipped: z.number().int(),
    invalid: z.number().int(),
    pending: z.number().int().describe("Events on record that take effect within the next minutes."),
  }),
);

const importSchema = once(() =>
  summarySchema()
    .extend({
      results: z
        .array(rowSchema())
        .describe(`Of up to ${MAX_LISTED_ROWS} rows: all. Of more: the first ${MAX_LISTED_ROWS} that have a \`code\`.`),
      resultsLeftOut: z.number().int().describe("Rows with a `code` that are not listed."),
    })
    .openapi("Import"),
);

const list = z.string().openapi({ example: "email,reason\njohn@example.com,hard\n" });

const post = createRoute({
  method: "post",
  path: IMPORT_PATH,
  tags: ["Suppressions"],
  summary: "Import a list of suppressions",
  description:
    "CSV, NDJSON or JSON, also gzipped (`Content-Encoding: gzip`); the bytes decide, not the content type. The exports of SendGrid, Mailgun, Amazon SES, Postmark, listmonk, Mandrill, SparkPost, Brevo and Mailchimp are recognized, and our own. An entry adds a reason and never weakens one. A list that is sent again records what is missing.",
  security: ADMIN,
  request: {
    // Strict: a misspelt dryRun must not import.
    query: z.strictObject({
      dryRun: flag.describe("Says what would happen, and changes nothing."),
      format: z.enum(FORMAT_IDS).optional().describe("Absent: it is recognized."),
      reason: z.enum(REASONS).optional().describe("What entries mean that give no reason of their own."),
      note: noteSchema.optional().describe("Why; it stays with the batch."),
      overrideReleases: flag.describe("Entries without a date count also where the recipient was released."),
      results: z
        .enum(["all"])
        .optional()
        .describe("Streams each row's result as NDJSON; the last line is the summary."),
    }),
    body: {
      required: true,
      content: {
        "text/csv": { schema: list },
        "application/x-ndjson": { schema: list },
        "application/json": { schema: z.unknown().openapi({ description: "As an API answers." }) },
      },
    },
  },
  responses: {
    200: {
      description: "The list was read to its end.",
      content: {
        "application/json": shaped(importSchema),
        "application/x-ndjson": { schema: z.string().openapi({ description: "With `results=all`." }) },
      },
    },
    ...problems(400, 403, 409, 413),
  },
});

export const importRoutes = createRouter();

importRoutes.openAPIRegistry.registerPath(post);

importRoutes.post(IMPORT_PATH, async (c) => {
  const services = c.env;
  usable(services.policy);
  const { dryRun, overrideReleases, note, results, ...rest } = expectQuery(post.request.query, c.req);
  const opened = await openImport(services, {
    ...rest,
    chunks: streamedBody(c.req.raw, MAX_LIST_BYTES),
    isDryRun: dryRun === "true",
    overridesReleases: overrideReleases === "true",
    note: note ?? null,
    actor: await actorOf(c),
    requestId: services.requestId,
  });
  if (!opened.ok) throw new Problem(opened.error.code, { detail: opened.error.detail });
  return results === "all" ? streamed(services, opened.value) : collected(services, opened.value);
});

async function collected(services: Services, list: ListImport): Promise<Response> {
  const listed = new ListedRows();
  const imported = await list.run((rows) => listed.add(rows));
  logOf(services, imported);
  if (imported.failure) return failed(services, imported.failure, imported.summary);
  return Response.json({ ...onTheWire(imported.summary), ...listed.answer() });
}

/** Of a short list every row, of a long one those that somebody should look at. */
class ListedRows {
  readonly #first: RowResult[] = [];
  readonly #remarkable: RowResult[] = [];
  #rows = 0;
  #remarkableRows = 0;

  add(rows: readonly RowResult[]): void {
    this.#rows += rows.length;
    this.#first.push(...rows.slice(0, MAX_LISTED_ROWS - this.#first.length));
    const remarkable = rows.filter((row) => row.code !== null);
    this.#remarkableRows += remarkable.length;
    this.#remarkable.push(...remarkable.slice(0, MAX_LISTED_ROWS - this.#remarkable.length));
  }

  answer(): { results: readonly RowResult[]; resultsLeftOut: number } {
    const results = this.#rows <= MAX_LISTED_ROWS ? this.#first : this.#remarkable;
    return { results, resultsLeftOut: this.#remarkableRows - this.#remarkable.length };
  }
}

/** Rows as they are recorded. The list is read no faster than its results are. */
function streamed(services: Services, list: ListImport): Response {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const encoder = new TextEncoder();
  const write = (values: readonly unknown[]) =>
    writer.write(encoder.encode(values.map((value) => `${JSON.stringify(value)}\n`).join("")));
  const work = async () => {
    try {
      const imported = await list.run(write);
      logOf(services, imported);
      const { failure, summary } = imported;
      const problem = failure && (await failed(services, failure, summary).json());
      await write([problem ? { problem } : { summary: onTheWire(summary) }]);
      await writer.close();
    } catch (error) {
      services.onFailure(error);
      await writer.abort(error).catch(() => undefined);
    }
  };
  services.waitUntil(work());
  return new Response(readable, {
    headers: {
      "content-type": "application/x-ndjson",
      "cache-control": "no-store",
    },
  });
}

function onTheWire({ isDryRun, ...summary }: ImportSummary) {
  return { ...summary, dryRun: isDryRun };
}

/** What is on record is said also where the import failed. */
function failed(services: Services, failure: ImportFailure, summary: ImportSummary): Response {
  const [code, options] = problemOf(services, failure);
  return problemResponse(code, { ...options, extra: { ...options.extra, import: onTheWire(summary) } });
}

function problemOf(services: Services, failure: ImportFailure): [ProblemCode, ProblemOptions] {
  if (failure.type === "too_many_rows") return ["too_many_rows", { detail: "Send the rest as another list." }];
  if (failure.type === "reverted") return ["batch_reverted", { detail: "It was undone while it was being recorded." }];
  if (failure.error instanceof Problem) return [failure.error.code, failure.error.options];
  services.log.warn("import.interrupted", errorFields(failure.error));
  return ["import_incomplete", { detail: "What was recorded stays. The same list again records what is missing." }];
}

function logOf(services: Services, { summary, failure }: Imported): void {
  const { batchId, ...counts } = summary;
  services.log.info("import.done", { batch: batchId, ...counts, failure: failure?.type });
}
