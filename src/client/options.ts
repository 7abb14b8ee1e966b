/** What a client is made with, and what becomes of it. */
import { PURPOSES } from "../domain/answer";
import { KEEPS } from "../list/scrub";
import type { BouncekeeperError } from "./error";
import type { Pace } from "./retry";
import { createTransport, type Transport } from "./transport";
import type { Consistency, Purpose } from "./types";

/** What a check says when nobody can answer: an error, "suppressed", or "may be mailed". */
export type OnError = "throw" | "block" | "allow";

export interface ClientOptions {
  /** Where the service is: `https://bouncekeeper.example.workers.dev`. */
  readonly url: string | URL;
  /** One of `CHECK_TOKENS` for checks, of `ADMIN_TOKENS` for everything. */
  readonly token: string;
  /** Default `throw`. It is about a service that cannot answer; a wrong token or URL is always thrown. */
  readonly onError?: OnError | undefined;
  /** Of checks that do not say otherwise. Default `marketing`. */
  readonly purpose?: Purpose | undefined;
  /** Of single checks that do not say otherwise. Default `eventual`: the edge cache, at most a minute behind. */
  readonly consistency?: Consistency | undefined;
  /** Are checks that are made in the same tick asked in one request? Default `true`. */
  readonly batch?: boolean | undefined;
  /** How long one attempt of a check may take. Default 2,000. */
  readonly timeoutMs?: number | undefined;
  /** How long a check may take, retries and waits included. Default: three times `timeoutMs`. */
  readonly deadlineMs?: number | undefined;
  /** How often a call that nobody answered is made again. Default 2. */
  readonly retries?: number | undefined;
  /** In the place of the global one: a service binding's, an agent's. */
  readonly fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Told of every call that failed, for the log; whatever `onError` makes of it. */
  readonly onFailure?: ((error: BouncekeeperError) => void) | undefined;
}

export interface CallOptions {
  /** Gives up; the call rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Options, checked and complete. */
export interface Settings {
  readonly transport: Transport;
  readonly onError: OnError;
  readonly purpose: Purpose;
  readonly consistency: Consistency;
  readonly batch: boolean;
  /** Of a check: a mail waits for it. */
  readonly quick: Pace;
  /** Of everything else. */
  readonly patient: Pace;
  /** Of what must not be done twice. */
  readonly once: Pace;
}

const DEFAULT_TIMEOUT_MS = 2_000;
const DEFAULT_DEADLINE_TIMEOUTS = 3;
const DEFAULT_RETRIES = 2;
const QUICK_RETRY_AFTER_MS = 1_000;
const PATIENT_TIMEOUT_MS = 30_000;
const PATIENT_DEADLINE_MS = 120_000;
const PATIENT_RETRY_AFTER_MS = 30_000;
/** Longer timers fire at once (HTML: a signed 32-bit number of milliseconds). */
const MAX_TIMER_MS = 2 ** 31 - 1;

const CHOICES = {
  onError: ["throw", "block", "allow"],
  purpose: PURPOSES,
  consistency: ["eventual", "strong"],
  keep: KEEPS,
} as const;

/**
 * @throws TypeError where an option cannot be used, without its value
 */
export function settingsOf(options: ClientOptions): Settings {
  const timeoutMs = number("timeoutMs", options.timeoutMs ?? DEFAULT_TIMEOUT_MS, 1, MAX_TIMER_MS);
  const deadlineMs = options.deadlineMs ?? Math.min(timeoutMs * DEFAULT_DEADLINE_TIMEOUTS, MAX_TIMER_MS);
  const retries = number("retries", options.retries ?? DEFAULT_RETRIES, 0, 100);
  const quick = {
    timeoutMs,
    deadlineMs: number("deadlineMs", deadlineMs, 1, MAX_TIMER_MS),
    retries,
    maxRetryAfterMs: QUICK_RETRY_AFTER_MS,
  };
  const patient = {
    timeoutMs: Math.max(timeoutMs, PATIENT_TIMEOUT_MS),
    deadlineMs: Math.max(deadlineMs, PATIENT_DEADLINE_MS),
    retries,
    maxRetryAfterMs: PATIENT_RETRY_AFTER_MS,
  };
  return {
    transport: transportOf(options),
    onError: choice("onError", options.onError ?? "throw"),
    purpose: choice("purpose", options.purpose ?? "marketing"),
    consistency: choice("consistency", options.consistency ?? "eventual"),
    batch: options.batch ?? true,
    quick,
    patient,
    once: { ...patient, retries: 0 },
  };
}

function transportOf({ url, token, headers = {}, onFailure, ...options }: ClientOptions): Transport {
  if (typeof token !== "string" || !/^[\x21-\x7e]+$/.test(token)) {
    throw new TypeError("token: a bearer token, without spaces");
  }
  return createTransport({
    base: baseOf(url),
    headers: headersOf(headers, token),
    // The global one is looked up with each call: it may be replaced, by a test or by an instrumentation.
    fetch: options.fetch ?? ((input, init) => fetch(input, init)),
    onFailure: (error) => {
      try {
        onFailure?.(error);
      } catch {
        // A log that fails is no reason to fail a check.
      }
    },
  });
}

/** Checked here: with one that cannot be sent, every call would look like a service that does not answer. */
function headersOf(headers: Readonly<Record<string, string>>, token: string): Readonly<Record<string, string>> {
  const all = { accept: "application/json", ...headers, authorization: `Bearer ${token}` };
  try {
    new Headers(all);
  } catch {
    throw new TypeError("headers: names and values as HTTP allows them");
  }
  return all;
}

function baseOf(text: string | URL): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new TypeError("url: the service's URL, such as https://bouncekeeper.example.workers.dev");
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") throw new TypeError("url: http or https");
  if (url.username || url.password || url.search || url.hash) {
    throw new TypeError("url: without user, password, query and fragment");
  }
  return `${url.origin}${url.pathname.replace(/(?<!\/)\/+$/, "")}`;
}

/** One of the words that this option may have. @throws TypeError */
export function choice<Name extends keyof typeof CHOICES>(
  name: Name,
  value: (typeof CHOICES)[Name][number],
): (typeof CHOICES)[Name][number] {
  if (!(CHOICES[name] as readonly string[]).includes(value)) {
    throw new TypeError(`${name}: one of ${CHOICES[name].join(", ")}`);
  }
  return value;
}

function number(name: string, value: number, min: number, max: number): number {
  if (!(value >= min && value <= max)) throw new TypeError(`${name}: a number from ${min} to ${max}`);
  return value;
}
