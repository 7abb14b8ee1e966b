/** The rows of a list in any of the formats in which lists are handed in. */
import { detectDialect } from "../csv/dialect";
import { type Line, LineSplitter, lineEnd } from "../csv/lines";
import { canonicalMailbox } from "../domain/address";
import { isObject, valueOfJson } from "../domain/json";
import { fail, ok, type Result } from "../domain/result";
import { openCsvRows } from "./csv-rows";
import {
  addressIn,
  columnOf,
  plainName,
  type RowNote,
  type RowProblem,
  type RowReader,
  textOf,
  wantedNames,
} from "./row";

/** `lines`: an address in each. */
export const LIST_FORMATS = ["csv", "ndjson", "lines"] as const;
export type ListFormat = (typeof LIST_FORMATS)[number];

const NOTE_MEMBER = "suppression";

/**
 * The format of a list by its beginning: an object is NDJSON; a first line with a delimiter, or that is the name of a
 * column, is CSV; everything else is an address a line.
 */
export function detectFormat(beginning: string, column: string | undefined): ListFormat {
  const start = beginning.trimStart();
  if (start.startsWith("{")) return "ndjson";
  const line = start.slice(0, lineEnd(start, 0));
  const { delimiter, hasSeparatorLine } = detectDialect(start);
  const isCsv = hasSeparatorLine || line.includes(delimiter) || wantedNames(column).includes(plainName(line));
  return isCsv ? "csv" : "lines";
}

/**
 * @param beginning of the list as a text of bytes, without a byte order mark: as much as the longest row, or all of it
 * @param column of the address: a name, or its number, counted from 1; absent: the one that is usually called so
 * @param ending of its lines
 * @returns a sentence that says why the column cannot be found
 */
export function openRows(
  format: ListFormat,
  beginning: string,
  column: string | undefined,
  ending: string,
): Result<RowReader, string> {
  if (format === "csv") return openCsvRows(beginning, column, ending);
  return ok(format === "ndjson" ? openNdjson(column) : openLines());
}

/** An address a line. With notes it becomes a CSV of three columns. */
function openLines(): RowReader {
  return byLines(addressIn, (raw, { status, reasons }) => `${raw},${status},${reasons.join(" ")}`);
}

function openNdjson(column: string | undefined): RowReader {
  return byLines((line) => addressInJson(line, column), jsonWithNote);
}

function byLines(
  addressOf: (line: string) => Result<string, RowProblem>,
  annotated: (raw: string, note: RowNote) => string,
): RowReader {
  const splitter = new LineSplitter();
  const rowOf = ({ line, text, problem }: Line) => ({
    line,
    raw: text,
    address: problem ? fail(problem) : addressOf(text),
    cells: 1,
  });
  return {
    head: () => "",
    push: (text) => splitter.push(text).map(rowOf),
    end: () => splitter.end().map(rowOf),
    annotated: ({ raw }, note) => annotated(raw, note),
  };
}

/** A line is an object with a member for the address, or the address alone, as a string. */
function addressInJson(line: string, column: string | undefined): Result<string, RowProblem> {
  const text = textOf(line);
  const value = text === null ? undefined : valueOfJson(text);
  if (value === undefined) return fail("not_json");
  if (typeof value === "string") return canonicalMailbox(value);
  if (!isObject(value)) return fail("no_such_column");
  const names = Object.keys(value);
  const at = columnOf(names, wantedNames(column));
  const member = value[names[at] ?? ""];
  return at >= 0 && typeof member === "string" ? canonicalMailbox(member) : fail("no_such_column");
}

/** Written into the text, so that no number and no order of the caller's is touched. */
function jsonWithNote(raw: string, { status, reasons }: RowNote): string {
  const note = `"${NOTE_MEMBER}":${JSON.stringify({ status, reasons })}}`;
  const value = valueOfJson(raw);
  if (!isObject(value)) return `{"value":${value === undefined ? JSON.stringify(raw) : raw.trim()},${note}`;
  const members = raw.slice(0, raw.lastIndexOf("}")).trimEnd();
  return `${members}${Object.keys(value).length ? "," : ""}${note}`;
}
