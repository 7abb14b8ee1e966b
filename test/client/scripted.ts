/** A service that answers as a test says, and a clock that a test moves. */
import { afterEach, beforeEach, vi } from "vitest";
import { type Client, createClient } from "../../src/client/client";
import type { ClientOptions } from "../../src/client/options";

export const ORIGIN = "https://bounce.example.com";
export const TOKEN = "check-token";

export type Answer = () => Response | Promise<Response>;

export interface Scripted {
  readonly client: Client;
  /** What was asked, in order: `GET /v1/check?…`. */
  readonly asked: string[];
  readonly requests: Request[];
}

/** Gives the answers one after the other; the last one from then on. */
export function scripted(answers: readonly Answer[], options: Partial<ClientOptions> = {}): Scripted {
  const asked: string[] = [];
  const requests: Request[] = [];
  const client = createClient({
    url: ORIGIN,
    token: TOKEN,
    fetch: async (url, init) => {
      const answer = answers[Math.min(asked.length, answers.length - 1)];
      asked.push(`${init.method} ${url.slice(ORIGIN.length)}`);
      requests.push(new Request(url, init));
      return answer!();
    },
    ...options,
  });
  return { client, asked, requests };
}

export const json = (body: unknown, status = 200, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json", ...headers } });

export const problem = (status: number, code: string, headers: Record<string, string> = {}): Response =>
  json({ type: `about:blank#${code}`, title: "A title", status, detail: "A detail.", code }, status, headers);

/** How a promise ended, as a value. */
export async function outcomeOf<T>(promise: Promise<T>): Promise<{ value: T } | { error: unknown }> {
  return promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
}

export const RECIPIENT = "john@example.com";
export const NOT_SUPPRESSED = {
  recipient: RECIPIENT,
  suppressed: false,
  reasons: [],
  since: null,
  until: null,
  source: "kv",
};

export const good: Answer = () => json(NOT_SUPPRESSED);
/** The network says whom it was about. */
export const unreachable: Answer = () =>
  Promise.reject(new TypeError(`fetch failed: ${ORIGIN}/v1/check?recipient=${RECIPIENT}`));
export const never: Answer = () => new Promise(() => {});

/** For each test of a file a clock that only `played` moves, and chance that is always in the middle. */
export function setClock(): void {
  beforeEach(() => {
    vi.useFakeTimers();
    vi.spyOn(Math, "random").mockReturnValue(0.5);
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });
}

/** Runs it, and lets as much time pass as it takes. */
export async function played<T>(promise: Promise<T>) {
  const started = Date.now();
  const outcome = outcomeOf(promise).then((ended) => ({ ...ended, tookMs: Date.now() - started }));
  await vi.runAllTimersAsync();
  return outcome;
}
