/**
 * What a batch did can be undone exactly: afterwards every recipient stands as if the batch had never been, with
 * everything that happened before, meanwhile and later. It may be interrupted at any step and asked for again; whoever
 * read an event before it was withdrawn and brings it to the object after, is late. The same list can be imported again.
 *
 * Not promised: the order in which recipients get there, or that all of them are by the time of the answer: what is left
 * is pending, in sight, and the cron's. Undoing cannot be undone but by doing the same again.
 */
import { describe, expect, it } from "vitest";
import { SEQ_PER_RECEIPT } from "../../src/store/event-row";
import { batches, batchOf, bulk, imported, listOf, postList, revert, reverted } from "../support/batches";
import { failStore, holdStep, nth, type Step, withFaults } from "../support/faults";
import { edgeOf, eventsOf, expectAgreement, policyOf } from "../support/ledger";
import { block, bounced, delivered, release, report, softBounces } from "../support/reports";
import { everyFault, newRound, type Round, untilAccepted } from "../support/rounds";
import { DAY_MS, MINUTE_MS, pass, setStage, settle } from "../support/stage";
import { notingStatements, unindexed } from "../support/statements";
import { checkOf, countOf, reasonsOf, rowsOf, standingOf, versionOf } from "../support/stores";
import { api, jsonOf, runCron, testEnv } from "../support/worker";

setStage();

const BY_FORCE = "?force=true&note=asked";
/** By an event of it: batches of the same millisecond are in no order. */
async function batchThatBrought(seq: number): Promise<string> {
  const receipt = Math.floor(seq / SEQ_PER_RECEIPT);
  const [row] = await rowsOf<{ batch_id: string }>("SELECT batch_id FROM receipts WHERE id = ?", receipt);
  return row?.batch_id ?? "";
}

let made = 0;
const someone = () => `undone-${++made}@example.com`;

/** Histories that a batch may meet, and those that follow it. */
const HISTORIES: Readonly<Record<string, (recipient: string) => Promise<unknown>>> = {
  nothing: async () => {},
  "a hard bounce": (recipient) => report(bounced(recipient, "hard", Date.now() - DAY_MS)),
  "a count": (recipient) => report(softBounces(recipient, 3, Date.now() - MINUTE_MS)),
  "a block by hand": (recipient) => block(recipient, { note: "by hand" }),
  "a release": async (recipient) => {
    await report(bounced(recipient, "hard", Date.now() - DAY_MS));
    await release(recipient);
  },
  "a complaint that was released": async (recipient) => {
    await report({ kind: "complained", recipient, at: Date.now() - DAY_MS });
    await release(recipient, BY_FORCE);
  },
  "a delivery": (recipient) => report(delivered(recipient, Date.now() - MINUTE_MS)),
};

