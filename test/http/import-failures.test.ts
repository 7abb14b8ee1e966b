/** Lists that are refused, cut off, or recorded before they can take effect. */
import { beforeEach, describe, expect, it } from "vitest";
import { batches, batchOf, FULL_LIST, imported, postList } from "../support/batches";
import { failStore, nth, withFaults } from "../support/faults";
import { setStage, settle } from "../support/stage";
import { countOf, reasonsOf } from "../support/stores";
import { ADMIN, api, CHECK, freshStores, jsonOf, runCron, testEnv } from "../support/worker";

setStage();
beforeEach(freshStores);

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
      const response = await postList(FULL_LIST, query);
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
      expect((await api("/v1/suppressions/import", { body: FULL_LIST, headers })).status).toBe(status);
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
    const response = await postList(FULL_LIST, "", testEnv(withFaults(failStore("db")).bindings));
    expect(response.status).toBe(503);
    expect(await batches()).toEqual([]);
    expect(await countOf("audit")).toBe(0);
  });
});

describe("what could not take effect at once", () => {
  it("is pending in the answer and in the batch, until the cron has done it", async () => {
    const answer = await imported(FULL_LIST, "", testEnv(withFaults(failStore("object")).bindings));
    expect(answer).toMatchObject({ new: 5, pending: 5 });
    expect(await batchOf(answer.batchId)).toMatchObject({ status: "recorded", pending: 5 });
    expect(await reasonsOf("ann@example.com")).toEqual([]);
    await runCron();
    expect(await batchOf(answer.batchId)).toMatchObject({ pending: 0 });
    expect(await reasonsOf("ann@example.com")).toEqual(["hard"]);
  });
});
