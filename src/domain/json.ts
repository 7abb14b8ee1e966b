/** JSON that somebody else wrote. */

export type JsonObject = Readonly<Record<string, unknown>>;

/** An object of JSON: no list, and not `null`. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What a text says; `undefined`: it is no JSON. */
export function valueOfJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
