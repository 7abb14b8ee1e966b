/** The platform hands over a mail: it is recorded, or the platform is told that it was not. */
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Env } from "../../src/config";
import worker from "../../src/index";
import { failStore, withFaults } from "../support/faults";
import { eventsOf } from "../support/ledger";
import { listenToLog } from "../support/log";
import { dsn, letter, route } from "../support/mails";
import { bodyOf, items, theItem } from "../support/quarantine";
import { delivered, report } from "../support/reports";
import { DAY_MS, setStage } from "../support/stage";
import { countOf, rowsOf } from "../support/stores";
import { api, freshStores, jsonOf, testEnv } from "../support/worker";

setStage();
beforeEach(freshStores);

const JOHN = "john@example.com";
const MESSAGE = "message-1@mail.example.com";
const TO = "bounces+news@return.example.com";
const bounce = dsn({ recipient: JOHN }, { message: MESSAGE, id: "report-1@mx.example.net" });

const sent = () => report(delivered(JOHN, Date.now() - DAY_MS, MESSAGE));

/** Hands over a stream of a test's choice. */
async function routeStream(raw: ReadableStream<Uint8Array>, env: Env = testEnv()): Promise<void> {
  const ctx = createExecutionContext();
  try {
    await worker.email({ from: "", to: TO, raw } as unknown as ForwardableEmailMessage, env, ctx);
  } finally {
    await waitOnExecutionContext(ctx);
  }
}

function streamOf(pieces: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece);
      controller.close();
    },
  });
}

describe("the email handler", () => {
  it("records a report, with the address to which it came", async () => {
    await sent();
    await route(bounce, TO);
    expect(await eventsOf(JOHN)).toMatchObject([
      { kind: "delivered" },
      { kind: "bounced", class: "hard", provider: "email", connection: "default", envelope_sender: TO, state: 1 },
    ]);
    expect(await rowsOf("SELECT source, query FROM receipts WHERE provider = 'email'")).toEqual([
      { source: "email", query: JSON.stringify([["to", TO]]) },
    ]);
  });

  it("takes a mail in pieces of any size, and one that holds nothing", async () => {
    await sent();
    const bytes = new TextEncoder().encode(bounce);
    const pieces = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, i) => bytes.slice(i * 7, (i + 1) * 7));
    await routeStream(streamOf([...pieces, new Uint8Array()]));
    expect(await eventsOf(JOHN)).toHaveLength(2);
    await routeStream(streamOf([]));
    expect(await theItem()).toMatchObject({ reason: "unrecognized", item: null });
  });

  it("returns for what is no report and for what nobody vouches for: both are kept, with their bytes", async () => {
    await route(letter());
    await route(bounce);
    expect((await items()).map(({ reason }) => reason).sort()).toEqual(["unrecognized", "unverified"]);
    const unverified = (await items()).find(({ reason }) => reason === "unverified");
    expect(await (await bodyOf(unverified?.id ?? "")).text()).toBe(bounce);
  });

  it("throws while nothing can be stored, so that the sending server keeps the mail, and says so in the log", async () => {
    await sent();
    for (const mail of [bounce, letter()]) {
      const logged = listenToLog("error");
      await expect(route(mail, TO, testEnv(withFaults(failStore("db")).bindings))).rejects.toThrow();
      expect(logged()).toMatchObject([{ event: "email.failed", error: "Error", at: expect.any(String) }]);
    }
    expect(await countOf("receipts WHERE provider = 'email'")).toBe(0);
    await route(bounce, TO);
    expect(await eventsOf(JOHN)).toHaveLength(2);
  });

  it("throws when the mail cannot be read to its end, and when the configuration is unusable", async () => {
    const broken = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(bounce));
        controller.error(new Error("the connection is gone"));
      },
    });
    await expect(routeStream(broken)).rejects.toThrow();
    await expect(route(bounce, TO, testEnv({ POLICY: "{" }))).rejects.toThrow();
    await expect(route(bounce, TO, testEnv({ VERP_KEYS: "short" }))).rejects.toThrow();
    expect(await countOf("receipts")).toBe(0);
  });

  it("takes a mail of any size, and keeps the beginning of it", async () => {
    await sent();
    const filling = new Uint8Array(5 * 1024 * 1024).fill(0x78);
    await routeStream(new Blob([bounce, filling]).stream());
    expect(await eventsOf(JOHN)).toHaveLength(2);
    await routeStream(new Blob([letter(), filling]).stream());
    expect(await rowsOf("SELECT body_bytes FROM receipts WHERE provider = 'email'")).toEqual([
      { body_bytes: 256 * 1024 },
      { body_bytes: 256 * 1024 },
    ]);
  });

  it("logs a line for each mail, and nobody's address in it", async () => {
    const lines = listenToLog("log");
    await sent();
    await route(bounce, TO);
    await route(dsn({ recipient: "ann@example.com" }), TO);
    const logged = lines().filter(({ event }) => event === "mail.recorded");
    expect(logged).toMatchObject([
      { door: "email", connection: "default", form: "dsn", new: 1, quarantined: 0 },
      { door: "email", connection: "default", form: "dsn", new: 0, quarantined: 1 },
    ]);
    expect(JSON.stringify(logged)).not.toMatch(/@|User unknown/);
  });

  it("is listed with the connections once a mail came, and its events are found by its name", async () => {
    const listed = async () =>
      (await jsonOf(await api("/v1/connections"))).items.filter((item) => item.provider === "email");
    expect(await listed()).toEqual([]);
    await sent();
    vi.setSystemTime(Date.now() + DAY_MS);
    await route(bounce, TO);
    expect(await listed()).toMatchObject([
      { connection: "default", title: "Cloudflare Email Routing", usable: true, counts: { bounced: 1 } },
    ]);
    const { items: events } = await jsonOf(await api("/v1/events?provider=email&connection=default"));
    expect(events).toMatchObject([{ kind: "bounced", recipient: JOHN, messageId: MESSAGE }]);
  });
});
