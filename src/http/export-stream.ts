/** A list of any length as a streamed file: a page at a time, as fast as its reader reads. */
import { z } from "@hono/zod-openapi";
import { CONTENT_TYPES, EXPORT_FORMATS, type ExportFormat, headOf, linesOfItems } from "../export/document";

/** Rows of the first round trip; later ones bring as many as are about so long. */
export const EXPORT_PAGE = 1_000;
/** An invocation makes a thousand queries, so short rows are to come in long pages, and has to hold one of them. */
const MAX_EXPORT_PAGE = 2_500;
const PAGE_TEXT_LENGTH = 1_000_000;

export const exportQuery = {
  format: z.enum(EXPORT_FORMATS).default("csv"),
  cursor: z.string().optional().describe("The `cursor` of the last row that arrived: goes on after it."),
};

interface Page {
  readonly items: readonly Readonly<Record<string, unknown>>[];
  /** Fetches the next page, of at most so many rows; `null`: that was the last. */
  readonly next: ((limit: number) => Promise<Page>) | null;
}

export interface ExportFile {
  readonly name: string;
  readonly format: ExportFormat;
  readonly columns: readonly string[];
  readonly first: (limit: number) => Promise<Page>;
}

/**
 * The first page is fetched before the answer begins, so that what is wrong with the request is an error; a failure
 * later breaks the transfer off, so that half a list is never taken for a whole one.
 */
export async function exportResponse({ name, format, columns, first }: ExportFile): Promise<Response> {
  const encoder = new TextEncoder();
  let limit = EXPORT_PAGE;
  let page: Page | null = await first(limit);
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
        limit = limitAfter(page.items.length, text.length);
        page = page.next ? await page.next(limit) : null;
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

/** So many rows are as long as a page may be, by the last one. */
function limitAfter(rows: number, length: number): number {
  const fitting = Math.floor((rows * PAGE_TEXT_LENGTH) / Math.max(1, length));
  return Math.min(MAX_EXPORT_PAGE, Math.max(EXPORT_PAGE, fitting));
}

/** For openapi.json. */
export const exportContent = {
  description: "The file, streamed.",
  content: { "text/csv": { schema: z.string() }, "application/x-ndjson": { schema: z.string() } },
};
