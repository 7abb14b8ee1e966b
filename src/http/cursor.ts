/** Cursors: opaque to callers, JSON in URL-safe base64 to us. */
import { base64Of, bytesOfBase64, utf8Bytes, utf8Text } from "../crypto/encoding";
import { Problem } from "./problem";

export function encodeCursor(parts: readonly (string | number)[]): string {
  return base64Of(utf8Bytes(JSON.stringify(parts)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

/**
 * The parts of a cursor, of the types that this query gives out; `null` for none.
 *
 * @throws Problem `invalid_cursor`
 */
export function decodeCursor<const T extends readonly ("string" | "number")[]>(
  cursor: string | undefined,
  types: T,
): { -readonly [K in keyof T]: T[K] extends "string" ? string : number } | null {
  if (cursor === undefined) return null;
  const bytes = bytesOfBase64(cursor);
  const text = bytes === null ? null : utf8Text(bytes);
  const parts = text === null ? null : parseArray(text);
  const fits = parts?.length === types.length && parts.every((part, i) => typeof part === types[i]);
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
