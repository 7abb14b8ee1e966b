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
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { GIVE_UP_AFTER_MS } from "../../src/domain/retry";
import { failStep, holdStep, nth } from "../support/faults";
import { eventsOf } from "../support/ledger";
import {
  failing,
  type Heard,
  notification,
  type Receiver,
  setWorld,
  silence,
  subscribe,
  tell,
} from "../support/receivers";
import { bounced, post, release, report, softBounces } from "../support/reports";
import { everyFault, newRound } from "../support/rounds";
import { DAY_MS, MINUTE_MS, pass, setStage } from "../support/stage";
import { countOf, reasonsOf } from "../support/stores";
import { api, bindings, jsonOf, runCron, testEnv } from "../support/worker";

setStage();
const world = setWorld();

const at = () => Date.now() - MINUTE_MS;

/** What was heard of each recipient, in order; what was said twice counts the first time. */
function heardOf(receiver: Receiver): Record<string, string[]> {
  const stories: Record<string, string[]> = {};
  const told = new Set<string>();
  for (const { headers, body } of receiver.heard) {
    const id = headers.get("webhook-id") ?? "";
    if (told.has(id)) continue;
    told.add(id);
    stories[body.data.recipient] = [...(stories[body.data.recipient] ?? []), body.type];
  }
  return stories;
}

const BOUNCED = ["event.bounced", "suppression.created"];
const RELEASED = [...BOUNCED, "suppression.released"];

/** Time for every wait that there may be. */
async function settleFor(minutes: number, env = testEnv()): Promise<void> {
  for (let passed = 0; passed < minutes; passed += 4) {
    pass(4 * MINUTE_MS);
    await tell(env);
  }
}

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

