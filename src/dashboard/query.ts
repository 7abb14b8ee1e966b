/** Reading a page's own URL: what is none of its words, or no time, is as if it were not there. */
import { decodeCursor } from "../http/cursor";

const MAX_VALUE_LENGTH = 1_000;

/** The values of these names, trimmed; those that are absent, empty or too long are left out. */
export function queryOf(url: URL, names: readonly string[]): Readonly<Partial<Record<string, string>>> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = url.searchParams.get(name)?.trim() ?? "";
      return value === "" || value.length > MAX_VALUE_LENGTH ? [] : [[name, value]];
    }),
  );
}

/**
 * Where in a list the page begins, as its URL says; `null`: at the beginning, also where it is no place in this list.
 *
 * @param types of the cursor's parts
 */
export function cursorIn<const T extends readonly ("string" | "number")[]>(url: URL, list: string, types: T) {
  try {
    return decodeCursor(list, url.searchParams.get("cursor") ?? undefined, types);
  } catch {
    return null;
  }
}

/** A day (`2026-11-21`, its beginning in UTC) or a moment, as epoch ms. */
export function timeOf(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{4}-\d{2}-\d{2}(?:T[\d:.]+Z?)?$/.test(text)) return undefined;
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}

/** A property, or none where there is no value. */
export function optional<K extends string, V>(name: K, value: V | undefined): { [P in K]?: V } {
  return (value === undefined ? {} : { [name]: value }) as { [P in K]?: V };
}

/** A field of a form, trimmed; `undefined` where it is empty, no text, or longer than is sensible. */
export function textIn(form: Readonly<Record<string, unknown>>, name: string, maxLength: number): string | undefined {
  const value = form[name];
  const text = typeof value === "string" ? value.trim() : "";
  return text === "" || text.length > maxLength ? undefined : text;
}

/** A path of the dashboard, as a form or URL names where to go on; never another host. */
export function pathIn(text: string | undefined): string | undefined {
  return text !== undefined && /^\/dashboard(?:[/?][\x21-\x7e]*)?$/.test(text) && !text.includes("\\")
    ? text
    : undefined;
}

/** The values of a field that may come several times: at most so many, none of them empty. */
export function textsIn(form: Readonly<Record<string, unknown>>, name: string, limit: number): string[] {
  return [form[name]]
    .flat()
    .filter((value): value is string => typeof value === "string" && value.trim() !== "")
    .slice(0, limit);
}

/** A page again, with the word that says what was done. @param to a path of the dashboard */
export function withDone(to: string, done: { readonly done: string; readonly batch?: string }): string {
  const url = new URL(to, "https://dashboard.invalid");
  for (const name of ["done", "batch"]) url.searchParams.delete(name);
  for (const [name, value] of Object.entries(done)) url.searchParams.set(name, value);
  return url.pathname + url.search;
}
