import { beforeEach, describe, expect, it } from "vitest";
import { contentOf } from "../import/lists";
import { allow, batches, batchOf, imported, listOf, postList } from "../support/batches";
import { failStore, nth, withFaults } from "../support/faults";
import { expectAllStatistics, rowOf } from "../support/ledger";
import { block, bounced, release, report } from "../support/reports";
import { DAY_MS, pass, setStage, settle } from "../support/stage";
import { checkOf, countOf, reasonsOf, rowsOf } from "../support/stores";
import { ADMIN, api, CHECK, freshStores, jsonOf, runCron, testEnv } from "../support/worker";

setStage();
beforeEach(freshStores);

const FULL = listOf([
  ["ann@example.com", "hard"],
  ["bob@example.com", "complaint"],
  ["cem@example.com", "unsubscribed"],
  ["dora@example.com", "on our own list"],
  ["not an address", "hard"],
  ["@blocked.example", "manual"],
]);

describe("an import", () => {
  it("suppresses each recipient for its reason, since its date, at once", async () => {
    const answer = await imported(FULL, "?note=from%20the%20old%20system");
    expect(answer).toMatchObject({
      batchId: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/),
      format: "generic",
      dryRun: false,
      rows: 6,
      new: 5,
      known: 0,
      skipped: 0,
      invalid: 1,
      pending: 0,
      resultsLeftOut: 0,
    });
    const reasons = ["ann", "bob", "cem", "dora"].map(async (name) => (await checkOf(`${name}@example.com`)).reasons);
    expect(await Promise.all(reasons)).toEqual([["hard"], ["complaint"], ["unsubscribe"], ["manual"]]);
    expect(await checkOf("anybody@blocked.example")).toMatchObject({ reasons: ["domain"] });
    expect(await checkOf("ann@example.com")).toMatchObject({ since: "2029-12-01T00:00:00.000Z" });
    expect(await batchOf(answer.batchId)).toMatchObject({
      kind: "import",
      format: "generic",
      status: "recorded",
      note: "from the old system",
      rows: 6,
      new: 5,
      invalid: 1,
      recordedAt: expect.any(String),
    });
  });

  it("says what became of each row, by its line", async () => {
    const { results } = await imported(FULL);
    expect(results.map(({ line, status, code }) => [line, status, code])).toEqual([
      [2, "new", null],
      [3, "new", null],
      [4, "new", null],
      [5, "new", null],
      [6, "invalid", "invalid_recipient"],
      [7, "new", null],
    ]);
    expect(results[4]).toMatchObject({ recipient: "not an address", detail: expect.any(String) });
  });

  it("names the event as evidence, with what the list said", async () => {
    await imported(contentOf("sendgrid-bounces.csv"));
    const detail = await jsonOf(await api("/v1/suppressions/ann@example.com"));
    expect(detail.evidence).toMatchObject([
      {
        provider: "import",
        connection: "sendgrid-bounces",
        kind: "bounced",
        class: "hard",
        rule: "import:hard",
        statusCode: "5.1.1",
        diagnosticCode: expect.stringContaining("User unknown"),
      },
    ]);
  });

  it("keeps a row's note and its end", async () => {
    await imported("email,note,expires_at\nann@example.com,asked by phone,2030-02-01\n");
    expect(await jsonOf(await api("/v1/suppressions/ann@example.com"))).toMatchObject({
      note: "asked by phone",
      until: "2030-02-01T00:00:00.000Z",
    });
    pass(30 * DAY_MS);
    expect(await reasonsOf("ann@example.com")).toEqual([]);
  });

  it("takes our own export back as it is", async () => {
    await imported(FULL);
    const exported = await (await api("/v1/suppressions/export")).text();
    const before = (await jsonOf(await api("/v1/suppressions"))).items;
    await freshStores();
    expect(await imported(exported)).toMatchObject({ format: "bouncekeeper", new: 5, invalid: 0 });
    const after = (await jsonOf(await api("/v1/suppressions"))).items;
    const byRecipient = (items: { recipient: string }[]) => items.sort((a, b) => (a.recipient < b.recipient ? -1 : 1));
    expect(byRecipient(after)).toEqual(byRecipient(before));
  });

  it("reads what is gzipped", async () => {
    const gzipped = await new Response(
      new Blob([FULL]).stream().pipeThrough(new CompressionStream("gzip")),
    ).arrayBuffer();
    const headers = { ...ADMIN, "content-encoding": "gzip" };
    const response = await api("/v1/suppressions/import", { body: gzipped, headers });
    expect(await jsonOf(response)).toMatchObject({ new: 5, invalid: 1 });
    const other = await api("/v1/suppressions/import", { body: FULL, headers: { ...ADMIN, "content-encoding": "br" } });
    expect(other.status).toBe(400);
  });

  it("says that what cannot be unpacked is the sender's to mend, and what was recorded of it", async () => {
    const rows = Array.from({ length: 20_000 }, (_, i) => `u${i}-${Math.imul(i, 2_654_435_761) >>> 0}@example.com\n`);
    const zipped = new Blob(["email\n", ...rows]).stream().pipeThrough(new CompressionStream("gzip"));
    const whole = await new Response(zipped).arrayBuffer();
    const headers = { ...ADMIN, "content-encoding": "gzip" };
    for (const body of [FULL, whole.slice(0, whole.byteLength - 1_000)]) {
      const response = await api("/v1/suppressions/import?dryRun=true", { body, headers });
      expect(response.status).toBe(400);
      expect(await jsonOf(response)).toMatchObject({ code: "invalid_request" });
    }
  });

  it("takes entries without a reason for what the caller says", async () => {
    await imported("ann@example.com\n", "?reason=unsubscribe");
    expect(await reasonsOf("ann@example.com")).toEqual(["unsubscribe"]);
  });

  it("counts nothing in the charts: it did not happen here", async () => {
    await imported(FULL);
    await report(bounced("eve@example.com", "hard", Date.now()));
    expect(await countOf("daily_stats WHERE value = 'example.com'")).toBe(1);
    await expectAllStatistics();
  });
});

