/** Reading JSON that somebody else wrote: no exceptions, no rounded numbers, no wrong types. */
import { utf8Text } from "../crypto/encoding";
import { isObject, type JsonObject } from "../domain/json";
import { fail, ok, type Result } from "../domain/result";

export { isObject, type JsonObject };

/** Sixteen digits may exceed 2^53; only then is the slow, exact way taken. */
const LONG_NUMBER = /[[:,]\s*-?\d{16,}/;

/** What is kept is written again as JSON, and the engine, which parses without recursion, writes with it. */
const MAX_DEPTH = 100;

export type JsonError = "empty_body" | "invalid_utf8" | "invalid_json" | "too_deep";

/** A JSON text. Integers beyond 2^53 become their digits as text, so that ids stay exact. */
export function parseJson(body: Uint8Array): Result<unknown, JsonError> {
  const text = utf8Text(body);
  if (text === null) return fail("invalid_utf8");
  return text.trim() === "" ? fail("empty_body") : parseJsonText(text);
}

/** The same of a text that is decoded already. */
export function parseJsonText(text: string): Result<unknown, JsonError> {
  try {
    const value: unknown = LONG_NUMBER.test(text)
      ? JSON.parse(text, exactIntegers as (key: string, value: unknown) => unknown)
      : JSON.parse(text);
    return isDeeperThan(MAX_DEPTH, value) ? fail("too_deep") : ok(value);
  } catch (error) {
    // The reviver's walk is recursive: nesting without end exhausts the stack there.
    return fail(error instanceof RangeError ? "too_deep" : "invalid_json");
  }
}

/** Reviver with source text access (TC39 proposal, in V8 since 11.4). */
function exactIntegers(_key: string, value: unknown, context?: { source?: string }): unknown {
  const isRounded = typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value);
  return isRounded && context?.source !== undefined && /^-?\d+$/.test(context.source) ? context.source : value;
}

function isDeeperThan(depth: number, value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return depth === 0 || Object.values(value).some((child) => isDeeperThan(depth - 1, child));
}

/**
 * The records of a body that holds one record, an array of them, or one per line (NDJSON). A line that is no JSON
 * is an error of that line alone.
 */
export function parseRecords(body: Uint8Array): Result<readonly Result<unknown, JsonError>[], JsonError> {
  const text = utf8Text(body);
  if (text === null) return fail("invalid_utf8");
  if (text.trim() === "") return fail("empty_body");
  const whole = parseJsonText(text);
  if (whole.ok) return ok((Array.isArray(whole.value) ? whole.value : [whole.value]).map(ok));
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  // A truncated document of several lines is not NDJSON: its first line is no record of its own.
  const parsed = lines.map(parseJsonText);
  return lines.length > 1 && parsed[0]?.ok && isObject(parsed[0].value) ? ok(parsed) : whole;
}

/** A text or a number as text; anything else, and the empty text, is absent. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === "number" && Number.isFinite(value)) return String(value);
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}

/** A list of texts out of an array of them or a single one. */
export function textsOf(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).flatMap((v) => textOf(v) ?? []);
}

/** An object, or one without fields in its place, so that a field of it can be asked for. */
export function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

/** What a table says of somebody else's word; nothing of a word that it lacks, be it one that every object has. */
export function entryOf<Entry>(table: Readonly<Record<string, Entry>>, word: string | undefined): Entry | undefined {
  return word !== undefined && Object.hasOwn(table, word) ? table[word] : undefined;
}

/** What a sender gave along in one text: its fields where it is a JSON object, else the text under a name. */
export function fieldsOfText(value: unknown, name: string): JsonObject {
  if (isObject(value)) return value;
  const text = textOf(value);
  if (text === undefined) return {};
  const parsed = parseJsonText(text);
  return parsed.ok && isObject(parsed.value) ? parsed.value : { [name]: text };
}
