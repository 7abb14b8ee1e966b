/** What an import does with a good list, and what it finds there already. */
import { beforeEach, describe, expect, it } from "vitest";
import { contentOf } from "../import/lists";
import { allow, batchOf, FULL_LIST, imported, listOf, postList } from "../support/batches";
import { withFaults } from "../support/faults";
import { expectAllStatistics, rowOf } from "../support/ledger";
import { block, bounced, release, report } from "../support/reports";
import { DAY_MS, pass, setStage } from "../support/stage";
import { checkOf, countOf, reasonsOf, rowsOf } from "../support/stores";
import { ADMIN, api, freshStores, jsonOf, testEnv } from "../support/worker";

setStage();
beforeEach(freshStores);

describe("an import", () => {
  it("suppresses each recipient for its reason, since its date, at once", async () => {
    const answer = await imported(FULL_LIST, "?note=from%20the%20old%20system");
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
    const { results } = await imported(FULL_LIST);
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
    await imported(FULL_LIST);
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
      new Blob([FULL_LIST]).stream().pipeThrough(new CompressionStream("gzip")),
    ).arrayBuffer();
    const headers = { ...ADMIN, "content-encoding": "gzip" };
    const response = await api("/v1/suppressions/import", { body: gzipped, headers });
    expect(await jsonOf(response)).toMatchObject({ new: 5, invalid: 1 });
    const other = await api("/v1/suppressions/import", {
      body: FULL_LIST,
      headers: { ...ADMIN, "content-encoding": "br" },
    });
    expect(other.status).toBe(400);
  });

  it("says that what cannot be unpacked is the sender's to mend, and what was recorded of it", async () => {
    const rows = Array.from({ length: 20_000 }, (_, i) => `u${i}-${Math.imul(i, 2_654_435_761) >>> 0}@example.com\n`);
    const zipped = new Blob(["email\n", ...rows]).stream().pipeThrough(new CompressionStream("gzip"));
    const whole = await new Response(zipped).arrayBuffer();
    const headers = { ...ADMIN, "content-encoding": "gzip" };
    for (const body of [FULL_LIST, whole.slice(0, whole.byteLength - 1_000)]) {
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
    await imported(FULL_LIST);
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
    await imported(FULL_LIST);
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
    const dry = await imported(FULL_LIST, "?dryRun=true");
    expect(await writes()).toEqual(before);
    const { batchId, dryRun, ...rest } = await imported(FULL_LIST);
    expect(dry).toEqual({ ...rest, batchId: null, dryRun: true });
    expect([dry.new, dry.known, batchId !== null, dryRun]).toEqual([4, 1, true, false]);
  });

  it("is never missed for a typo", async () => {
    for (const query of ["?dryrun=true", "?dryRun=yes", "?dry_run=true", "?dryRun=false&dryRun=true"]) {
      expect((await postList(FULL_LIST, query)).status).toBe(400);
    }
    expect(await countOf("events")).toBe(0);
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
    const lines = await linesOf(await postList(FULL_LIST, "?results=all", testEnv(faults.bindings)));
    expect(lines.at(-1)).toMatchObject({ problem: { code: "import_incomplete", status: 503 } });
  });
});

it("no raw body of a list is kept, and no more of it than its entries", async () => {
  await imported("email,name,reason\nann@example.com,Ann Lee,hard\n");
  expect(await countOf("receipt_bodies")).toBe(0);
  expect(JSON.stringify(await rowsOf("SELECT * FROM events"))).not.toContain("Ann Lee");
  expect(await rowOf("ann@example.com")).toMatchObject({ suppressed: 1 });
});