describe("what is there already", () => {
  it("is never weakened: reasons are added", async () => {
    await report({ kind: "complained", recipient: "ann@example.com", at: Date.now() });
    await imported(
      listOf([
        ["ann@example.com", "manual"],
        ["ann@example.com", "hard"],
      ]),
    );
    expect(await reasonsOf("ann@example.com")).toEqual(["hard", "complaint", "manual"]);
  });

  it("is known, in whatever order and company it comes again", async () => {
    await imported(FULL);
    const again = await imported(
      [
        "email,reason,date,name",
        "dora@example.com,on our own list,2029-12-01,Dora",
        "ann@example.com,hard,2029-12-01,Ann",
        "new@example.com,hard,2029-12-01,N",
      ].join("\n"),
    );
    expect(again).toMatchObject({ new: 1, known: 2 });
    expect(again.results.map((r) => r.status)).toEqual(["known", "known", "new"]);
  });

  it("is known within one list too", async () => {
    expect(await imported("ann@example.com\nANN@example.com\n<ann@example.com>\n")).toMatchObject({ new: 1, known: 2 });
    expect(await imported("ann@example.com\nbob@example.com\nbob@example.com\n", "?dryRun=true")).toMatchObject({
      new: 1,
      known: 2,
    });
  });

  it("stays released: what occurred before has no effect, and an undated entry is left out", async () => {
    await report(bounced("ann@example.com", "hard", Date.now() - DAY_MS));
    await release("ann@example.com");
    const dated = await imported(
      listOf([
        ["ann@example.com", "hard"],
        ["ann@example.com", "manual"],
      ]),
    );
    expect(dated.results.map((r) => [r.status, r.code])).toEqual([
      ["new", "released_later"],
      ["new", "released_later"],
    ]);
    const undated = await imported("ann@example.com\n");
    expect(undated).toMatchObject({ new: 0, skipped: 1, results: [{ status: "skipped", code: "released" }] });
    expect(await reasonsOf("ann@example.com")).toEqual([]);
    pass(1);
    expect(await imported("ann@example.com\n", "?overrideReleases=true")).toMatchObject({ new: 1 });
    expect(await reasonsOf("ann@example.com")).toEqual(["manual"]);
  });

  it("stays on the allow-list, and the answer says so", async () => {
    await allow("ann@example.com");
    const { results } = await imported(
      listOf([
        ["ann@example.com", "hard"],
        ["ann@example.com", "manual"],
      ]),
    );
    expect(results.map((r) => [r.status, r.code])).toEqual([
      ["new", "allowed"],
      ["new", null],
    ]);
    expect(await reasonsOf("ann@example.com")).toEqual(["manual"]);
  });

  it("stays blocked until an operator's own end, whatever a list says", async () => {
    await block("ann@example.com", { expiresAt: new Date(Date.now() + DAY_MS).toISOString() });
    await imported("email,date\nann@example.com,2029-12-01\n");
    expect(await checkOf("ann@example.com")).toMatchObject({ reasons: ["manual"] });
    await release("ann@example.com");
    expect(await reasonsOf("ann@example.com")).toEqual([]);
  });
});

