/**
 * Whoever the filter does not contain was not suppressed when its building began. Together with the changes feed from the
 * change that it names, it covers everybody who is suppressed now, whatever went on while it was built.
 *
 * Not promised: that whoever it contains is suppressed. One in 256 strangers is taken for somebody else, and a release
 * is seen by the next filter only. That is why a hit has to be asked.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Filter } from "../../src/domain/fuse-filter";
import { changesFrom } from "../support/changes";
import { holdStep, withFaults } from "../support/faults";
import { EVERY_MS, isIn, TINY, tend, theFilter } from "../support/filters";
import { block, bounced, release, report } from "../support/reports";
import { pass, setStage } from "../support/stage";
import { rowsOf } from "../support/stores";
import { testEnv } from "../support/worker";

setStage();

const listed = async () =>
  (await rowsOf<{ address: string }>("SELECT address FROM recipients WHERE suppressed = 1")).map((row) => row.address);

/** Who is suppressed and neither in the filter nor in the feed after it. */
async function unseen(filter: Filter): Promise<string[]> {
  const later = new Set((await changesFrom(`c${filter.lastChange}`)).map((change) => change.recipient));
  return (await listed()).filter((recipient) => !isIn(filter, recipient) && !later.has(recipient));
}

/** Few shards, of several stretches each. */
const LIMITS = { ...TINY, keysPerShard: 200, rowsPerStretch: 60 };
let rounds = 0;

describe("a filter", () => {
  it("and its changes cover everybody, wherever its building is held up while the list changes", async () => {
    const lasting: string[] = [];
    let steps = 1;
    for (let n = 0; n < steps; n++) {
      const domain = `round-${++rounds}.example.com`;
      const names = Array.from({ length: 6 }, (_, i) => `before-${i}@${domain}`);
      const [back = "", gone = "", ...others] = names;
      await report(names.map((name) => bounced(name, "hard", Date.now(), name)));
      lasting.push(...others);
      pass(EVERY_MS);
      const held = holdStep((_step, index) => index === n, "before");
      const faults = withFaults(held.plan);
      const building = tend(LIMITS, testEnv(faults.bindings));
      await Promise.race([held.reached, building]);
      await report([`x@${domain}`, `y@${domain}`].map((name) => bounced(name, "hard", Date.now(), name)));
      await block(`@${domain}`);
      await release(back);
      await release(gone);
      pass(1);
      await report(bounced(back, "hard", Date.now(), "again"));
      held.release();
      await building;
      steps = faults.steps.length;
      const filter = await theFilter();
      expect(await unseen(filter), `held before step ${n}`).toEqual([]);
      expect(lasting.filter((name) => !isIn(filter, name))).toEqual([]);
    }
    expect(steps).toBeGreaterThan(10);
  });

  it("and its changes cover everybody, after any sequence of listings, releases, builds and failures", async () => {
    const name = fc.constantFrom("ann@", "bob@", "cem@", "dan@", "@");
    const action = fc.oneof(
      { weight: 4, arbitrary: fc.record({ type: fc.constant("list" as const), name }) },
      { weight: 2, arbitrary: fc.record({ type: fc.constant("release" as const), name }) },
      { weight: 3, arbitrary: fc.record({ type: fc.constant("tend" as const), fails: fc.option(fc.nat(16)) }) },
    );
    const property = fc.asyncProperty(fc.array(action, { minLength: 4, maxLength: 16 }), async (actions) => {
      const domain = `round-${++rounds}.example.com`;
      for (const [i, act] of actions.entries()) {
        pass(EVERY_MS);
        if (act.type === "list") await block(act.name + domain, { note: `${i}` });
        if (act.type === "release") await release(act.name + domain);
        if (act.type === "tend") {
          const faults = withFaults((_step, index) => (index === act.fails ? "after" : null));
          await tend({ ...LIMITS, stretchesPerRun: 3 }, testEnv(faults.bindings)).catch(() => {});
        }
      }
      const suppressed = await listed();
      // What was under way is finished: it may be older than the list.
      await tend(LIMITS);
      expect(await unseen(await theFilter())).toEqual([]);
      pass(EVERY_MS);
      await tend(LIMITS);
      const filter = await theFilter();
      expect(suppressed.filter((recipient) => !isIn(filter, recipient))).toEqual([]);
    });
    await fc.assert(property, { numRuns: 25 });
  });
});
