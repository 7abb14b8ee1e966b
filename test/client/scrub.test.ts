/** Scrubbing through the client, against the worker itself. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ScrubOptions, ScrubProgress } from "../../src/client/scrub";
import { failStore, withFaults } from "../support/faults";
import { setStage } from "../support/stage";
import { api, testEnv } from "../support/worker";
import { operator, setSuppressed, streamed } from "./live";

const { client } = operator();

setStage();
setSuppressed("o'neil+x@example.com");

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
    const own = operator({
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
    const { client: own, asked } = operator();
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
    const own = operator({
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
    const { client: own } = operator({ retries: 0 }, testEnv(withFaults(failStore("db")).bindings));
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
