/**
 * The changes feed loses nothing. Whoever follows it from a cursor sees every listing and release after it, in the order
 * in which they took effect: also where a step failed, and where requests crossed. A mirror that applies what it reads
 * ends up with what the database says.
 *
 * Not promised: that nothing is named twice. What was projected and not acknowledged is projected again; that changes
 * nothing and is not named, but a mirror should not mind.
 */
import { describe, expect, it } from "vitest";
import { changesAt, changesFrom, expectMirror } from "../support/changes";
import { holdStep, nth } from "../support/faults";
import { bounce } from "../support/pmta";
import { bounced, post } from "../support/reports";
import { command, deliver, everyFault, newRound, rebuild } from "../support/rounds";
import { MINUTE_MS, pass, START_MS, setStage, settle } from "../support/stage";
import { testEnv } from "../support/worker";

setStage();

const AT = START_MS - 60 * MINUTE_MS;
const suppressedIn = async (cursor: string) => (await changesFrom(cursor)).map((c) => [c.recipient, c.suppressed]);

describe("whatever step fails", () => {
  it("a listing and its release are named, in this order", async () => {
    let before = "";
    const steps = await everyFault({
      prepare: async () => {
        before = (await changesAt("latest")).nextCursor;
      },
      play: async ({ address, env }) => {
        const record = bounce("hard", { recipient: address("ann"), message: "m", at: AT });
        const { pending } = await deliver("powermta", [record], env);
        // What is released before it takes effect was never listed.
        if (pending) await settle();
        await command("DELETE", address("ann"), env);
      },
      check: async ({ address }) => {
        await settle();
        expect(await suppressedIn(before)).toEqual([
          [address("ann"), true],
          [address("ann"), false],
        ]);
        await expectMirror();
      },
    });
    expect(steps).toBeGreaterThan(5);
  });

  it("a rebuild names what it changes, and nothing else", async () => {
    await everyFault({
      prepare: async ({ address, env }) => {
        await deliver("powermta", [bounce("hard", { recipient: address("ann"), message: "m", at: AT })], env);
      },
      play: async ({ address, env }) => {
        const { nextCursor } = await changesAt("latest");
        await rebuild(address("ann"), env);
        expect(await changesFrom(nextCursor)).toEqual([]);
      },
      check: expectMirror,
    });
  });
});

describe("whatever crosses", () => {
  it("a mirror that reads in between misses nothing", async () => {
    // The projection of one recipient is held up, before and after its commit, while that of another goes through.
    for (const moment of ["before", "after"] as const) {
      const { nextCursor: start } = await changesAt("latest");
      const held = holdStep(nth(1, "db", "batch"), moment);
      const round = newRound(held.plan);
      const slow = post(bounced(round.address("slow"), "hard", AT), round.env);
      await held.reached;
      await post(bounced(round.address("fast"), "hard", AT), testEnv());
      const { items, nextCursor } = await changesAt(start);
      held.release();
      await slow;
      const names = [...items, ...(await changesFrom(nextCursor))].map((c) => c.recipient);
      const inOrder = moment === "before" ? ["fast", "slow"] : ["slow", "fast"];
      expect(names).toEqual(inOrder.map(round.address));
    }
  });

  it("of two commands at the same time, the last one named is the one that holds", async () => {
    for (let n = 0; n < 12; n++) {
      for (const [slow, fast] of [
        ["PUT", "DELETE"],
        ["DELETE", "PUT"],
      ] as const) {
        const { nextCursor } = await changesAt("latest");
        const held = holdStep((_step, index) => index === n, "before");
        const round = newRound(held.plan);
        await post(bounced(round.address("ann"), "hard", AT), testEnv());
        const first = command(slow, round.address("ann"), round.env);
        await Promise.race([held.reached, first]);
        await command(fast, round.address("ann"), testEnv());
        held.release();
        await first;
        pass(MINUTE_MS);
        await settle();
        expect((await changesFrom(nextCursor)).length).toBeGreaterThan(1);
        await expectMirror();
      }
    }
  });
});
