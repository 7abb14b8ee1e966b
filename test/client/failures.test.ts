/** What the client makes of a service that does not answer, or answers late, and of a caller that gives up. */
import { describe, expect, it, vi } from "vitest";
import type { BouncekeeperError } from "../../src/client/error";
import {
  type Answer,
  good,
  json,
  NOT_SUPPRESSED,
  never,
  outcomeOf,
  played,
  problem,
  RECIPIENT,
  scripted,
  setClock,
  unreachable,
} from "./scripted";

const breaksOff: Answer = () => {
  const body = new ReadableStream({
    start: (controller) => {
      controller.enqueue(new TextEncoder().encode('{"recipient":"john@exam'));
      controller.error(new TypeError("terminated"));
    },
  });
  return new Response(body, { headers: { "content-type": "application/json" } });
};

setClock();

describe("a call that nobody answered", () => {
  it.each<[string, Answer]>([
    ["the network fails", unreachable],
    ["the answer breaks off", breaksOff],
    ["the service is in trouble", () => problem(503, "unavailable")],
    ["a proxy is in trouble", () => new Response("<h1>Bad gateway</h1>", { status: 502 })],
    ["too much is asked", () => new Response("", { status: 429 })],
  ])("is made again: %s", async (_what, answer) => {
    const { client, asked } = scripted([answer, answer, good]);
    expect(await played(client.check(RECIPIENT))).toMatchObject({ value: NOT_SUPPRESSED });
    expect(asked).toHaveLength(3);
  });

  it("waits longer each time, at random", async () => {
    const { client } = scripted([unreachable], { retries: 3 });
    expect(await played(client.check(RECIPIENT))).toMatchObject({ tookMs: 50 + 100 + 200 });
    vi.mocked(Math.random).mockReturnValue(0);
    expect(await played(client.check(RECIPIENT))).toMatchObject({ tookMs: 0 });
    vi.mocked(Math.random).mockReturnValue(0.999);
    const { tookMs } = await played(client.check(RECIPIENT));
    expect(tookMs).toBeGreaterThan(690);
    expect(tookMs).toBeLessThanOrEqual(700);
  });

  it("is given up after the last retry, with the last reason", async () => {
    const { client, asked } = scripted([unreachable, () => problem(500, "unavailable"), unreachable]);
    expect(await played(client.check(RECIPIENT))).toMatchObject({ error: { code: "network", isUnavailable: true } });
    expect(asked).toHaveLength(3);
    const once = scripted([unreachable], { retries: 0 });
    await played(once.client.check(RECIPIENT));
    expect(once.asked).toHaveLength(1);
  });

  it("is made again when the service asks for it, within reason", async () => {
    const retryAfter = (value: string, status = 503) =>
      scripted([() => problem(status, "busy", { "retry-after": value }), good]);
    expect(await played(retryAfter("1").client.check(RECIPIENT))).toMatchObject({
      value: NOT_SUPPRESSED,
      tookMs: 1_050,
    });
    // A mail waits: of half a minute it waits a second.
    expect(await played(retryAfter("30").client.check(RECIPIENT))).toMatchObject({ value: {}, tookMs: 1_050 });
    const date = new Date(Date.now() + 1_000).toUTCString();
    const { tookMs } = await played(retryAfter(date).client.check(RECIPIENT));
    expect(tookMs).toBeGreaterThan(50);
    expect(tookMs).toBeLessThanOrEqual(1_050);
    for (const nonsense of ["soon", "-5", ""]) {
      expect(await played(retryAfter(nonsense).client.check(RECIPIENT))).toMatchObject({ value: {}, tookMs: 50 });
    }
  });

  it("is never made sooner than a 429 says; where there is no time for that, it ends at once", async () => {
    const limited = (seconds: string) =>
      scripted([() => new Response("", { status: 429, headers: { "retry-after": seconds } }), good]);
    expect(await played(limited("4").client.check(RECIPIENT))).toMatchObject({ value: {}, tookMs: 4_050 });
    const { client, asked } = limited("60");
    const ended = await played(client.check(RECIPIENT));
    expect(ended).toMatchObject({ tookMs: 0, error: { status: 429, retryAfterMs: 60_000, isUnavailable: true } });
    expect(asked).toHaveLength(1);
  });

  it("that never ends is timed, also where fetch does not mind the signal", async () => {
    const { client, asked } = scripted([never], { timeoutMs: 300, retries: 1 });
    const ended = await played(client.check(RECIPIENT));
    expect(ended).toMatchObject({ error: { code: "timeout", isUnavailable: true }, tookMs: 300 + 50 + 300 });
    expect(asked).toHaveLength(2);
  });

  it("that begins to answer and stops is timed too, and its connection closed", async () => {
    const stalls: Answer = () => new Response(new ReadableStream({}));
    const { client, requests } = scripted([stalls], { timeoutMs: 300, retries: 0 });
    expect(await played(client.check(RECIPIENT))).toMatchObject({ error: { code: "timeout" }, tookMs: 300 });
    expect(requests[0]?.signal.aborted).toBe(true);
  });

  it("has a deadline for all of it", async () => {
    const { client, asked } = scripted([never], { timeoutMs: 400, deadlineMs: 1_000, retries: 50 });
    const { tookMs, error } = (await played(client.check(RECIPIENT))) as { tookMs: number; error: BouncekeeperError };
    expect(error.code).toBe("timeout");
    expect(tookMs).toBeLessThanOrEqual(1_000);
    expect(asked).toHaveLength(3);
  });

  it("is timed more generously where no mail waits", async () => {
    const { client } = scripted([never], { retries: 0 });
    expect(await played(client.checkMany([RECIPIENT]))).toMatchObject({ error: { code: "timeout" }, tookMs: 30_000 });
  });
});

