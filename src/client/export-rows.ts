/**
 * Exports of any length. A worker has its limits, and a long answer breaks off at them; each row carries a cursor, and
 * what broke off goes on after the last row that arrived. The caller sees one file, of whole rows only.
 */
import { CsvParser } from "../csv/reader";
import { badAnswer, isUnavailable, networkError } from "./error";
import type { CallOptions, Settings } from "./options";
import { type Query, withQuery } from "./query";
import { sleep } from "./signals";
import { bytesOfAnswer, streamOf } from "./streams";

export type ExportFormat = "csv" | "ndjson";

export interface ExportOptions extends CallOptions {
  /** Default `csv`. */
  readonly format?: ExportFormat | undefined;
  /** That of a row: goes on after it. */
  readonly cursor?: string | undefined;
}

interface Rows {
  /** The line that is above all rows; empty where it was given before, or where there is none. */
  readonly head: string;
  readonly rows: string;
  /** Of the last of them. */
  readonly cursor: string | null;
}

/** Text in, whole rows out. */
interface RowReader {
  readonly push: (text: string) => Rows;
  /** @returns whether the text ended where a row does */
  readonly end: () => boolean;
}

const CURSOR_COLUMN = "cursor";
/** The service's. */
const CSV_LINE_END = "\r\n";
/** A value in the database ends at 2 MB, and a row has several. */
const MAX_ROW_LENGTH = 16_000_000;
const FIRST_WAIT_MS = 200;

const READERS: Readonly<Record<ExportFormat, () => RowReader>> = { csv: csvRows, ndjson: jsonRows };

/**
 * @param path the export's, without a query
 * @returns a stream that errs where the export cannot be completed: half a list never looks like a whole one
 */
export function exportRows(
  settings: Settings,
  path: string,
  filter: Query,
  options: ExportOptions = {},
): ReadableStream<Uint8Array> {
  return streamOf(rowsOf(settings, path, filter, options));
}

async function* rowsOf(
  { transport, patient }: Settings,
  path: string,
  filter: Query,
  { format = "csv", signal, ...options }: ExportOptions,
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  let cursor = options.cursor;
  let isHeadWritten = false;
  for (let failures = 0; ; failures++) {
    const url = withQuery(path, { ...filter, format, cursor });
    const response = await transport({ method: "GET", path: url, pace: patient, signal }, async (answer) => answer);
    try {
      for await (const part of partsOf(READERS[format](), bytesOfAnswer(response, signal))) {
        const text = (isHeadWritten ? "" : part.head) + part.rows;
        isHeadWritten ||= part.head !== "";
        if (part.cursor !== null) {
          cursor = part.cursor;
          failures = 0;
        }
        if (text !== "") yield encoder.encode(text);
      }
      return;
    } catch (error) {
      if (!isUnavailable(error) || failures >= patient.retries) throw error;
      await sleep(Math.random() * FIRST_WAIT_MS * 2 ** failures, signal);
    }
  }
}

async function* partsOf(reader: RowReader, answer: AsyncIterable<Uint8Array>): AsyncGenerator<Rows> {
  const decoder = new TextDecoder();
  for await (const bytes of answer) yield reader.push(decoder.decode(bytes, { stream: true }));
  if (!reader.end()) throw networkError(null);
}

function jsonRows(): RowReader {
  let rest = "";
  return {
    push: (text) => {
      const end = text.lastIndexOf("\n") + 1;
      const rows = end === 0 ? "" : rest + text.slice(0, end);
      rest = end === 0 ? rest + text : text.slice(end);
      const last = rows.slice(rows.lastIndexOf("\n", rows.length - 2) + 1);
      return { head: "", rows, cursor: last === "" ? null : cursorOf(last) };
    },
    end: () => rest === "",
  };
}

function cursorOf(line: string): string | null {
  try {
    const { cursor } = JSON.parse(line) as { cursor?: unknown };
    return typeof cursor === "string" ? cursor : null;
  } catch {
    throw badAnswer("The export is not NDJSON.");
  }
}

function csvRows(): RowReader {
  const parser = new CsvParser({ delimiter: ",", maxRecordLength: MAX_ROW_LENGTH });
  let columns: readonly string[] | null = null;
  let isBetweenRows = true;
  return {
    push: (text) => {
      const records = parser.push(text);
      if (text !== "") isBetweenRows = text.endsWith("\n");
      if (records.some(({ problem }) => problem !== null)) throw badAnswer("The export is not CSV.");
      const head = columns ? undefined : records.shift();
      columns ??= head?.fields ?? null;
      const last = columns?.at(-1) === CURSOR_COLUMN ? records.at(-1) : undefined;
      return {
        head: head ? head.raw + CSV_LINE_END : "",
        rows: records.map(({ raw }) => raw + CSV_LINE_END).join(""),
        cursor: last?.fields.at(-1) ?? null,
      };
    },
    end: () => isBetweenRows && parser.end().length === 0,
  };
}
