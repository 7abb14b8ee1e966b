/** What a test of the whole worker plays on: empty stores, a clock that stands still until told otherwise, no log. */
import { afterAll, beforeAll, vi } from "vitest";
import type { Env } from "../../src/config";
import { muteLog } from "./log";
import { api, freshStores } from "./worker";

/** When every test begins. Far from midnight, so that "a few minutes ago" is the same day. */
export const START_MS = Date.UTC(2030, 0, 15, 12);
export const MINUTE_MS = 60_000;
export const DAY_MS = 86_400_000;
/** A test that fails every step in turn takes a few seconds; on a machine with other work to do, many. */
const TEST_TIMEOUT_MS = 120_000;

/** Sets the stage for all tests of a file. Only `Date` is replaced: timers run as ever. */
export function setStage(): void {
  vi.setConfig({ testTimeout: TEST_TIMEOUT_MS });
  beforeAll(async () => {
    await freshStores();
    vi.useFakeTimers({ toFake: ["Date"], now: START_MS });
    muteLog();
  });
  afterAll(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });
}

/** Lets time pass; negative: a clock that was set back. */
export function pass(ms: number): void {
  vi.setSystemTime(Date.now() + ms);
}

/** The part of the cron that applies, settles and prunes: half of its steps, and all that recipients depend on. */
export function reconcile(env?: Env): Promise<Response> {
  return api("/v1/reconcile", { method: "POST", ...(env ? { env } : {}) });
}

/** What that part does in the minutes after trouble: the first run applies, the second settles the edge cache. */
export async function settle(env?: Env): Promise<void> {
  for (let run = 0; run < 2; run++) {
    pass(2 * MINUTE_MS);
    await reconcile(env);
  }
}
