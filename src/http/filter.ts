/** The whole list in a few bits for each recipient: for senders who check millions. */
import { createRoute, z } from "@hono/zod-openapi";
import { openFilter } from "../pipeline/filter";
import { Problem } from "./problem";
import { createRouter } from "./router";
import { CHECK, problems } from "./schemas";

const headers = z.object({
  etag: z.string().describe("Another one: another filter."),
  "x-filter-current-at": z.string().describe("What was on the list by then is in the filter. ISO 8601, UTC."),
});

const download = createRoute({
  method: "get",
  path: "/v1/suppressions/filter",
  tags: ["Checks"],
  summary: "A filter of all suppressed recipients, to check against without asking",
  description:
    'What it does not contain was not suppressed when it was built, for any purpose; what it seems to contain has to be asked. With `If-None-Match` a filter that is still the same is not sent again. The bytes are described in "Checking at scale".',
  security: CHECK,
  request: { headers: z.object({ "if-none-match": z.string().optional() }) },
  responses: {
    200: {
      description: "The filter.",
      headers,
      content: { "application/octet-stream": { schema: { type: "string", format: "binary" } } },
    },
    304: { description: "It is the one that you have.", headers },
    ...problems(404),
  },
});

export const filterRoutes = createRouter();

filterRoutes.openapi(download, async (c) => {
  if (c.env.filterEveryMs === 0) throw new Problem("not_found", { detail: "No filter is built here." });
  const filter = await openFilter(c.env.kv);
  if (!filter) throw new Problem("unavailable", { detail: "The first filter is still to be built." });
  const known = {
    etag: `"${filter.etag}"`,
    "cache-control": "private, no-cache",
    "x-filter-current-at": new Date(filter.currentAt).toISOString(),
  };
  if (isKnown(c.req.valid("header")["if-none-match"], known.etag)) return c.body(null, 304, known);
  const described = { ...known, "content-type": "application/octet-stream", "content-length": String(filter.bytes) };
  if (c.req.raw.method === "HEAD") return new Response(null, { headers: described });
  const parts = filter.read();
  const { value: head } = await parts.next();
  return new Response(streamOf(head ?? new Uint8Array(), parts, filter.bytes), { headers: described });
});

/** RFC 9110 §13.1.2: a list of tags, compared weakly, or any. */
function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  const tags = (ifNoneMatch ?? "").split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  return tags.includes(etag) || tags.includes("*");
}

/** A stream of a known length: fewer bytes than announced are an error to whoever reads. */
function streamOf(head: Uint8Array, parts: AsyncGenerator<Uint8Array>, bytes: number): ReadableStream<Uint8Array> {
  const { readable, writable } = new FixedLengthStream(bytes);
  const writer = writable.getWriter();
  const copy = async () => {
    await writer.write(head);
    for await (const part of parts) await writer.write(part);
    await writer.close();
  };
  copy().catch((error: unknown) => writer.abort(error));
  return readable;
}
