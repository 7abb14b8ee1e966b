/** One record of a CSV (RFC 4180), leniently: any line end, text after a closing quote, quotes inside of a field. */
import { lineEnd } from "./lines";

export type ParsedRecord =
  | {
      readonly type: "record";
      readonly fields: string[];
      /** Where it ends, before its line end. */
      readonly end: number;
      /** Where the next one begins. */
      readonly next: number;
    }
  /** The text ends before the record does. */
  | { readonly type: "incomplete" }
  /** No more text follows, and a quote was never closed. */
  | { readonly type: "unclosed_quote" };

const INCOMPLETE = { type: "incomplete" } as const;

/**
 * @param from where the record begins
 * @param isFinal no more text follows
 */
export function parseRecord(text: string, from: number, delimiter: string, isFinal: boolean): ParsedRecord {
  const end = lineEnd(text, from);
  const line = text.slice(from, end);
  // Most lines have no quotes at all.
  if (!line.includes('"')) return recordAt(text, end, line.split(delimiter), isFinal);
  const fields: string[] = [];
  for (let at = from; ; ) {
    const field = text[at] === '"' ? quotedField(text, at, delimiter) : plainField(text, at, delimiter);
    if (!field) return isFinal ? { type: "unclosed_quote" } : INCOMPLETE;
    fields.push(field.value);
    if (text[field.end] !== delimiter) return recordAt(text, field.end, fields, isFinal);
    at = field.end + 1;
  }
}

/** A record whose last field ends here: at a line end, or where the text does. */
function recordAt(text: string, end: number, fields: string[], isFinal: boolean): ParsedRecord {
  // A CR at the end of the text may be the first half of a line end.
  if (!isFinal && (end === text.length || (text[end] === "\r" && end + 1 === text.length))) return INCOMPLETE;
  return { type: "record", fields, end, next: end + (text.startsWith("\r\n", end) ? 2 : 1) };
}

interface Field {
  readonly value: string;
  readonly end: number;
}

function plainField(text: string, from: number, delimiter: string): Field {
  let end = from;
  while (end < text.length) {
    const character = text[end];
    if (character === delimiter || character === "\n" || character === "\r") break;
    end++;
  }
  return { value: text.slice(from, end), end };
}

/** `null` where the text ends within the quotes. What follows the closing quote is taken as it stands, blanks aside. */
function quotedField(text: string, from: number, delimiter: string): Field | null {
  let close = text.indexOf('"', from + 1);
  while (close >= 0 && text[close + 1] === '"') close = text.indexOf('"', close + 2);
  if (close < 0) return null;
  const quoted = text.slice(from + 1, close).replaceAll('""', '"');
  const rest = plainField(text, close + 1, delimiter);
  return { value: rest.value.trim() === "" ? quoted : quoted + rest.value, end: rest.end };
}
