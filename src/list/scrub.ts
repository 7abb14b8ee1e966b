/**
 * Lists of any length, scrubbed while they stream through: some thousand rows at a time are held, asked about at once,
 * and handed on.
 *
 * A failure breaks the stream off. A list that looks whole and is not would be mailed.
 */
import { bytesOfText, byteTextOf } from "../csv/bytes";
import { MAX_RECORD_LENGTH } from "../csv/reader";
import { fail, ok, type Result } from "../domain/result";
import { type ListRow, ROW_STATUSES, type RowProblem, type RowReader, type RowStatus } from "./row";
import { detectFormat, type ListFormat, openRows } from "./rows";

/** Which rows come back. */
export const KEEPS = [...ROW_STATUSES, "all"] as const;
export type Keep = (typeof KEEPS)[number];

export interface ScrubOptions {
  /** Absent: as the beginning of the list suggests. */
  readonly format?: ListFormat | undefined;
  readonly column?: string | undefined;
  /** Which rows come out; `all`: with a note in each. */
  readonly keep: Keep;
}

/** Why an address must not be mailed. */
export interface Suppression {
  readonly reasons: readonly string[];
}

/** Answers for each of these addresses that must not be mailed; the others may. */
export type AnswersFor = (addresses: readonly string[]) => Promise<ReadonlyMap<string, Suppression>>;

/** What became of a list, without an address in it. */
export interface ScrubReport {
  readonly rows: number;
  readonly allowed: number;
  readonly suppressed: number;
  readonly invalid: number;
  /** The first of those that hold no address. */
  readonly invalidRows: readonly InvalidRow[];
}

interface InvalidRow {
  readonly line: number;
  readonly problem: RowProblem;
}

export interface Scrub {
  readonly format: ListFormat;
  /** Reads the list and gives out what is kept. Whoever stops early stops the reading. */
  readonly output: AsyncGenerator<Uint8Array>;
  /** What it has come to so far. */
  readonly report: () => ScrubReport;
}

type Chunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Asked about at once. With their domains they stay well below what a parameter of D1 may hold. */
const MAX_HELD_ROWS = 5_000;
/** The same, in bytes: long rows are fewer at a time. */
const MAX_HELD_BYTES = 1_000_000;
/** Small chunks are gathered: the reader begins anew at the row that a piece cuts off. */
const PIECE_BYTES = 32_768;
/** Rows that a report names, of those that hold no address. */
export const MAX_INVALID_ROWS = 1_000;
const UTF8_MARK = "\xef\xbb\xbf";
const UTF16_MARKS = ["\xff\xfe", "\xfe\xff"];

/**
 * Looks at the beginning of a list and makes ready for the rest.
 *
 * @returns a sentence that says why the list cannot be read
 */
export async function openScrub(
  answersFor: AnswersFor,
  chunks: Chunks,
  options: ScrubOptions,
): Promise<Result<Scrub, string>> {
  const pieces = piecesOf(chunks);
  let beginning = "";
  while (beginning.length <= MAX_RECORD_LENGTH) {
    const piece = await pieces.next();
    if (piece.done) break;
    beginning += piece.value;
  }
  if (UTF16_MARKS.some((mark) => beginning.startsWith(mark))) return fail("The list is UTF-16; save it as UTF-8.");
  const mark = beginning.startsWith(UTF8_MARK) ? UTF8_MARK : "";
  const start = beginning.slice(mark.length);
  const ending = /\r\n|\r|\n/.exec(start)?.[0] ?? "\n";
  const format = options.format ?? detectFormat(start, options.column);
  const reader = openRows(format, start, options.column, ending);
  if (!reader.ok) return reader;
  const counts = { allowed: 0, suppressed: 0, invalid: 0 };
  const invalidRows: InvalidRow[] = [];
  const list = { mark, start, ending, reader: reader.value, pieces, counts, invalidRows };
  return ok({
    format,
    output: scrub(answersFor, list, options.keep),
    report: () => ({ rows: counts.allowed + counts.suppressed + counts.invalid, ...counts, invalidRows }),
  });
}

async function* piecesOf(chunks: Chunks): AsyncGenerator<string> {
  let held = "";
  for await (const chunk of chunks) {
    held += byteTextOf(chunk);
    if (held.length < PIECE_BYTES) continue;
    yield held;
    held = "";
  }
  if (held !== "") yield held;
}

interface OpenList {
  readonly mark: string;
  readonly start: string;
  readonly ending: string;
  readonly reader: RowReader;
  readonly pieces: AsyncGenerator<string>;
  /** What it has come to, added to as the rows come through. */
  readonly counts: Record<RowStatus, number>;
  readonly invalidRows: InvalidRow[];
}

async function* scrub(answersFor: AnswersFor, list: OpenList, keep: Keep): AsyncGenerator<Uint8Array> {
  let text = list.mark + list.reader.head(keep === "all");
  for await (const rows of held(list)) {
    const addresses = rows.flatMap(({ address }) => (address.ok ? [address.value] : []));
    const answers = await answersFor(addresses);
    for (const row of rows)
      text += outputOf(list, row, row.address.ok ? answers.get(row.address.value) : undefined, keep);
    if (text !== "") yield bytesOfText(text);
    text = "";
  }
  if (text !== "") yield bytesOfText(text);
}

/** What comes out of a row, with its line end; empty where it is left out. */
function outputOf(
  { reader, ending, counts, invalidRows }: OpenList,
  row: ListRow,
  answer: Suppression | undefined,
  keep: Keep,
): string {
  const { line, raw, address } = row;
  const status: RowStatus = !address.ok ? "invalid" : answer ? "suppressed" : "allowed";
  counts[status]++;
  if (!address.ok && invalidRows.length < MAX_INVALID_ROWS) invalidRows.push({ line, problem: address.error });
  // Of a row that was too long nothing is left but its number.
  if (raw === "") return "";
  if (keep === "all") return reader.annotated(row, { status, reasons: answer?.reasons ?? [] }) + ending;
  return keep === status ? raw + ending : "";
}

/** All rows, as many at a time as are asked about at once. */
async function* held({ reader, start, pieces }: OpenList): AsyncGenerator<ListRow[]> {
  let rows: ListRow[] = [];
  let bytes = 0;
  async function* batches(more: readonly ListRow[]): AsyncGenerator<ListRow[]> {
    for (const row of more) {
      rows.push(row);
      bytes += row.raw.length;
      if (rows.length < MAX_HELD_ROWS && bytes < MAX_HELD_BYTES) continue;
      yield rows;
      rows = [];
      bytes = 0;
    }
  }
  yield* batches(reader.push(start));
  for await (const piece of pieces) yield* batches(reader.push(piece));
  yield* batches(reader.end());
  if (rows.length) yield rows;
}
