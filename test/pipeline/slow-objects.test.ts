/** Objects that take their time: the provider hears soon that its events are recorded, and the rest goes on behind. */
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import worker from "../../src/index";
import { bounce } from "../support/pmta";
import { busyObjects, distantObjects } from "../support/slow-objects";
import { START_MS, setStage } from "../support/stage";
import { countOf } from "../support/stores";
import { jsonOf, ORIGIN, testEnv } from "../support/worker";

setStage();

const RECIPIENTS = 1_000;
/** Of an answer: two seconds for the objects, and before them the journal, on a machine with other work to do. */
const PATIENCE_MS = 5_000;

/** @returns the answer's counts and when it came, once all that goes on behind it is done */
async function post(label: string, objects: DurableObjectNamespace) {
  const records = Array.from({ length: RECIPIENTS }, (_, i) =>
    bounce("soft", { recipient: `${label}-${i}@example.com`, message: `m${i}`, at: START_MS - 60_000 }),
  );
  const request = new Request(`${ORIGIN}/webhooks/inboxroad?token=inboxroad-secret`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(records),
  });
  const context = createExecutionContext();
  const start = performance.now();
  const answer = await worker.fetch(request, testEnv({ RECIPIENT: objects }), context);
  const counts = await jsonOf(answer);
  const answeredMs = performance.now() - start;
  await waitOnExecutionContext(context);
  return { counts, answeredMs };
}

describe("a webhook of a thousand soft bounces of a thousand recipients", () => {
  // Called in waves of 40, each of these takes three seconds and more for all of them.
  it.each([
    ["distant", distantObjects(120)],
    ["busy", busyObjects(3)],
  ])("is answered after two seconds where objects are %s, and the rest goes on behind", async (label, objects) => {
    const { counts, answeredMs } = await post(label, objects);
    expect(counts).toMatchObject({ received: RECIPIENTS, new: RECIPIENTS, quarantined: 0 });
    expect(answeredMs).toBeLessThan(PATIENCE_MS);
    expect(counts.pending).toBeGreaterThan(0);
    expect(counts.pending).toBeLessThan(RECIPIENTS);
    expect(await countOf("events WHERE state = 0")).toBe(0);
    expect(await countOf("recipients WHERE soft_count = 1 AND address LIKE ?1", `${label}-%`)).toBe(RECIPIENTS);
  });
});
