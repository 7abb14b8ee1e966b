/** What our own code fails on: its bytes are kept, and the log says where that was, and nothing of what was read. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import { ok } from "../../src/domain/result";
import { createLogger } from "../../src/log";
import { readMail } from "../../src/pipeline/mail";
import { parseSafely } from "../../src/pipeline/parse";
import { type Adapter, markVerified } from "../../src/providers/adapter";
import { inboxroad } from "../../src/providers/inboxroad";
import { eachRecord, ignored } from "../../src/providers/parsed";
import { listenToLog } from "../support/log";
import { posted, theItem } from "../support/quarantine";
import { setStage } from "../support/stage";
import { bindings, freshStores, jsonOf } from "../support/worker";

setStage();
beforeEach(freshStores);

const SECRET = "john@example.com";
const log = createLogger();
/** Bytes that nobody can read. */
const UNREADABLE = new Proxy(new Uint8Array(1), {});

class Fault extends Error {
  override readonly name = "Fault";
}

function failing(): never {
  throw new Fault(`cannot read ${SECRET}`);
}

/** Its records are read one by one, and it fails on those that are no numbers. */
const adapter = {
  ...inboxroad,
  parse: () => eachRecord([1, "2", 3, "4"], (record) => (typeof record === "number" ? ignored() : failing())),
} as Adapter;
const request = () =>
  markVerified({ method: "POST", url: new URL("https://a.example/"), headers: new Headers(), body: new Uint8Array() });

describe("an adapter that fails", () => {
  it("on records of a batch is named once, with how many these are and where it was", async () => {
    const lines = listenToLog("error");
    const parsed = await parseSafely({ log }, adapter, request(), { receivedAt: 0 });
    expect(parsed).toMatchObject({
      items: ["ignored", "unreadable", "ignored", "unreadable"].map((type) => ({ type })),
    });
    expect(lines()).toEqual([
      expect.objectContaining({ event: "parse.failed", provider: "inboxroad", records: 2, error: "Fault" }),
    ]);
    expect(lines()[0]?.at).toMatch(/failing/);
    expect(JSON.stringify(lines())).not.toContain(SECRET);
  });

  it("on a whole body is named too, and the body is kept", async () => {
    const lines = listenToLog("error");
    vi.spyOn(inboxroad, "parse").mockImplementation(failing);
    expect(await jsonOf(await posted("[1]"))).toMatchObject({ received: 0, quarantined: 1 });
    expect(await theItem()).toMatchObject({ reason: "adapter_error" });
    expect(lines()).toEqual([
      expect.objectContaining({ event: "parse.failed", provider: "inboxroad", error: "Fault" }),
    ]);
    expect(JSON.stringify(lines())).not.toContain(SECRET);
  });
});

describe("a mail that its recognition fails on", () => {
  const failed = { type: "unreadable", reason: "adapter_error" };

  it("is kept, and the log says where that was", async () => {
    const lines = listenToLog("error");
    const deps = { db: bindings.DB, returnPathKeys: ok([]), log };
    const reading = await readMail(deps, { raw: UNREADABLE, trusted: true });
    expect(reading).toMatchObject({ form: "unrecognized", statements: [], parsed: failed });
    expect(lines()).toEqual([
      expect.objectContaining({ event: "mail.failed", error: "TypeError", at: expect.stringContaining(".ts:") }),
    ]);
  });

  it("is named by the provider that brought it along", async () => {
    const lines = listenToLog("error");
    const item = { type: "mail", raw: UNREADABLE, about: { identity: [] } } as const;
    const bringing = { ...adapter, parse: () => ({ type: "items", items: [item] }) } as Adapter;
    const parsed = await parseSafely({ log }, bringing, request(), { receivedAt: 0 });
    expect(parsed).toMatchObject({ type: "items", items: [failed] });
    expect(lines()).toEqual([
      expect.objectContaining({ event: "parse.failed", provider: "inboxroad", records: 1, error: "TypeError" }),
    ]);
  });
});
