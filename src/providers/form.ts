/** Reading HTML forms that somebody else posted: `application/x-www-form-urlencoded` and `multipart/form-data`. */
import { utf8Text } from "../crypto/encoding";
import { fail, ok, type Result } from "../domain/result";
import type { ParsedItem, ParseOutcome, WebhookRequest } from "./adapter";
import type { JsonObject } from "./json";
import { eachRecord, type FormError, readRecords, unreadableBody } from "./parsed";

/** The values of each field, in the order in which they came. */
export type FormFields = ReadonlyMap<string, readonly string[]>;

/** RFC 2046 §5.1.1: at most 70 characters. */
const BOUNDARY = /;\s*boundary=(?:"([^"\r\n]{1,70})"|([^\s;"]{1,70}))/i;
/** No field name that a provider sends has an escaped quote in it. */
const FIELD_NAME = /;[ \t]*name="([^"\r\n]{0,200})"/i;
const FILE_NAME = /;[ \t]*filename\*?=/i;
const END_OF_HEADERS = "\r\n\r\n";
/** More parts than any provider posts. */
const MAX_PARTS = 1_000;

/**
 * A form, urlencoded or multipart (RFC 7578), by its content type. Files are left out. One that was cut off is none.
 */
export function parseForm(request: Pick<WebhookRequest, "headers" | "body">): Result<FormFields, FormError> {
  if (!request.body.byteLength) return fail("empty_body");
  const contentType = request.headers.get("content-type") ?? "";
  const pairs = /^\s*multipart\/form-data\b/i.test(contentType)
    ? multipartPairs(request.body, contentType)
    : urlencodedPairs(request.body);
  if (!pairs.ok) return pairs;
  const fields = new Map<string, string[]>();
  for (const [name, value] of pairs.value) {
    const values = fields.get(name);
    if (values) values.push(value);
    else fields.set(name, [value]);
  }
  return ok(fields);
}

/**
 * Reads a body that may be JSON (a record, several) or one form. What comes is told by its first character, for no form
 * begins with a bracket.
 */
export function readFormOrJson(
  request: Pick<WebhookRequest, "headers" | "body">,
  read: (record: unknown) => ParsedItem,
): ParseOutcome {
  if (/^\s*[[{]/.test(new TextDecoder().decode(request.body.subarray(0, 100)))) return readRecords(request.body, read);
  const form = parseForm(request);
  if (!form.ok) return unreadableBody(form.error);
  return eachRecord([recordOfForm(form.value)], read);
}

/** A form as a record: a field that is given twice is a list, and no text. */
export function recordOfForm(fields: FormFields): JsonObject {
  return Object.fromEntries([...fields].map(([name, values]) => [name, values.length === 1 ? values[0] : values]));
}

type Pairs = readonly (readonly [name: string, value: string])[];

function urlencodedPairs(body: Uint8Array): Result<Pairs, FormError> {
  const text = utf8Text(body);
  if (text === null) return fail("invalid_utf8");
  return text.trim() === "" ? fail("empty_body") : ok([...new URLSearchParams(text)]);
}

/**
 * The fields of a multipart body (RFC 7578); files are left out. A body that does not end with its closing delimiter
 * was cut off and has no fields.
 */
function multipartPairs(body: Uint8Array, contentType: string): Result<Pairs, FormError> {
  const [, quoted, plain] = BOUNDARY.exec(contentType) ?? [];
  const boundary = quoted ?? plain;
  if (boundary === undefined) return fail("invalid_form");
  // One character for each byte, so that positions in the text are positions in the body.
  const text = new TextDecoder("windows-1252").decode(body);
  const delimiter = `--${boundary}`;
  const pairs: (readonly [string, string])[] = [];
  let start = text.startsWith(delimiter) ? 0 : text.indexOf(`\r\n${delimiter}`);
  if (start > 0) start += "\r\n".length;
  for (let parts = 0; start >= 0 && parts <= MAX_PARTS; parts++) {
    const head = start + delimiter.length;
    if (text.startsWith("--", head)) return ok(pairs);
    const end = text.indexOf(`\r\n${delimiter}`, head);
    if (end < 0) break;
    const pair = partPair(text, body, head, end);
    if (pair) pairs.push(pair);
    start = end + "\r\n".length;
  }
  return fail("invalid_form");
}

/** The name and the value of a part; `null`: a file, or no field at all. */
function partPair(text: string, body: Uint8Array, start: number, end: number): readonly [string, string] | null {
  const blank = text.slice(start, end).indexOf(END_OF_HEADERS);
  if (blank < 0) return null;
  const headers = text.slice(start, start + blank);
  const name = FIELD_NAME.exec(headers)?.[1];
  if (name === undefined || FILE_NAME.test(headers)) return null;
  const value = utf8Text(body.subarray(start + blank + END_OF_HEADERS.length, end));
  return value === null ? null : [name, value];
}