describe("a dry run", () => {
  it("answers the same and changes nothing", async () => {
    await imported(listOf([["ann@example.com", "hard"]]));
    const writes = async () =>
      Promise.all(["events", "receipts", "batches", "audit", "recipients"].map((t) => countOf(t)));
    const before = await writes();
    const dry = await imported(FULL, "?dryRun=true");
    expect(await writes()).toEqual(before);
    const { batchId, dryRun, ...rest } = await imported(FULL);
    expect(dry).toEqual({ ...rest, batchId: null, dryRun: true });
    expect([dry.new, dry.known, batchId !== null, dryRun]).toEqual([4, 1, true, false]);
  });

  it("is never missed for a typo", async () => {
    for (const query of ["?dryrun=true", "?dryRun=yes", "?dry_run=true"]) {
      expect((await postList(FULL, query)).status).toBe(400);
    }
    expect(await countOf("events")).toBe(0);
  });
});

describe("bad input", () => {
  it.each([
    ["nothing", "", "empty_list"],
    ["a list without addresses", "id,name\n1,Ann\n", "missing_column"],
    ["an export of the journal", "id,provider,connection,kind,class,recipient,occurredAt\n", "unsupported_list"],
  ])("is refused as a whole: %s", async (_what, body, code) => {
    const response = await postList(body);
    expect(response.status).toBe(400);
    expect(await jsonOf(response)).toMatchObject({ code, detail: expect.any(String) });
    expect(await batches()).toEqual([]);
  });

  it.each(["?format=excel", "?reason=soft", "?results=some", "?note=", "?format=bouncekeeper-events"])(
    "%s is a 400 that names the field",
    async (query) => {
      const response = await postList(FULL, query);
      expect(response.status).toBe(400);
      expect((await jsonOf(response)).detail).toContain(/\?(\w+)/.exec(query)?.[1]);
    },
  );

  it("of many rows is answered with the first thousand, and counted in full", async () => {
    const rows = Array.from({ length: 30_000 }, (_, i) => `nobody-${i}`).join("\n");
    const answer = await imported(`email\n${rows}`);
    expect(answer).toMatchObject({ rows: 30_000, invalid: 30_000, new: 0, resultsLeftOut: 29_000 });
    expect(answer.results).toHaveLength(1_000);
    expect(answer.results[0]).toMatchObject({ line: 2, code: "invalid_recipient" });
    expect(await batchOf(answer.batchId)).toMatchObject({ status: "recorded", rows: 30_000, invalid: 30_000 });
  });

  it("beyond the rows that one list may have ends it, and says what is on record", async () => {
    const rows = "x\n".repeat(500_001);
    const response = await postList(`email\nann@example.com\n${rows}`);
    expect(response.status).toBe(413);
    expect(await jsonOf(response)).toMatchObject({ code: "too_many_rows", import: { rows: 500_000, new: 1 } });
    expect((await batches())[0]).toMatchObject({ status: "incomplete", rows: 500_000, new: 1 });
    await settle();
    expect(await reasonsOf("ann@example.com")).toEqual(["manual"]);
  });

  it("beyond the bytes that one list may have is a 413", async () => {
    const headers = { ...ADMIN, "content-encoding": "gzip" };
    const bomb = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new TextEncoder().encode("email\nann@example.com\n"));
        for (let i = 0; i < 101; i++) controller.enqueue(new Uint8Array(1_048_576).fill(0x78));
        controller.close();
      },
    }).pipeThrough(new CompressionStream("gzip"));
    const body = await new Response(bomb).arrayBuffer();
    expect(body.byteLength).toBeLessThan(1_048_576);
    const response = await api("/v1/suppressions/import", { body, headers });
    expect(response.status).toBe(413);
    expect((await jsonOf(response)).code).toBe("body_too_large");
  });

  it("needs an operator's token", async () => {
    for (const [headers, status] of [
      [{}, 401],
      [CHECK, 403],
    ] as const) {
      expect((await api("/v1/suppressions/import", { body: FULL, headers })).status).toBe(status);
    }
  });
});

