/** What becomes of a probe: its outcome, a failure on the way, a policy without it. */
import {
  createExecutionContext,
  evictDurableObject,
  runInDurableObject,
  waitOnExecutionContext,
} from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";
import { Suppressions } from "../../src/index";
import { erase } from "../support/batches";
import { objectStorageOf } from "../support/erasure";
import { withFaults } from "../support/faults";
import { edgeOf, expectAgreement, policyOf } from "../support/ledger";
import {
  bulkOf,
  check,
  edgeText,
  expectWaiting,
  onProbation,
  outcome,
  POLICY,
  SUPPRESSED,
  someone,
  staleEdge,
  viewOf,
  withProbation,
} from "../support/probation";
import { iso, rebuild, release, report, softBounces } from "../support/reports";
import { DAY_MS, MINUTE_MS, pass, setStage, settle } from "../support/stage";
import { objectOf, reasonsOf } from "../support/stores";
import { api, testEnv } from "../support/worker";

setStage();

describe("the outcome", () => {
  it("delivered: it is off the list, everywhere, and counting starts anew", async () => {
    const recipient = await onProbation();
    await check(recipient);
    pass(MINUTE_MS);
    await outcome("delivered", recipient);
    for (const query of ["", "&consistency=strong"]) {
      const answer = await check(recipient, query);
      expect(answer).toMatchObject({ suppressed: false });
      expect(answer).not.toHaveProperty("probe");
    }
    expect(await bulkOf(recipient)).toEqual([]);
    expect(await edgeOf(recipient)).toBeNull();
    expect((await api(`/v1/suppressions/${recipient}`)).status).toBe(404);
    expect(await viewOf(recipient)).toMatchObject({ suppressed: false, softBounces: { count: 0 } });
    await settle(withProbation());
    const { verdict } = await expectAgreement(recipient, policyOf(POLICY));
    expect(verdict.suppressions).toEqual([]);
    expect(await objectStorageOf(recipient)).not.toContain("probedAt");
  });

  it("bounced: it is suppressed for longer each time, and after the last step for good", async () => {
    const recipient = await onProbation();
    for (const [i, days] of [3, 7, 30].entries()) {
      expect(await check(recipient)).toMatchObject({ probe: true });
      pass(MINUTE_MS);
      await outcome("soft", recipient);
      const end = Date.now() + days * DAY_MS;
      expect(await expectWaiting(recipient)).toMatchObject({ until: iso(end) });
      expect(await viewOf(recipient)).toMatchObject({ probation: { step: i + 2, of: 4, probedAt: null } });
      pass(days * DAY_MS - 1);
      await expectWaiting(recipient);
      pass(1);
    }
    expect(await check(recipient)).toMatchObject({ probe: true });
    pass(MINUTE_MS);
    await outcome("soft", recipient);
    expect(await viewOf(recipient)).not.toHaveProperty("probation");
    pass(100 * DAY_MS);
    for (const query of ["", "&consistency=strong"]) {
      expect(await expectWaiting(recipient, query)).toMatchObject({ until: null });
    }
    await settle(withProbation());
    await expectAgreement(recipient, policyOf(POLICY));
  });

  it("a hard bounce: it is suppressed at once and for good, also when something is delivered later", async () => {
    const recipient = await onProbation();
    await check(recipient);
    pass(MINUTE_MS);
    await outcome("hard", recipient);
    expect(await check(recipient)).toMatchObject({ suppressed: true, reasons: ["hard", "soft"], until: null });
    pass(2 * DAY_MS);
    expect(await check(recipient)).toMatchObject({ reasons: ["hard", "soft"] });
    await outcome("delivered", recipient);
    expect(await check(recipient)).toMatchObject({ reasons: ["hard"] });
  });

  it.each(["block", "none at all"] as const)(
    "%s: nothing is known of the mailbox, and a day later another is made",
    async (what) => {
      const recipient = await onProbation();
      expect(await check(recipient)).toMatchObject({ probe: true });
      pass(MINUTE_MS);
      if (what === "block") await outcome(what, recipient);
      pass(DAY_MS - MINUTE_MS - 1);
      await expectWaiting(recipient);
      pass(1);
      expect(await check(recipient)).toMatchObject({ probe: true });
      expect(await expectWaiting(recipient)).toMatchObject({ until: iso(Date.now() + DAY_MS) });
      expect(await viewOf(recipient)).toMatchObject({ probation: { step: 1, probedAt: iso(Date.now()) } });
    },
  );

  it("a release meanwhile: it may be mailed, and nothing that comes of the probe counts as one", async () => {
    const recipient = await onProbation();
    await check(recipient);
    await release(recipient, "", withProbation());
    expect(await check(recipient)).toMatchObject({ suppressed: false });
    pass(MINUTE_MS);
    await outcome("soft", recipient);
    expect(await viewOf(recipient)).toMatchObject({ suppressed: false, softBounces: { count: 1 } });
  });
});

