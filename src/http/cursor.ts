/**
 * Cursors: opaque to callers, JSON in URL-safe base64 to us, with the name of the list they are a place in and what was
 * asked of it. A place in one answer says nothing about another.
 */
import { base64Of, bytesOfBase64, utf8Bytes, utf8Text } from "../crypto/encoding";
import { Problem } from "./problem";

/** The filters of a list, as they were understood. */
type Query = Readonly<Record<string, string | number | undefined>>;

/** @param query what was asked of the list; the cursor is good for the same again */
export function encodeCursor(list: string, parts: readonly (string | number)[], query: Query = {}): string {
  return base64Of(utf8Bytes(JSON.stringify([nameOf(list, query), ...parts])))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

/**
 * The cursor after a page; `null`: it is the last, since it is not full.
 *
 * @param limit the most that the page could hold
 * @param partsOf where a row stands in its list
 */
export function cursorAfter<Row>(
  rows: readonly Row[],
  limit: number,
  list: string,
  partsOf: (row: Row) => readonly (string | number)[],
  query: Query = {},
): string | null {
  const last = rows.at(-1);
  return rows.length === limit && last !== undefined ? encodeCursor(list, partsOf(last), query) : null;
}

/**
 * The parts of a cursor, of the types that this list gives out; `null` for none.
 *
 * @throws Problem `invalid_cursor`
 */
export function decodeCursor<const T extends readonly ("string" | "number")[]>(
  list: string,
  cursor: string | undefined,
  types: T,
  query: Query = {},
): { -readonly [K in keyof T]: T[K] extends "string" ? string : number } | null {
  if (cursor === undefined) return null;
  const bytes = bytesOfBase64(cursor);
  const text = bytes === null ? null : utf8Text(bytes);
  const [name, ...parts] = (text === null ? null : parseArray(text)) ?? [];
  const fits =
    name === nameOf(list, query) && parts.length === types.length && parts.every((part, i) => typeof part === types[i]);
  if (!fits) throw new Problem("invalid_cursor");
  return parts as unknown as { -readonly [K in keyof T]: T[K] extends "string" ? string : number };
}

function nameOf(list: string, query: Query): string {
  const asked = Object.entries(query).filter(([, value]) => value !== undefined);
  return asked.length ? `${list}?${JSON.stringify(asked.sort(([a], [b]) => (a < b ? -1 : 1)))}` : list;
}

function parseArray(text: string): unknown[] | null {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}
