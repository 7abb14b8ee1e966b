/**
 * The built worker with its operations counted. `GET /__meter` answers what was counted since it was last asked:
 * round trips, statements and rows by statement, operations of KV and the keys that they read, calls of objects.
 */
import worker, { Recipient, Suppressions } from "./index.js";

export { Recipient, Suppressions };

const nothing = () => ({ roundTrips: 0, kvReads: 0, kvKeysRead: 0, kvWrites: 0, objectCalls: 0, statements: [] });
const KV_READS = ["get", "getWithMetadata", "list"];
let meter = nothing();

export default {
  ...worker,
  fetch: (request, env, ctx) => {
    if (new URL(request.url).pathname !== "/__meter") return worker.fetch(request, meteredEnv(env), ctx);
    const counted = meter;
    meter = nothing();
    return Response.json(counted);
  },
  scheduled: (controller, env, ctx) => worker.scheduled(controller, meteredEnv(env), ctx),
};

/** One for each environment: the worker keeps its configuration by it. */
const environments = new WeakMap();

function meteredEnv(env) {
  const known = environments.get(env);
  if (known) return known;
  const metered = {
    ...env,
    DB: meteredDatabase(env.DB),
    SUPPRESSIONS: watched(env.SUPPRESSIONS, noteKv),
    RECIPIENT: { getByName: (name) => watched(env.RECIPIENT.getByName(name), () => meter.objectCalls++) },
  };
  environments.set(env, metered);
  return metered;
}

function noteKv(name, [keys]) {
  const isRead = KV_READS.includes(name);
  meter[isRead ? "kvReads" : "kvWrites"]++;
  if (isRead) meter.kvKeysRead += Array.isArray(keys) ? keys.length : 1;
}

/** An object whose methods are told of before they are called. */
function watched(target, onCall) {
  return new Proxy(target, {
    get:
      (real, name) =>
      (...args) => {
        onCall(name, args);
        return real[name](...args);
      },
  });
}

const REAL = Symbol("the statement behind the proxy");
const SQL = Symbol("its text");

function meteredDatabase(db) {
  return {
    prepare: (sql) => meteredStatement(db.prepare(sql), sql),
    batch: async (statements) =>
      counted(
        await db.batch(statements.map((statement) => statement[REAL])),
        statements.map((statement) => statement[SQL]),
      ),
  };
}

function meteredStatement(statement, sql) {
  const all = async () => counted([await statement.all()], [sql])[0];
  return {
    [REAL]: statement,
    [SQL]: sql,
    bind: (...values) => meteredStatement(statement.bind(...values), sql),
    all,
    run: all,
    first: async (column) => {
      const [row] = (await all()).results;
      return row === undefined ? null : column === undefined ? row : row[column];
    },
  };
}

function counted(results, texts) {
  meter.roundTrips++;
  results.forEach(({ meta }, i) => {
    meter.statements.push({ sql: texts[i], read: meta.rows_read, written: meta.rows_written, ms: meta.duration });
  });
  return results;
}
