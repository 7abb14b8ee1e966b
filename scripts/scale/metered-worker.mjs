/** The worker, with its statements counted. `GET /__meter` gives the counts since it was last asked. */
import worker, { Recipient, Suppressions } from "../../src/index.ts";

export { Recipient, Suppressions };

const NOTHING = { roundTrips: 0, statements: 0, rowsRead: 0, rowsWritten: 0, databaseMs: 0, kvOperations: 0 };
let meter = { ...NOTHING };

export default {
  ...worker,
  fetch: (request, env, ctx) => {
    if (new URL(request.url).pathname !== "/__meter") return worker.fetch(request, meteredEnv(env), ctx);
    const counted = meter;
    meter = { ...NOTHING };
    return Response.json(counted);
  },
  scheduled: (controller, env, ctx) => worker.scheduled(controller, meteredEnv(env), ctx),
};

/** One for each environment: the worker keeps its configuration by it. */
const environments = new WeakMap();

function meteredEnv(env) {
  const known = environments.get(env);
  if (known) return known;
  const metered = { ...env, DB: meteredDatabase(env.DB), SUPPRESSIONS: meteredNamespace(env.SUPPRESSIONS) };
  environments.set(env, metered);
  return metered;
}

const REAL = Symbol("the statement behind the proxy");

function meteredDatabase(db) {
  return {
    prepare: (sql) => meteredStatement(db.prepare(sql)),
    batch: async (statements) => counted(await db.batch(statements.map((statement) => statement[REAL]))),
  };
}

function meteredStatement(statement) {
  const all = async () => counted([await statement.all()])[0];
  return {
    [REAL]: statement,
    bind: (...values) => meteredStatement(statement.bind(...values)),
    all,
    run: all,
    first: async (column) => {
      const [row] = (await all()).results;
      return row === undefined ? null : column === undefined ? row : row[column];
    },
  };
}

function counted(results) {
  meter.roundTrips++;
  for (const { meta } of results) {
    meter.statements++;
    meter.rowsRead += meta.rows_read;
    meter.rowsWritten += meta.rows_written;
    meter.databaseMs += meta.duration;
  }
  return results;
}

function meteredNamespace(kv) {
  return new Proxy(kv, {
    get: (target, name) => {
      const value = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      return (...args) => {
        meter.kvOperations++;
        return value.apply(target, args);
      };
    },
  });
}
