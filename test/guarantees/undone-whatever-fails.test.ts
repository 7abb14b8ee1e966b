/** A batch is undone exactly whichever step fails, and whatever happens while it is undone; so is one that was cut off. */
import { describe, expect, it } from "vitest";
import { SEQ_PER_RECEIPT } from "../../src/store/event-row";
import { batches, batchOf, imported, listOf, postList, revert, reverted } from "../support/batches";
import { failStore, holdStep, nth, type Step, withFaults } from "../support/faults";
import { eventsOf, expectAgreement } from "../support/ledger";
import { bounced, report } from "../support/reports";
import { everyFault, newRound, type Round, untilAccepted } from "../support/rounds";
import { DAY_MS, pass, setStage, settle } from "../support/stage";
import { countOf, reasonsOf, rowsOf } from "../support/stores";
import { jsonOf, runCron, testEnv } from "../support/worker";

setStage();

/** By an event of it: batches of the same millisecond are in no order. */
async function batchThatBrought(seq: number): Promise<string> {
  const receipt = Math.floor(seq / SEQ_PER_RECEIPT);
  const [row] = await rowsOf<{ batch_id: string }>("SELECT batch_id FROM receipts WHERE id = ?", receipt);
  return row?.batch_id ?? "";
}

let made = 0;
const someone = () => `cut-off-${++made}@example.com`;

describe("whichever step fails", () => {
  const list = ({ address }: Round) =>
    listOf([
      [address("ann"), "hard"],
      [address("bob"), "complaint"],
      [address("cem"), "manual"],
    ]);

  /** Sends the list until it is taken in, as a script does. */
  async function send(round: Round): Promise<void> {
    await untilAccepted(() => postList(list(round), "", round.env));
  }

  async function idsOf({ address }: Round): Promise<string[]> {
    const events = await eventsOf(address("ann"));
    return Promise.all(events.map(({ seq }) => batchThatBrought(seq)));
  }

  it("an import that is sent again records what is missing, once", async () => {
    const steps = await everyFault({
      play: send,
      check: async ({ address }) => {
        await settle();
        for (const [name, reason] of [
          ["ann", "hard"],
          ["bob", "complaint"],
          ["cem", "manual"],
        ] as const) {
          const { events, verdict } = await expectAgreement(address(name));
          expect(events).toHaveLength(1);
          expect(verdict.suppressions.map((s) => s.reason)).toEqual([reason]);
        }
      },
    });
    expect(steps).toBeGreaterThan(4);
  });

  it("undoing that is asked for again finishes", async () => {
    let id = "";
    const steps = await everyFault({
      prepare: async (round) => {
        const { address } = round;
        await report(bounced(address("ann"), "soft", Date.now() - DAY_MS));
        id = (await imported(list(round))).batchId;
        await report({ kind: "unsubscribed", recipient: address("bob"), at: Date.now() });
      },
      play: async ({ env }) => {
        const batch = await reverted(id, env);
        expect(["reverted", "reverting"]).toContain(batch.status);
      },
      check: async ({ address }) => {
        await settle();
        expect(await batchOf(id)).toMatchObject({ status: "reverted", retracted: 3, pending: 0 });
        expect((await expectAgreement(address("ann"))).verdict).toMatchObject({ suppressions: [], softCount: 1 });
        expect((await expectAgreement(address("bob"))).verdict.suppressions).toMatchObject([{ reason: "unsubscribe" }]);
        expect((await expectAgreement(address("cem"))).verdict.suppressions).toEqual([]);
        expect(await countOf("audit WHERE action = 'revert' AND subject = ?", id)).toBe(1);
      },
    });
    expect(steps).toBeGreaterThan(8);
  });

  it("an import that was cut off can be undone as far as it came", async () => {
    const probe = newRound();
    await postList(list(probe), "", probe.env);
    for (const n of probe.faults.steps.keys()) {
      const round = newRound((_step, index) => (index >= n ? "before" : null));
      await postList(list(round), "", round.env).catch(() => null);
      for (const id of await idsOf(round)) expect((await reverted(id)).status).toBe("reverted");
      await settle();
      for (const name of ["ann", "bob", "cem"]) {
        expect((await expectAgreement(round.address(name))).verdict.suppressions).toEqual([]);
      }
      expect(await imported(list(round))).toMatchObject({ new: 3 });
    }
  });
});

