/** Rows of a CSV: delimiter, quotes, columns and header stay as they are. */
import { detectDialect, isHeader } from "../csv/dialect";
import { lineEnd } from "../csv/lines";
import { CsvParser, type CsvRecord, MAX_RECORD_LENGTH } from "../csv/reader";
import { fail, ok, type Result } from "../domain/result";
import { addressIn, columnOf, type ListRow, type RowReader, textOf, wantedNames } from "./row";

const NOTE_COLUMNS = ["suppression_status", "suppression_reasons"];
const MAX_LISTED_NAMES = 20;
const MAX_LISTED_LENGTH = 300;

/**
 * @param beginning of the list: as much as the longest record, or all of it
 * @param column of the address: a name, or its number, counted from 1; absent: the one that is usually called so
 * @param ending of its lines
 * @returns a sentence that says why the column cannot be found
 */
export function openCsvRows(beginning: string, column: string | undefined, ending: string): Result<RowReader, string> {
  const { delimiter, hasSeparatorLine } = detectDialect(beginning);
  const separatorLine = hasSeparatorLine ? beginning.slice(0, lineEnd(beginning, 0)) + ending : "";
  const first = firstRecord(beginning.slice(separatorLine.length), delimiter);
  if (first?.problem) return fail("The first line of the list cannot be read.");
  const names = (first?.fields ?? []).map((name) => textOf(name) ?? name);
  const header = first && isHeader(names) ? first.raw : null;
  const index = !first ? ok(0) : header === null ? columnByContent(first.fields, column) : columnByName(names, column);
  if (!index.ok) return index;

  const parser = new CsvParser({ delimiter });
  let toPass = (hasSeparatorLine ? 1 : 0) + (header === null ? 0 : 1);
  const rowsOf = (records: readonly CsvRecord[]) => {
    const rows = records.slice(toPass);
    toPass -= records.length - rows.length;
    return rows.map((record) => rowOf(record, index.value));
  };
  const named = (header: string) => [header, ...NOTE_COLUMNS].join(delimiter) + ending;
  return ok({
    head: (isAnnotated) => separatorLine + (header === null ? "" : isAnnotated ? named(header) : header + ending),
    push: (text) => rowsOf(parser.push(text)),
    end: () => rowsOf(parser.end()),
    annotated: ({ raw, cells }, { status, reasons }) => {
      // A row that is short of cells gets them, so that the notes stand under their names.
      const gap = delimiter.repeat(Math.max(0, names.length - cells));
      return [raw + gap, status, reasons.join(" ")].join(delimiter);
    },
  });
}

function firstRecord(text: string, delimiter: CsvParser["delimiter"]): CsvRecord | undefined {
  const parser = new CsvParser({ delimiter: delimiter ?? undefined });
  const beginning = text.slice(0, MAX_RECORD_LENGTH + 1);
  return [...parser.push(beginning), ...parser.end()][0];
}

function rowOf({ line, raw, fields, problem }: CsvRecord, index: number): ListRow {
  const cell = fields[index];
  const address = problem ? fail(problem) : cell === undefined ? fail("no_such_column" as const) : addressIn(cell);
  return { line, raw, address, cells: fields.length };
}

function columnByName(names: readonly string[], column: string | undefined): Result<number, string> {
  const at = columnOf(names, wantedNames(column));
  if (at >= 0) return ok(at);
  const number = numberOf(column, names.length);
  if (number !== null) return ok(number);
  if (column === undefined && names.length === 1) return ok(0);
  const listed = names.slice(0, MAX_LISTED_NAMES).map((name) => JSON.stringify(name));
  const detail = `column: which one holds the addresses? There are ${listed.join(", ")}`;
  return fail(detail.length > MAX_LISTED_LENGTH ? `${detail.slice(0, MAX_LISTED_LENGTH)} …` : detail);
}

/** Without a header: a number, or the only cell of the first row that holds an address. */
function columnByContent(cells: readonly string[], column: string | undefined): Result<number, string> {
  const number = numberOf(column, cells.length);
  if (number !== null) return ok(number);
  const [only, ...others] = cells.flatMap((cell, i) => (addressIn(cell).ok ? [i] : []));
  if (only !== undefined && !others.length) return ok(only);
  return fail("column: the list has no header; give the number of the column that holds the addresses, from 1");
}

function numberOf(column: string | undefined, columns: number): number | null {
  const number = column !== undefined && /^\d{1,4}$/.test(column) ? Number(column) : 0;
  return number >= 1 && number <= columns ? number - 1 : null;
}
