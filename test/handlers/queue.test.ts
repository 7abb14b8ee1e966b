import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Connection } from "../../src/client/types";
import type { Env } from "../../src/config";
import { utf8Bytes } from "../../src/crypto/encoding";
import { retryDelaySeconds } from "../../src/handlers/queue";
import worker from "../../src/index";
import { cloudflareEmail } from "../../src/providers/cloudflare-email";
import { failStep, failStore, type Plan, withFaults } from "../support/faults";
import { eventsOf } from "../support/ledger";
import { countOf, reasonsOf } from "../support/stores";
import { api, freshStores, jsonOf, testEnv } from "../support/worker";

const QUEUE = "email-events";
const AT = "2025-11-21T10:00:05.125Z";

function bounce(recipient: string, id = `event-of-${recipient}`) {
  return {
    type: "cf.email.sending.message.bounced",
    payload: {
      eventId: id,
      messageId: `message-of-${id}`,
      recipient,
      bounce: { type: "hard", classification: "permanent_failure", reason: "550 5.1.1 User unknown" },
    },
    metadata: { eventTimestamp: AT },
  };
}

interface Delivered {
  /** Ids of messages, which here are their positions. */
  readonly acked: string[];
  readonly retried: string[];
}

/** One delivery of these messages by the platform. */
async function deliver(bodies: readonly unknown[], env: Env = testEnv(), queue = QUEUE): Promise<Delivered> {
  const messages = bodies.map((body, i) => ({ id: String(i), timestamp: new Date(), attempts: 1, body }));
  const batch = createMessageBatch(queue, messages);
  const ctx = createExecutionContext();
  await worker.queue(batch, env, ctx);
  const result = await getQueueResult(batch, ctx);
  expect([result.outcome, result.ackAll, result.retryBatch.retry]).toEqual(["ok", false, false]);
  return { acked: result.explicitAcks, retried: result.retryMessages.map(({ msgId }: { msgId: string }) => msgId) };
}

const faulty = (plan: Plan) => testEnv(withFaults(plan).bindings);
const quarantined = async () => (await jsonOf(await api("/v1/quarantine"))).items;

beforeEach(freshStores);

describe("messages of a queue", () => {
  it("are recorded, applied and acknowledged one by one, under the queue's name", async () => {
    const bodies = [bounce("ann@example.com"), bounce("bob@example.com")];
    expect(await deliver(bodies)).toEqual({ acked: ["0", "1"], retried: [] });
    for (const name of ["ann", "bob"]) {
      expect(await eventsOf(`${name}@example.com`)).toMatchObject([
        {
          provider: "cloudflare-email",
          connection: QUEUE,
          kind: "bounced",
          class: "hard",
          occurred_at: Date.parse(AT),
        },
      ]);
      expect(await reasonsOf(`${name}@example.com`)).toEqual(["hard"]);
    }
    expect(await countOf("receipts WHERE source = 'queue' AND method = 'QUEUE'")).toBe(2);
  });

  it("of different queues are different connections", async () => {
    await deliver([bounce("ann@example.com")], testEnv(), "first");
    await deliver([bounce("ann@example.com")], testEnv(), "second");
    expect((await eventsOf("ann@example.com")).map(({ connection }) => connection)).toEqual(["first", "second"]);
  });

  it("make the queue one of the connections", async () => {
    // Noted at most once a minute: a name that no other test has used.
    const name = "events-of-another-domain";
    await deliver([bounce("ann@example.com")], testEnv(), name);
    const { items } = await jsonOf<{ items: Connection[] }>(await api("/v1/connections"));
    const queue = items.filter(({ provider }) => provider === "cloudflare-email");
    expect(queue).toMatchObject([
      { connection: name, url: `queue:${name}`, usable: true, counts: { bounced: 1 }, lastRejectedAt: null },
    ]);
    expect(Date.parse(queue[0]?.lastReceivedAt ?? "")).toBeGreaterThan(Date.now() - 60_000);
  });

  it("that come again are duplicates", async () => {
    const bodies = [bounce("ann@example.com"), bounce("ann@example.com")];
    for (let delivery = 0; delivery < 3; delivery++) expect((await deliver(bodies)).acked).toEqual(["0", "1"]);
    expect(await eventsOf("ann@example.com")).toHaveLength(1);
  });

  it("of no interest are acknowledged and leave nothing behind", async () => {
    const notSpam = {
      type: "cf.email.sending.message.complained",
      payload: { eventId: "e", recipient: "ann@example.com", complaint: { type: "not-spam" } },
    };
    expect((await deliver([notSpam])).acked).toEqual(["0"]);
    expect([await countOf("events"), await countOf("receipts"), await quarantined()]).toEqual([0, 0, []]);
  });
});