describe("in order per recipient", () => {
  it("what follows a message that fails waits behind it, and others do not", async () => {
    const hook = world.receiver("hooks.example.com");
    let isPoisoned = true;
    hook.answer = ({ body }) =>
      isPoisoned && body.data.recipient === "ann@example.com" ? new Response(null, { status: 500 }) : new Response();
    const { id } = await subscribe(hook);
    await report([bounced("ann@example.com", "hard", at()), bounced("bob@example.com", "hard", at())]);
    await release("ann@example.com");
    await report(bounced("cem@example.com", "hard", at()));
    expect(heardOf(hook)).toEqual({
      "ann@example.com": ["event.bounced"],
      "bob@example.com": BOUNCED,
      "cem@example.com": BOUNCED,
    });
    expect(await notification(id)).toMatchObject({ waiting: 3, status: "active" });
    isPoisoned = false;
    await settleFor(4);
    const ofAnn = hook.heard
      .filter(({ body }) => body.data.recipient === "ann@example.com")
      .map(({ body }) => body.type);
    expect(ofAnn.slice(-3)).toEqual(RELEASED);
    expect(ofAnn.slice(0, -3).every((type) => type === "event.bounced")).toBe(true);
    expect(await notification(id)).toMatchObject({ waiting: 0 });
  });

  it("with many messages of few recipients, and a receiver that fails every third time", async () => {
    const hook = world.receiver("hooks.example.com");
    await subscribe(hook, ["event.*"]);
    let calls = 0;
    hook.answer = () => new Response(null, { status: calls++ % 3 === 2 ? 500 : 200 });
    for (let n = 0; n < 5; n++) {
      await report(["ann", "bob", "cem"].flatMap((name) => softBounces(`${name}@example.com`, 3, at() - n * 10_000)));
      await tell();
    }
    await settleFor(60);
    const accepted = hook.heard.filter((_, i) => i % 3 !== 2);
    for (const name of ["ann", "bob", "cem"]) {
      const ids = accepted
        .filter(({ body }) => body.data.recipient === `${name}@example.com`)
        .map(({ body }) => body.data.id);
      const inJournal = (await jsonOf(await api(`/v1/events?recipient=${name}%40example.com`))).items
        .map((event: { id: string }) => event.id)
        .reverse();
      expect(ids).toEqual(inJournal);
    }
  });

  it("whatever is reported, whatever the receiver answers, and whenever it is told", async () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ type: fc.constant("report" as const), who: fc.nat(2) }) },
      { weight: 2, arbitrary: fc.record({ type: fc.constant("tell" as const), minutes: fc.constantFrom(1, 5, 60) }) },
      { weight: 1, arbitrary: fc.record({ type: fc.constant("stumble" as const), at: fc.nat(8) }) },
    );
    const steps = fc.array(step, { minLength: 3, maxLength: 12 });
    const statuses = fc.array(fc.constantFrom(200, 200, 200, 400, 500, 503), { minLength: 30, maxLength: 30 });
    let round = 0;
    const hook = world.receiver("hooks.example.com");
    await subscribe(hook, ["event.*"]);
    const property = fc.asyncProperty(steps, statuses, async (actions, answers) => {
      const domain = `plan-${++round}.example.com`;
      const accepted: string[] = [];
      let [calls, reports] = [0, 0];
      hook.answer = ({ body }) => {
        const status = answers[calls++] ?? 200;
        if (status === 200) accepted.push(`${body.data.recipient} ${body.data.id}`);
        return new Response(null, { status });
      };
      for (const action of actions) {
        if (action.type === "report") {
          await report(softBounces(`r${action.who}@${domain}`, 1, at() - ++reports * 1_000));
        } else if (action.type === "stumble") await tell(newRound(failStep(action.at, "after")).env);
        else {
          pass(action.minutes * MINUTE_MS);
          await tell();
        }
      }
      answers.length = 0;
      for (let i = 0; i < 4; i++) {
        pass(10 * 60 * MINUTE_MS);
        await tell();
      }
      for (const who of [0, 1, 2].map((i) => `r${i}@${domain}`)) {
        const heard = accepted.filter((line) => line.startsWith(`${who} `));
        const inJournal = (await eventsOf(who)).map(({ id }) => `${who} ${id}`);
        expect([...new Set(heard)]).toEqual(inJournal);
        // What was repeated, was repeated in order, up to the last.
        expect(heard.at(-1)).toBe(inJournal.at(-1));
      }
    });
    await fc.assert(property, { numRuns: 10 });
  });

  it("when two runs want to deliver at the same time, only one does", async () => {
    const hook = world.receiver("hooks.example.com");
    await subscribe(hook, ["event.*"]);
    hook.answer = failing(503);
    await report(softBounces("ann@example.com", 5, at()));
    hook.answer = () => new Response();
    hook.heard.length = 0;
    pass(20 * MINUTE_MS);
    await Promise.all([tell(), tell(), tell()]);
    expect(hook.heard).toHaveLength(5);
  });

  it("a run that lost its lease notes nothing: what it delivered is delivered again, in order", async () => {
    const hook = world.receiver("hooks.example.com");
    await subscribe(hook, ["event.*"]);
    hook.answer = failing(503);
    await report(softBounces("ann@example.com", 3, at()));
    hook.answer = () => new Response();
    hook.heard.length = 0;
    pass(20 * MINUTE_MS);
    // The run is held up when it wants to note what it delivered, for longer than its lease lasts.
    let notes = 0;
    const held = holdStep(
      ({ store, operation }) => store === "db" && operation === "batch" && hook.heard.length === 3 && notes++ === 0,
      "before",
    );
    const slow = tell(newRound(held.plan).env);
    await held.reached;
    pass(10 * MINUTE_MS);
    await tell();
    await report(softBounces("ann@example.com", 1, at() + 10_000));
    held.release();
    await slow;
    await tell();
    const ids = hook.heard.map(({ headers }: Heard) => headers.get("webhook-id"));
    expect(ids).toHaveLength(7);
    expect(ids.slice(3, 6)).toEqual(ids.slice(0, 3));
  });

  it("a report comes before the change that it caused, also where both come in while the logs are read", async () => {
    const hook = world.receiver("hooks.example.com");
    await subscribe(hook, ["event.*", "suppression.*"]);
    for (const n of [0, 1]) {
      const held = holdStep(nth(n, "db", "batch"), "after");
      const slow = tell(newRound(held.plan).env);
      await held.reached;
      await report(bounced(`ann-${n}@example.com`, "hard", at()));
      held.release();
      await slow;
      await tell();
      expect(heardOf(hook)[`ann-${n}@example.com`]).toEqual(BOUNCED);
    }
  });
});

