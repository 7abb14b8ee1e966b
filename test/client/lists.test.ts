/** Lists through the client, against the worker itself: scrubbed, imported, and the filter that spares asking. */
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { ClientOptions } from "../../src/client/options";
import type { ScrubOptions, ScrubProgress } from "../../src/client/scrub";
import { failStore, withFaults } from "../support/faults";
import { MINUTE_MS, pass, setStage } from "../support/stage";
import { api, runCron, testEnv } from "../support/worker";
import { live as liveOf, streamed } from "./live";

const CURRENT = { "x-filter-current-at": "2030-01-15T12:00:00.000Z" };
const AT = "2026-01-05T10:00:00.000Z";
const live = (options: Partial<ClientOptions> = {}, env = testEnv()) =>
  liveOf({ token: "admin-token", ...options }, env);
const { client } = live();

setStage();
beforeAll(async () => {
  const bounced = ["dead@example.com", "o'neil+x@example.com", "gone@example.org"];
  const events = bounced.map((recipient) => ({ kind: "bounced", class: "hard", recipient, occurredAt: AT }) as const);
  await client.events.record([...events, { kind: "complained", recipient: "angry@example.com", occurredAt: AT }]);
  await client.suppressions.block("@blocked.example");
});

const CSV = [
  "Name;E-Mail;Note",
  'Dead;dead@example.com;"two',
  'lines"',
  "New;NEW@example.com;x",
  'Irish;"O\'Neil+x@example.com";',
  "Blocked;boss@blocked.example;y",
  "Nobody;nobody;z",
  "Angry;angry@example.com;",
  "",
].join("\r\n");

async function scrubbed(text: string, options: ScrubOptions = {}, own = client): Promise<string> {
  return new Response(own.scrub(text, options)).text();
}

/** The service's own scrubbing, of the same list. */
async function scrubbedThere(text: string, { column, keep, purpose }: ScrubOptions): Promise<string> {
  const query = new URLSearchParams({ ...(column && { column }), ...(keep && { keep }), ...(purpose && { purpose }) });
  const response = await api(`/v1/scrub?${query}`, { body: text });
  // Not as text: NDJSON has a type that the runtime warns about.
  return response.status === 200 ? new TextDecoder().decode(await response.arrayBuffer()) : `${response.status}`;
}

