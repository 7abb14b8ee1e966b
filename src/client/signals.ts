/** Giving up: timers and abort signals, without heaping up listeners. */

/**
 * Settles as the promise does, unless the signal is aborted first.
 *
 * @throws the signal's reason
 */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = onAbort(signal, () => reject(signal.reason));
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    stop();
  }
}

/** @throws the signal's reason */
export function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  let timer: ReturnType<typeof setTimeout>;
  const slept = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  return unlessAborted(slept, signal).finally(() => clearTimeout(timer));
}

/** Who waits for a signal. It has one listener for all: Node takes more than ten for a leak, and warns. */
const waiters = new WeakMap<AbortSignal, Set<() => void>>();

/** Calls back once, at once where it is aborted already. @returns how to stop listening */
export function onAbort(signal: AbortSignal | undefined, callback: () => void): () => void {
  if (signal?.aborted) callback();
  if (!signal || signal.aborted) return () => {};
  const callbacks = waiters.get(signal) ?? new Set([callback]);
  if (!waiters.has(signal))
    signal.addEventListener("abort", () => callbacks.forEach((each) => void each()), { once: true });
  waiters.set(signal, callbacks.add(callback));
  return () => callbacks.delete(callback);
}

export interface SharedSignal {
  /** `undefined`: somebody will wait to the end. */
  readonly signal: AbortSignal | undefined;
  readonly stop: () => void;
}

/** A signal for work that several wait for: it ends when the last of them has given up. */
export function whenAllAborted(signals: readonly (AbortSignal | undefined)[]): SharedSignal {
  if (signals.includes(undefined)) return { signal: undefined, stop: () => {} };
  const controller = new AbortController();
  let waiting = signals.length;
  const stops = signals.map((signal) =>
    onAbort(signal, () => {
      waiting--;
      if (waiting === 0) controller.abort(signal?.reason);
    }),
  );
  return { signal: controller.signal, stop: () => stops.forEach((stop) => void stop()) };
}
