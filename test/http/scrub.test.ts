/** Lists that are scrubbed: their forms, their length, and the report. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { failStore, withFaults } from "../support/faults";
import { ANGRY, CSV, GONE, reportOf, scrub, scrubbed, setSuppressed, UUID } from "../support/scrubbing";
import { setStage } from "../support/stage";
import { api, CHECK, testEnv } from "../support/worker";

setStage();
setSuppressed();

describe("NDJSON", () => {
  const BODY = [
    '{"id":12345678901234567890,"email":"ann@example.com"}',
    `{ "email" : "${GONE}", "tags": [1, 2] } `,
    '"angry@example.com"',
    '{"name":"no address"}',
    '{"email":7}',
    "not json",
    "[1]",
    "",
  ].join("\n");

  it("comes back with the lines that may be mailed, as they were", async () => {
    const type = "application/x-ndjson";
    expect(await scrubbed(BODY, "", type)).toBe(`${BODY.split("\n")[0]}\n`);
    expect(await scrubbed(BODY, "keep=suppressed", type)).toBe(`${BODY.split("\n").slice(1, 3).join("\n")}\n`);
  });

  it("comes back whole, and each line says how it stands, in JSON", async () => {
    const text = await scrubbed(BODY, "keep=all", "application/ndjson");
    const lines = text.trimEnd().split("\n");
    expect(lines[0]).toBe(
      '{"id":12345678901234567890,"email":"ann@example.com","suppression":{"status":"allowed","reasons":[]}}',
    );
    expect(lines.map((line) => JSON.parse(line).suppression)).toEqual([
      { status: "allowed", reasons: [] },
      { status: "suppressed", reasons: ["hard"] },
      { status: "suppressed", reasons: ["complaint"] },
      ...Array(4).fill({ status: "invalid", reasons: [] }),
    ]);
    expect(JSON.parse(lines[5] ?? "")).toMatchObject({ value: "not json" });
    expect(JSON.parse(lines[6] ?? "")).toMatchObject({ value: [1] });
    expect(JSON.parse(lines[2] ?? "")).toMatchObject({ value: ANGRY });
  });

  it("takes the member that is named, and an empty object", async () => {
    const body = `{"to":"ann@example.com","Cc-Mail":"${GONE}"}\n{}\n`;
    expect(await scrubbed(body, "column=cc_mail&keep=suppressed", "application/jsonl")).toBe(
      `${body.split("\n")[0]}\n`,
    );
    expect(
      (await scrubbed(body, "column=to&keep=all", "application/x-ndjson"))
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { to: "ann@example.com", "Cc-Mail": GONE, suppression: { status: "allowed", reasons: [] } },
      { suppression: { status: "invalid", reasons: [] } },
    ]);
  });

  it("says why each line held no address", async () => {
    const response = await scrub(BODY, { type: "application/x-ndjson" });
    expect((await reportOf(response)).invalidRows.map((row) => row.problem)).toEqual([
      "no_such_column",
      "no_such_column",
      "not_json",
      "no_such_column",
    ]);
  });
});

describe("a plain list", () => {
  const LIST = `ann@example.com\n${GONE}\nAnn <ann@example.com>\n\nnobody\n${UUID}\nx@blocked.example\nboss@blocked.example`;

  it("comes back line by line", async () => {
    expect(await scrubbed(LIST, "", "text/plain")).toBe(
      "ann@example.com\nAnn <ann@example.com>\nboss@blocked.example\n",
    );
    expect(await scrubbed(LIST, "keep=suppressed", "text/plain")).toBe(`${GONE}\n${UUID}\nx@blocked.example\n`);
    expect(await scrubbed(LIST, "keep=invalid", "text/plain")).toBe("nobody\n");
    expect(await scrubbed(`a@example.com\nx\n${ANGRY}`, "keep=all", "text/plain")).toBe(
      `a@example.com,allowed,\nx,invalid,\n${ANGRY},suppressed,complaint\n`,
    );
  });

  it("lets those who complained through to transactional mail", async () => {
    expect(await scrubbed(`${ANGRY}\n${GONE}`, "purpose=transactional", "text/plain")).toBe(`${ANGRY}\n`);
  });

  it("may be empty", async () => {
    for (const body of ["", "\n", "\r\n\r\n"]) {
      const response = await scrub(body, { type: "text/plain" });
      expect([response.status, await response.text()]).toEqual([200, ""]);
      expect(await reportOf(response)).toMatchObject({ rows: 0, invalidRows: [] });
    }
  });
});

describe("what a list is", () => {
  const TYPES = ["application/x-www-form-urlencoded", "application/octet-stream", "text/plain; charset=utf-8", ""];

  it.each([
    ["lines", "a@example.com\nb@example.com", "text/plain"],
    ["csv", "name,email\nx,b@example.com", "text/csv"],
    ["csv", "email\nb@example.com", "text/csv"],
    ["ndjson", '{"email":"b@example.com"}', "application/x-ndjson"],
    ["ndjson", '\n {"email":"b@example.com"}', "application/x-ndjson"],
  ])("is told by its beginning where its type does not say (%s)", async (_format, body, answered) => {
    for (const type of TYPES) {
      expect((await scrub(body, { type })).headers.get("content-type"), type).toBe(answered);
    }
  });

  it("is what the caller says", async () => {
    const body = "email\nann@example.com";
    expect(await scrubbed(body, "format=lines&keep=invalid", "text/csv")).toBe("email\n");
    expect(await scrubbed(body, "format=csv&keep=invalid", "text/plain")).toBe("email\n");
    for (const query of ["format=xml", "keep=none", "purpose=spam", "column="]) {
      expect((await scrub(body, { query })).status, query).toBe(400);
    }
  });

  it("may come compressed", async () => {
    const zipped = new Blob([CSV]).stream().pipeThrough(new CompressionStream("gzip"));
    const body = await new Response(zipped).arrayBuffer();
    const response = await scrub(body, { headers: { "content-encoding": "gzip" } });
    expect(await response.text()).toBe("name,email,city\r\nAnn,ann@example.com,Oslo\r\n");
    for (const encoding of ["br", "gzip"]) {
      expect((await scrub(CSV, { headers: { "content-encoding": encoding } })).status, encoding).toBe(400);
    }
  });
});

describe("a long list", () => {
  const names = (count: number) => Array.from({ length: count }, (_, i) => `user-${i}@list-${i % 100}.example.com`);

  it("comes through in pieces, five thousand rows a query, and above the limit of other bodies", async () => {
    const rows = names(12_000).map((name) => `${"x".repeat(1_000)},${name}`);
    const { steps, bindings } = withFaults(() => null);
    const response = await scrub(`note,email\n${rows.join("\n")}\n`, { env: testEnv(bindings) });
    expect((await response.text()).length).toBeGreaterThan(11 * 1024 * 1024);
    expect(steps.filter((step) => step.store === "db").length).toBeGreaterThan(10);
    const plain = withFaults(() => null);
    await scrub(names(12_000).join("\n"), { type: "text/plain", env: testEnv(plain.bindings) });
    expect(plain.steps.map((step) => `${step.store}.${step.operation}`)).toEqual([
      ...Array(3).fill("db.batch"),
      "kv.put",
    ]);
  });

  it("is cut wherever the network cuts it", async () => {
    const body = new TextEncoder().encode(`${CSV}\r\n${names(20).join(",\r\n")},\r\n`);
    const whole = await scrubbed(body, "keep=all");
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(body.length), { maxLength: 20 }), async (cuts) => {
        const ends = [...cuts, body.length].sort((a, b) => a - b);
        const pieces = ends.map((end, i) => body.slice(ends[i - 1] ?? 0, end));
        const stream = new ReadableStream<Uint8Array>({
          start: (controller) => {
            for (const piece of pieces) controller.enqueue(piece);
            controller.close();
          },
        });
        expect(await scrubbed(stream, "keep=all")).toBe(whole);
      }),
      { numRuns: 60 },
    );
  });

  it("has the first thousand of its invalid lines listed, and all of them counted", async () => {
    const response = await scrub(Array(1_500).fill("nobody").join("\n"), { type: "text/plain" });
    const stored = await reportOf(response);
    expect(stored).toMatchObject({ rows: 1_500, invalid: 1_500, purpose: "marketing", finishedAt: expect.any(String) });
    expect(stored.invalidRows).toHaveLength(1_000);
    expect(stored.invalidRows[999]).toEqual({ line: 1_000, problem: "no_at_sign" });
  });
});

describe("the report", () => {
  it("holds no address", async () => {
    const response = await scrub(CSV);
    expect(JSON.stringify(await reportOf(response))).not.toMatch(/@|nothing|Rome/);
  });

  it("is for whoever may scrub, and 404 for a list that never came through", async () => {
    for (const id of ["nothing", "..%2F", crypto.randomUUID(), "x".repeat(2_000)]) {
      expect((await api(`/v1/scrub/${id}`, { headers: CHECK })).status).toBe(404);
    }
    expect((await api("/v1/scrub/x", { headers: {} })).status).toBe(401);
  });

  it("is missed by nobody who has the list, where it cannot be kept", async () => {
    const response = await scrub(CSV, { env: testEnv(withFaults(failStore("kv")).bindings) });
    expect(await response.text()).toContain("Ann");
    expect((await api(response.headers.get("x-scrub-report") ?? "", { headers: CHECK })).status).toBe(404);
  });
});
