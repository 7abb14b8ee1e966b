/** The filter that spares asking, imports, the allow-list and erasure through the client, against the worker itself. */
import { beforeAll, describe, expect, it } from "vitest";
import { MINUTE_MS, pass, setStage } from "../support/stage";
import { runCron, testEnv } from "../support/worker";
import { live, operator, setSuppressed, streamed } from "./live";

const CURRENT = { "x-filter-current-at": "2030-01-15T12:00:00.000Z" };
const { client } = operator();

setStage();
setSuppressed("o'neil+x@example.com", "gone@example.org");

describe("the filter", () => {
  const env = testEnv();
  beforeAll(async () => {
    for (let run = 0; run < 3; run++) {
      pass(2 * MINUTE_MS);
      await runCron(env);
    }
  });

  it("answers what it can without asking, and asks about the rest", async () => {
    const { client: own, asked } = operator();
    const filter = await own.filter();
    expect(filter.count()).toBe(5);
    asked.length = 0;
    expect(await filter.check("new@example.com")).toEqual({
      recipient: "new@example.com",
      suppressed: false,
      reasons: [],
      since: null,
      until: null,
      source: "filter",
    });
    expect(asked).toEqual([]);
    expect(await filter.check("Dead@example.com")).toMatchObject({ suppressed: true, source: "kv" });
    expect(await filter.check("any@blocked.example")).toMatchObject({ reasons: ["domain"] });
    expect(await filter.check("angry@example.com", { purpose: "transactional" })).toMatchObject({ suppressed: false });
    expect(asked).toHaveLength(3);
    expect(await filter.check("new@example.com", { consistency: "strong" })).toMatchObject({ source: "d1" });
    await expect(filter.check("nobody")).rejects.toMatchObject({ code: "invalid_recipient" });
    expect(() => filter.mayBeSuppressed("nobody")).toThrow(expect.objectContaining({ code: "invalid_recipient" }));
  });

  it("spares most of many, in a check and in a scrub", async () => {
    const { client: own, asked } = operator();
    const filter = await own.filter();
    asked.length = 0;
    const recipients = Array.from({ length: 12_000 }, (_, i) => `user-${i}@example.net`);
    recipients.splice(6_000, 0, "dead@example.com", "nobody");
    const result = await filter.checkMany(recipients);
    expect(result.suppressed).toMatchObject([{ recipient: "dead@example.com" }]);
    expect(result.invalid).toEqual(["nobody"]);
    expect(result.allowed).toEqual(recipients.filter((recipient) => recipient.startsWith("user-")));
    expect(result.maySend("dead@example.com")).toBe(false);
    expect(() => result.maySend("other@example.com")).toThrow(RangeError);
    expect(asked).toEqual(["POST /v1/check"]);
    const list = "new@example.com\ngone@example.org\n";
    expect(await new Response(own.scrub(list, { filter })).text()).toBe("new@example.com\n");
  });

  it("learns from the feed what has been listed since, where the token may read it", async () => {
    const filter = await client.filter();
    const sender = await live().client.filter();
    const builtAt = sender.currentAt();
    pass(MINUTE_MS);
    await client.suppressions.block("later@example.com");
    await client.suppressions.block("@later.example");
    expect(filter.mayBeSuppressed("later@example.com")).toBe(false);
    expect(await filter.refresh()).toBe(true);
    expect(filter.mayBeSuppressed("later@example.com")).toBe(true);
    expect(filter.mayBeSuppressed("any@later.example")).toBe(true);
    expect(filter.currentAt()).toEqual(new Date());
    expect(await filter.refresh()).toBe(false);
    expect(await sender.refresh()).toBe(false);
    expect(sender.mayBeSuppressed("later@example.com")).toBe(false);
    expect(sender.currentAt()).toEqual(builtAt);
  });

  it("answers nothing any more once it is too old, until it is refreshed", async () => {
    const { client: own, asked } = live();
    const filter = await own.filter({ maxAgeMs: 45 * MINUTE_MS });
    expect(filter.mayBeSuppressed("new@example.com")).toBe(false);
    pass(60 * MINUTE_MS);
    expect(filter.mayBeSuppressed("new@example.com")).toBe(true);
    expect(await filter.check("new@example.com")).toMatchObject({ suppressed: false, source: "kv" });
    // The first run builds what has changed meanwhile; the second finds that nothing has.
    for (const changed of [true, false]) {
      pass(20 * MINUTE_MS);
      for (let run = 0; run < 3; run++) await runCron(env);
      expect(await filter.refresh()).toBe(changed);
      expect(filter.currentAt()).toEqual(new Date());
    }
    asked.length = 0;
    expect(filter.mayBeSuppressed("new@example.com")).toBe(false);
    expect(asked).toEqual([]);
  });

  it("is fetched again only when there is another one", async () => {
    const { client: own, asked } = live();
    const filter = await own.filter();
    const builtAt = filter.currentAt();
    await client.suppressions.block("latest@example.com");
    for (let run = 0; run < 30; run++) {
      pass(MINUTE_MS);
      await runCron(env);
    }
    expect(await filter.refresh()).toBe(true);
    expect(filter.currentAt().getTime()).toBeGreaterThan(builtAt.getTime());
    expect(filter.mayBeSuppressed("latest@example.com")).toBe(true);
    expect(asked.filter((line) => line.endsWith("/filter"))).toHaveLength(2);
  });

  it.each<[string, () => Response]>([
    ["cut off", () => new Response("BKSF\x01", { headers: CURRENT })],
    ["a web page", () => new Response("<html>")],
    ["of no time", () => new Response("BKSF\x01")],
    ["not there though we have none", () => new Response(null, { status: 304, headers: CURRENT })],
  ])("is refused where it is %s", async (_what, answer) => {
    const { client: own } = operator({ fetch: async () => answer() });
    await expect(own.filter()).rejects.toMatchObject({ code: "bad_answer" });
  });
});

