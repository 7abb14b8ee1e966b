/** Scrubbing lists: who is suppressed comes from D1, some thousand recipients in one query. */
import type { Purpose } from "../domain/answer";
import type { Result } from "../domain/result";
import { openScrub, type Scrub, type ScrubOptions } from "../list/scrub";
import { errorFields } from "../log";
import { type CheckDeps, checkMany } from "./check";

const ATTEMPTS = 3;
const BACKOFF_MS = 200;

/**
 * Looks at the beginning of a list and makes ready for the rest.
 *
 * @returns a sentence that says why the list cannot be read
 */
export function scrubList(
  deps: CheckDeps,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  { purpose, ...options }: ScrubOptions & { readonly purpose: Purpose },
): Promise<Result<Scrub, string>> {
  return openScrub((addresses) => answersFor(deps, addresses, purpose), chunks, options);
}

/** A list of a million is not lost to one query that fails in passing. */
async function answersFor(
  deps: CheckDeps,
  addresses: readonly string[],
  purpose: Purpose,
): ReturnType<typeof checkMany> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await checkMany(deps, addresses, purpose);
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
      deps.log.warn("scrub.query_failed", errorFields(error));
      await scheduler.wait(BACKOFF_MS * 2 ** attempt);
    }
  }
}
