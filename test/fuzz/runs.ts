/**
 * How long properties are tried, and with which seeds. `npm run fuzz` says its own; a test run takes the seed that all
 * have in common, and those with which something was found once.
 */
import { env } from "cloudflare:workers";
import fc from "fast-check";

const { FUZZ } = env as unknown as { readonly FUZZ: { readonly runs: string | null; readonly seed: string | null } };

const COMMON_SEED = 20_261_121;
/** Per run of a long fuzz, with all that goes on beside it. */
const PATIENCE_PER_RUN_MS = 1_000;
const PATIENCE_MS = 60_000;

export const FUZZ_TIMEOUT_MS = Math.max(PATIENCE_MS, Number(FUZZ.runs ?? 0) * PATIENCE_PER_RUN_MS);

/**
 * Asserts a property. What fails prints its seed: `npm run fuzz -- --seed …` repeats it.
 *
 * @param runs in a test run
 * @returns how many there were: of a few, nothing can be said
 * @param seeds with which it failed once
 */
export async function holds<T>(
  property: fc.IAsyncProperty<T>,
  runs: number,
  seeds: readonly number[] = [],
): Promise<number> {
  const wanted = FUZZ.seed === null ? [COMMON_SEED, ...seeds] : [Number(FUZZ.seed)];
  for (const seed of wanted) await fc.assert(property, { seed, numRuns: Number(FUZZ.runs ?? runs) });
  return Number(FUZZ.runs ?? runs) * wanted.length;
}
