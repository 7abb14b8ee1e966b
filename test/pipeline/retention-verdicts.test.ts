/** Retention: no verdict ever depends on what went. */
import fc from "fast-check";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { eventsOf, expectAgreement } from "../support/ledger";
import { bounced, delivered, type Report, rebuilt, report, softBounces } from "../support/reports";
import { kindsOf, pruneAll } from "../support/retention";
import { everyFault } from "../support/rounds";
import { DAY_MS, MINUTE_MS, pass, reconcile, START_MS, setStage, settle } from "../support/stage";
import { countOf, standingOf } from "../support/stores";
import { freshStores } from "../support/worker";

setStage();
beforeEach(freshStores);
beforeEach(() => vi.setSystemTime(START_MS));

const ANN = "ann@example.com";

describe("a delivery that takes back an older bounce", () => {
  it("stays, but only the latest such, and goes when a later one has outlived retention too", async () => {
    await report([
      bounced(ANN, "soft", Date.now() - 9),
      delivered(ANN, Date.now() - 8),
      delivered(ANN, Date.now() - 7),
    ]);
    const before = await standingOf(ANN);
    expect(before).toMatchObject({ soft_count: 0 });
    pass(31 * DAY_MS);
    await pruneAll();
    expect(await countOf("events WHERE kind = 'delivered'")).toBe(1);
    await rebuilt(ANN);
    expect(await standingOf(ANN)).toEqual(before);

    await report([bounced(ANN, "soft", Date.now() - 2, "another"), delivered(ANN, Date.now() - 1)]);
    await pruneAll();
    expect(await countOf("events WHERE kind = 'delivered'")).toBe(2);
    pass(31 * DAY_MS);
    await pruneAll();
    expect(await kindsOf(ANN)).toEqual(["bounced", "bounced", "delivered"]);
    await rebuilt(ANN);
    expect(await standingOf(ANN)).toEqual(before);
  });

  it("stays although later ones are void, because their messages bounced after all", async () => {
    const at = Date.now() - MINUTE_MS;
    await report([bounced(ANN, "soft", at), delivered(ANN, at + 1, "good"), delivered(ANN, at + 2, "void")]);
    await report(bounced(ANN, "soft", at + 3, "void"));
    expect(await standingOf(ANN)).toMatchObject({ soft_count: 1 });
    pass(31 * DAY_MS);
    await pruneAll();
    expect((await eventsOf(ANN)).filter((e) => e.kind === "delivered").map((e) => e.message_id)).toContain("good");
    expect((await rebuilt(ANN)).softBounces).toBe(1);
  });

  it("goes where all bounces came after it, and where there are none", async () => {
    await report([delivered(ANN, Date.now() - 5), ...softBounces(ANN, 4, Date.now() - 4, 1)]);
    await report(delivered("bob@example.com", Date.now()));
    pass(31 * DAY_MS);
    await pruneAll();
    expect(await countOf("events WHERE kind = 'delivered'")).toBe(0);
    expect((await rebuilt(ANN)).softBounces).toBe(4);
  });
});

describe("pruning never changes a verdict", () => {
  const action = fc.record({
    kind: fc.constantFrom("delivered", "delivered", "delivered", "soft", "soft", "expired", "hard", "block", "release"),
    message: fc.integer({ min: 0, max: 4 }),
    day: fc.integer({ min: 0, max: 50 }),
  });
  const history = fc
    .array(action, { minLength: 2, maxLength: 14 })
    .filter((actions) => actions.some(({ kind }) => kind !== "delivered"));
  const histories = fc.sample(history, { numRuns: 40, seed: 20261121 });
  type Action = (typeof histories)[number][number];

  function reportOf({ kind, message, day }: Action, recipient: string, i: number): Report {
    const at = Date.now() - (60 - day) * DAY_MS + i;
    if (kind === "delivered") return delivered(recipient, at, `m${message}`);
    if (kind === "release") return { kind: "manual_release", recipient, at, id: `${i}` };
    return bounced(recipient, kind, at, `m${message}`);
  }

  it("of any history, in whatever order it arrived, not by a rebuild and not for what comes later", async () => {
    const recipients = histories.map((_, i) => `history-${i}@example.com`);
    for (const [i, actions] of histories.entries()) {
      for (const part of [actions.slice(0, 3), actions.slice(3)].filter((list) => list.length)) {
        await report(part.map((event, n) => reportOf(event, recipients[i] ?? "", n)));
      }
    }
    await settle();
    const before = await Promise.all(recipients.map(standingOf));
    const deliveries = await countOf("events WHERE kind = 'delivered'");
    pass(31 * DAY_MS);
    await pruneAll();
    const left = await countOf("events WHERE kind = 'delivered'");
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThan(deliveries);
    for (const [i, recipient] of recipients.entries()) {
      const about = JSON.stringify(histories[i]);
      await expectAgreement(recipient);
      expect(await standingOf(recipient), about).toEqual(before[i]);
      await rebuilt(recipient);
      expect(await standingOf(recipient), about).toEqual(before[i]);
    }
    await report(recipients.map((recipient) => bounced(recipient, "soft", Date.now() - 1, "new")));
    await report(recipients.filter((_, i) => i % 2).map((recipient) => delivered(recipient, Date.now(), "newer")));
    await settle();
    for (const recipient of recipients) await expectAgreement(recipient);
  });

  it("and neither does a failure of any of its steps", async () => {
    await everyFault({
      prepare: async ({ address }) => {
        const at = Date.now();
        await report([
          bounced(address("a"), "soft", at - 3),
          delivered(address("a"), at - 2),
          delivered(address("a"), at),
        ]);
        await report(delivered(address("b"), at));
        pass(31 * DAY_MS);
      },
      play: async ({ env }) => void (await reconcile(env)),
      check: async ({ address }) => {
        await settle();
        await settle();
        expect(await kindsOf(address("a"))).toEqual(["bounced", "delivered"]);
        expect(await kindsOf(address("b"))).toEqual([]);
        await rebuilt(address("a"));
        expect((await expectAgreement(address("a"))).verdict.softCount).toBe(0);
      },
    });
  });
});
