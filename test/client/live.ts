/** A client of the worker itself. */
import { createExecutionContext } from "cloudflare:test";
import { type Client, createClient } from "../../src/client/client";
import type { ClientOptions } from "../../src/client/options";
import type { Env } from "../../src/config";
import worker from "../../src/index";
import { call, ORIGIN } from "../support/worker";

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

/** The worker's answer as it comes, piece by piece, and breaking off where the worker does. */
export async function streamed(url: string, init: RequestInit, env: Env): Promise<Response> {
  return worker.fetch(new Request(url, init), env, createExecutionContext());
}
