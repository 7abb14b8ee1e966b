/** What operators do through the client, against the worker itself. */
import { beforeAll, describe, expect, expectTypeOf, it, onTestFinished } from "vitest";
import type * as client from "../../src/client/types";
import type { NewEvent } from "../../src/client/types";
import type * as schemas from "../../src/http/schemas";
import type { OwnEvent } from "../../src/providers/own-format";
import { withFaults } from "../support/faults";
import { dsn } from "../support/mails";
import { pass, setStage } from "../support/stage";
import { api, testEnv } from "../support/worker";
import { AT, live, operator, streamed } from "./live";
import { outcomeOf } from "./scripted";

const bounce = (recipient: string, more: Partial<NewEvent> = {}): NewEvent => ({
  kind: "bounced",
  class: "hard",
  recipient,
  occurredAt: AT,
  ...more,
});
const { suppressions, events, recipients, quarantine, connections, parse } = operator().client;

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** What follows without end must not outlive a test that failed. */
function stoppedAfterTest(): AbortController {
  const controller = new AbortController();
  onTestFinished(() => controller.abort(new Error("the test is over")));
  return controller;
}

setStage();
beforeAll(async () => {
  await events.record([
    bounce("dead@example.com"),
    bounce("gone@example.org"),
    { kind: "complained", recipient: "angry@example.com" },
  ]);
});

it("the client's types are the service's", () => {
  type Fits<A, B> = A extends B ? true : false;
  expectTypeOf<Fits<schemas.Wire<typeof schemas.eventSchema>, client.Event>>().toEqualTypeOf<true>();
  expectTypeOf<keyof schemas.Wire<typeof schemas.eventSchema>>().toEqualTypeOf<keyof client.Event>();
  expectTypeOf<
    Fits<schemas.Wire<typeof schemas.suppressionDetailSchema>, client.SuppressionDetail>
  >().toEqualTypeOf<true>();
  expectTypeOf<keyof schemas.Wire<typeof schemas.suppressionDetailSchema>>().toEqualTypeOf<
    keyof client.SuppressionDetail
  >();
  expectTypeOf<Fits<schemas.Wire<typeof schemas.recipientSchema>, client.Recipient>>().toEqualTypeOf<true>();
  expectTypeOf<keyof schemas.Wire<typeof schemas.recipientSchema>>().toEqualTypeOf<keyof client.Recipient>();
  expectTypeOf<Fits<schemas.Wire<typeof schemas.countsSchema>, client.Counts>>().toEqualTypeOf<true>();
  expectTypeOf<keyof schemas.Wire<typeof schemas.countsSchema>>().toEqualTypeOf<keyof client.Counts>();
  expectTypeOf<keyof OwnEvent>().toEqualTypeOf<keyof client.NewEvent>();
});

