/**
 * A receiver that fails holds up neither what comes in nor other receivers, and a message that fails does not hold up
 * other recipients; what was given up is in sight, and is delivered when somebody asks.
 */
import { describe, expect, it, vi } from "vitest";
import { GIVE_UP_AFTER_MS } from "../../src/domain/retry";
import { failing, type Heard, notification, setWorld, silence, subscribe, tell } from "../support/receivers";
import { bounced, post, report, softBounces } from "../support/reports";
import { DAY_MS, MINUTE_MS, pass, setStage } from "../support/stage";
import { countOf, reasonsOf } from "../support/stores";
import { at, heardOf, settleFor } from "../support/told";
import { api, jsonOf } from "../support/worker";

setStage();
const world = setWorld();

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
