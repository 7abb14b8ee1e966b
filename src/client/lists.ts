/** Lists that the service gives out page by page. */
import { isObject } from "../domain/json";
import { badAnswer } from "./error";
import type { Page } from "./types";

/** The most that the service puts on a page. */
export const MAX_PAGE = 1_000;

/** `null`: not a page. */
export function parsePage<T>(value: unknown): Page<T> | null {
  if (!isObject(value) || !Array.isArray(value.items)) return null;
  const { nextCursor } = value;
  return nextCursor === null || typeof nextCursor === "string" ? { items: value.items as T[], nextCursor } : null;
}

/** A list that is given out whole. */
export function parseItems<T>(value: unknown): readonly T[] | null {
  return isObject(value) && Array.isArray(value.items) ? (value.items as T[]) : null;
}

/** All items of all pages, one after the other; a page is fetched when the one before has been read. */
export async function* itemsOf<T>(fetchPage: (cursor: string | undefined) => Promise<Page<T>>): AsyncGenerator<T> {
  for (let cursor: string | undefined; ; ) {
    const page = await fetchPage(cursor);
    yield* page.items;
    if (page.nextCursor === null) return;
    if (page.nextCursor === cursor) throw badAnswer("The list goes round in a circle.");
    cursor = page.nextCursor;
  }
}
