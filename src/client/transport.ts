/** One call to the service: sent, timed, tried again, its answer read. */
import { answeredError, BouncekeeperError, badAnswer, networkError, timeoutError } from "./error";
import { type Pace, withRetries } from "./retry";
import { onAbort } from "./signals";

/** What `fetch` takes for a body that can be sent more than once. */
export type ReplayableBody = string | Uint8Array | Blob;

export interface Call {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** With its query: `/v1/events?limit=10`. */
  readonly path: string;
  readonly body?: ReplayableBody | ReadableStream<Uint8Array> | undefined;
  readonly contentType?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly pace: Pace;
  readonly signal?: AbortSignal | undefined;
  /** A status above 299 that is an answer, and no failure. */
  readonly expects?: number | undefined;
}

/** Sends a call and reads its answer, all within the call's time. */
export type Transport = <T>(call: Call, read: (response: Response) => Promise<T>) => Promise<T>;

export interface TransportOptions {
  /** Without a slash at its end. */
  readonly base: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Told of every call that failed, whatever becomes of it. */
  readonly onFailure: (error: BouncekeeperError) => void;
}

/**
 * @returns a transport that rejects with a BouncekeeperError, or with the reason of the caller's signal
 */
export function createTransport(options: TransportOptions): Transport {
  return async (call, read) => {
    call.signal?.throwIfAborted();
    try {
      return await withRetries((timeoutMs) => attempt(options, call, timeoutMs, read), call.pace, call.signal);
    } catch (error) {
      if (error instanceof BouncekeeperError) options.onFailure(error);
      throw error;
    }
  };
}

async function attempt<T>(
  options: TransportOptions,
  call: Call,
  timeoutMs: number,
  read: (response: Response) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const { promise: gaveUp, reject } = withRejection();
  const giveUp = (reason: unknown) => {
    // First the reason, then the abort: whatever the abort makes of the fetch comes too late to be heard.
    reject(reason);
    controller.abort(reason);
  };
  const timer = setTimeout(() => giveUp(timeoutError(timeoutMs)), timeoutMs);
  const stop = onAbort(call.signal, () => giveUp(call.signal?.reason));
  try {
    // Some implementations of fetch do not mind the signal.
    return await Promise.race([exchange(options, call, controller.signal, read), gaveUp]);
  } finally {
    clearTimeout(timer);
    stop();
  }
}

async function exchange<T>(
  { base, headers, fetch }: TransportOptions,
  call: Call,
  signal: AbortSignal,
  read: (response: Response) => Promise<T>,
): Promise<T> {
  // What is thrown at once is a mistake in the call, or in who makes it: nothing was asked yet, and nothing unavailable.
  const answering = fetch(`${base}${call.path}`, {
    method: call.method,
    headers: {
      ...headers,
      ...(call.contentType === undefined ? {} : { "content-type": call.contentType }),
      ...call.headers,
    },
    signal,
    // The token is for the service, and a POST that is redirected arrives as a GET.
    redirect: "manual",
    ...(call.body === undefined ? {} : { body: call.body as BodyInit }),
    ...(call.body instanceof ReadableStream ? { duplex: "half" } : {}),
  });
  try {
    const response = await answering;
    if (isRedirect(response, call))
      throw badAnswer("The service answered with a redirect.", { status: response.status });
    if (!response.ok && response.status !== call.expects) throw answeredError(response, await response.text());
    return await read(response);
  } catch (error) {
    throw error instanceof BouncekeeperError ? error : networkError(error);
  }
}

/** A browser shows of a redirect that it does not follow only that there was one: status 0. */
function isRedirect({ status }: Response, { expects }: Call): boolean {
  return status === 0 || (status >= 300 && status < 400 && status !== expects);
}

function withRejection(): { promise: Promise<never>; reject: (reason: unknown) => void } {
  let reject: (reason: unknown) => void = () => {};
  const promise = new Promise<never>((_, refuse) => {
    reject = refuse;
  });
  return { promise, reject };
}

/**
 * Reads a JSON answer.
 *
 * @param parse `null`: not what was expected
 */
export function jsonAnswer<T>(parse: (value: unknown) => T | null): (response: Response) => Promise<T> {
  return async (response) => {
    const text = await response.text();
    const fields = { status: response.status, requestId: response.headers.get("x-request-id") ?? undefined };
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      throw badAnswer("The answer is not JSON.", fields);
    }
    const parsed = parse(value);
    if (parsed === null) throw badAnswer("The answer is not in the service's words.", fields);
    return parsed;
  };
}
