/** A CSV of any length, record by record, in constant memory. */
import { type Delimiter, detectDialect } from "./dialect";
import { lineEnd } from "./lines";
import { parseRecord } from "./record";

/** Longest record that is taken in, in UTF-16 units. */
export const MAX_RECORD_LENGTH = 65_536;

export interface CsvRecord {
  /** The line on which it begins, counted from 1. */
  readonly line: number;
  /** Empty where there is a problem. */
  readonly fields: readonly string[];
  /** As it stood, without its line end; for a quote that is never closed its first line, empty for what is too long. */
  readonly raw: string;
  /**
   * `unclosed_quote`: no closing quote within the longest record; the next line is read as if the quote were none.
   * `too_long`: it was passed over to the end of its line.
   */
  readonly problem: "unclosed_quote" | "too_long" | null;
}

export interface CsvOptions {
  /** Absent: as the beginning of the text suggests. */
  readonly delimiter?: Delimiter | undefined;
  /** In UTF-16 units. */
  readonly maxRecordLength?: number | undefined;
}

/**
 * Cuts a CSV into records, piece by piece: every record but those that are empty lines. The header, where there is one, is
 * the first of them. Pieces of some kilobytes (`textPieces`) serve it best.
 */
export class CsvParser {
  readonly #maxLength: number;
  #delimiter: Delimiter | null;
  #text = "";
  #line = 1;
  /** Within a record that is too long, up to the end of its line. */
  #isSkipping = false;

  constructor({ delimiter, maxRecordLength = MAX_RECORD_LENGTH }: CsvOptions = {}) {
    this.#delimiter = delimiter ?? null;
    this.#maxLength = maxRecordLength;
  }

  /** What the text so far says the delimiter is; `null` before there is any. */
  get delimiter(): Delimiter | null {
    return this.#delimiter;
  }

  push(piece: string): CsvRecord[] {
    this.#text += piece;
    return this.#records(false);
  }

  /** What is left when nothing follows. */
  end(): CsvRecord[] {
    return this.#records(true);
  }

  #records(isFinal: boolean): CsvRecord[] {
    const records: CsvRecord[] = [];
    const text = this.#text;
    if (text === "") return records;
    let at = 0;
    if (this.#delimiter === null) {
      const { delimiter, hasSeparatorLine } = detectDialect(text);
      this.#delimiter = delimiter;
      if (hasSeparatorLine) at = this.#passLine(text, 0);
    }
    while (at < text.length) {
      const next = this.#isSkipping ? this.#skip(text, at, isFinal) : this.#read(text, at, isFinal, records);
      if (next === null) break;
      at = next;
    }
    this.#text = text.slice(at);
    return records;
  }

  /** @returns where the next record begins; `null` where more text is needed */
  #read(text: string, at: number, isFinal: boolean, records: CsvRecord[]): number | null {
    const line = this.#line;
    const record = parseRecord(text, at, this.#delimiter ?? ",", isFinal);
    if (record.type === "record" && record.end - at <= this.#maxLength) {
      const raw = text.slice(at, record.end);
      if (raw !== "") records.push({ line, fields: record.fields, raw, problem: null });
      this.#line += linesIn(raw);
      return Math.min(record.next, text.length);
    }
    if (record.type === "incomplete" && text.length - at <= this.#maxLength) return null;
    const end = lineEnd(text, at);
    // Only a quote makes a record longer than its line.
    if (end - at <= this.#maxLength && (end < text.length || isFinal)) {
      records.push({ line, fields: [], raw: text.slice(at, end), problem: "unclosed_quote" });
      return this.#passLine(text, at);
    }
    records.push({ line, fields: [], raw: "", problem: "too_long" });
    this.#isSkipping = true;
    return at;
  }

  #skip(text: string, at: number, isFinal: boolean): number | null {
    const end = lineEnd(text, at);
    if (end === text.length && !isFinal) return end;
    if (text[end] === "\r" && end + 1 === text.length && !isFinal) return null;
    this.#isSkipping = false;
    return this.#passLine(text, at);
  }

  /** @returns where the line after this one begins */
  #passLine(text: string, at: number): number {
    this.#line++;
    const end = lineEnd(text, at);
    return Math.min(end + (text.startsWith("\r\n", end) ? 2 : 1), text.length);
  }
}

function linesIn(raw: string): number {
  return raw.includes("\n") || raw.includes("\r") ? (raw.match(/\r\n|\r|\n/g)?.length ?? 0) + 1 : 1;
}