describe("a caller that gives up", () => {
  const aborted = (afterMs: number) => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error("enough")), afterMs);
    return controller.signal;
  };

  it("gets its own reason, at once, whatever onError says", async () => {
    for (const answer of [never, unreachable]) {
      for (const options of [{}, { batch: false }]) {
        const { client } = scripted([answer], { onError: "allow", retries: 100, timeoutMs: 1_000 });
        const ended = await played(client.check(RECIPIENT, { ...options, signal: aborted(20) }));
        expect(ended).toMatchObject({ error: new Error("enough") });
      }
    }
  });

  it("asks nothing where it gave up before", async () => {
    const { client, asked } = scripted([good]);
    const signal = AbortSignal.abort(new Error("enough"));
    expect(await played(client.check(RECIPIENT, { signal }))).toMatchObject({ error: new Error("enough") });
    expect(await played(client.checkMany([RECIPIENT], { signal }))).toMatchObject({ error: new Error("enough") });
    expect(asked).toEqual([]);
  });

  it("leaves the others of its request alone; the request ends with the last of them", async () => {
    const slow: Answer = async () => {
      await new Promise((resolve) => setTimeout(resolve, 500));
      return json({ checked: 2, suppressed: [], invalid: [] });
    };
    const { client, requests } = scripted([slow]);
    const one = outcomeOf(client.check("a@example.com", { signal: aborted(100) }));
    const other = outcomeOf(client.check("b@example.com"));
    await played(Promise.all([one, other]));
    expect(await one).toMatchObject({ error: new Error("enough") });
    expect(await other).toMatchObject({ value: { suppressed: false } });

    const both = scripted([slow]);
    const signals = [aborted(100), aborted(200)];
    const ended = await played(
      Promise.all(signals.map((signal, i) => outcomeOf(both.client.check(`${i}@example.com`, { signal })))),
    );
    expect(ended).toMatchObject({ tookMs: 200 });
    expect(requests[0]?.signal.aborted).toBe(false);
    expect(both.requests[0]?.signal.aborted).toBe(true);
  });

  it("may use one signal for any number of checks: it has one listener, whom all hear by", async () => {
    const { client } = scripted([never], { batch: false });
    const signal = aborted(50);
    const listeners = vi.spyOn(signal, "addEventListener");
    const checks = Array.from({ length: 30 }, (_, i) =>
      outcomeOf(client.check(`${i}@example.com`, { signal, batch: i % 2 === 0 })),
    );
    expect(await played(Promise.all(checks))).toMatchObject({ tookMs: 50 });
    expect(await Promise.all(checks)).toEqual(checks.map(() => ({ error: new Error("enough") })));
    expect(listeners).toHaveBeenCalledTimes(1);
  });
});