describe("a list that is cut off", () => {
  const many = (count: number) => Array.from({ length: count }, (_, i) => `cut-${i}@example.com,${"x".repeat(60_000)}`);
  const head = "email,error";

  function cutOff(list: string): ReadableStream<Uint8Array> {
    const bytes = new TextEncoder().encode(list);
    let sent = false;
    return new ReadableStream({
      pull(controller) {
        if (sent) return controller.error(new Error("the connection broke"));
        sent = true;
        controller.enqueue(bytes);
      },
    });
  }

  it("keeps what was recorded under an incomplete batch, and says so; sent again, it records what is missing", async () => {
    const rows = many(40);
    const response = await postList(cutOff([head, ...rows].join("\n")));
    expect(response.status).toBe(503);
    const problem = await jsonOf(response);
    expect(problem).toMatchObject({ code: "import_incomplete", import: { new: expect.any(Number) } });
    const recorded = problem.import.new;
    expect(recorded).toBeGreaterThan(20);
    expect(recorded).toBeLessThan(40);
    expect(await batchOf(problem.import.batchId)).toMatchObject({ status: "incomplete", new: recorded });
    const again = await imported([head, ...rows].join("\n"));
    expect(again).toMatchObject({ rows: 40, new: 40 - recorded, known: recorded });
    await settle();
    expect(await countOf("recipients WHERE suppressed = 1")).toBe(40);
  });

  it("by a failure of the database is the same", async () => {
    const rows = many(40);
    const broken = nth(4, "db", "batch");
    const faults = withFaults((step) => (broken(step) ? "before" : null));
    const response = await postList([head, ...rows].join("\n"), "", testEnv(faults.bindings));
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).not.toBeNull();
    expect((await jsonOf(response)).import.new).toBeGreaterThan(20);
    await imported([head, ...rows].join("\n"));
    expect(await countOf("events")).toBe(40);
  });

  it("before anything was recorded leaves nothing but a failure", async () => {
    const response = await postList(FULL, "", testEnv(withFaults(failStore("db")).bindings));
    expect(response.status).toBe(503);
    expect(await batches()).toEqual([]);
    expect(await countOf("audit")).toBe(0);
  });
});

describe("what could not take effect at once", () => {
  it("is pending in the answer and in the batch, until the cron has done it", async () => {
    const answer = await imported(FULL, "", testEnv(withFaults(failStore("object")).bindings));
    expect(answer).toMatchObject({ new: 5, pending: 5 });
    expect(await batchOf(answer.batchId)).toMatchObject({ status: "recorded", pending: 5 });
    expect(await reasonsOf("ann@example.com")).toEqual([]);
    await runCron();
    expect(await batchOf(answer.batchId)).toMatchObject({ pending: 0 });
    expect(await reasonsOf("ann@example.com")).toEqual(["hard"]);
  });
});

describe("results=all", () => {
  const linesOf = async (response: Response) =>
    (await response.text())
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  it("streams every row, and the summary last", async () => {
    const rows = Array.from({ length: 6_000 }, (_, i) => `row-${i}@example.com,hard,2029-12-01`);
    const response = await postList(["email,reason,date", ...rows, "x,,"].join("\n"), "?results=all&dryRun=true");
    expect(response.headers.get("content-type")).toBe("application/x-ndjson");
    const lines = await linesOf(response);
    expect(lines).toHaveLength(6_002);
    expect(lines[0]).toEqual({ line: 2, recipient: "row-0@example.com", status: "new", code: null, detail: null });
    expect(lines.at(-2)).toMatchObject({ line: 6_002, status: "invalid" });
    expect(lines.at(-1)).toEqual({
      summary: {
        batchId: null,
        format: "generic",
        dryRun: true,
        rows: 6_001,
        new: 6_000,
        known: 0,
        skipped: 0,
        invalid: 1,
        pending: 0,
      },
    });
  });

  it("is an error before the first row for what is wrong with the list, and a problem as the last line after", async () => {
    expect((await postList("id,name\n1,Ann\n", "?results=all")).status).toBe(400);
    const faults = withFaults((step, index) => (step.store === "db" && index > 1 ? "before" : null));
    const lines = await linesOf(await postList(FULL, "?results=all", testEnv(faults.bindings)));
    expect(lines.at(-1)).toMatchObject({ problem: { code: "import_incomplete", status: 503 } });
  });
});

it("no raw body of a list is kept, and no more of it than its entries", async () => {
  await imported("email,name,reason\nann@example.com,Ann Lee,hard\n");
  expect(await countOf("receipt_bodies")).toBe(0);
  expect(JSON.stringify(await rowsOf("SELECT * FROM events"))).not.toContain("Ann Lee");
  expect(await rowOf("ann@example.com")).toMatchObject({ suppressed: 1 });
});
