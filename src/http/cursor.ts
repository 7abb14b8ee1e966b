/** Cursors: opaque to callers, JSON in URL-safe base64 to us, with the name of the list they are a place in. */
import { base64Of, bytesOfBase64, utf8Bytes, utf8Text } from "../crypto/encoding";
import { Problem } from "./problem";

export function encodeCursor(list: string, parts: readonly (string | number)[]): string {
  return base64Of(utf8Bytes(JSON.stringify([list, ...parts])))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
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
): { -readonly [K in keyof T]: T[K] extends "string" ? string : number } | null {
  if (cursor === undefined) return null;
  const bytes = bytesOfBase64(cursor);
  const text = bytes === null ? null : utf8Text(bytes);
  const [name, ...parts] = (text === null ? null : parseArray(text)) ?? [];
  const fits = name === list && parts.length === types.length && parts.every((part, i) => typeof part === types[i]);
  if (!fits) throw new Problem("invalid_cursor");
  return parts as unknown as { -readonly [K in keyof T]: T[K] extends "string" ? string : number };
}

function parseArray(text: string): unknown[] | null {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}
