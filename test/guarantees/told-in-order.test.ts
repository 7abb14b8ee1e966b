/** Of each recipient others hear in the order in which things took effect, whatever fails and whoever tells them. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { failStep, holdStep, nth } from "../support/faults";
import { eventsOf } from "../support/ledger";
import { failing, type Heard, notification, setWorld, subscribe, tell } from "../support/receivers";
import { bounced, release, report, softBounces } from "../support/reports";
import { newRound } from "../support/rounds";
import { MINUTE_MS, pass, setStage } from "../support/stage";
import { at, BOUNCED, heardOf, RELEASED, settleFor } from "../support/told";
import { api, jsonOf } from "../support/worker";

setStage();
const world = setWorld();

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