describe("a receiver that is down", () => {
  it("delays neither what comes in nor other receivers", async () => {
    const timeout = AbortSignal.timeout;
    vi.spyOn(AbortSignal, "timeout").mockImplementation((ms) => timeout.call(AbortSignal, ms / 5));
    const [dead, alive] = [world.receiver("dead.example.com"), world.receiver("alive.example.com")];
    dead.answer = silence;
    const { id } = await subscribe(dead);
    await subscribe(alive);
    const taken: number[] = [];
    const started = performance.now();
    alive.answer = () => {
      taken.push(performance.now() - started);
      return new Response();
    };
    const context = post([bounced("ann@example.com", "hard", at()), bounced("bob@example.com", "hard", at())]);
    // The answer waits for what runs on after it, in tests only: what counts is when things happened.
    await vi.waitFor(() => expect(alive.heard).toHaveLength(4), { timeout: 1_800 });
    expect(await reasonsOf("ann@example.com")).toEqual(["hard"]);
    expect(Math.max(...taken)).toBeLessThan(1_800);
    expect((await context).status).toBe(200);
    expect(await notification(id)).toMatchObject({ lastError: "timeout" });
  });

  it("fills no outbox: it is left alone for ever longer, and tried with what is next", async () => {
    const hook = world.receiver("hooks.example.com");
    hook.answer = failing(503);
    const { id } = await subscribe(hook, ["event.*"]);
    await report(Array.from({ length: 30 }, (_, i) => bounced(`r${i}@example.com`, "hard", at())));
    for (let run = 0; run < 60; run++) {
      pass(2 * MINUTE_MS);
      await tell();
    }
    expect(await countOf("notification_outbox")).toBe(0);
    expect(hook.heard.length).toBeGreaterThan(20);
    expect(hook.heard.length).toBeLessThan(80);
    expect(new Set(hook.heard.map(({ body }) => body.data.recipient)).size).toBe(4);
    expect((await notification(id)).nextAttemptAt).not.toBeNull();
    hook.answer = () => new Response();
    pass(20 * MINUTE_MS);
    await tell();
    expect(Object.keys(heardOf(hook))).toHaveLength(30);
  });

  it("is heard in what it says about when to come again", async () => {
    const hook = world.receiver("hooks.example.com");
    hook.answer = failing(429, { "retry-after": "7200" });
    await subscribe(hook, ["event.*"]);
    await report(bounced("ann@example.com", "hard", at()));
    hook.answer = () => new Response();
    await settleFor(116);
    expect(hook.heard).toHaveLength(1);
    await settleFor(8);
    expect(hook.heard).toHaveLength(2);
  });

  it("for three days is stopped, in sight; when it is resumed it hears of everything", async () => {
    const hook = world.receiver("hooks.example.com");
    hook.answer = failing(503);
    const { id } = await subscribe(hook, ["event.*"]);
    await report(bounced("ann@example.com", "hard", at()));
    const tryFor = async (ms: number) => {
      for (let passed = 0; passed < ms; passed += 3 * 60 * MINUTE_MS) {
        pass(3 * 60 * MINUTE_MS);
        await tell();
      }
    };
    await tryFor(GIVE_UP_AFTER_MS / 2);
    expect(await notification(id)).toMatchObject({ status: "active" });
    await report(bounced("bob@example.com", "hard", at()));
    await tryFor(GIVE_UP_AFTER_MS / 2);
    expect(await notification(id)).toMatchObject({ status: "stopped", lastError: "HTTP 503 status 503" });
    hook.answer = () => new Response();
    const attempts = hook.heard.length;
    pass(DAY_MS);
    await tell();
    expect(hook.heard).toHaveLength(attempts);
    await api(`/v1/notifications/${id}/resume`, { method: "POST" });
    await tell();
    expect(heardOf(hook)).toEqual({ "ann@example.com": ["event.bounced"], "bob@example.com": ["event.bounced"] });
  });

  it("that fails once after days in which there was little to tell is not stopped for that", async () => {
    const hook = world.receiver("hooks.example.com");
    hook.answer = failing(400);
    const { id } = await subscribe(hook, ["event.*"]);
    await report(bounced("ann@example.com", "hard", at()));
    pass(4 * DAY_MS);
    hook.answer = failing(503);
    await report(bounced("bob@example.com", "hard", at()));
    expect(await notification(id)).toMatchObject({ status: "active", nextAttemptAt: expect.any(String) });
    hook.answer = () => new Response();
    await settleFor(8);
    expect(Object.keys(heardOf(hook))).toContain("bob@example.com");
  });

  it("that refuses everything is taken for one that is down, after a few messages", async () => {
    const hook = world.receiver("hooks.example.com");
    hook.answer = failing(401);
    const { id } = await subscribe(hook, ["event.*"]);
    await report(Array.from({ length: 30 }, (_, i) => bounced(`r${i}@example.com`, "hard", at())));
    const { waiting, nextAttemptAt } = await notification(id);
    expect(waiting).toBe(8);
    expect(nextAttemptAt).not.toBeNull();
    hook.answer = () => new Response();
    await settleFor(8);
    expect(Object.keys(heardOf(hook))).toHaveLength(30);
    expect(await notification(id)).toMatchObject({ waiting: 0, nextAttemptAt: null, failingSince: null });
  });
});

