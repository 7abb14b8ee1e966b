/** Calls the worker as the platform would: default export, an environment of the test's choice, background work awaited. */
import {
  createExecutionContext,
  createScheduledController,
  type D1Migration,
  reset,
  waitOnExecutionContext,
} from "cloudflare:test";
import { env as base } from "cloudflare:workers";
import type { Env } from "../../src/config";
import worker from "../../src/index";
import { forgetDomains } from "../../src/store/edge-cache";
import type { Answer } from "./answer";

type Bindings = Pick<Env, "DB" | "SUPPRESSIONS" | "RECIPIENT">;
const bound = base as unknown as Bindings & { TEST_MIGRATIONS: D1Migration[] };

/** How often the stores have been emptied. */
let emptied = 0;

/**
 * Objects by names of their own since the stores were emptied last: one that has work to do just then outlives that, and
 * would know of its recipient what a test before has told.
 */
const recipients = new Proxy(bound.RECIPIENT, {
  get: (namespace, method: keyof DurableObjectNamespace) =>
    method === "getByName" ? (name: string) => namespace.getByName(`${emptied} ${name}`) : namespace[method],
});

export const bindings: Bindings = { DB: bound.DB, SUPPRESSIONS: bound.SUPPRESSIONS, RECIPIENT: recipients };
export const ORIGIN = "https://bounce.example.com";
export const ADMIN = { authorization: "Bearer admin-token" };
export const CHECK = { authorization: "Bearer check-token" };

/** A clean environment: only what is named here, so that a developer's own secrets never leak into a test. */
export function testEnv(extra: Readonly<Record<string, unknown>> = {}): Env {
  return {
    ...bindings,
    ADMIN_TOKENS: "admin-token,admin-token-2",
    CHECK_TOKENS: "check-token",
    WEBHOOK_INBOXROAD: "inboxroad-secret",
    WEBHOOK_POWERMTA: "powermta-secret",
    WEBHOOK_SMTPETER: "smtpeter-secret",
    WEBHOOK_LISTMONK: "listmonk:listmonk-token",
    ...extra,
  };
}

/** How long work of the test before, which nobody waits for any more, may keep its database open. */
const LEFT_OVER_MS = 5_000;
const HAS_TABLES = "SELECT count(*) AS n FROM sqlite_master WHERE name = 'events'";

/** Deletes what every store holds. A database that is in use outlives a reset, and is deleted once it is not. */
export async function emptyStores(): Promise<void> {
  emptied++;
  forgetDomains();
  for (const end = performance.now() + LEFT_OVER_MS; ; await scheduler.wait(20)) {
    await reset();
    if (await areEmpty()) return;
    if (performance.now() > end) throw new Error("The test before is still at work.");
  }
}

async function areEmpty(): Promise<boolean> {
  const [tables, { keys }] = await Promise.all([
    bindings.DB.prepare(HAS_TABLES).first("n"),
    bindings.SUPPRESSIONS.list({ limit: 1 }),
  ]);
  return tables === 0 && keys.length === 0;
}

/** Empty stores with the real schema: all migrations at once, since this is done for each of some thousand tests. */
export async function freshStores(): Promise<void> {
  await emptyStores();
  const statements = bound.TEST_MIGRATIONS.flatMap(({ queries }) => queries);
  await bindings.DB.batch(statements.map((sql) => bindings.DB.prepare(sql)));
}

export async function call(request: Request, env: Env = testEnv()): Promise<Response> {
  const ctx = createExecutionContext();
  const response = await worker.fetch(request, env, ctx);
  const body = await response.arrayBuffer();
  await waitOnExecutionContext(ctx);
  return new Response([101, 204, 205, 304].includes(response.status) ? null : body, response);
}

export interface CallOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: BodyInit;
  readonly json?: unknown;
  readonly env?: Env;
}

/** A request to a path of the worker, as an operator unless other headers say otherwise. */
export function api(path: string, { method, headers = ADMIN, body, json, env }: CallOptions = {}): Promise<Response> {
  const init: RequestInit = { method: method ?? (body !== undefined || json !== undefined ? "POST" : "GET"), headers };
  if (json !== undefined) {
    init.body = JSON.stringify(json);
    init.headers = { "content-type": "application/json", ...headers };
  } else if (body !== undefined) init.body = body;
  return call(new Request(`${ORIGIN}${path}`, init), env);
}

/** What a test reads of an answer: its JSON, as the type that the test names. */
export async function jsonOf<T = Answer>(response: Response): Promise<T> {
  return response.json<T>();
}

export async function runCron(env: Env = testEnv()): Promise<void> {
  const ctx = createExecutionContext();
  await worker.scheduled(createScheduledController({ cron: "* * * * *", scheduledTime: new Date() }), env, ctx);
  await waitOnExecutionContext(ctx);
}