describe("import", () => {
  const list = "email,reason\nimported@example.com,hard\nnobody,hard\nimported-2@example.com,complaint\n";

  it("records a list, tells what was odd about it, and can be undone", async () => {
    const dry = await client.suppressions.import(list, { dryRun: true });
    expect(dry).toMatchObject({ batchId: null, dryRun: true, rows: 3, new: 2, invalid: 1 });
    expect(await client.isSuppressed("imported@example.com", { consistency: "strong" })).toBe(false);
    const imported = await client.suppressions.import(new Blob([list]), { note: "from the old system" });
    expect(imported).toMatchObject({ batchId: expect.any(String), dryRun: false, rows: 3, new: 2, invalid: 1 });
    expect(imported.remarkable).toMatchObject([{ line: 3, recipient: "nobody", status: "invalid" }]);
    expect(await client.isSuppressed("imported@example.com", { consistency: "strong" })).toBe(true);
    expect(await client.batches.get(imported.batchId ?? "")).toMatchObject({ kind: "import", new: 2 });
    expect(await client.batches.revert(imported.batchId ?? "")).toMatchObject({ status: "reverted", retracted: 2 });
    expect(await client.isSuppressed("imported@example.com", { consistency: "strong" })).toBe(false);
  });

  it("tells of each row as it is recorded, and of nothing it did not finish", async () => {
    const rows: string[] = [];
    const onRow = ({ line, status }: { line: number; status: string }) => rows.push(`${line} ${status}`);
    const { client: own } = operator({ fetch: (url, init) => streamed(url, init, testEnv()) });
    const imported = await own.suppressions.import([list], { dryRun: true, onRow });
    expect(rows).toEqual(["2 new", "3 invalid", "4 new"]);
    expect(imported).toMatchObject({ rows: 3, new: 2, remarkable: [{ line: 3 }] });

    const lines = ['{"line":2,"recipient":"a@example.com","status":"new","code":null,"detail":null}\n'];
    const cut = operator({ fetch: async () => new Response(lines.join("")) }).client;
    await expect(cut.suppressions.import(list, { onRow })).rejects.toMatchObject({ code: "network" });
    lines.push('{"problem":{"type":"about:blank","title":"In part","status":503,"code":"import_incomplete"}}\n');
    const failed = operator({ fetch: async () => new Response(lines.join("")) }).client;
    await expect(failed.suppressions.import(list, { onRow })).rejects.toMatchObject({ code: "import_incomplete" });
  });

  it("is not sent twice by itself", async () => {
    const { client: own, asked } = operator({ fetch: () => Promise.reject(new TypeError("lost")) });
    let calls = 0;
    const counting = operator({ fetch: () => Promise.reject(new TypeError(`lost ${++calls}`)) }).client;
    await expect(own.suppressions.import(list)).rejects.toMatchObject({ code: "network" });
    await expect(counting.suppressions.import(list)).rejects.toMatchObject({ code: "network" });
    expect([asked.length, calls]).toEqual([0, 1]);
  });

  it("refuses what it does not recognize", async () => {
    await expect(client.suppressions.import("?", { format: "no-such-format" })).rejects.toMatchObject({ status: 400 });
  });
});

describe("the allow-list and erasure", () => {
  it("take an address in and out", async () => {
    expect(await client.allowlist.add("boss@blocked.example", { note: "our own" })).toMatchObject({ allowed: true });
    expect(await client.isSuppressed("boss@blocked.example", { consistency: "strong" })).toBe(false);
    const listed = [];
    for await (const entry of client.allowlist.list()) listed.push(entry.recipient);
    expect(listed).toEqual(["boss@blocked.example"]);
    expect(await client.allowlist.remove("boss@blocked.example")).toMatchObject({ allowed: false });
    expect(await client.isSuppressed("boss@blocked.example", { consistency: "strong" })).toBe(true);
  });

  it("forget a recipient", async () => {
    const erased = await client.recipients.erase("gone@example.org");
    expect(erased).toMatchObject({ recipient: "gone@example.org", erased: true, suppressed: false });
    await expect(client.recipients.get("gone@example.org")).rejects.toMatchObject({ code: "not_found" });
  });
});