describe("a message that fails", () => {
  const refusing = (recipient: string, status: number) => (heard: Heard) =>
    new Response(null, { status: heard.body.data.recipient === recipient ? status : 200 });

  it.each([400, 503])(
    "with %i holds up nobody else, is tried for three days, and is given up in sight",
    async (status) => {
      const hook = world.receiver("hooks.example.com");
      hook.answer = refusing("bad@example.com", status);
      const { id } = await subscribe(hook, ["event.*"]);
      await report([bounced("bad@example.com", "hard", at()), bounced("good@example.com", "hard", at())]);
      await report(softBounces("bad@example.com", 1, at() + 1));
      for (let hour = 0; hour < 78; hour += 6) {
        await report(bounced(`later-${hour}@example.com`, "hard", at()));
        expect(heardOf(hook)[`later-${hour}@example.com`], `hour ${hour}`).toEqual(["event.bounced"]);
        pass(6 * 60 * MINUTE_MS);
        await tell();
      }
      expect(await notification(id)).toMatchObject({ status: "active", parked: 1, waiting: 1 });
      const { items } = await jsonOf(await api(`/v1/notifications/${id}/outbox`));
      expect(items).toMatchObject([{ type: "event.bounced", error: `HTTP ${status}` }]);
      expect(items[0].attempts).toBeGreaterThan(8);
      expect(items[0].attempts).toBeLessThan(30);
      const log = await jsonOf(await api(`/v1/notifications/${id}/deliveries?outcome=parked`));
      expect(log.items).toHaveLength(1);

      hook.answer = () => new Response();
      hook.heard.length = 0;
      expect((await api(`/v1/notifications/${id}/redeliver`, { json: { parked: true } })).status).toBe(202);
      pass(9 * 60 * MINUTE_MS);
      await tell();
      expect(hook.heard.map(({ body }) => body.data.class)).toEqual(["hard", "soft"]);
      expect(await notification(id)).toMatchObject({ parked: 0, waiting: 0 });
    },
  );

  it("and that nothing else accompanies is given up after three days, and its receiver is not", async () => {
    const hook = world.receiver("hooks.example.com");
    hook.answer = failing(400);
    const { id } = await subscribe(hook, ["event.*"]);
    await report(bounced("bad@example.com", "hard", at()));
    for (let hour = 0; hour < 80; hour += 4) {
      pass(4 * 60 * MINUTE_MS);
      await tell();
    }
    expect(await notification(id)).toMatchObject({ status: "active", parked: 1, waiting: 0, nextAttemptAt: null });
    const [item] = (await jsonOf(await api(`/v1/notifications/${id}/outbox?state=parked`))).items;
    expect((await api(`/v1/notifications/${id}/outbox/${item.messageId}`, { method: "DELETE" })).status).toBe(204);
    expect(await notification(id)).toMatchObject({ parked: 0 });
  });

  it("is forgotten where its recipient was erased", async () => {
    const hook = world.receiver("hooks.example.com");
    hook.answer = refusing("bad@example.com", 400);
    const { id } = await subscribe(hook, ["event.*"]);
    await report(bounced("bad@example.com", "hard", at()));
    await api("/v1/recipients/bad%40example.com", { method: "DELETE" });
    hook.heard.length = 0;
    await settleFor(8);
    expect(hook.heard).toEqual([]);
    expect(await notification(id)).toMatchObject({ waiting: 0, parked: 0 });
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
