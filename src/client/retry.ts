/** When a call is tried again, and how long that may go on. */
import { BouncekeeperError } from "./error";
import { sleep } from "./signals";

export interface Pace {
  /** How long one attempt may take, until its answer is read. */
  readonly timeoutMs: number;
  /** How long the call may take, with everything that is tried again and the waits in between. */
  readonly deadlineMs: number;
  /** How often it is tried again. */
  readonly retries: number;
  /** An overloaded service asks for longer waits than a sender has time for: this much of it is honoured. */
  readonly maxRetryAfterMs: number;
}

const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 5_000;
const TOO_MANY_REQUESTS = 429;

/**
 * Runs attempts until one succeeds, fails for good, or time is up.
 *
 * @param attempt gets the time that is left for it, in ms
 * @throws what the last attempt threw; the signal's reason where the caller gave up
 */
export async function withRetries<T>(
  attempt: (timeoutMs: number) => Promise<T>,
  pace: Pace,
  signal: AbortSignal | undefined,
): Promise<T> {
  const end = performance.now() + pace.deadlineMs;
  for (let failures = 0; ; failures++) {
    try {
      return await attempt(Math.max(1, Math.min(pace.timeoutMs, end - performance.now())));
    } catch (error) {
      const waitMs = failures < pace.retries ? waitAfter(error, failures, pace) : null;
      // A wait that leaves no time for the attempt is not worth waiting.
      if (waitMs === null || performance.now() + waitMs >= end) throw error;
      await sleep(waitMs, signal);
    }
  }
}

/** In ms; `null`: trying again would not help. */
function waitAfter(error: unknown, failures: number, pace: Pace): number | null {
  if (!(error instanceof BouncekeeperError) || !error.isUnavailable) return null;
  const asked = error.retryAfterMs ?? 0;
  // Who sends too much must not send sooner; who is told "later" by a service in trouble may look earlier.
  const floor = error.status === TOO_MANY_REQUESTS ? asked : Math.min(asked, pace.maxRetryAfterMs);
  return floor + Math.random() * Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** failures);
}
