/**
 * A policy that was applied can be undone exactly: whatever fails on the way there or on the way back, at whichever step, in
 * the end every recipient stands as before: suppressions, counts, reasons, times, and the events behind them. Only versions
 * have risen. The same of classes that were decided anew.
 *
 * Not promised: that everybody has got there by the time of the answer. What is left is the cron's.
 */
import { expect, it, vi } from "vitest";
import { batches, revert, reverted } from "../support/batches";
import { eventsOf, expectAgreement } from "../support/ledger";
import { applied, policyNow, postPolicy, verdictsOf } from "../support/policies";
import { bounced, delivered, report, softBounces } from "../support/reports";
import { everyFault, type Round, untilAccepted } from "../support/rounds";
import { DAY_MS, MINUTE_MS, pass, reconcile, setStage, settle } from "../support/stage";
import { reasonsOf, tamper } from "../support/stores";
import { api } from "../support/worker";

setStage();
/** Some seventy rounds each, with the cron in all of them. */
vi.setConfig({ testTimeout: 300_000 });

const DRAFT = { soft_threshold: 2, effects: { block: "count", hard: "record" } };
const NAMES = ["counted", "hard", "refused", "reread", "delivered"];

async function prepare({ address }: Round): Promise<void> {
  const at = Date.now() - DAY_MS;
  await report([
    ...softBounces(address("counted"), 3, at),
    bounced(address("hard"), "hard", at),
    bounced(address("refused"), "block", at),
    bounced(address("refused"), "block", at + 1_000, "second"),
    ...softBounces(address("delivered"), 2, at),
    delivered(address("delivered"), at + MINUTE_MS),
    { kind: "bounced", recipient: address("reread"), at, diagnosticCode: "550 5.1.1 User unknown" },
  ]);
  await tamper(
    "UPDATE events SET class = 'soft', category = 'other', rule = 'text:of-old' WHERE address = ?",
    address("reread"),
  );
  await api("/v1/rebuild", { json: { recipient: address("reread") } });
  pass(20 * MINUTE_MS);
}

const before = new Map<string, unknown>();

async function noted(round: Round) {
  await prepare(round);
  before.set(round.domain, await standing(round));
}

/** Less when they were applied, which a rebuild says anew. */
async function standing({ domain, address }: Round) {
  const events = (await Promise.all(NAMES.map((name) => eventsOf(address(name))))).flat();
  return {
    verdicts: await verdictsOf(domain),
    events: events.map(({ applied_at: _, state: __, ...event }) => event),
  };
}

/** The batch of this round, which may have begun with an answer that was lost. */
async function latest() {
  return (await batches()).find(({ kind, status }) => kind === "policy" && status !== "reverted");
}

async function undoAll(): Promise<void> {
  for (let batch = await latest(); batch; batch = await latest()) {
    await reconcile();
    await reverted(batch.id);
    await reconcile();
  }
}

/** Each round has a database of its own, so that it takes the same steps. */
async function forget(): Promise<void> {
  for (const table of ["events", "recipients", "policies", "policy_runs", "class_changes", "batches"]) {
    await tamper(`DELETE FROM ${table}`);
  }
}

it("whatever fails while it is applied", async () => {
  const steps = await everyFault({
    prepare: noted,
    async play({ env }) {
      const response = await postPolicy({ policy: DRAFT, reclassify: true }, env);
      expect([200, 202, 503]).toContain(response.status);
    },
    async check(round) {
      const { address } = round;
      await reconcile();
      if (await latest()) {
        expect((await latest())?.status).toBe("recorded");
        expect(await Promise.all(["counted", "hard", "refused"].map((name) => reasonsOf(address(name))))).toEqual([
          ["soft"],
          [],
          ["soft"],
        ]);
        expect(await reasonsOf(address("reread"))).toEqual([]);
        expect((await eventsOf(address("reread")))[0]).toMatchObject({ class: "hard" });
      }
      await undoAll();
      expect(await standing(round)).toEqual(before.get(round.domain));
      await forget();
    },
  });
  expect(steps).toBeGreaterThan(10);
});

it("whatever fails while it is undone", async () => {
  const steps = await everyFault({
    async prepare(round) {
      await noted(round);
      await applied({ policy: DRAFT, reclassify: true });
    },
    async play({ env }) {
      const batch = await latest();
      await untilAccepted(() => revert(batch?.id ?? "", env));
    },
    async check(round) {
      await undoAll();
      expect(await policyNow()).toMatchObject({ origin: "variable" });
      expect(await standing(round)).toEqual(before.get(round.domain));
      await settle();
      for (const name of NAMES) await expectAgreement(round.address(name));
      await forget();
    },
  });
  expect(steps).toBeGreaterThan(10);
});
