/** What separates the fields of a CSV that somebody hands in. */
import { lineEnd } from "./lines";
import { parseRecord } from "./record";

/** In the order in which they win where the text does not say. */
export const DELIMITERS = [",", ";", "\t", "|"] as const;
export type Delimiter = (typeof DELIMITERS)[number];

export interface Dialect {
  readonly delimiter: Delimiter;
  /** The text begins with a spreadsheet's `sep=;`, which is no record. */
  readonly hasSeparatorLine: boolean;
}

const SAMPLE_RECORDS = 20;

/**
 * The dialect of a CSV by its beginning: what a first line `sep=;` says, else the delimiter by which the most of the
 * first records have as many fields as the first one, and more than one. A single column is separated by commas.
 *
 * @param sample the first kilobytes, without a byte order mark; its last record may be cut off
 */
export function detectDialect(sample: string): Dialect {
  const firstLine = sample.slice(0, lineEnd(sample, 0));
  const stated = DELIMITERS.find((delimiter) => firstLine.toLowerCase() === `sep=${delimiter}`);
  if (stated) return { delimiter: stated, hasSeparatorLine: true };
  let best: { readonly delimiter: Delimiter; readonly score: number } = { delimiter: ",", score: 0 };
  for (const delimiter of DELIMITERS) {
    const score = scoreOf(sample, delimiter);
    if (score > best.score) best = { delimiter, score };
  }
  return { delimiter: best.delimiter, hasSeparatorLine: false };
}

/** How many records agree with the first one; between equals the one with more fields wins. */
function scoreOf(sample: string, delimiter: Delimiter): number {
  const counts: number[] = [];
  let at = 0;
  while (at < sample.length && counts.length < SAMPLE_RECORDS) {
    const record = parseRecord(sample, at, delimiter, true);
    if (record.type !== "record") break;
    // What the sample cuts off says nothing, unless there is nothing else.
    if (record.next >= sample.length && counts.length) break;
    if (record.fields.length > 1 || record.fields[0] !== "") counts.push(record.fields.length);
    at = record.next;
  }
  const [first = 1] = counts;
  if (first < 2) return 0;
  return counts.filter((count) => count === first).length + first / 1_000;
}

/** Names of columns rather than values: none of the cells looks like a mail address. */
export function isHeader(fields: readonly string[]): boolean {
  return !fields.some((field) => field.includes("@"));
}
