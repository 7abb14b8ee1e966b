/** How long `npm run fuzz` wants properties to be tried, and with which seed: `null` in a usual run. */
export type FuzzRuns = {
  readonly runs: string | null;
  readonly seed: string | null;
};

declare module "vitest" {
  interface ProvidedContext {
    FUZZ: FuzzRuns;
  }
}
