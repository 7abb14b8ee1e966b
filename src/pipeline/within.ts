/**
 * Waits for some work, but not for longer than this. The work goes on; who gives up has to end it, or to keep it alive.
 *
 * @param whenLate what takes the place of the outcome; it may throw
 * @throws what the work does in time
 */
export async function within<T, L>(work: Promise<T>, limitMs: number, whenLate: () => L): Promise<T | L> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, limitMs);
  try {
    return await Promise.race([work, late.promise.then(whenLate)]);
  } finally {
    clearTimeout(timer);
  }
}