describe("suppressions", () => {
  it("are listed, filtered and looked up with their evidence", async () => {
    expect((await all(suppressions.list())).map(({ recipient }) => recipient).sort()).toEqual([
      "angry@example.com",
      "dead@example.com",
      "gone@example.org",
    ]);
    expect(await all(suppressions.list({ domain: "example.org" }))).toEqual([
      { recipient: "gone@example.org", reasons: ["hard"], since: AT, until: null },
    ]);
    expect(await all(suppressions.list({ since: new Date(AT), until: "2026-01-05T10:00:00.001Z" }))).toHaveLength(2);
    expect(await suppressions.get("Dead@example.com")).toMatchObject({
      recipient: "dead@example.com",
      evidence: [{ kind: "bounced", class: "hard" }],
    });
    await expect(suppressions.get("new@example.com")).rejects.toMatchObject({ code: "not_found", status: 404 });
  });

  it("are paged through to the end", async () => {
    const first = await suppressions.page({ limit: 2 });
    expect(first.items).toHaveLength(2);
    const second = await suppressions.page({ limit: 2, cursor: first.nextCursor ?? "" });
    expect(second.items).toHaveLength(1);
    expect(second.nextCursor).toBeNull();
  });

  it("are made and ended by hand, for addresses with any character and for domains", async () => {
    for (const recipient of ["o'neil+x/y%z?#@example.com", "@blocked.example"]) {
      const blocked = await suppressions.block(recipient, { note: "asked by phone", expiresAt: new Date(2040, 0) });
      expect(blocked).toMatchObject({ recipient, reasons: ["manual"], note: "asked by phone" });
      expect(await suppressions.release(recipient)).toEqual({ recipient, released: true, pending: 0 });
      await expect(suppressions.get(recipient)).rejects.toMatchObject({ code: "not_found" });
    }
  });

  it("by complaint end only with force and a note", async () => {
    await expect(suppressions.release("angry@example.com")).rejects.toMatchObject({ code: "complaint_needs_force" });
    const released = await suppressions.release("angry@example.com", { force: true, note: "asked to come back" });
    expect(released.released).toBe(true);
  });

  it.each(["", ".", "..", "\ud800@example.com"])(
    "of %j are refused before they become another URL",
    async (recipient) => {
      const { client: own, asked } = operator();
      expect(() => own.suppressions.release(recipient)).toThrow(expect.objectContaining({ code: "invalid_recipient" }));
      expect(asked).toEqual([]);
    },
  );

  it("are followed by mirrors", async () => {
    const { nextCursor } = await suppressions.changes({ cursor: "latest" });
    await suppressions.block("mirror@example.com");
    const { items } = await suppressions.changes({ cursor: nextCursor });
    expect(items).toMatchObject([{ recipient: "mirror@example.com", suppressed: true, reasons: ["manual"] }]);
  });

  it("are out of reach for a token that may only check", async () => {
    const { client: sender } = live();
    await expect(sender.suppressions.page()).rejects.toMatchObject({ code: "forbidden", status: 403 });
  });
});

describe("recording", () => {
  it("tells what became of each event", async () => {
    const event = bounce("told@example.com", { id: "told-1" });
    expect(await events.record(event)).toMatchObject({ new: 1, items: [{ index: 0, status: "new", error: null }] });
    expect(await events.record([event])).toMatchObject({ new: 0, duplicate: 1, items: [{ status: "duplicate" }] });
    await expect(events.record({ ...event, recipient: "nobody" })).rejects.toMatchObject({ code: "invalid_events" });
  });

  it("counts nothing twice when an answer is lost", async () => {
    let calls = 0;
    const { client: flaky } = operator({
      fetch: async (url: string, init: RequestInit) => {
        const response = await api(new URL(url).pathname, {
          body: init.body as string,
          headers: init.headers as Record<string, string>,
        });
        calls++;
        if (calls === 1) throw new TypeError("connection lost");
        return response;
      },
    });
    const event: NewEvent = { kind: "bounced", class: "soft", recipient: "once@example.com" };
    expect(await flaky.events.record(event)).toMatchObject({ new: 0, duplicate: 1 });
    expect(calls).toBe(2);
    expect((await recipients.get("once@example.com")).softBounces.count).toBe(1);
  });
});

