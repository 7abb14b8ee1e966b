/** A list of any length as a streamed file: a page at a time, as fast as its reader reads. */
import { z } from "@hono/zod-openapi";
import { CONTENT_TYPES, EXPORT_FORMATS, type ExportFormat, headOf, linesOfItems } from "../export/document";
import { streamOfRows } from "./unfinished";

/** Rows of the first round trip; later ones bring as many as are about so long. */
export const EXPORT_PAGE = 1_000;
/** An invocation makes a thousand queries, so short rows are to come in long pages, and has to hold one of them. */
const MAX_EXPORT_PAGE = 2_500;
const PAGE_TEXT_LENGTH = 1_000_000;

/** Parameters of every export, beside the filters of its list. */
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
 * later ends it in the middle of a row, so that half a list is never taken for a whole one.
 */
export async function exportResponse(file: ExportFile): Promise<Response> {
  const { name, format } = file;
  const body = await streamOfRows(format, pagesOf(file));
  return new Response(body, {
    headers: {
      "content-type": CONTENT_TYPES[format],
      "content-disposition": `attachment; filename="${name}.${format}"`,
      "cache-control": "no-store",
    },
  });
}

async function* pagesOf({ format, columns, first }: ExportFile): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  let head = headOf(format, columns);
  let limit = EXPORT_PAGE;
  for (let page: Page | null = await first(limit); page; page = page.next ? await page.next(limit) : null) {
    const text = head + linesOfItems(format, columns, page.items);
    head = "";
    limit = limitAfter(page.items.length, text.length);
    if (text !== "") yield encoder.encode(text);
  }
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