describe("while it is under way", () => {
  /** Lets an import read its pending events, and holds it until the batch is undone, or withdrawn and no more. */
  it.each([
    ["apply", "request"],
    ["apply", "cron"],
    ["projection", "request"],
    ["projection", "cron"],
  ] as const)(
    "who brings a withdrawn event late is not heard (held at the %s, undone by the %s)",
    async (held, undoneBy) => {
      for (const moment of ["before", "after"] as const) {
        const recipient = someone();
        const isHeld = held === "apply" ? nth(0, "object", "apply") : heldProjection();
        const late = holdStep(isHeld, moment);
        const importing = postList(listOf([[recipient, "hard"]]), "", testEnv(withFaults(late.plan).bindings));
        await late.reached;
        const [event] = await eventsOf(recipient);
        expect(event).toMatchObject({ kind: "bounced", retracted_by: null });
        const id = await batchThatBrought(event?.seq ?? 0);
        await reverted(id, undoneBy === "request" ? testEnv() : testEnv(withFaults(failStore("object")).bindings));
        expect(await eventsOf(recipient)).toMatchObject([{ retracted_by: id }]);
        late.release();
        await importing;
        await settle();
        expect((await expectAgreement(recipient)).verdict.suppressions, moment).toEqual([]);
        expect(await reasonsOf(recipient), moment).toEqual([]);
      }
    },
  );

  /** The batch that marks events as applied: the first one after an object was called. */
  function heldProjection(): (step: Step) => boolean {
    let called = false;
    return ({ store, operation }) => {
      if (store === "object") called = true;
      return called && store === "db" && operation === "batch";
    };
  }

  it("what happens at any of its steps counts, and no more than once", async () => {
    const probe = withFaults(() => null);
    const { batchId } = await imported(listOf([[someone(), "hard"]]));
    await revert(batchId, testEnv(probe.bindings));
    expect(probe.steps.length).toBeGreaterThan(6);
    for (const n of probe.steps.keys()) {
      const recipient = someone();
      const { batchId: id } = await imported(listOf([[recipient, "complaint"]]));
      const busy = withFaults((_step, index) =>
        index === n ? { holdBefore: () => report(bounced(recipient, "soft", Date.now(), "meanwhile")) } : null,
      );
      expect((await revert(id, testEnv(busy.bindings))).status, `before step ${n}`).toBe(200);
      await settle();
      const { verdict } = await expectAgreement(recipient);
      expect(verdict, `before step ${n}`).toMatchObject({ suppressions: [], softCount: 1 });
    }
  });

  it("an import ends with a conflict, and nothing of it stays, also of the parts that were recorded", async () => {
    // So much text that it takes two transactions.
    const text = "x".repeat(60_000);
    const list = ["email,error", ...Array.from({ length: 40 }, (_, i) => `many-${i}@undone.example,${text}`)].join(
      "\n",
    );
    const isPart = nth(4, "db", "batch");
    const second = holdStep(isPart, "before");
    pass(1);
    const importing = postList(list, "", testEnv(withFaults(second.plan).bindings));
    await second.reached;
    const [{ id = "", new: recorded = 0 } = {}] = await batches();
    expect(recorded).toBeGreaterThan(20);
    await reverted(id);
    second.release();
    const response = await importing;
    expect(response.status).toBe(409);
    expect(await jsonOf(response)).toMatchObject({ code: "batch_reverted", import: { batchId: id, new: recorded } });
    expect(await batchOf(id)).toMatchObject({ status: "reverted", retracted: recorded, pending: 0 });
    expect(await countOf("events WHERE address LIKE '%@undone.example' AND retracted_by IS NULL")).toBe(0);
    expect(await countOf("recipients WHERE address LIKE '%@undone.example' AND suppressed = 1")).toBe(0);
  });

  it("two who ask at the same time undo it once", async () => {
    const recipient = someone();
    const { batchId } = await imported(listOf([[recipient, "hard"]]));
    const answers = await Promise.all([reverted(batchId), reverted(batchId), runCron()]);
    expect(answers[0]).toMatchObject({ status: "reverted" });
    await settle();
    expect(await batchOf(batchId)).toMatchObject({ status: "reverted", retracted: 1, pending: 0 });
    expect((await expectAgreement(recipient)).verdict.suppressions).toEqual([]);
  });
});
