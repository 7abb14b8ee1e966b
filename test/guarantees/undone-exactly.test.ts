/**
 * What a batch did can be undone exactly: afterwards every recipient stands as if the batch had never been, with
 * everything that happened before, meanwhile and later. It may be interrupted at any step and asked for again; whoever
 * read an event before it was withdrawn and brings it to the object after, is late. The same list can be imported again.
 *
 * Not promised: the order in which recipients get there, or that all of them are by the time of the answer: what is left
 * is pending, in sight, and the cron's. Undoing cannot be undone but by doing the same again.
 */
import { describe, expect, it } from "vitest";
import { bulk, imported, listOf, revert, reverted } from "../support/batches";
import { edgeOf, expectAgreement, policyOf } from "../support/ledger";
import { block, bounced, delivered, release, report, softBounces } from "../support/reports";
import { DAY_MS, MINUTE_MS, pass, setStage, settle } from "../support/stage";
import { notingStatements, unindexed } from "../support/statements";
import { checkOf, countOf, reasonsOf, standingOf, versionOf } from "../support/stores";
import { api, jsonOf, runCron, testEnv } from "../support/worker";

setStage();

const BY_FORCE = "?force=true&note=asked";

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
