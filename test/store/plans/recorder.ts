/** Which SQL comes from which line of the stores. */

/** A statement, and the place in src/store/ that prepared it. */
export interface Prepared {
  readonly sql: string;
  /** `journal.ts:162`. */
  readonly site: string;
}

const FRAME = /\/src\/store\/([\w-]+\.ts):(\d+):\d+/;
const PREPARE = /\bdb\s*\.prepare\(|^\s*\.prepare\(/;

/** The database, noting each statement that is prepared on it. */
export function recording(db: D1Database): { readonly db: D1Database; readonly prepared: Prepared[] } {
  const prepared: Prepared[] = [];
  const proxy = new Proxy(db, {
    get(target, name) {
      if (name !== "prepare") return (Reflect.get(target, name) as (...args: unknown[]) => unknown).bind(target);
      return (sql: string) => {
        const [, file, line] = FRAME.exec(new Error().stack ?? "") ?? [];
        // What a test prepares by itself is none of the product's.
        if (file !== undefined) prepared.push({ sql, site: `${file}:${line}` });
        return target.prepare(sql);
      };
    },
  });
  return { db: proxy, prepared };
}

/** Each line of a module that prepares a statement. @param name `journal.ts` */
export function sitesIn(name: string, source: string): string[] {
  return source.split("\n").flatMap((line, i) => (PREPARE.test(line) ? [`${name}:${i + 1}`] : []));
}
