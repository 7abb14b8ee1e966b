/**
 * Stores that fail where a test says. Every operation on D1, KV and the recipients' objects is a step, counted in the
 * order in which it begins; a fault strikes before the operation took effect, or after it did but before its caller heard of it.
 */
import type { Env } from "../../src/config";
import { bindings } from "./worker";

export type Moment = "before" | "after";
export type StoreName = "db" | "kv" | "object";

export interface Step {
  readonly store: StoreName;
  readonly operation: string;
  /** It changes nothing: that it failed before or after makes no difference to anybody. */
  readonly isRead: boolean;
}

/** What happens to a step: it is held up, it fails, or both. */
export interface Interference {
  readonly holdBefore?: () => Promise<unknown>;
  /** After it took effect, and before its caller hears of it. */
  readonly holdAfter?: () => Promise<unknown>;
  readonly fail?: Moment | null;
}

/** Decides for each step whether it fails, and when, and what it waits for. */
export type Plan = (step: Step, index: number) => Moment | Interference | null;

export interface Faults {
  /** What was done, in order, failed or not. */
  readonly steps: Step[];
  /** How many faults have struck. */
  readonly struck: () => number;
  readonly bindings: Pick<Env, "DB" | "SUPPRESSIONS" | "RECIPIENT">;
}

class InjectedFault extends Error {}

/** Fails exactly the n-th step (from 0), once. */
export function failStep(n: number, moment: Moment): Plan {
  return (_step, index) => (index === n ? moment : null);
}

/** Fails every operation of a store. */
export function failStore(store: StoreName): Plan {
  return (step) => (step.store === store ? "before" : null);
}

export interface HeldStep {
  readonly plan: Plan;
  /** Kept once the step waits. */
  readonly reached: Promise<void>;
  readonly release: () => void;
}

/** Holds up the first step that matches until it is released. */
export function holdStep(matches: (step: Step, index: number) => boolean, moment: Moment): HeldStep {
  const reached = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const hold = () => {
    reached.resolve();
    return released.promise;
  };
  let found = false;
  return {
    plan: (step, index) => {
      if (found || !matches(step, index)) return null;
      found = true;
      return moment === "before" ? { holdBefore: hold } : { holdAfter: hold };
    },
    reached: reached.promise,
    release: released.resolve,
  };
}

/** The n-th operation (from 0) of this name on a store. */
export function nth(n: number, store: StoreName, operation: string): (step: Step) => boolean {
  let seen = 0;
  return (step) => step.store === store && step.operation === operation && seen++ === n;
}

/** The test's bindings with faults in them. */
export function withFaults(plan: Plan): Faults {
  const steps: Step[] = [];
  let struck = 0;
  const step: RunStep = async (about, run) => {
    const { store, operation } = about;
    const planned = plan(about, steps.push(about) - 1);
    const { holdBefore, holdAfter, fail } = typeof planned === "string" ? { fail: planned } : (planned ?? {});
    await holdBefore?.();
    if (fail === "before") {
      struck++;
      throw new InjectedFault(`${store}.${operation}`);
    }
    const result = await run();
    await holdAfter?.();
    if (fail === "after") {
      struck++;
      throw new InjectedFault(`${store}.${operation}`);
    }
    return result;
  };
  return {
    steps,
    struck: () => struck,
    bindings: {
      DB: faultyDatabase(bindings.DB, step),
      SUPPRESSIONS: faultyMethods(bindings.SUPPRESSIONS, "kv", ["get", "put", "delete", "list"], step),
      RECIPIENT: faultyNamespace(bindings.RECIPIENT, step),
    },
  };
}

type RunStep = <T>(step: Step, run: () => Promise<T>) => Promise<T>;
type Method = (...args: unknown[]) => Promise<unknown>;

const READING_METHODS = ["get", "list", "revision"];
const READING_SQL = /^\s*(?:SELECT|EXPLAIN)\b/i;

function faultyMethods<T extends object>(target: T, store: StoreName, names: readonly string[], step: RunStep): T {
  return new Proxy(target, {
    get(object, name) {
      const value = Reflect.get(object, name) as unknown;
      if (typeof value !== "function") return value;
      const method = (value as Method).bind(object);
      if (!names.includes(String(name))) return method;
      const about = { store, operation: String(name), isRead: READING_METHODS.includes(String(name)) };
      return (...args: unknown[]) => step(about, () => method(...args));
    },
  });
}

const REAL = Symbol("the statement behind the proxy");

interface Behind {
  readonly statement: D1PreparedStatement;
  readonly isRead: boolean;
}

function faultyDatabase(db: D1Database, step: RunStep): D1Database {
  const wrap = (statement: D1PreparedStatement, isRead: boolean): D1PreparedStatement =>
    new Proxy(statement, {
      get(object, name) {
        if (name === REAL) return { statement: object, isRead } satisfies Behind;
        if (name === "bind") return (...values: unknown[]) => wrap(object.bind(...values), isRead);
        const value = Reflect.get(object, name) as unknown;
        // An async function that returns a statement asks it for `then`.
        if (typeof value !== "function") return value;
        const method = (value as Method).bind(object);
        return (...args: unknown[]) => step({ store: "db", operation: String(name), isRead }, () => method(...args));
      },
    });
  const behind = (statement: D1PreparedStatement) => (statement as unknown as { [REAL]: Behind })[REAL];
  return new Proxy(db, {
    get(object, name) {
      if (name === "prepare") return (sql: string) => wrap(object.prepare(sql), READING_SQL.test(sql));
      if (name === "batch")
        return (list: D1PreparedStatement[]) => {
          const all = list.map(behind);
          const about = { store: "db" as const, operation: "batch", isRead: all.every(({ isRead }) => isRead) };
          return step(about, () => object.batch(all.map(({ statement }) => statement)));
        };
      return (Reflect.get(object, name) as Method).bind(object);
    },
  });
}

function faultyNamespace(namespace: DurableObjectNamespace, step: RunStep): DurableObjectNamespace {
  return new Proxy(namespace, {
    get(object, name) {
      if (name !== "getByName") return (Reflect.get(object, name) as Method).bind(object);
      return (key: string) => {
        const stub = object.getByName(key) as unknown as Record<string, Method>;
        const call =
          (method: string) =>
          (...args: unknown[]) =>
            step({ store: "object", operation: method, isRead: READING_METHODS.includes(method) }, () =>
              (stub[method] as Method)(...args),
            );
        const methods = ["apply", "rebuild", "takeProbe", "revision", "forget"];
        return Object.fromEntries(methods.map((method) => [method, call(method)]));
      };
    },
  });
}
