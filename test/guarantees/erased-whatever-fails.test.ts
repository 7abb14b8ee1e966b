/** Who is erased is erased for good whichever step fails, and whoever is late with what was under way. */
import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { erase } from "../support/batches";
import {
  erased,
  expectAgreementAfterErasure,
  KEEP,
  known,
  LATE_MS,
  objectStorageOf,
  setErasure,
  someone,
  tablesWith,
} from "../support/erasure";
import { failStore, holdStep, type Moment, withFaults } from "../support/faults";
import { eventsOf, expectAgreement, rowOf } from "../support/ledger";
import { bounce, delivery } from "../support/pmta";
import { block, bounced, delivered, rebuild, report } from "../support/reports";
import { everyFault, postRecords, type Round, untilAccepted } from "../support/rounds";
import { DAY_MS, MINUTE_MS, pass, reconcile, setStage, settle } from "../support/stage";
import { checkOf, objectOf, reasonsOf } from "../support/stores";
import { testEnv } from "../support/worker";

setStage();
setErasure();

describe("whichever step fails", () => {
  const prepare = async ({ address }: Round) => {
    const two = [address("ann"), address("bob")];
    await report(
      two.flatMap((recipient) => [bounced(recipient, "hard", Date.now()), delivered(recipient, Date.now())]),
    );
  };

  it.each(["", KEEP])("asking again finishes it (%s)", async (query) => {
    const steps = await everyFault({
      prepare,
      play: async ({ address, env }) => {
        await untilAccepted(() => erase(address("ann"), query, env));
      },
      check: async ({ address }) => {
        expect(await tablesWith(address("ann"))).toEqual([]);
        await settle();
        const { suppressions } = await expectAgreementAfterErasure(address("ann"));
        expect(suppressions.map((s) => s.reason)).toEqual(query ? ["manual"] : []);
        expect(await tablesWith(address("ann"))).toEqual([]);
        expect(await objectStorageOf(address("ann"))).not.toContain(address("ann"));
        expect((await expectAgreement(address("bob"))).events).toHaveLength(2);
      },
    });
    expect(steps).toBeGreaterThan(5);
  });

  it("the cron may fail too when it removes what is left", async () => {
    const steps = await everyFault({
      prepare: async (round) => {
        await prepare(round);
        await erase(round.address("ann"));
        await settle();
        pass(LATE_MS);
      },
      play: async ({ env }) => void (await reconcile(env)),
      check: async ({ address }) => {
        await reconcile();
        expect(await rowOf(address("ann"))).toBeNull();
        expect(await objectStorageOf(address("ann"))).toBe("[]");
      },
    });
    expect(steps).toBeGreaterThan(5);
  });

  it("while objects do not answer, it is accepted, and the cron tells them", async () => {
    const recipient = await known();
    const response = await erase(recipient, "", testEnv(withFaults(failStore("object")).bindings));
    expect(response.status).toBe(202);
    expect(await tablesWith(recipient)).toEqual([]);
    expect((await checkOf(recipient)).suppressed).toBe(false);
    await report(bounced(recipient, "soft", Date.now()));
    await settle();
    expect((await expectAgreement(recipient)).verdict).toMatchObject({ suppressions: [], softCount: 1 });
    expect(await objectStorageOf(recipient)).not.toContain('"complained":{');
  });
});

