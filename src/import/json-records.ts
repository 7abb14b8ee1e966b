/** Objects out of JSON, in constant memory: one a line, or the elements of the array in which an API wraps them. */
import { LineSplitter, MAX_LINE_LENGTH } from "../csv/lines";
import { isObject, type JsonObject, valueOfJson } from "../domain/json";

export interface JsonRecord {
  /** Where it begins, counted from 1. */
  readonly line: number;
  /** `null` where there is a problem. */
  readonly value: JsonObject | null;
  readonly problem: "invalid_json" | "too_long" | "cut_off" | null;
}

interface Reader {
  push(piece: string): JsonRecord[];
  end(): JsonRecord[];
}

/**
 * Which of the two it is, by its beginning: a first line that is an object by itself, and wraps no others, is one of many.
 *
 * @param text from the first character that is no blank
 */
export function jsonReaderFor(text: string): Reader {
  const end = text.search(/[\r\n]/);
  const first = parseObject(end < 0 ? text : text.slice(0, end));
  return first && !Object.values(first).some(isArrayOfObjects) ? new ObjectLines() : new WrappedObjects();
}

function isArrayOfObjects(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(isObject);
  return isObject(value) && Object.values(value).some((inner) => Array.isArray(inner) && inner.some(isObject));
}

function parseObject(text: string): JsonObject | null {
  const value = valueOfJson(text);
  return isObject(value) ? value : null;
}

/** NDJSON: what is wrong with a line is wrong with it alone. */
class ObjectLines implements Reader {
  readonly #lines = new LineSplitter();

  push(piece: string): JsonRecord[] {
    return this.#lines.push(piece).flatMap(recordOfLine);
  }

  end(): JsonRecord[] {
    return this.#lines.end().flatMap(recordOfLine);
  }
}

function recordOfLine({
  line,
  text,
  problem,
}: {
  line: number;
  text: string;
  problem: "too_long" | null;
}): JsonRecord[] {
  if (problem) return [{ line, value: null, problem }];
  if (text.trim() === "") return [];
  const value = parseObject(text);
  return [{ line, value, problem: value ? null : "invalid_json" }];
}

/** Elements of the outermost arrays, whatever is around these. */
class WrappedObjects implements Reader {
  /** From the beginning of the present element. */
  #held = "";
  #line = 1;
  #begunAt = 1;
  /** Brackets that are open, outermost first. */
  readonly #open: string[] = [];
  /** How many were open when the present element began. */
  #depth: number | null = null;
  #isInString = false;
  #isEscaped = false;
  #isTooLong = false;

  push(piece: string): JsonRecord[] {
    const records: JsonRecord[] = [];
    let from = this.#depth === null ? piece.length : 0;
    for (let at = 0; at < piece.length; at++) {
      const character = piece[at];
      if (character === "\n") this.#line++;
      if (this.#isInString) this.#passString(character);
      else if (character === '"') this.#isInString = true;
      else if (character === "{" || character === "[") {
        if (this.#beginsElement(character)) from = at;
        this.#open.push(character);
      } else if (character === "}" || character === "]") {
        this.#open.pop();
        if (this.#depth !== this.#open.length) continue;
        records.push(this.#element(this.#held + piece.slice(from, at + 1)));
        from = piece.length;
      }
    }
    this.#hold(piece.slice(from));
    return records;
  }

  end(): JsonRecord[] {
    return this.#open.length || this.#isInString ? [{ line: this.#line, value: null, problem: "cut_off" }] : [];
  }

  #passString(character: string | undefined): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (character === "\\") this.#isEscaped = true;
    else if (character === '"') this.#isInString = false;
  }

  #beginsElement(character: string): boolean {
    if (this.#depth !== null || character !== "{" || this.#open.at(-1) !== "[") return false;
    this.#depth = this.#open.length;
    this.#begunAt = this.#line;
    return true;
  }

  #element(text: string): JsonRecord {
    const line = this.#begunAt;
    const isTooLong = this.#isTooLong || text.length > MAX_LINE_LENGTH;
    this.#held = "";
    this.#depth = null;
    this.#isTooLong = false;
    if (isTooLong) return { line, value: null, problem: "too_long" };
    const value = parseObject(text);
    return { line, value, problem: value ? null : "invalid_json" };
  }

  #hold(text: string): void {
    this.#held += text;
    if (this.#held.length <= MAX_LINE_LENGTH) return;
    this.#isTooLong = true;
    this.#held = "";
  }
}