describe("scrub", () => {
  it("gives out the rows that may be mailed, as they were", async () => {
    const kept = ["Name;E-Mail;Note", "New;NEW@example.com;x", ""].join("\r\n");
    expect(await scrubbed(CSV)).toBe(kept);
    const angry = ["Name;E-Mail;Note", "New;NEW@example.com;x", "Angry;angry@example.com;", ""].join("\r\n");
    expect(await scrubbed(CSV, { purpose: "transactional" })).toBe(angry);
  });

  it("gives out the others, or all with a note, and says what it has come to", async () => {
    const seen: ScrubProgress[] = [];
    const all = await scrubbed(CSV, { keep: "all", onProgress: (progress) => seen.push(progress) });
    expect(all).toContain("Nobody;nobody;z;invalid;\r\n");
    expect(all).toContain('Irish;"O\'Neil+x@example.com";;suppressed;hard\r\n');
    expect(seen.at(-1)).toEqual({
      rows: 6,
      allowed: 1,
      suppressed: 4,
      invalid: 1,
      invalidRows: [{ line: 7, problem: "no_at_sign" }],
      unanswered: 0,
    });
    expect(await scrubbed("dead@example.com\nnew@example.com\n", { keep: "suppressed" })).toBe("dead@example.com\n");
  });

  it("asks about addresses, each once, and sends nothing else", async () => {
    const bodies: string[] = [];
    const own = live({
      fetch: (url, init) => {
        bodies.push(String(init.body));
        return api(new URL(url).pathname, {
          body: init.body as string,
          headers: init.headers as Record<string, string>,
        });
      },
    }).client;
    await scrubbed(`${CSV}Again;new@example.com;secret\r\n`, {}, own);
    expect(bodies).toHaveLength(1);
    const { recipients } = JSON.parse(bodies[0] ?? "") as { recipients: string[] };
    expect(recipients).toEqual([
      "dead@example.com",
      "new@example.com",
      "o'neil+x@example.com",
      "boss@blocked.example",
      "angry@example.com",
    ]);
  });

  it("takes a list in whatever form it comes", async () => {
    const bytes = new TextEncoder().encode(CSV);
    const pieces = async function* () {
      for (let at = 0; at < bytes.length; at += 7) yield bytes.slice(at, at + 7);
    };
    const expected = await scrubbed(CSV);
    const stream = new Blob([bytes]).stream() as ReadableStream<Uint8Array>;
    for (const source of [bytes, new Blob([CSV]), stream, pieces(), [CSV.slice(0, 50), CSV.slice(50)]]) {
      expect(await new Response(client.scrub(source)).text()).toBe(expected);
    }
  });

  it("holds only so much of a long list, and reads no faster than it is read", async () => {
    const { client: own, asked } = live();
    let given = 0;
    const endless = async function* () {
      for (;;) yield `user-${given++}@list.example.net\n`;
    };
    const reader = own.scrub(endless()).getReader();
    for (let i = 0; i < 3; i++) expect((await reader.read()).done).toBe(false);
    const before = given;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(given).toBe(before);
    expect(given).toBeLessThan(40_000);
    expect(asked.length).toBeLessThanOrEqual(4);
    await reader.cancel();
  });

  it("breaks off where nobody answers, after the rows that were answered", async () => {
    let calls = 0;
    const own = live({
      retries: 1,
      fetch: async (url, init) => {
        if (++calls > 2) throw new TypeError("lost");
        return streamed(url, init, testEnv());
      },
    }).client;
    const list = Array.from({ length: 15_000 }, (_, i) => `user-${i}@example.net\n`).join("");
    const reader = own.scrub(list).getReader();
    const chunks: number[] = [];
    const reading = (async () => {
      for (let read = await reader.read(); !read.done; read = await reader.read()) chunks.push(read.value.length);
    })();
    await expect(reading).rejects.toMatchObject({ code: "network", isUnavailable: true });
    expect(chunks).toHaveLength(2);
  });

  it("blocks or allows where nobody answers and the caller said so, and counts these", async () => {
    const { client: own } = live({ retries: 0 }, testEnv(withFaults(failStore("db")).bindings));
    const seen: ScrubProgress[] = [];
    const onProgress = (progress: ScrubProgress) => seen.push(progress);
    expect(await scrubbed("dead@example.com\nx\n", { onError: "block", onProgress }, own)).toBe("");
    expect(seen.at(-1)).toMatchObject({ rows: 2, suppressed: 1, invalid: 1, unanswered: 1 });
    expect(await scrubbed("dead@example.com\nx\n", { onError: "allow", onProgress }, own)).toBe("dead@example.com\n");
    expect(seen.at(-1)).toMatchObject({ rows: 2, allowed: 1, invalid: 1, unanswered: 1 });
    await expect(scrubbed("dead@example.com\n", {}, own)).rejects.toMatchObject({ code: "unavailable" });
  });

  it("says what is wrong with a list, or with what it is to do", async () => {
    await expect(scrubbed("a,b\n1,2\n", { column: "c" })).rejects.toMatchObject({
      code: "invalid_list",
      message: expect.stringContaining('"a", "b"'),
    });
    await expect(scrubbed("a@example.com\n", { keep: "some" as "all" })).rejects.toThrow(TypeError);
  });

  it("gives out what the service itself would, whatever the list", async () => {
    const cell = fc.constantFrom(
      "dead@example.com",
      "new@example.com",
      "",
      "x",
      '"a,b"',
      "'=1",
      "boss@blocked.example",
    );
    const list = fc
      .array(fc.tuple(cell, cell), { maxLength: 8 })
      .chain((rows) =>
        fc.constantFrom(
          ["email,name", ...rows.map((row) => row.join(","))].join("\n"),
          rows.map(([first]) => first).join("\r\n"),
          rows.map(([email]) => JSON.stringify({ email })).join("\n"),
        ),
      );
    const options = fc.record({
      keep: fc.constantFrom("allowed" as const, "suppressed" as const, "invalid" as const, "all" as const),
      column: fc.constantFrom("email", undefined),
    });
    await fc.assert(
      fc.asyncProperty(list, options, async (text, chosen) => {
        const there = await scrubbedThere(text, chosen);
        const here = await scrubbed(text, chosen).catch((error: { code: string }) => error.code);
        expect(here).toBe(there === "400" ? "invalid_list" : there);
      }),
      { numRuns: 100 },
    );
  });
});

describe("the filter", () => {
  const env = testEnv();
  beforeAll(async () => {
    for (let run = 0; run < 3; run++) {
      pass(2 * MINUTE_MS);
      await runCron(env);
    }
  });

  it("answers what it can without asking, and asks about the rest", async () => {
    const { client: own, asked } = live();
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
    const { client: own, asked } = live();
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
    expect(await scrubbed(list, { filter }, own)).toBe("new@example.com\n");
  });

  it("learns from the feed what has been listed since, where the token may read it", async () => {
    const filter = await client.filter();
    const sender = await live({ token: "check-token" }).client.filter();
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
    const { client: own, asked } = live({ token: "check-token" });
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
    const { client: own, asked } = live({ token: "check-token" });
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
    const { client: own } = live({ fetch: async () => answer() });
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
    const { client: own } = live({ fetch: (url, init) => streamed(url, init, testEnv()) });
    const imported = await own.suppressions.import([list], { dryRun: true, onRow });
    expect(rows).toEqual(["2 new", "3 invalid", "4 new"]);
    expect(imported).toMatchObject({ rows: 3, new: 2, remarkable: [{ line: 3 }] });

    const lines = ['{"line":2,"recipient":"a@example.com","status":"new","code":null,"detail":null}\n'];
    const cut = live({ fetch: async () => new Response(lines.join("")) }).client;
    await expect(cut.suppressions.import(list, { onRow })).rejects.toMatchObject({ code: "network" });
    lines.push('{"problem":{"type":"about:blank","title":"In part","status":503,"code":"import_incomplete"}}\n');
    const failed = live({ fetch: async () => new Response(lines.join("")) }).client;
    await expect(failed.suppressions.import(list, { onRow })).rejects.toMatchObject({ code: "import_incomplete" });
  });

  it("is not sent twice by itself", async () => {
    const { client: own, asked } = live({ fetch: () => Promise.reject(new TypeError("lost")) });
    let calls = 0;
    const counting = live({ fetch: () => Promise.reject(new TypeError(`lost ${++calls}`)) }).client;
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
