/** Following the changes feed, as a mirror does. */
import { expect } from "vitest";
import type { Change } from "../../src/client/types";
import { rowsOf } from "./stores";
import { api, jsonOf } from "./worker";

export interface ChangePage {
  readonly items: readonly Change[];
  readonly nextCursor: string;
}

export async function changesAt(cursor?: string, limit?: number): Promise<ChangePage> {
  const query = new URLSearchParams({ ...(cursor === undefined ? {} : { cursor }), limit: `${limit ?? 1_000}` });
  const response = await api(`/v1/suppressions/changes?${query}`);
  expect(response.status).toBe(200);
  return jsonOf(response);
}

/** Everything from a cursor on, page by page. */
export async function changesFrom(cursor?: string, limit?: number): Promise<Change[]> {
  const page = await changesAt(cursor, limit);
  return page.items.length ? [...page.items, ...(await changesFrom(page.nextCursor, limit))] : [];
}

/** What a mirror holds after these changes: of each recipient the last, unless it may be mailed. */
function mirrorOf(changes: readonly Change[]): Record<string, unknown> {
  const mirror: Record<string, unknown> = {};
  for (const { key, suppressed, allowed, reasons } of changes) {
    delete mirror[key];
    if (suppressed || allowed) mirror[key] = { allowed, reasons };
  }
  return mirror;
}

/** Asserts that the feed from its beginning tells a mirror everything that the projection says. */
export async function expectMirror(): Promise<void> {
  const rows = await rowsOf<{ key: string; answer: string }>(
    "SELECT key, answer FROM recipients WHERE answer IS NOT NULL",
  );
  const expected = rows.map(({ key, answer }) => {
    const { reasons, allowed = false } = JSON.parse(answer) as { reasons: object; allowed?: boolean };
    return [key, { allowed, reasons: Object.keys(reasons) }];
  });
  expect(mirrorOf(await changesFrom())).toEqual(Object.fromEntries(expected));
}
