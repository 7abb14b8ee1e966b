import { afterEach, describe, expect, it, vi } from "vitest";
import { listenToLog } from "../support/log";
import { madeUpWorld, notification, subscribe, tell } from "../support/receivers";
import { bounced, report } from "../support/reports";
import { MINUTE_MS, setStage } from "../support/stage";

setStage();

afterEach(() => vi.restoreAllMocks());

describe("a limit of our own platform", () => {
  it("says nothing about a receiver: what was not delivered is delivered by the next run", async () => {
    const log = listenToLog("warn");
    const world = madeUpWorld();
    const hook = world.receiver("hooks.example.com");
    const { id } = await subscribe(hook, ["event.*"]);
    hook.answer = () => Promise.reject(new Error("Too many subrequests."));
    await report(bounced("john@example.com", "hard", Date.now() - MINUTE_MS));
    expect(await notification(id)).toMatchObject({
      lastError: null,
      failingSince: null,
      nextAttemptAt: null,
      waiting: 0,
    });
    expect(log().map(({ event }) => event)).toContain("notify.cut_short");
    hook.answer = () => new Response();
    hook.heard.length = 0;
    await tell();
    expect(hook.heard.map(({ body }) => body.data.recipient)).toEqual(["john@example.com"]);
  });
});

describe("the log", () => {
  it("names subscriptions by their id, and never a URL, a recipient or what a receiver says", async () => {
    const lines = [listenToLog("log"), listenToLog("warn"), listenToLog("error")];
    const world = madeUpWorld();
    const hook = world.receiver("hooks.example.com", "/hook?key=secret");
    hook.answer = () => new Response("no such user jane@example.com", { status: 400 });
    const { id } = await subscribe(hook, ["event.*"]);
    await report(bounced("jane@example.com", "hard", Date.now() - MINUTE_MS));
    const text = JSON.stringify(lines.map((read) => read()));
    expect(text).toContain(id);
    expect(text).not.toMatch(/hooks\.example|jane@|no such user|key=secret/);
  });
});