describe("the journal", () => {
  const recipient = "journal@example.com";
  const record = async (from: number, to: number) => {
    const list = Array.from({ length: to - from }, (_, i) => ({
      kind: "deferred" as const,
      recipient,
      messageId: `m-${from + i}`,
      id: `e-${from + i}`,
    }));
    await events.record(list);
  };
  const ids = (list: readonly client.Event[]) => list.map(({ messageId }) => messageId);
  const upTo = (n: number, from = 0) => Array.from({ length: n - from }, (_, i) => `m-${from + i}`);

  beforeAll(async () => {
    for (let from = 0; from < 2_500; from += 500) await record(from, from + 500);
  });

  it("is read to its end, newest first", async () => {
    const { client: own, asked } = operator();
    expect(ids(await all(own.events.list({ recipient })))).toEqual(upTo(2_500).reverse());
    expect(asked).toHaveLength(3);
    const page = await events.page({ recipient, limit: 3 });
    expect(ids(page.items)).toEqual(["m-2499", "m-2498", "m-2497"]);
  });

  it("is exported whole, however often the transfer breaks off", async () => {
    for (const format of ["csv", "ndjson"] as const) {
      const whole = await new Response(events.export({ recipient, format })).text();
      // Each answer of the service ends after its first page: the next page cannot be read.
      let reads = 0;
      const faulty = withFaults(({ operation }) => (operation === "all" && ++reads % 2 === 0 ? "before" : null));
      const env = testEnv(faulty.bindings);
      const { client: own } = operator({ fetch: (url: string, init: RequestInit) => streamed(url, init, env) });
      expect(await new Response(own.events.export({ recipient, format })).text(), format).toBe(whole);
      expect(faulty.struck()).toBe(2);
      expect(whole.split("\n")).toHaveLength(2_500 + (format === "csv" ? 2 : 1));
    }
  });

  it("is followed: each event once, in order, also what arrives while others are read", async () => {
    const stop = stoppedAfterTest();
    const { client: own, asked } = operator();
    const seen: string[] = [];
    const reading = outcomeOf(
      (async () => {
        for await (const event of own.events.follow({ recipient }, { intervalMs: 5, signal: stop.signal })) {
          seen.push(event.messageId ?? "");
          if (event.messageId === "m-4600") await record(4_700, 4_800);
          if (event.messageId === "m-4799") stop.abort(new Error("enough"));
        }
      })(),
    );
    await expect.poll(() => asked.length).toBeGreaterThan(1);
    for (let from = 2_500; from < 4_500; from += 500) await record(from, from + 500);
    await record(4_500, 4_700);
    await expect.poll(() => seen.length, { timeout: 20_000 }).toBe(2_300);
    expect(await reading).toEqual({ error: new Error("enough") });
    expect(seen).toEqual(upTo(4_800, 2_500));
  });

  it("is followed from a time on, past a service that does not answer", async () => {
    const stop = stoppedAfterTest();
    let calls = 0;
    const { client: own } = operator({
      retries: 0,
      fetch: (url: string) => {
        calls++;
        return calls % 2 === 0
          ? Promise.reject(new TypeError("lost"))
          : api(url.slice("https://bounce.example.com".length));
      },
    });
    pass(60_000);
    const since = new Date();
    await record(5_000, 5_003);
    const seen: string[] = [];
    const reading = (async () => {
      for await (const event of own.events.follow({ recipient, since }, { intervalMs: 1, signal: stop.signal })) {
        seen.push(event.messageId ?? "");
        if (seen.length === 3) await record(5_003, 5_004);
        if (seen.length === 4) stop.abort(new Error("enough"));
      }
    })();
    await expect(reading).rejects.toThrow("enough");
    expect(seen).toEqual(upTo(5_004, 5_000));
  });

  it("is not followed with a token that may not read it", async () => {
    const { client: sender } = live();
    await expect(all(sender.events.follow())).rejects.toMatchObject({ code: "forbidden" });
  });
});

describe("operations", () => {
  it("show what could not be read, read it again and drop it", async () => {
    const headers = { "content-type": "application/json" };
    await api("/webhooks/inboxroad?token=inboxroad-secret", { body: "{not json", headers });
    const [item] = await all(quarantine.list());
    expect(item).toMatchObject({ provider: "inboxroad", connection: "default", bodyBytes: 9 });
    expect(await quarantine.replay(item!.id)).toMatchObject({ settled: false });
    expect(await quarantine.drop(item!.id)).toBeUndefined();
    await expect(quarantine.drop(item!.id)).rejects.toMatchObject({ code: "not_found" });
    expect((await quarantine.page({ limit: 1 })).items).toEqual([]);
  });

  it("show the connections", async () => {
    const list = await connections();
    expect(list.map(({ provider }) => provider)).toEqual(expect.arrayContaining(["inboxroad", "listmonk", "powermta"]));
    expect(list.every(({ usable }) => usable)).toBe(true);
  });

  it("read a mail without recording it", async () => {
    const mail = dsn({ recipient: "mailed@example.com" });
    for (const raw of [mail, new TextEncoder().encode(mail), new Blob([mail])]) {
      expect(await parse(raw)).toMatchObject({
        form: "dsn",
        events: [{ kind: "bounced", class: "hard", recipient: "mailed@example.com", statusCode: "5.1.1" }],
      });
    }
    await expect(recipients.get("mailed@example.com")).rejects.toMatchObject({ code: "not_found" });
  });
});
