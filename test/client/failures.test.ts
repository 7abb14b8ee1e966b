/** What the client makes of a service that does not answer, answers late, or answers something else. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createClient } from "../../src/client/client";
import type { BouncekeeperError } from "../../src/client/error";
import type { ClientOptions } from "../../src/client/options";
import { type Answer, json, ORIGIN, outcomeOf, problem, scripted, TOKEN } from "./scripted";

const RECIPIENT = "john@example.com";
const NOT_SUPPRESSED = {
  recipient: RECIPIENT,
  suppressed: false,
  reasons: [],
  since: null,
  until: null,
  source: "kv",
};
const good: Answer = () => json(NOT_SUPPRESSED);
const unreachable: Answer = () =>
  Promise.reject(new TypeError(`fetch failed: ${ORIGIN}/v1/check?recipient=${RECIPIENT}`));
const never: Answer = () => new Promise(() => {});
const breaksOff: Answer = () => {
  const body = new ReadableStream({
    start: (controller) => {
      controller.enqueue(new TextEncoder().encode('{"recipient":"john@exam'));
      controller.error(new TypeError("terminated"));
    },
  });
  return new Response(body, { headers: { "content-type": "application/json" } });
};

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(0.5);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Runs it, and lets as much time pass as it takes. */
async function played<T>(promise: Promise<T>) {
  const started = Date.now();
  const outcome = outcomeOf(promise).then((ended) => ({ ...ended, tookMs: Date.now() - started }));
  await vi.runAllTimersAsync();
  return outcome;
}

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

describe("an answer that is none", () => {
  const bulk = { checked: 2, suppressed: [], invalid: [] };
  const entry = { recipient: RECIPIENT, reasons: ["hard"], since: null, until: null };

  it.each<[string, () => Response]>([
    [
      "a web page",
      () => new Response("<!doctype html><title>Hello</title>", { headers: { "content-type": "text/html" } }),
    ],
    ["cut off", () => new Response('{"recipient":"john@example.com","suppr')],
    ["empty", () => new Response("")],
    ["no content", () => new Response(null, { status: 204 })],
    ["null", () => json(null)],
    ["a list", () => json([])],
    ["without the verdict", () => json({ ...NOT_SUPPRESSED, suppressed: undefined })],
    ["with another verdict than its reasons", () => json({ ...NOT_SUPPRESSED, reasons: ["hard"] })],
    ["with a verdict that is no yes or no", () => json({ ...NOT_SUPPRESSED, suppressed: 0 })],
    ["about somebody else", () => json({ ...NOT_SUPPRESSED, recipient: "jane@example.com" })],
    ["from nowhere", () => json({ ...NOT_SUPPRESSED, source: undefined })],
    ["an error in the words of a success", () => json({ code: "unavailable", title: "x" })],
    ["a redirect", () => new Response(null, { status: 302, headers: { location: "https://login.example.com/" } })],
  ])("is an error whatever onError says: %s", async (_what, answer) => {
    for (const onError of ["throw", "block", "allow"] as const) {
      const { client, asked } = scripted([answer], { onError });
      const ended = await played(client.check(RECIPIENT));
      expect(ended).toMatchObject({ error: { name: "BouncekeeperError", code: "bad_answer", isUnavailable: false } });
      expect(asked).toHaveLength(1);
    }
  });

  it("to a strong check does not come from the edge", async () => {
    const { client } = scripted([good], { onError: "allow", consistency: "strong" });
    expect(await played(client.check(RECIPIENT))).toMatchObject({ error: { code: "bad_answer" } });
  });

  it.each<[string, unknown]>([
    ["to fewer than were asked", { ...bulk, checked: 1 }],
    ["without the suppressed", { checked: 2, invalid: [] }],
    ["with something else for the suppressed", { ...bulk, suppressed: {} }],
    ["with an entry that names nobody", { ...bulk, suppressed: [{ ...entry, recipient: undefined }] }],
    ["with an entry without a reason", { ...bulk, suppressed: [{ ...entry, reasons: [] }] }],
    ["with an entry about somebody else", { ...bulk, suppressed: [{ ...entry, recipient: "x@example.com" }] }],
    ["with the same entry twice", { ...bulk, suppressed: [entry, entry] }],
    ["with a stranger among the invalid", { ...bulk, checked: 1, invalid: ["x@example.com"] }],
    ["to one alone", NOT_SUPPRESSED],
  ])("to many is an error too: %s", async (_what, answer) => {
    const { client } = scripted([() => json(answer)], { onError: "allow" });
    const bad = { error: { code: "bad_answer" } };
    expect(await played(client.checkMany([RECIPIENT, "jane@example.com"]))).toMatchObject(bad);
    const both = Promise.all([RECIPIENT, "jane@example.com"].map((one) => outcomeOf(client.check(one))));
    expect(await played(both)).toMatchObject({ value: [bad, bad] });
  });
});

