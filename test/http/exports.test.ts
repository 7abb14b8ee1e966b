import { beforeAll, describe, expect, it } from "vitest";
import { EXPORT_PAGE } from "../../src/http/export-stream";
import { failStep, withFaults } from "../support/faults";
import { setStage } from "../support/stage";
import { api, bindings, testEnv } from "../support/worker";

const COUNT = 2 * EXPORT_PAGE + 7;

setStage();

const textOf = async (response: Response) => new TextDecoder().decode(await response.arrayBuffer());
const linesOf = async (response: Response) => (await textOf(response)).split("\r\n").filter((line) => line !== "");
const objectsOf = async (path: string) =>
  (await textOf(await api(path)))
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, string>);

/** Thousands of objects take long to begin with: the projection is filled as theirs would fill it. */
const PROJECTION = `
  INSERT INTO recipients (key, version, address, domain, suppressed, allowed, suppressions, since, soft_count, answer,
    answer_version, answered_at, kv_version, updated_at)
  SELECT printf('%064d', seq), 1, address, 'example.com', 1, 0,
    json_array(json_object('reason', 'hard', 'since', occurred_at, 'until', NULL, 'eventId', id)), occurred_at, 0,
    json_object('reasons', json_object('hard', json_object('since', occurred_at, 'until', NULL))), 1, occurred_at, 1, 1
  FROM events`;

beforeAll(async () => {
  const events = Array.from({ length: COUNT }, (_, i) => ({
    kind: "rejected",
    category: "policy",
    recipient: `r${i}@example.com`,
    statusCode: "5.1.1",
    diagnosticCode: i === 3 ? '=HYPERLINK("http://bad.example.net")' : "550 5.1.1 User unknown",
    tags: ["a", "b"],
  }));
  expect((await api("/v1/events", { json: events })).status).toBe(200);
  await bindings.DB.prepare(PROJECTION).run();
  await api("/v1/suppressions/%40example.org", { method: "PUT", json: { note: '+ours, "closed"' } });
});

describe.each(["/v1/events/export", "/v1/suppressions/export"])("%s", (path) => {
  /** The block of a domain, too. */
  const total = COUNT + 1;

  it("has every row once, in CSV and in NDJSON, each with its cursor", async () => {
    const csv = await api(`${path}?format=csv`);
    expect(csv.headers.get("content-type")).toBe("text/csv; charset=utf-8");
    expect(csv.headers.get("content-disposition")).toMatch(/^attachment; filename="\w+\.csv"$/);
    const lines = await linesOf(csv);
    expect(lines[0]).toMatch(/^(?:id,provider|recipient,reasons).*,cursor$/);
    expect(lines.length).toBe(total + 1);
    const rows = await objectsOf(`${path}?format=ndjson`);
    expect(new Set(rows.map((row) => row.cursor)).size).toBe(total);
    expect(new Set(rows.map((row) => row.recipient)).size).toBe(total);
  });

  it("goes on after the last row that arrived", async () => {
    const all = await objectsOf(`${path}?format=ndjson`);
    for (const at of [0, EXPORT_PAGE - 1, EXPORT_PAGE, total - 2, total - 1]) {
      const rest = await objectsOf(`${path}?format=ndjson&cursor=${all[at]?.cursor}`);
      expect(rest.map((row) => row.cursor)).toEqual(all.slice(at + 1).map((row) => row.cursor));
    }
  });

  it("refuses a cursor that is none, and a format that it does not know", async () => {
    for (const query of ["cursor=x!", "cursor=WyJxdWFyYW50aW5lIiwxLCJhIl0", "format=xlsx"]) {
      expect((await api(`${path}?${query}`)).status, query).toBe(400);
    }
  });

  it("is for operators", async () => {
    expect((await api(path, { headers: { authorization: "Bearer check-token" } })).status).toBe(403);
    expect((await api(path, { headers: {} })).status).toBe(401);
  });

  it("is an error where the database fails at once, and breaks off where it fails later", async () => {
    const early = withFaults(failStep(0, "before"));
    expect((await api(path, { env: testEnv(early.bindings) })).status).toBe(503);
    const late = withFaults(failStep(1, "before"));
    await expect(api(path, { env: testEnv(late.bindings) })).rejects.toThrow();
  });

  it("reads longer pages once it knows how long its rows are", async () => {
    const watched = withFaults(() => null);
    expect(await linesOf(await api(path, { env: testEnv(watched.bindings) }))).toHaveLength(total + 1);
    expect(watched.steps).toHaveLength(2);
  });

  it("asks the database for no more than its reader reads", async () => {
    const { default: worker } = await import("../../src/index");
    const { createExecutionContext, waitOnExecutionContext } = await import("cloudflare:test");
    const watched = withFaults(() => null);
    const ctx = createExecutionContext();
    const headers = { authorization: "Bearer admin-token" };
    const request = new Request(`https://bounce.example.com${path}`, { headers });
    const response = await worker.fetch(request, testEnv(watched.bindings), ctx);
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    await waitOnExecutionContext(ctx);
    expect(watched.steps.length).toBeLessThanOrEqual(2);
  });
});

describe("the events", () => {
  it("are filtered as in the list", async () => {
    const rows = await objectsOf("/v1/events/export?format=ndjson&recipient=r5%40example.com");
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({
      recipient: "r5@example.com",
      tags: ["a", "b"],
      diagnosticCode: expect.any(String),
    });
  });

  it("hold no formula that a spreadsheet would run", async () => {
    const [, line] = await linesOf(await api("/v1/events/export?recipient=r3%40example.com"));
    expect(line).toContain(`"'=HYPERLINK(""http://bad.example.net"")"`);
    expect(line).toContain(",a b,");
  });
});

describe("the suppressions", () => {
  it("name what caused them", async () => {
    const [row] = await objectsOf("/v1/suppressions/export?format=ndjson&q=r5%40");
    expect(row).toMatchObject({
      recipient: "r5@example.com",
      reasons: ["hard"],
      provider: "api",
      kind: "rejected",
      class: null,
      statusCode: "5.1.1",
      note: null,
    });
    const [domain] = await objectsOf("/v1/suppressions/export?format=ndjson&reason=domain");
    expect(domain).toMatchObject({ recipient: "@example.org", kind: "manual_block", note: '+ours, "closed"' });
  });
});
