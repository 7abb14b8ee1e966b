/** A list of any length as a streamed file: a page at a time, as fast as its reader reads. */
import { z } from "@hono/zod-openapi";
import { CONTENT_TYPES, EXPORT_FORMATS, type ExportFormat, headOf, linesOfItems } from "../export/document";

/** Rows of one round trip. */
export const EXPORT_PAGE = 1_000;

export const exportQuery = {
  format: z.enum(EXPORT_FORMATS).default("csv"),
  cursor: z.string().optional().describe("The `cursor` of the last row that arrived: goes on after it."),
};

interface Page {
  readonly items: readonly Readonly<Record<string, unknown>>[];
  /** Fetches the next page; `null`: that was the last. */
  readonly next: (() => Promise<Page>) | null;
}

export interface ExportFile {
  readonly name: string;
  readonly format: ExportFormat;
  readonly columns: readonly string[];
  readonly first: () => Promise<Page>;
}

/**
 * The first page is fetched before the answer begins, so that what is wrong with the request is an error; a failure
 * later breaks the transfer off, so that half a list is never taken for a whole one.
 */
export async function exportResponse({ name, format, columns, first }: ExportFile): Promise<Response> {
  const encoder = new TextEncoder();
  let page: Page | null = await first();
  let isFirst = true;
  const body = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        if (!page) {
          controller.close();
          return;
        }
        const head = isFirst ? headOf(format, columns) : "";
        isFirst = false;
        const text = head + linesOfItems(format, columns, page.items);
        if (text !== "") controller.enqueue(encoder.encode(text));
        page = page.next ? await page.next() : null;
        if (!page) controller.close();
      },
    },
    // A page is handed to who waits for it: one that waits here would be lost when the next cannot be read.
    { highWaterMark: 0 },
  );
  return new Response(body, {
    headers: {
      "content-type": CONTENT_TYPES[format],
      "content-disposition": `attachment; filename="${name}.${format}"`,
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    },
  });
}

/** For openapi.json. */
export const exportContent = {
  description: "The file, streamed.",
  content: { "text/csv": { schema: z.string() }, "application/x-ndjson": { schema: z.string() } },
};
