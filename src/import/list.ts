/** Reading a list of suppressions, of any length and in any of the known formats, in constant memory. */
import { isHeader } from "../csv/dialect";
import { CsvParser, type CsvRecord } from "../csv/reader";
import { type Chunks, textPieces } from "../csv/text";
import { plainCell } from "../csv/writer";
import { isUuid } from "../domain/address";
import type { JsonObject } from "../domain/json";
import { fail, ok, type Result } from "../domain/result";
import { INVALID, invalid, type ListRow, rowOf, type Values } from "./entry";
import { columnName, type Format, isWords, type Meaning } from "./format";
import { FORMATS, GENERIC, LIST } from "./formats";
import { type JsonRecord, jsonReaderFor } from "./json-records";
import { REASON_WORDS } from "./words";

export interface ListOptions {
  /** The id of a format; absent: it is recognized. */
  readonly format?: string | undefined;
  /** What entries mean that give no reason. */
  readonly reason?: Meaning | undefined;
  /** Epoch ms. */
  readonly now: number;
}

export interface SuppressionList {
  readonly format: Format;
  /** A few at a time, as they are read. */
  readonly rows: AsyncIterable<readonly ListRow[]>;
}

export interface ListError {
  readonly code: "empty_list" | "missing_column" | "unsupported_list";
  readonly detail: string;
}

const EMPTY: ListError = { code: "empty_list", detail: "The body holds no entry." };
/** How much of a header an error repeats. */
const MAX_SHOWN_COLUMNS = 20;
const MAX_SHOWN_NAME = 40;

/** Reads as far as is needed to recognize the format; what is wrong with the list as a whole is an error. */
export async function openList(chunks: Chunks, options: ListOptions): Promise<Result<SuppressionList, ListError>> {
  const pieces = textPieces(chunks);
  let blank = "";
  for (let next = await pieces.next(); !next.done; next = await pieces.next()) {
    if (next.value.trim() === "") {
      blank = next.value;
      continue;
    }
    // Line numbers count the blank lines too.
    const text = blank + next.value;
    const isJson = /^\s*[[{]/.test(text);
    return isJson ? openJson(text, pieces, options) : openCsv(text, pieces, options);
  }
  return fail(EMPTY);
}

type Pieces = AsyncGenerator<string>;

async function openCsv(
  text: string,
  pieces: Pieces,
  options: ListOptions,
): Promise<Result<SuppressionList, ListError>> {
  const parser = new CsvParser();
  let records = parser.push(text);
  while (!records.length) {
    const next = await pieces.next();
    records = next.done ? parser.end() : parser.push(next.value);
    if (next.done && !records.length) return fail(EMPTY);
  }
  const [head] = records as [CsvRecord];
  if (head.problem)
    return fail({ code: "missing_column", detail: `The first line cannot be read. ${INVALID[head.problem]}` });
  const columns = isData(head) ? columnsOfData(head.fields, options) : head.fields.map(columnName);
  const format = isData(head) ? ok(namedFormat(options) ?? LIST) : recognize(columns, options, head.fields);
  if (!format.ok) return format;
  const reader = withReason(format.value, options);
  const index = new Map(columns.map((column, i) => [column, i] as const).reverse());
  const read = (record: CsvRecord): ListRow =>
    record.problem
      ? { line: record.line, recipient: null, outcome: invalid(record.problem) }
      : rowOf(record.line, reader, valuesOfFields(record.fields, index), options.now);
  async function* rows(): AsyncGenerator<readonly ListRow[]> {
    yield (isData(head) ? records : records.slice(1)).map(read);
    for await (const piece of pieces) yield parser.push(piece).map(read);
    yield parser.end().map(read);
  }
  return ok({ format: format.value, rows: rows() });
}

/** No header: it names somebody. */
function isData({ fields }: CsvRecord): boolean {
  return !isHeader(fields) || fields.some((field) => isUuid(field.trim()));
}

/** Names for columns that have none: where the first record has an address, and, maybe, a word for the reason. */
function columnsOfData(fields: readonly string[], options: ListOptions): string[] {
  const format = namedFormat(options) ?? LIST;
  const [reason = "reason"] = isWords(format.meaning) ? format.meaning.columns : [];
  const recipientAt = fields.findIndex((field) => field.includes("@") || isUuid(field.trim()));
  const reasonAt = fields.findIndex((field) => Object.hasOwn(REASON_WORDS, columnName(field)));
  return fields.map((_, i) => (i === recipientAt ? (format.recipient[0] ?? "") : i === reasonAt ? reason : ""));
}

function valuesOfFields(fields: readonly string[], index: ReadonlyMap<string, number>): Values {
  return (column) => {
    const at = index.get(column);
    const value = at === undefined ? "" : plainCell(fields[at]?.trim() ?? "");
    return value === "" ? undefined : value;
  };
}

async function openJson(
  text: string,
  pieces: Pieces,
  options: ListOptions,
): Promise<Result<SuppressionList, ListError>> {
  const parser = jsonReaderFor(text.trimStart());
  let records = parser.push(text);
  while (!records.length) {
    const next = await pieces.next();
    records = next.done ? parser.end() : parser.push(next.value);
    if (next.done && !records.length) return fail(EMPTY);
  }
  const first = records.find((record) => record.value)?.value ?? {};
  const columns = Object.keys(flatten(first));
  const format = recognize(columns, options, Object.keys(first));
  if (!format.ok) return format;
  const reader = withReason(format.value, options);
  const read = ({ line, value, problem }: JsonRecord): ListRow =>
    value
      ? rowOf(line, reader, valuesOfObject(value), options.now)
      : { line, recipient: null, outcome: invalid(problem ?? "invalid_json") };
  async function* rows(): AsyncGenerator<readonly ListRow[]> {
    yield records.map(read);
    for await (const piece of pieces) yield parser.push(piece).map(read);
    yield parser.end().map(read);
  }
  return ok({ format: format.value, rows: rows() });
}

/** An object's members as columns; those of objects one level down have the outer name before their own. */
export function valuesOfObject(object: JsonObject): Values {
  const values = flatten(object);
  return (column) => (Object.hasOwn(values, column) && values[column] !== "" ? values[column] : undefined);
}

/** Members by column name, those of objects one level down with the outer name before their own. */
function flatten(object: JsonObject, prefix = ""): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(object)) {
    const column = prefix + columnName(name);
    if (typeof value === "object" && value !== null && !Array.isArray(value) && prefix === "") {
      Object.assign(values, flatten(value as JsonObject, column));
    } else values[column] = textOf(value);
  }
  return values;
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value.trim();
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return Array.isArray(value) ? value.filter((item) => typeof item === "string").join(" ") : "";
}

