/** What is the same of every request that leaves the worker: no redirect is followed, it ends, and so does its answer. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { deliver } from "../../src/pipeline/deliver";
import { lookups, visit } from "../../src/pipeline/lookup";
import { callApi } from "../../src/pipeline/sync-call";
import { checkTarget } from "../../src/pipeline/target";

const now = Date.UTC(2030, 0, 15);
const HOST = "https://there.example.com";
const MAX_WAIT_MS = 15_000;
const PART_BYTES = 100_000;

/** Each names what it asks for by a number of its own: what was fetched once is kept. */
let run = 0;
const hook = {
  url: `${HOST}/hook`,
  format: "standard",
  secrets: [{ value: "whsec_bWFkZS11cC1mb3ItdGVzdHM=", until: null }],
} as const;
const message = { id: "msg_1", type: "notification.test", happenedAt: now, data: {} };
const account = { origin: HOST, authorize: async () => ({ authorization: "Bearer sync-key" }) };

interface Way {
  readonly ask: () => Promise<unknown>;
  /** What comes of an answer that is of no use. */
  readonly failed: unknown;
  /** How much of an answer is read at most. */
  readonly maxBytes: number;
}

const unavailable = { ok: false, error: "unavailable" };
const WAYS: Readonly<Record<string, Way>> = {
  "for a certificate, or keys of Access": {
    ask: () => lookups(now).getText(`${HOST}/${run}.pem`),
    failed: unavailable,
    maxBytes: 100_000,
  },
  "for a key in DNS": {
    ask: () => lookups(now).getTxt(`key${run}.copernica.com`),
    failed: unavailable,
    maxBytes: 100_000,
  },
  "for a subscription to be confirmed": { ask: () => visit(`${HOST}/${run}`), failed: false, maxBytes: 0 },
  // A resolver that says nothing forbids nothing: `fetch` itself reaches no private network.
  "for the addresses of a target": {
    ask: async () => (await checkTarget(`${HOST}/hook`, false)).ok,
    failed: true,
    maxBytes: 100_000,
  },
  "of a notification": {
    ask: async () => (await deliver(hook as never, message as never, now)).type === "delivered",
    failed: false,
    maxBytes: 1_024,
  },
  "of a sync": {
    ask: async () => (await callApi({ now: () => now }, account, { method: "GET", path: "/list" })).ok,
    failed: false,
    maxBytes: 20_000_000,
  },
};

function answering(answer: () => Response | Promise<Response>) {
  run++;
  return vi.spyOn(globalThis, "fetch").mockImplementation(async () => answer());
}

afterEach(() => vi.restoreAllMocks());

describe.each(Object.entries(WAYS))("a request %s", (_what, { ask, failed, maxBytes }) => {
  it("follows no redirect, and takes one for no answer", async () => {
    const elsewhere = { location: "https://evil.example.net/" };
    const fetched = answering(() => new Response("{}", { status: 302, headers: elsewhere }));
    expect(await ask()).toEqual(failed);
    expect(fetched.mock.calls.length).toBeGreaterThan(0);
    for (const [url, init] of fetched.mock.calls) {
      expect(String(url)).not.toContain("evil");
      expect(init?.redirect).toBe("manual");
    }
  });

  it("is given up after some seconds", async () => {
    const limits = vi.spyOn(AbortSignal, "timeout");
    const fetched = answering(() => Promise.reject(new DOMException("too late", "TimeoutError")));
    expect(await ask()).toEqual(failed);
    const signals = limits.mock.results.map(({ value }) => value);
    for (const [, init] of fetched.mock.calls) expect(signals).toContain(init?.signal);
    for (const [ms] of limits.mock.calls) expect(ms).toBeLessThanOrEqual(MAX_WAIT_MS);
  });

  it.each([200, 503])("reads no answer without end, of status %i", async (status) => {
    let pulled = 0;
    const endless = () =>
      new ReadableStream<Uint8Array>({
        pull: (controller) => {
          // It has an end all the same, so that who reads on fails the test and not the machine.
          if (pulled++ < 300) controller.enqueue(new Uint8Array(PART_BYTES).fill(0x20));
          else controller.close();
        },
      });
    const fetched = answering(() => new Response(endless(), { status }));
    await ask();
    // Each stream has a part or two in hand.
    expect(pulled).toBeLessThan(maxBytes / PART_BYTES + 3 * fetched.mock.calls.length);
  });
});
