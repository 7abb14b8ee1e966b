/** Lists of any length in, what may be mailed out. */
import { createRoute, z } from "@hono/zod-openapi";
import type { Purpose } from "../domain/answer";
import { once } from "../domain/once";
import { LIST_FORMATS, type ListFormat } from "../list/rows";
import { KEEPS, MAX_INVALID_ROWS, type Scrub, type ScrubReport } from "../list/scrub";
import { errorFields } from "../log";
import { scrubList } from "../pipeline/scrub";
import { readScrubReport, writeScrubReport } from "../store/scrub-reports";
import { streamedBody } from "./body";
import { Problem } from "./problem";
import { createRouter } from "./router";
import { CHECK, json, problems, purposeSchema, time, type Wire } from "./schemas";
import type { Services } from "./services";
import { streamOfRows } from "./unfinished";

/** Where a body may have any length: it is read while it comes. */
export const SCRUB_PATH = "/v1/scrub";

/** What the body says of itself. Everything else, plain text too, is told by its beginning. */
const FORMATS: Readonly<Record<string, ListFormat>> = {
  "text/csv": "csv",
  "application/csv": "csv",
  "text/tab-separated-values": "csv",
  "application/x-ndjson": "ndjson",
  "application/ndjson": "ndjson",
  "application/jsonl": "ndjson",
};

const CONTENT_TYPES: Readonly<Record<ListFormat, string>> = {
  csv: "text/csv",
  ndjson: "application/x-ndjson",
  lines: "text/plain",
};

const list = z.string().openapi({ example: "email,name\njohn@example.com,John\n" });
const content = {
  "text/csv": { schema: list },
  "application/x-ndjson": { schema: list },
  "text/plain": { schema: list },
};

const post = createRoute({
  method: "post",
  path: SCRUB_PATH,
  tags: ["Checks"],
  summary: "Scrub a list of any length",
  description: `CSV with any columns, NDJSON, or an address a line; also gzipped (\`Content-Encoding: gzip\`). Rows come back in their order and as they were, byte for byte. After a failure on the way the answer ends in the middle of a row. What became of the list, and which lines held no address, is in the report that \`x-scrub-report\` names.`,
  security: CHECK,
  request: {
    query: z.strictObject({
      column: z
        .string()
        .min(1)
        .optional()
        .describe(
          "The column or member that holds the address: its name, or its number from 1. Absent: the usual names.",
        ),
      keep: z
        .enum(KEEPS)
        .default("allowed")
        .describe("Which rows come back. `all`: every row, with columns (or a member) that say how it stands."),
      purpose: purposeSchema,
      format: z.enum(LIST_FORMATS).optional().describe("Absent: by the content type, else by the first line."),
    }),
    body: { required: true, content },
  },
  responses: {
    200: {
      description: "The rows, streamed.",
      headers: z.object({ "x-scrub-report": z.string().describe("Where the report will be.") }),
      content,
    },
    ...problems(400),
  },
});

const reportSchema = once(() =>
  z
    .object({
      rows: z.number().int(),
      allowed: z.number().int(),
      suppressed: z.number().int(),
      invalid: z.number().int().describe("Rows that hold no address."),
      invalidRows: z
        .array(z.object({ line: z.number().int().describe("From 1."), problem: z.string() }))
        .describe(`The first ${MAX_INVALID_ROWS} of them.`),
      purpose: purposeSchema,
      finishedAt: time,
    })
    .openapi("ScrubReport"),
);

type StoredReport = Wire<typeof reportSchema>;

const getReport = createRoute({
  method: "get",
  path: `${SCRUB_PATH}/{id}`,
  tags: ["Checks"],
  summary: "What became of a list",
  description: "For a day, once the list has come through to its end.",
  security: CHECK,
  request: { params: z.object({ id: z.string() }) },
  responses: { 200: json(reportSchema, "The list was read to its end."), ...problems(404) },
});

export const scrubRoutes = createRouter();

scrubRoutes.openapi(post, async (c) => {
  const { format, ...options } = c.req.valid("query");
  const scrub = await scrubList(c.env, streamedBody(c.req.raw), {
    ...options,
    format: format ?? formatOf(c.req.raw.headers),
  });
  if (!scrub.ok) throw new Problem("invalid_request", { detail: scrub.error });
  const onFailure = (error: unknown) => c.env.log.error("scrub.failed", errorFields(error));
  const rows = reported(c.env, scrub.value, options.purpose);
  return new Response(await streamOfRows(scrub.value.format, rows, onFailure), {
    headers: {
      "content-type": CONTENT_TYPES[scrub.value.format],
      "cache-control": "no-store",
      "x-scrub-report": `${SCRUB_PATH}/${c.env.requestId}`,
    },
  });
});

scrubRoutes.openapi(getReport, async (c) => {
  const report = await readScrubReport<StoredReport>(c.env.kv, c.req.valid("param").id);
  if (!report) throw new Problem("not_found", { detail: "No list of this id has come through to its end." });
  return c.json(report, 200);
});

function formatOf(headers: Headers): ListFormat | undefined {
  const [type = ""] = (headers.get("content-type") ?? "").split(";");
  return FORMATS[type.trim().toLowerCase()];
}

/** The rows, and then the report. */
async function* reported(services: Services, { output, report }: Scrub, purpose: Purpose): AsyncGenerator<Uint8Array> {
  yield* output;
  await keepReport(services, report(), purpose);
}

/** Before the end of the list, so that who has the list can have its report. */
async function keepReport(services: Services, report: ScrubReport, purpose: Purpose): Promise<void> {
  const { rows, allowed, suppressed, invalid } = report;
  services.log.info("scrub.done", { rows, allowed, suppressed, invalid });
  const stored: StoredReport = {
    ...report,
    invalidRows: [...report.invalidRows],
    purpose,
    finishedAt: new Date(services.now()).toISOString(),
  };
  // The list itself is complete all the same.
  await writeScrubReport(services.kv, services.requestId, stored).catch((error: unknown) =>
    services.log.warn("scrub.report_failed", errorFields(error)),
  );
}