describe("whoever is late", () => {
  const moments: readonly Moment[] = ["before", "after"];
  const tell = (recipient: string, env = testEnv()) =>
    postRecords(
      "inboxroad",
      [
        bounce("soft", { recipient, message: "late", at: Date.now() - MINUTE_MS }),
        delivery({ recipient, message: "fine", at: Date.now() - 2 * MINUTE_MS }),
        bounce("hard", { recipient, message: "dead", at: Date.now() }),
      ],
      env,
    );

  /** Holds one at each of its steps, lets the other run from beginning to end, and lets the first go on. */
  async function interleave(
    held: (recipient: string, env: ReturnType<typeof testEnv>) => Promise<unknown>,
    other: (recipient: string) => Promise<unknown>,
    check: (recipient: string, label: string) => Promise<void>,
  ) {
    const probe = withFaults(() => null);
    await held(await known(), testEnv(probe.bindings));
    for (const n of probe.steps.keys()) {
      for (const moment of moments) {
        const recipient = await known();
        const step = holdStep((_step, index) => index === n, moment);
        const first = held(recipient, testEnv(withFaults(step.plan).bindings));
        await Promise.race([step.reached, first]);
        await other(recipient);
        step.release();
        await first;
        await settle();
        await check(recipient, `held ${moment} step ${n}`);
      }
    }
    return probe.steps.length;
  }

  const FACTS = [
    ["hard", 1],
    ["", 0],
  ] as const;

  it.each(["", KEEP])("a webhook that was being applied brings back nothing from before (%s)", async (query) => {
    const steps = await interleave(
      tell,
      (recipient) => erased(recipient, query),
      async (recipient, label) => {
        const verdict = await expectAgreementAfterErasure(recipient);
        const reasons = verdict.suppressions.map((s) => s.reason);
        const isKnownAgain = (await eventsOf(recipient)).length > 0;
        // Recorded before: gone with the rest. Recorded after: a new fact, and no other.
        const [reason, count] = FACTS[isKnownAgain ? 0 : 1];
        expect([reasons, verdict.softCount], label).toEqual([
          [...(reason ? [reason] : []), ...(query ? ["manual"] : [])],
          count,
        ]);
        if (!isKnownAgain) expect(await tablesWith(recipient), label).toEqual([]);
      },
    );
    expect(steps).toBeGreaterThan(3);
  });

  it.each(["", KEEP])("what comes in between an erasure's steps is a new fact (%s)", async (query) => {
    await interleave(
      (recipient, env) => erase(recipient, query, env),
      (recipient) => tell(recipient),
      async (recipient, label) => {
        const verdict = await expectAgreementAfterErasure(recipient);
        const reasons = verdict.suppressions.map((s) => s.reason).filter((reason) => reason !== "hard");
        expect(reasons, label).toEqual(query ? ["manual"] : []);
      },
    );
  });

  it("a rebuild that read the journal before brings back nothing", async () => {
    await interleave(
      (recipient, env) => rebuild(recipient, env),
      (recipient) => erased(recipient),
      async (recipient, label) => {
        expect((await expectAgreementAfterErasure(recipient)).suppressions, label).toEqual([]);
        expect(await tablesWith(recipient), label).toEqual([]);
        expect(await objectStorageOf(recipient), label).not.toContain(recipient);
      },
    );
  });

  it("a decision from before is refused, whatever the clocks say, and the events behind it wait", async () => {
    const recipient = await known();
    const noObjects = testEnv(withFaults(failStore("object")).bindings);
    // The database's caller is behind the object: versions alone would not tell which is the later.
    pass(-MINUTE_MS);
    expect((await erase(recipient, "", noObjects)).status).toBe(202);
    pass(2 * MINUTE_MS);
    await report(bounced(recipient, "soft", Date.now()));
    expect(await rowOf(recipient)).toMatchObject({ address: null, suppressed: 0, soft_count: 0, erasing: 1 });
    expect(await reasonsOf(recipient)).toEqual([]);
    expect(await eventsOf(recipient)).toMatchObject([{ class: "soft", state: 0 }]);
    await settle();
    expect((await expectAgreement(recipient)).verdict).toMatchObject({ suppressions: [], softCount: 1 });
  });

  it("the object's alarm brings back nothing", async () => {
    const recipient = someone();
    await block(recipient, { expiresAt: new Date(Date.now() + DAY_MS).toISOString() });
    await erased(recipient);
    pass(DAY_MS);
    await runInDurableObject(await objectOf(recipient), (instance) =>
      (instance as unknown as { alarm(): Promise<void> }).alarm(),
    );
    expect(await tablesWith(recipient)).toEqual([]);
    expect(await rowOf(recipient)).toMatchObject({ suppressed: 0, address: null });
  });
});
