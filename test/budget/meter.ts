/** Bindings that count what is asked of them: what D1, KV and the objects are paid and waited for. */
import type { Env } from "../../src/config";
import { bindings } from "../support/worker";

/** Rows as D1 bills them: indexes and what triggers write included. */
export interface Rows {
  readonly read: number;
  readonly written: number;
}

export interface Usage {
  /** D1: requests, and statements in them. */
  readonly trips: number;
  readonly statements: number;
  /** The journal's transaction, and what else recording asks for. */
  readonly record: Rows;
  /** What the objects decided, written down. */
  readonly projection: Rows;
  /** When a connection was heard from: an isolate notes it once a minute, and a test's each time. */
  readonly activity: Rows;
  /** Operations, however many keys each has. */
  readonly kvReads: number;
  readonly kvWrites: number;
  readonly objectCalls: number;
}

type Method = (...args: unknown[]) => Promise<unknown>;
type Phase = "record" | "projection" | "activity";

const PHASES: readonly (readonly [RegExp, Phase])[] = [
  [/INSERT INTO recipients|UPDATE events SET state = [01]/, "projection"],
  [/INSERT INTO connection_activity/, "activity"],
  [/^/, "record"],
];

interface Meter {
  readonly bindings: Pick<Env, "DB" | "SUPPRESSIONS" | "RECIPIENT">;
  readonly usage: () => Usage;
}

export function newMeter(): Meter {
  const counted = { trips: 0, statements: 0, kvReads: 0, kvWrites: 0, objectCalls: 0 };
  const rows = {
    record: { read: 0, written: 0 },
    projection: { read: 0, written: 0 },
    activity: { read: 0, written: 0 },
  };
  const note = (sql: string, { meta }: D1Result) => {
    const phase = PHASES.find(([pattern]) => pattern.test(sql))?.[1] ?? "record";
    counted.statements++;
    rows[phase].read += meta.rows_read;
    rows[phase].written += meta.rows_written;
  };
  return {
    bindings: {
      DB: meteredDatabase(bindings.DB, () => counted.trips++, note),
      SUPPRESSIONS: meteredNamespace(bindings.SUPPRESSIONS, (name) => {
        if (name === "get") counted.kvReads++;
        else counted.kvWrites++;
      }),
      RECIPIENT: meteredObjects(bindings.RECIPIENT, () => counted.objectCalls++),
    },
    usage: () => structuredClone({ ...counted, ...rows }),
  };
}

const REAL = Symbol("the statement behind the proxy");
interface Metered {
  readonly [REAL]: { readonly sql: string; readonly statement: D1PreparedStatement };
}

function meteredDatabase(db: D1Database, trip: () => void, note: (sql: string, result: D1Result) => void): D1Database {
  const wrap = (sql: string, statement: D1PreparedStatement): D1PreparedStatement => {
    const all = async () => {
      trip();
      const result = await statement.all<Record<string, unknown>>();
      note(sql, result);
      return result;
    };
    const first = async (column?: string) => {
      const [row] = (await all()).results;
      if (!row) return null;
      return column === undefined ? row : row[column];
    };
    const bind = (...values: unknown[]) => wrap(sql, statement.bind(...values));
    return { bind, all, run: all, first, [REAL]: { sql, statement } } as unknown as D1PreparedStatement;
  };
  const batch = async (list: readonly D1PreparedStatement[]) => {
    trip();
    const real = list.map((metered) => (metered as unknown as Metered)[REAL]);
    const results = await db.batch(real.map(({ statement }) => statement));
    results.forEach((result, i) => {
      note(real[i]?.sql ?? "", result);
    });
    return results;
  };
  return { prepare: (sql: string) => wrap(sql, db.prepare(sql)), batch } as unknown as D1Database;
}

function meteredNamespace(kv: KVNamespace, note: (operation: string) => void): KVNamespace {
  return new Proxy(kv, {
    get(target, name) {
      const method = (Reflect.get(target, name) as Method).bind(target);
      return (...args: unknown[]) => {
        note(String(name));
        return method(...args);
      };
    },
  });
}

function meteredObjects(namespace: DurableObjectNamespace, note: () => void): DurableObjectNamespace {
  return new Proxy(namespace, {
    get(target, name) {
      if (name !== "getByName") return (Reflect.get(target, name) as Method).bind(target);
      return (key: string) =>
        new Proxy(target.getByName(key) as unknown as Record<string, Method>, {
          get: (stub, method) => {
            // Whatever awaits a stub asks it for `then`.
            if (method === "then") return undefined;
            return (...args: unknown[]) => {
              note();
              return stub[String(method)]?.(...args);
            };
          },
        });
    },
  });
}