describe("a failure", () => {
  it("of the database is retried, and nothing is acknowledged", async () => {
    const bodies = [bounce("ann@example.com"), { type: "unknown" }];
    for (let delivery = 0; delivery < 2; delivery++) {
      expect(await deliver(bodies, faulty(failStore("db")))).toEqual({ acked: [], retried: ["0", "1"] });
    }
    expect(await countOf("events")).toBe(0);
    expect((await deliver(bodies)).acked).toEqual(["0", "1"]);
    expect(await eventsOf("ann@example.com")).toHaveLength(1);
  });

  it("that strikes one message leaves the others alone", async () => {
    const bodies = [bounce("ann@example.com"), bounce("bob@example.com")];
    expect(await deliver(bodies, faulty(failStep(0, "before")))).toEqual({ acked: ["1"], retried: ["0"] });
    expect(await eventsOf("ann@example.com")).toEqual([]);
    expect(await eventsOf("bob@example.com")).toHaveLength(1);
  });

  it("after the commit makes the next delivery a duplicate", async () => {
    let struck = false;
    const afterTheFirstBatch: Plan = ({ operation }) => {
      if (struck || operation !== "batch") return null;
      struck = true;
      return "after";
    };
    expect((await deliver([bounce("ann@example.com")], faulty(afterTheFirstBatch))).retried).toEqual(["0"]);
    expect((await deliver([bounce("ann@example.com")])).acked).toEqual(["0"]);
    expect(await eventsOf("ann@example.com")).toHaveLength(1);
  });

  it("of objects and of the edge cache is none of the queue's: the events are recorded, and pending", async () => {
    for (const store of ["object", "kv"] as const) {
      const address = `${store}@example.com`;
      expect((await deliver([bounce(address)], faulty(failStore(store)))).acked).toEqual(["0"]);
      expect(await eventsOf(address)).toHaveLength(1);
    }
  });

  it("of our own configuration is retried", async () => {
    const env = testEnv({ POLICY: { soft_threshold: -1 } });
    expect(await deliver([bounce("ann@example.com")], env)).toEqual({ acked: [], retried: ["0"] });
  });

  it("is retried after a pause that grows, up to an hour", () => {
    expect([1, 2, 3, 7, 8, 100].map(retryDelaySeconds)).toEqual([30, 60, 120, 1920, 3600, 3600]);
    expect(retryDelaySeconds(0)).toBe(30);
  });
});

describe("a message that cannot be read", () => {
  it("goes to quarantine once, and is acknowledged", async () => {
    const bodies = [{ type: "cf.r2.bucket.created" }, bounce("ann@example.com"), { type: 7 }];
    for (let delivery = 0; delivery < 2; delivery++) expect((await deliver(bodies)).acked).toEqual(["0", "1", "2"]);
    const items = await quarantined();
    expect(items).toHaveLength(2);
    for (const item of items) {
      expect(item).toMatchObject({ provider: "cloudflare-email", connection: QUEUE, reason: "unknown_kind" });
    }
    expect(await eventsOf("ann@example.com")).toHaveLength(1);
  });

  it("is replayed by a version that can, as of the time when it came", async () => {
    const parse = vi.spyOn(cloudflareEmail, "parse").mockImplementation(() => {
      throw new Error("an older version");
    });
    const before = Date.now();
    expect((await deliver([bounce("ann@example.com")])).acked).toEqual(["0"]);
    const came = Date.now();
    parse.mockRestore();
    const [item] = await quarantined();
    expect(item.reason).toBe("adapter_error");

    const replayed = await jsonOf(await api(`/v1/quarantine/${item.id}/replay`, { method: "POST" }));
    expect(replayed).toMatchObject({ settled: true, new: 1 });
    expect(await quarantined()).toEqual([]);
    const [event] = await eventsOf("ann@example.com");
    expect(event).toMatchObject({ connection: QUEUE, occurred_at: Date.parse(AT) });
    expect(event?.received_at).toBeGreaterThanOrEqual(before);
    expect(event?.received_at).toBeLessThanOrEqual(came);
    // The queue had it all along.
    await deliver([bounce("ann@example.com")]);
    expect(await eventsOf("ann@example.com")).toHaveLength(1);
  });

  it.each<[string, unknown, string]>([
    ["nothing", undefined, "empty_body"],
    ["an empty text", "", "empty_body"],
    ["a text that is no JSON", "bounced", "invalid_json"],
    ["a number", 7, "not_an_object"],
    ["an array", [bounce("ann@example.com")], "not_an_object"],
    ["what has no form as JSON", { n: 1n }, "empty_body"],
  ])("may be %s", async (_what, body, reason) => {
    expect((await deliver([body])).acked).toEqual(["0"]);
    expect(await quarantined()).toMatchObject([{ reason }]);
  });
});

it("a message may be published as text or as bytes", async () => {
  const json = (recipient: string) => JSON.stringify(bounce(recipient));
  const bodies = [
    json("ann@example.com"),
    utf8Bytes(json("bob@example.com")),
    utf8Bytes(json("cid@example.com")).buffer,
  ];
  expect((await deliver(bodies)).acked).toEqual(["0", "1", "2"]);
  for (const name of ["ann", "bob", "cid"]) expect(await eventsOf(`${name}@example.com`)).toHaveLength(1);
});
