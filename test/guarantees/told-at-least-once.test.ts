/**
 * Others are told at least once, and in order per recipient.
 *
 * Whoever subscribed hears of every bounce, complaint, listing and release after that: also where any step of D1 failed on
 * the way, where the receiver failed, and where runs crossed. Of each recipient it hears in the order in which things took
 * effect. A receiver that fails holds up neither what comes in nor other receivers, and a message that fails does not hold
 * up other recipients.
 *
 * Not promised: exactly once. A run that is cut off between a delivery and the note of it delivers again, under the same
 * id; then what followed is repeated too, in its order. Nor the place of a message that was given up after three days: it
 * is delivered by hand.
 */
import { describe, expect, it } from "vitest";
import { holdStep, nth } from "../support/faults";
import { failing, setWorld, subscribe, tell } from "../support/receivers";
import { bounced, post, release, report } from "../support/reports";
import { everyFault, newRound } from "../support/rounds";
import { MINUTE_MS, pass, setStage } from "../support/stage";
import { countOf } from "../support/stores";
import { at, BOUNCED, heardOf, RELEASED, settleFor } from "../support/told";
import { bindings, runCron } from "../support/worker";

setStage();
const world = setWorld();

describe("at least once", () => {
  it("whatever step of a store fails while it is told", async () => {
    const hook = world.receiver("hooks.example.com");
    await subscribe(hook);
    const steps = await everyFault({
      prepare: async ({ address }) => {
        hook.answer = failing(503);
        await report([bounced(address("ann"), "hard", at()), bounced(address("bob"), "hard", at())]);
        await release(address("ann"));
        hook.answer = () => new Response();
        pass(20 * MINUTE_MS);
      },
      play: async ({ env }) => tell(env),
      check: async ({ address }) => {
        await settleFor(8);
        const heard = heardOf(hook);
        expect(heard[address("ann")]).toEqual(RELEASED);
        expect(heard[address("bob")]).toEqual(BOUNCED);
      },
    });
    expect(steps).toBeGreaterThan(7);
  });

  it("whatever step of a store fails while events come in and are announced", async () => {
    const hook = world.receiver("hooks.example.com");
    await subscribe(hook);
    await everyFault({
      play: async ({ address, env }) => {
        await post([bounced(address("ann"), "hard", at()), bounced(address("bob"), "hard", at())], env);
        // Whether it was taken or not: the sender tries again.
        await report([bounced(address("ann"), "hard", at()), bounced(address("bob"), "hard", at())]);
      },
      check: async ({ address }) => {
        await settleFor(8);
        const heard = heardOf(hook);
        expect(heard[address("ann")]).toEqual(BOUNCED);
        expect(heard[address("bob")]).toEqual(BOUNCED);
      },
    });
  });

  it("whenever the receiver fails, in whatever way", async () => {
    const hook = world.receiver("hooks.example.com");
    await subscribe(hook);
    const ways = [failing(500), failing(503), failing(404), failing(429), () => Promise.reject(new Error("reset"))];
    let calls = 0;
    for (const [n, way] of ways.entries()) {
      for (let failed = 0; failed < 3; failed++) {
        const [ann, bob] = [`ann-${n}-${failed}@example.com`, `bob-${n}-${failed}@example.com`];
        calls = 0;
        hook.answer = (heard) => (calls++ === failed ? way(heard) : new Response());
        await report([bounced(ann, "hard", at()), bounced(bob, "hard", at())]);
        await release(ann);
        await settleFor(8);
        const heard = heardOf(hook);
        expect(heard[ann]).toEqual(RELEASED);
        expect(heard[bob]).toEqual(BOUNCED);
      }
    }
  });

  it("also of what was recorded and took effect only later", async () => {
    const hook = world.receiver("hooks.example.com");
    await subscribe(hook);
    const { env } = newRound((step) => (step.store === "object" ? "before" : null));
    await report(bounced("ann@example.com", "hard", at()), env);
    expect(heardOf(hook)).toEqual({ "ann@example.com": ["event.bounced"] });
    await runCron();
    expect(heardOf(hook)).toEqual({ "ann@example.com": BOUNCED });
  });

  it("past millions of deliveries that nobody is told of, in runs that end", async () => {
    const hook = world.receiver("hooks.example.com");
    await subscribe(hook, ["event.*"]);
    const deliveries = Array.from({ length: 6_000 }, (_, i) => ({ kind: "delivered", recipient: `d${i}@example.com` }));
    await report(deliveries);
    await report(bounced("ann@example.com", "hard", at()));
    await tell();
    expect(heardOf(hook)).toEqual({ "ann@example.com": ["event.bounced"] });
  });
});

it("in a database that was set back, what happens from then on is told", async () => {
  const hook = world.receiver("hooks.example.com");
  const { id } = await subscribe(hook);
  await report(bounced("ann@example.com", "hard", at()));
  await bindings.DB.batch([
    bindings.DB.prepare(
      "UPDATE notifications SET event_seq = 1e15, change_seq = 1e15, alert_seq = 1e15 WHERE id = ?",
    ).bind(id),
  ]);
  await tell();
  await report(bounced("bob@example.com", "hard", at()));
  await tell();
  expect(heardOf(hook)["bob@example.com"]).toEqual(BOUNCED);
});

it("nothing is written for others while events come in", async () => {
  const hook = world.receiver("hooks.example.com");
  hook.answer = failing(400);
  await subscribe(hook);
  const held = holdStep(nth(0, "db", "batch"), "after");
  const slow = post(bounced("ann@example.com", "hard", at()), newRound(held.plan).env);
  await held.reached;
  // Committed, and with that acknowledged: what others are told of it is not written anywhere.
  expect(await countOf("events")).toBe(1);
  for (const table of ["notification_outbox", "notification_attempts"]) expect(await countOf(table)).toBe(0);
  held.release();
  await slow;
  expect(await countOf("notification_outbox")).toBe(2);
});
