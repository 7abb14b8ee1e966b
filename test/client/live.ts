/** A client of the worker itself, where a few recipients are suppressed. */
import { createExecutionContext } from "cloudflare:test";
import { beforeAll } from "vitest";
import { type Client, createClient } from "../../src/client/client";
import type { ClientOptions } from "../../src/client/options";
import type { Env } from "../../src/config";
import worker from "../../src/index";
import { call, ORIGIN, testEnv } from "../support/worker";

export interface Live {
  readonly client: Client;
  /** `GET /v1/check?…`, in order. */
  readonly asked: string[];
}

export function live(options: Partial<ClientOptions> = {}, env?: Env): Live {
  const asked: string[] = [];
  const client = createClient({
    url: ORIGIN,
    token: "check-token",
    fetch: (url, init) => {
      asked.push(`${init.method} ${url.slice(ORIGIN.length)}`);
      return call(new Request(url, init), env);
    },
    ...options,
  });
  return { client, asked };
}

/** An operator's. */
export function operator(options: Partial<ClientOptions> = {}, env: Env = testEnv()): Live {
  return live({ token: "admin-token", ...options }, env);
}

/** When it happened. */
export const AT = "2026-01-05T10:00:00.000Z";

/** Suppresses dead@example.com, angry@example.com, a domain, and whom else one names, for all tests of a file. */
export function setSuppressed(...hard: readonly string[]): void {
  beforeAll(async () => {
    const { client } = operator();
    const bounced = ["dead@example.com", ...hard].map(
      (recipient) => ({ kind: "bounced", class: "hard", recipient, occurredAt: AT }) as const,
    );
    await client.events.record([...bounced, { kind: "complained", recipient: "angry@example.com", occurredAt: AT }]);
    await client.suppressions.block("@blocked.example");
  });
}

/** The worker's answer as it comes, piece by piece, and breaking off where the worker does. */
export async function streamed(url: string, init: RequestInit, env: Env): Promise<Response> {
  return worker.fetch(new Request(url, init), env, createExecutionContext());
}
