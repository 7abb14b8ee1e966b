/** Waiting for some work, but not for longer than this. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { within } from "../../src/pipeline/within";

const LIMIT_MS = 1_000;
const late = () => "late";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Work that has an outcome after a while. */
function after<T>(ms: number, outcome: () => T): Promise<T> {
  return new Promise((resolve) => setTimeout(resolve, ms)).then(outcome);
}

it("is the outcome of work that is done in time, and leaves no timer behind", async () => {
  const waited = within(
    after(LIMIT_MS - 1, () => 7),
    LIMIT_MS,
    late,
  );
  await vi.advanceTimersByTimeAsync(LIMIT_MS - 1);
  expect(await waited).toBe(7);
  expect(vi.getTimerCount()).toBe(0);
});

it("fails as work does that fails in time, and leaves no timer behind", async () => {
  const waited = within(Promise.reject(new Error("refused")), LIMIT_MS, late);
  await expect(waited).rejects.toThrow("refused");
  expect(vi.getTimerCount()).toBe(0);
});

it("is something else at the limit; what the work does later troubles nobody", async () => {
  const failing = after(LIMIT_MS + 1, () => {
    throw new Error("refused");
  });
  const waited = within(failing, LIMIT_MS, late);
  await vi.advanceTimersByTimeAsync(LIMIT_MS);
  expect(await waited).toBe("late");
  await vi.advanceTimersByTimeAsync(LIMIT_MS);
});

it("fails at the limit where that is a failure", async () => {
  const waited = within(new Promise<never>(() => undefined), LIMIT_MS, () => {
    throw new Error("no answer");
  });
  const failed = expect(waited).rejects.toThrow("no answer");
  await vi.advanceTimersByTimeAsync(LIMIT_MS);
  await failed;
});
