/** Syncs as an operator meets them: secrets, requests, the cron. */
import { expect } from "vitest";
import type { Env } from "../../src/config";
import { configOf } from "../../src/config";
import { createLogger } from "../../src/log";
import { tendSyncs } from "../../src/pipeline/sync";
import type { Answer } from "./answer";
import { MAILGUN_DOMAIN, MAILGUN_KEY, POSTMARK_TOKEN, SENDGRID_KEY, SES_KEYS } from "./suppression-apis";
import { api, jsonOf, testEnv } from "./worker";

const EVERYTHING = ["hard", "soft", "complaint", "unsubscribe", "manual"];
const COMMON = { pull: true, push: EVERYTHING };

/** An environment with an account of each provider. */
export function syncEnv(more: Readonly<Record<string, unknown>> = {}): Env {
  return testEnv({
    SYNC_SES: JSON.stringify({ ...COMMON, ...SES_KEYS }),
    SYNC_SENDGRID: JSON.stringify({ ...COMMON, apiKey: SENDGRID_KEY }),
    SYNC_MAILGUN: JSON.stringify({ ...COMMON, apiKey: MAILGUN_KEY, domain: MAILGUN_DOMAIN }),
    SYNC_POSTMARK: JSON.stringify({ ...COMMON, apiKey: POSTMARK_TOKEN }),
    ...more,
  });
}

/** Asks for something, whatever is answered. */
export function ask(sync: string, what: string, json?: unknown, env: Env = syncEnv()): Promise<Response> {
  return api(`/v1/sync/${sync}/${what}`, json === undefined ? { method: "POST", env } : { json, env });
}

async function answered(response: Response): Promise<Answer> {
  expect(response.status, await response.clone().text()).toBe(200);
  return jsonOf(response);
}

export const pull = async (sync: string, query = "", env?: Env) =>
  answered(await ask(sync, `pull${query}`, undefined, env));
export const push = async (sync: string, from?: string, query = "", env?: Env) =>
  answered(await ask(sync, `push${query}`, from === undefined ? {} : { from }, env));

/** What the API says of a sync. */
export const syncOf = async (sync: string, env: Env = syncEnv()) => answered(await api(`/v1/sync/${sync}`, { env }));

/** What the cron does for syncs, and nothing else of what it does. */
export function tend(env: Env = syncEnv()): Promise<void> {
  const { policy, syncs, retention, filterEveryMs, returnPathKeys } = configOf(env);
  const deps = {
    db: env.DB,
    kv: env.SUPPRESSIONS,
    recipients: env.RECIPIENT,
    now: () => Date.now(),
    log: createLogger(),
    newId: () => crypto.randomUUID(),
    waitUntil: () => {},
    policy,
    retention,
    filterEveryMs,
    returnPathKeys,
  };
  return tendSyncs(deps as never, syncs);
}