describe("as if the batch had never been", () => {
  it.each(Object.keys(HISTORIES))("stands who had %s before and after", async (name) => {
    const [touched, untouched] = [someone(), someone()];
    const history = HISTORIES[name] ?? (async () => {});
    for (const recipient of [touched, untouched]) await history(recipient);
    const { batchId } = await imported(
      listOf([
        [touched, "hard"],
        [touched, "complaint"],
        [touched, "manual"],
      ]),
    );
    pass(MINUTE_MS);
    for (const recipient of [touched, untouched]) await history(recipient);
    const expected = await standingOf(untouched);
    const version = await versionOf(touched);
    expect(await reverted(batchId)).toMatchObject({ status: "reverted", pending: 0, retracted: 3, new: 3 });
    const eventsLess = (standing: Awaited<ReturnType<typeof standingOf>>) =>
      standing && {
        ...standing,
        suppressions: (standing.suppressions as object[]).map((s) => ({ ...s, eventId: "" })),
      };
    expect(eventsLess(await standingOf(touched))).toEqual(
      eventsLess(expected) ?? {
        suppressions: [],
        soft_count: 0,
        counting_since: null,
        released_at: null,
        allowed: 0,
        answer: null,
      },
    );
    expect(await versionOf(touched)).toBeGreaterThan(version);
    await settle();
    await expectAgreement(touched);
  });

  it("stands who was blocked or released in bulk", async () => {
    const recipients = [someone(), someone(), someone()];
    const [first = "", second = "", third = ""] = recipients;
    await report(bounced(first, "hard", Date.now() - DAY_MS));
    await report({ kind: "complained", recipient: second, at: Date.now() - DAY_MS });
    await block(third, { note: "by hand" });
    const before = await Promise.all(recipients.map(standingOf));
    const released = await jsonOf(await bulk("release", recipients, { force: true, note: "moved house" }));
    expect(released).toMatchObject({ done: 3, pending: 0 });
    expect(await Promise.all(recipients.map(reasonsOf))).toEqual([[], [], []]);
    expect(await reverted(released.batchId)).toMatchObject({ kind: "release", status: "reverted" });
    const after = await Promise.all(recipients.map(standingOf));
    expect(after.map((s) => s?.suppressions)).toEqual(before.map((s) => s?.suppressions));

    const blocked = await jsonOf(await bulk("block", [first, "new@example.com"]));
    await report({ kind: "unsubscribed", recipient: first, at: Date.now() });
    await reverted(blocked.batchId);
    expect(await reasonsOf(first)).toEqual(["hard", "unsubscribe"]);
    expect(await reasonsOf("new@example.com")).toEqual([]);
  });

  it("keeps what was on record before it: that was not its doing", async () => {
    const [one, two] = [someone(), someone()];
    const first = await imported(listOf([[one, "hard"]]));
    const second = await imported(
      listOf([
        [one, "hard"],
        [two, "hard"],
      ]),
    );
    expect(second).toMatchObject({ new: 1, known: 1 });
    await reverted(second.batchId);
    expect(await reasonsOf(one)).toEqual(["hard"]);
    expect(await reasonsOf(two)).toEqual([]);
    await reverted(first.batchId);
    expect(await reasonsOf(one)).toEqual([]);
  });

  it("keeps the journal: what was withdrawn is shown as such", async () => {
    const recipient = someone();
    const { batchId } = await imported(listOf([[recipient, "hard"]]));
    await reverted(batchId);
    const { timeline } = await jsonOf(await api(`/v1/recipients/${recipient}`));
    expect(timeline).toMatchObject([{ kind: "bounced", provider: "import", retractedBy: batchId }]);
  });
});

describe("asked again", () => {
  it("answers that it is done, and does nothing more", async () => {
    const recipient = someone();
    const { batchId } = await imported(listOf([[recipient, "hard"]]));
    const first = await reverted(batchId);
    const version = await versionOf(recipient);
    pass(MINUTE_MS);
    expect(await reverted(batchId)).toEqual(first);
    expect(await versionOf(recipient)).toBe(version);
    expect(await countOf("audit WHERE action = 'revert' AND subject = ?", batchId)).toBe(1);
  });

  it("with the same list, it is another batch, any number of times", async () => {
    const list = listOf([
      [someone(), "hard"],
      [someone(), "complaint"],
    ]);
    for (let i = 0; i < 3; i++) {
      const answer = await imported(list);
      expect(answer).toMatchObject({ new: 2, known: 0 });
      expect(await imported(list)).toMatchObject({ new: 0, known: 2 });
      expect(await reverted(answer.batchId)).toMatchObject({ retracted: 2 });
    }
  });

  it("is a 404 for what is no batch", async () => {
    expect((await revert("01b92571-ea00-7534-9c42-22462448f31e")).status).toBe(404);
    expect((await api("/v1/batches/x")).status).toBe(404);
  });
});

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

it("a policy of the day decides about who is left", async () => {
  const recipient = someone();
  await report(softBounces(recipient, 3, Date.now() - MINUTE_MS));
  const { batchId } = await imported(listOf([[recipient, "hard"]]));
  const env = testEnv({ POLICY: { soft_threshold: 3 } });
  await reverted(batchId, env);
  expect(await reasonsOf(recipient)).toEqual(["soft"]);
  await settle(env);
  await expectAgreement(recipient, policyOf({ soft_threshold: 3 }));
});

it("the edge cache follows", async () => {
  const recipient = someone();
  const { batchId } = await imported(listOf([[recipient, "hard"]]));
  expect((await checkOf(recipient, "eventual")).reasons).toEqual(["hard"]);
  await reverted(batchId);
  expect((await checkOf(recipient, "eventual")).suppressed).toBe(false);
  expect(await edgeOf(recipient)).toBeNull();
});

it("every statement of it finds its rows by an index", async () => {
  const { DB, texts } = notingStatements();
  const env = testEnv({ DB });
  const recipient = someone();
  const { batchId } = await imported(
    listOf([
      [recipient, "hard"],
      ["", ""],
    ]),
    "",
    env,
  );
  await imported(listOf([[recipient, "hard"]]), "?dryRun=true", env);
  await bulk("release", [recipient], {}, env);
  await revert(batchId, env);
  await api("/v1/batches", { env });
  await runCron(env);
  expect(await unindexed(texts)).toEqual([]);
});