function namedFormat({ format }: ListOptions): Format | undefined {
  return format === undefined ? undefined : FORMATS.find(({ id }) => id === format);
}

/** @param shown what the columns are called on the list, for an error */
function recognize(
  columns: readonly string[],
  options: ListOptions,
  shown: readonly string[],
): Result<Format, ListError> {
  const named = namedFormat(options);
  const candidates = named ? [named] : [...FORMATS.filter((format) => fits(format, columns)), GENERIC];
  const format = candidates.reduce((best, other) => (other.columns.length > best.columns.length ? other : best));
  if (format.refused) return fail({ code: "unsupported_list", detail: format.refused });
  if (format.recipient.some((column) => columns.includes(column))) return ok(format);
  const names = shown.slice(0, MAX_SHOWN_COLUMNS).map((name) => JSON.stringify(name.slice(0, MAX_SHOWN_NAME)));
  const wanted = format.recipient.map((column) => `"${column}"`).join(", ");
  return fail({
    code: "missing_column",
    detail: `No column of addresses: ${format.title} has one of ${wanted}; the list has ${names.join(", ")}.`,
  });
}

function fits({ columns, isExact, isOnlyNamed }: Format, found: readonly string[]): boolean {
  if (isOnlyNamed || !columns.length) return false;
  return columns.every((column) => found.includes(column)) && (!isExact || new Set(found).size === columns.length);
}

/** What entries mean that give no reason of their own, where the caller says. */
function withReason(format: Format, { reason }: ListOptions): Format {
  if (!reason || !isWords(format.meaning)) return format;
  return { ...format, meaning: { ...format.meaning, otherwise: reason } };
}