describe("a mistake", () => {
  it.each([400, 401, 403, 404, 405, 409, 413, 422])("that is answered with %i is an error at once", async (status) => {
    for (const answer of [() => problem(status, "some_code"), () => new Response("nope", { status })]) {
      const { client, asked } = scripted([answer], { onError: "allow" });
      const ended = await played(client.check(RECIPIENT));
      expect(ended).toMatchObject({
        error: { status, isUnavailable: false, code: expect.stringMatching(/^(some_code|http_error)$/) },
      });
      expect(asked).toHaveLength(1);
    }
  });

  it("in the fetch that was given shows itself", async () => {
    const fetch = () => {
      throw new TypeError("Illegal invocation");
    };
    const { client } = scripted([good], { fetch, onError: "allow" });
    expect(await played(client.check(RECIPIENT))).toMatchObject({ error: new TypeError("Illegal invocation") });
  });

  it.each<[string, Partial<ClientOptions>]>([
    ["url", { url: "bounce.example.com" }],
    ["url", { url: "ftp://bounce.example.com" }],
    ["url", { url: "https://user:s3cret-value@bounce.example.com" }],
    ["url", { url: "https://bounce.example.com/?token=s3cret-value" }],
    ["token", { token: "" }],
    ["token", { token: "s3cret-value\n" }],
    ["token", { token: undefined as unknown as string }],
    ["headers", { headers: { "x-a": "s3cret-value\0" } }],
    ["timeoutMs", { timeoutMs: 0 }],
    ["timeoutMs", { timeoutMs: Number.NaN }],
    ["deadlineMs", { deadlineMs: 2 ** 31 }],
    ["retries", { retries: -1 }],
    ["onError", { onError: "ignore" as "allow" }],
    ["purpose", { purpose: "spam" as "marketing" }],
    ["consistency", { consistency: "weak" as "strong" }],
  ])("in the option %s is refused when the client is made, and not repeated", (name, options) => {
    const make = () => createClient({ url: ORIGIN, token: TOKEN, ...options });
    expect(make).toThrow(TypeError);
    expect(make).toThrow(new RegExp(`^${name}: (?!.*s3cret-value)`));
  });

  it("in the options of a check is one too", async () => {
    const { client } = scripted([good]);
    await expect(client.check(RECIPIENT, { purpose: "spam" as "marketing" })).rejects.toThrow(TypeError);
    await expect(client.check(RECIPIENT, { onError: "" as "allow" })).rejects.toThrow(TypeError);
    await expect(client.check(undefined as unknown as string)).rejects.toThrow(TypeError);
  });
});

describe("errors", () => {
  it.each<[string, Answer]>([
    ["network", unreachable],
    ["timeout", never],
    ["problem", () => new Response("", { status: 503 })],
    ["page", () => new Response(`no page for ${RECIPIENT}`, { status: 404 })],
    ["answer", () => json({ recipient: RECIPIENT })],
  ])("name neither the recipient nor the token: %s", async (_what, answer) => {
    const { client } = scripted([answer], { retries: 0 });
    const { error } = (await played(client.check(RECIPIENT))) as { error: Error };
    const fields = Object.getOwnPropertyNames(error).map((name) => Reflect.get(error, name) as unknown);
    const seen = JSON.stringify([String(error), ...fields]);
    expect(seen).toContain("service");
    expect(error.cause).toBeUndefined();
    expect(seen).not.toContain("john");
    expect(seen).not.toContain(TOKEN);
  });

  it("say what the system calls it", async () => {
    const refused = Object.assign(new TypeError("fetch failed"), { cause: { code: "ECONNREFUSED" } });
    const { client } = scripted([() => Promise.reject(refused)], { retries: 0 });
    expect(await played(client.check(RECIPIENT))).toMatchObject({
      error: { message: "The service did not answer (ECONNREFUSED)." },
    });
  });

  it("are told to the log once a call, whatever becomes of them", async () => {
    const onFailure = vi.fn<(error: BouncekeeperError) => void>();
    const { client } = scripted([unreachable], { onFailure, onError: "block" });
    expect(await played(client.isSuppressed(RECIPIENT))).toMatchObject({ value: true });
    expect(onFailure).toHaveBeenCalledOnce();
    expect(onFailure.mock.calls[0]?.[0]).toMatchObject({ code: "network" });
    await played(Promise.all([client.check(RECIPIENT), client.check("jane@example.com")]));
    expect(onFailure).toHaveBeenCalledTimes(2);
  });

  it("of the log itself harm nobody", async () => {
    const onFailure = () => {
      throw new Error("disk full");
    };
    const { client } = scripted([unreachable], { onFailure, onError: "block" });
    expect(await played(client.isSuppressed(RECIPIENT))).toMatchObject({ value: true });
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
});
