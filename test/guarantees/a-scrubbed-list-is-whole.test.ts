/**
 * A scrubbed list is whole or it is broken off: there is no failure after which a list ends early and looks as if it
 * were all there, and none after which somebody suppressed is in it.
 *
 * Not promised: that a list is not broken off. A query is tried three times; then the transfer ends in an error, and the
 * list has to be sent again.
 */
import { beforeAll, describe, expect, it, vi } from "vitest";
import { type Moment, withFaults } from "../support/faults";
import { bounced, report } from "../support/reports";
import { setStage } from "../support/stage";
import { ADMIN, api, call, jsonOf, ORIGIN, testEnv } from "../support/worker";

setStage();

const ROWS = 17_000;
const NAMES = Array.from({ length: ROWS }, (_, i) => `user-${i}@example.com`);
const SUPPRESSED = [0, 4_999, 5_000, 9_999, 12_345, ROWS - 1];
const WHOLE = NAMES.filter((_, i) => !SUPPRESSED.includes(i)).join("\n");

beforeAll(async () => {
  await report(SUPPRESSED.map((i) => bounced(NAMES[i] ?? "", "hard", Date.now())));
  // Waiting between attempts is not what is tested.
  vi.spyOn(scheduler, "wait").mockResolvedValue(undefined);
});

const list = () => NAMES.join("\n");

/** What a client sees: an error of ours, a transfer that breaks off, or the list. */
async function outcomeOf(env: ReturnType<typeof testEnv>): Promise<"refused" | "broken" | "whole"> {
  let response: Response;
  try {
    response = await api("/v1/scrub", { body: list(), headers: { ...ADMIN, "content-type": "text/plain" }, env });
  } catch {
    return "broken";
  }
  if (response.status === 503) {
    expect(await jsonOf(response)).toMatchObject({ code: "unavailable" });
    return "refused";
  }
  expect(response.status).toBe(200);
  expect((await response.text()).trimEnd()).toBe(WHOLE);
  return "whole";
}

describe("a query that fails", () => {
  it.each<Moment>(["before", "after"])(
    "once is asked again, and the list is whole (%s it took effect)",
    async (moment) => {
      for (let n = 0; n < 4; n++) {
        const faults = withFaults((_step, index) => (index === n ? moment : null));
        expect(await outcomeOf(testEnv(faults.bindings))).toBe("whole");
        expect(faults.struck()).toBe(1);
      }
    },
  );

  it("for good breaks the list off, wherever it was", async () => {
    const outcomes = [];
    for (let n = 0; n < 5; n++) {
      const faults = withFaults(({ store }, index) => (store === "db" && index >= n ? "before" : null));
      outcomes.push(await outcomeOf(testEnv(faults.bindings)));
    }
    expect(outcomes).toEqual(["refused", "broken", "broken", "broken", "whole"]);
  });
});

it("a sender who breaks off gets no list that looks whole", async () => {
  const bytes = new TextEncoder().encode(list());
  const broken = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      controller.enqueue(bytes.slice(0, 200_000));
      controller.error(new Error("the connection is gone"));
    },
  });
  const request = new Request(`${ORIGIN}/v1/scrub`, { method: "POST", headers: ADMIN, body: broken });
  const outcome = await call(request).then(
    (response) => response.status,
    () => "broken",
  );
  expect([503, "broken"]).toContain(outcome);
});
