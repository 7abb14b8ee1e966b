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
