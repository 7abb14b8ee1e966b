/** How subscribers are told: the log of deliveries, repeating them by hand, and receivers that refuse, move or are silent. */
import { describe, expect, it, vi } from "vitest";
import { failing, heardOnce, notification, setWorld, silence, storyOf, subscribe } from "../support/receivers";
import { bounced, report } from "../support/reports";
import { DAY_MS, MINUTE_MS, pass, setStage } from "../support/stage";
import { countOf } from "../support/stores";
import { api, jsonOf, runCron } from "../support/worker";

setStage();
const world = setWorld();

const at = () => Date.now() - MINUTE_MS;

describe("the delivery log", () => {
  it("says what was attempted and what came of it, newest first, without addresses", async () => {
    const hook = world.receiver("hooks.example.com");
    hook.answer = ({ body }) =>
      body.data.recipient === "bad@example.com"
        ? new Response("no thanks for bad@example.com", { status: 422 })
        : new Response();
    const { id } = await subscribe(hook, ["event.*"]);
    await report([bounced("good@example.com", "hard", at()), bounced("bad@example.com", "hard", at())]);
    const response = await api(`/v1/notifications/${id}/deliveries`);
    const text = await response.text();
    expect(text).not.toContain("@example.com");
    const { items } = JSON.parse(text);
    expect(items.map((item: { outcome: string; status: number }) => [item.outcome, item.status])).toEqual([
      ["failed", 422],
      ["delivered", 200],
    ]);
    expect(items[0]).toMatchObject({ type: "event.bounced", attempt: 1, error: "HTTP 422 no thanks for …@…" });
    const failed = await jsonOf(await api(`/v1/notifications/${id}/deliveries?outcome=failed&limit=1`));
    expect(failed.items).toEqual([items[0]]);
    expect(
      (await jsonOf(await api(`/v1/notifications/${id}/deliveries?outcome=failed&limit=1&cursor=${failed.nextCursor}`)))
        .items,
    ).toEqual([]);
  });

  it("keeps no more of an answer than a little, however much a receiver says", async () => {
    const hook = world.receiver("hooks.example.com");
    let pulled = 0;
    hook.answer = () =>
      new Response(
        new ReadableStream({
          pull: (controller) => {
            pulled++;
            controller.enqueue(new Uint8Array(1_000).fill(120));
          },
        }),
        { status: 500 },
      );
    const { id } = await subscribe(hook, ["event.*"]);
    await report(bounced("john@example.com", "hard", at()));
    const { items } = await jsonOf(await api(`/v1/notifications/${id}/deliveries`));
    expect(items[0].error.length).toBeLessThanOrEqual(300);
    expect(pulled).toBeLessThan(10);
  });

  it("is kept for a week", async () => {
    const hook = world.receiver("hooks.example.com");
    await subscribe(hook, ["event.*"]);
    await report(bounced("john@example.com", "hard", at()));
    pass(6 * DAY_MS);
    await report(bounced("jane@example.com", "hard", at()));
    await runCron();
    expect(await countOf("notification_attempts")).toBe(2);
    pass(2 * DAY_MS);
    await runCron();
    expect(await countOf("notification_attempts")).toBe(1);
  });
});

describe("by hand", () => {
  it("a message is delivered again, under its own id", async () => {
    const hook = world.receiver("hooks.example.com");
    const { id } = await subscribe(hook, ["event.*"]);
    await report(bounced("john@example.com", "hard", at()));
    const messageId = heardOnce(hook).headers.get("webhook-id");
    const response = await api(`/v1/notifications/${id}/redeliver`, { json: { messageId } });
    expect(response.status).toBe(202);
    await runCron();
    expect(hook.heard.map(({ headers }) => headers.get("webhook-id"))).toEqual([messageId, messageId]);
    expect((await notification(id)).waiting).toBe(0);
  });

  it("a message that does not exist, or is not for that subscription, is 404", async () => {
    const hook = world.receiver("hooks.example.com");
    const { id } = await subscribe(hook, ["event.*"]);
    const { id: other } = await subscribe(world.receiver("others.example.com"), ["alert.*"]);
    await report(bounced("john@example.com", "hard", at()));
    const messageId = heardOnce(hook).headers.get("webhook-id") ?? "";
    const redeliver = async (to: string, message: string) =>
      (await api(`/v1/notifications/${to}/redeliver`, { json: { messageId: message } })).status;
    expect(await redeliver(other, messageId)).toBe(404);
    expect(
      await redeliver(
        id,
        messageId.replace(/.$/, (c) => (c === "0" ? "1" : "0")),
      ),
    ).toBe(404);
    expect(await redeliver(id, "msg_change_7_0000000000000000")).toBe(404);
    expect(await redeliver(id, "nonsense")).toBe(404);
  });
});

describe("a receiver that is told", () => {
  it("to whom a redirect is no success, and is not followed", async () => {
    const hook = world.receiver("hooks.example.com");
    const trap = world.receiver("trap.example.com");
    hook.answer = () => new Response(null, { status: 307, headers: { location: trap.url } });
    const { id } = await subscribe(hook, ["event.*"]);
    await report(bounced("john@example.com", "hard", at()));
    expect(trap.heard).toEqual([]);
    expect(await notification(id)).toMatchObject({ waiting: 1, lastError: "HTTP 307" });
  });

  it("whose name has come to lead to a private network is not called", async () => {
    const hook = world.receiver("hooks.example.com");
    const { id } = await subscribe(hook, ["event.*"]);
    world.addresses.set("hooks.example.com", ["127.0.0.1"]);
    await report(bounced("john@example.com", "hard", at()));
    expect(hook.heard).toEqual([]);
    expect(await notification(id)).toMatchObject({
      status: "active",
      lastError: "url: Its name leads to a private network.",
    });
    world.addresses.delete("hooks.example.com");
    pass(2 * MINUTE_MS);
    await runCron();
    expect(hook.heard).toHaveLength(1);
  });

  it("that says 410 is told no more, until an operator resumes it; then nothing was missed", async () => {
    const hook = world.receiver("hooks.example.com");
    hook.answer = failing(410);
    const { id } = await subscribe(hook, ["event.*"]);
    await report(bounced("john@example.com", "hard", at()));
    expect(await notification(id)).toMatchObject({ status: "gone" });
    pass(DAY_MS);
    await report(bounced("jane@example.com", "hard", at()));
    await runCron();
    expect(hook.heard).toHaveLength(1);
    hook.answer = () => new Response();
    expect((await jsonOf(await api(`/v1/notifications/${id}/resume`, { method: "POST" }))).status).toBe("active");
    await runCron();
    expect(storyOf(hook).slice(1)).toEqual(["event.bounced john@example.com", "event.bounced jane@example.com"]);
  });

  it("that never answers is left after some seconds", async () => {
    const hook = world.receiver("hooks.example.com");
    hook.answer = silence;
    vi.spyOn(AbortSignal, "timeout").mockImplementation(() =>
      AbortSignal.abort(new DOMException("late", "TimeoutError")),
    );
    const { id } = await subscribe(hook, ["event.*"]);
    await report(bounced("john@example.com", "hard", at()));
    expect(await notification(id)).toMatchObject({ lastError: "timeout", waiting: 0 });
  });
});
