/** The SQL that the worker prepares, and how D1 would run it. */
import { bindings } from "./worker";

/** The database, noting the text of each statement that is prepared on it. */
export function notingStatements(): { readonly DB: D1Database; readonly texts: Set<string> } {
  const texts = new Set<string>();
  const DB = new Proxy(bindings.DB, {
    get(db, name) {
      if (name !== "prepare") return (Reflect.get(db, name) as (...args: unknown[]) => unknown).bind(db);
      return (sql: string) => {
        texts.add(sql);
        return db.prepare(sql);
      };
    },
  });
  return { DB, texts };
}

/** The lines of a statement's query plan. */
export async function planOf(sql: string): Promise<string[]> {
  const parameters = Math.max(0, ...[...sql.matchAll(/\?(\d+)/g)].map((match) => Number(match[1])));
  const { results } = await bindings.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`)
    .bind(...Array.from({ length: parameters }, () => 0))
    .all<{ detail: string }>();
  return results.map(({ detail }) => detail);
}

/** Indexes that hold the few rows which a statement is after. */
const SMALL_INDEX = /INDEX (?:events_pending|recipients_unsettled|recipients_erased|batches_reverting)\b/;
/** Tables that grow, by the names that statements give them. */
const LARGE = /^SCAN (?:events|e|b|d|later|v|recipients|r|receipts|batches|u|audit|quarantine|q|receipt_bodies)\b/;

/** Those of these statements that would read a large table from one end to the other. */
export async function unindexed(texts: Iterable<string>): Promise<string[]> {
  const found: string[] = [];
  for (const sql of texts) {
    const scans = (await planOf(sql)).filter((line) => LARGE.test(line) && !SMALL_INDEX.test(line));
    if (scans.length) found.push(`${sql.trim()}\n${scans.join("\n")}`);
  }
  return found;
}