describe("a probe when something fails", () => {
  it("is not made where the object does not answer: suppressed, and no error", async () => {
    const recipient = await onProbation();
    const faults = withFaults(({ store }) => (store === "object" ? "before" : null));
    await expectWaiting(recipient, "", withProbation(faults.bindings));
    await expectWaiting(recipient, "&consistency=strong", withProbation(faults.bindings));
    expect(faults.struck()).toBe(2);
    expect(await check(recipient)).toMatchObject({ probe: true });
  });

  it("is lost with an answer that is lost, and the stores hear of it with the next check", async () => {
    const recipient = await onProbation();
    const faults = withFaults(({ operation }) => (operation === "takeProbe" ? "after" : null));
    await expectWaiting(recipient, "", withProbation(faults.bindings));
    expect(await viewOf(recipient)).toMatchObject({ probation: { probedAt: null } });
    await expectWaiting(recipient);
    expect(await viewOf(recipient)).toMatchObject({ probation: { probedAt: iso(Date.now()) } });
    pass(DAY_MS);
    expect(await check(recipient)).toMatchObject({ probe: true });
  });

  it("is made once where the projection of it fails, and the stores hear of it with the next check", async () => {
    const recipient = await onProbation();
    const faults = withFaults(({ operation }) => (operation === "batch" ? "before" : null));
    expect(await check(recipient, "", withProbation(faults.bindings))).toMatchObject({ probe: true });
    expect(faults.struck()).toBe(1);
    expect(await viewOf(recipient)).toMatchObject({ probation: { probedAt: null } });
    await expectWaiting(recipient);
    expect(await viewOf(recipient)).toMatchObject({ probation: { probedAt: iso(Date.now()) } });
  });

  it("keeps a sender waiting no longer than it must, and what the object said late is told all the same", async () => {
    const recipient = await onProbation();
    const slow = withFaults(({ operation }) =>
      operation === "takeProbe" ? { holdBefore: () => scheduler.wait(2_500) } : null,
    );
    const begun = performance.now();
    const ctx = createExecutionContext();
    const answer = await new Suppressions(ctx, withProbation(slow.bindings)).check(recipient);
    expect(answer).toMatchObject(SUPPRESSED);
    expect(performance.now() - begun).toBeLessThan(2_400);
    await waitOnExecutionContext(ctx);
    expect(await viewOf(recipient)).toMatchObject({ probation: { probedAt: iso(Date.now()) } });
  });

  it("needs a policy that is valid", async () => {
    const recipient = await onProbation();
    await expectWaiting(recipient, "", testEnv({ POLICY: { probation: { enabled: "yes" } } }));
    expect(await check(recipient)).toMatchObject({ probe: true });
  });

  it("is remembered by an object that was evicted or rebuilt, and forgotten with its storage", async () => {
    const recipient = await onProbation();
    const stale = await edgeText(recipient);
    await check(recipient);
    await evictDurableObject(await objectOf(recipient));
    await staleEdge(recipient, stale);
    await expectWaiting(recipient);
    expect((await rebuild(recipient, withProbation())).status).toBe(200);
    await expectWaiting(recipient);
    expect(await viewOf(recipient)).toMatchObject({ probation: { step: 1, probedAt: expect.any(String) } });

    await runInDurableObject(await objectOf(recipient), async (instance, state) => {
      await state.storage.deleteAll();
      Reflect.set(instance, "cached", undefined);
    });
    await staleEdge(recipient, stale);
    await expectWaiting(recipient);
    expect((await rebuild(recipient, withProbation())).status).toBe(200);
    expect(await check(recipient)).toMatchObject({ probe: true });
  });

  it("leaves nothing behind when somebody is erased", async () => {
    const [gone, kept] = [await onProbation(), await onProbation()];
    for (const recipient of [gone, kept]) await check(recipient);
    await erase(gone, "", withProbation());
    await erase(kept, "?keepSuppressed=true", withProbation());
    expect(await check(gone)).toMatchObject({ suppressed: false });
    expect(await check(gone)).not.toHaveProperty("probe");
    expect(await check(kept)).toMatchObject({ suppressed: true, reasons: ["manual"] });
    pass(2 * DAY_MS);
    await settle(withProbation());
    expect(await objectStorageOf(gone)).toBe("[]");
    expect(await check(kept)).toMatchObject({ suppressed: true, reasons: ["manual"] });
  });
});

describe("switching it", () => {
  afterEach(() => settle());

  it("on puts on probation whoever is decided about anew", async () => {
    const recipient = someone();
    await report(softBounces(recipient, 5, Date.now() - 4_000), testEnv());
    pass(40 * DAY_MS);
    await expectWaiting(recipient);
    expect((await rebuild(recipient, withProbation())).status).toBe(200);
    expect(await check(recipient)).toMatchObject({ probe: true });
  });

  it("off gives out no probe any more, at once, and asks no object", async () => {
    const recipient = await onProbation();
    const { steps, bindings: watched } = withFaults(() => null);
    await expectWaiting(recipient, "", testEnv(watched));
    expect(steps.map(({ store }) => store)).not.toContain("object");
    expect((await rebuild(recipient, testEnv())).status).toBe(200);
    expect(await viewOf(recipient)).not.toHaveProperty("probation");
    expect(await reasonsOf(recipient)).toEqual(["soft"]);
    await expectWaiting(recipient);
  });

  it("shows the object a policy before the stores know of it", async () => {
    const recipient = await onProbation();
    const longer = testEnv({ POLICY: { probation: { enabled: true, steps_days: [2] } } });
    await expectWaiting(recipient, "", longer);
    expect(await viewOf(recipient)).toMatchObject({ probation: { step: 1, of: 1 } });
    pass(DAY_MS);
    expect(await check(recipient, "", longer)).toMatchObject({ probe: true });
  });
});
