import { describe, expect, it } from "vitest";
import { failStore, type StoreName, withFaults } from "../support/faults";
import { bounce } from "../support/pmta";
import { MINUTE_MS, pass, START_MS, setStage } from "../support/stage";
import { rowsOf, tamper } from "../support/stores";
import { ADMIN, api, type CallOptions, CHECK, freshStores, jsonOf, runCron, testEnv } from "../support/worker";

setStage();

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;
const NO_STORES = testEnv(withFaults(() => "before").bindings);
const JSON_TYPE = { ...ADMIN, "content-type": "application/json" };
const record = bounce("hard", { recipient: "john@example.com", message: "m1", at: START_MS - MINUTE_MS });

/** One request for each error that can be provoked from outside. */
const ERRORS: [code: string, status: number, path: string, options: CallOptions][] = [
  ["invalid_request", 400, "/v1/events?limit=0", {}],
  ["invalid_request", 400, "/v1/check", { json: {} }],
  ["invalid_json", 400, "/v1/check", { body: "{", headers: JSON_TYPE }],
  ["invalid_json", 400, "/v1/rebuild", { body: "{", headers: JSON_TYPE }],
  ["invalid_json", 400, "/v1/events", { body: "{" }],
  ["invalid_recipient", 400, "/v1/check?recipient=nobody", {}],
  ["invalid_recipient", 400, "/v1/rebuild", { json: { recipient: "nobody" } }],
  ["invalid_events", 400, "/v1/events", { json: [{}] }],
  ["invalid_cursor", 400, "/v1/events?cursor=x", {}],
  ["invalid_cursor", 400, "/v1/quarantine?cursor=x", {}],
  ["invalid_cursor", 400, "/v1/rebuild", { json: { target: "kv", cursor: "x" } }],
  ["unauthorized", 401, "/v1/events", { headers: {} }],
  ["webhook_unauthenticated", 401, "/webhooks/inboxroad", { json: [] }],
  ["forbidden", 403, "/v1/events", { headers: CHECK }],
  ["not_found", 404, "/", {}],
  ["not_found", 404, "/nothing.txt", {}],
  ["not_found", 404, "/v1/nothing", {}],
  ["not_found", 404, "/v1/quarantine/nothing", { method: "DELETE" }],
  ["not_found", 404, "/v1/quarantine/nothing/replay", { method: "POST" }],
  ["not_found", 404, "/v1/quarantine/nothing/body", {}],
  ["not_found", 404, "/webhooks/nobody", { json: [] }],
  ["method_not_allowed", 405, "/webhooks/inboxroad", {}],
  ["body_too_large", 413, "/v1/rebuild", { body: new Uint8Array(11 * 1024 * 1024), headers: JSON_TYPE }],
  ["config_invalid", 503, "/v1/events", { json: [{}], env: testEnv({ POLICY: 7 }) }],
  ["config_invalid", 503, "/webhooks/inboxroad", { json: [], env: testEnv({ WEBHOOK_INBOXROAD: "" }) }],
  ["unavailable", 503, "/v1/check?recipient=john%40example.com", { env: NO_STORES }],
  ["unavailable", 503, "/v1/connections", { env: NO_STORES }],
  ["unavailable", 503, "/webhooks/inboxroad?token=inboxroad-secret", { json: [record], env: NO_STORES }],
];

describe("an error", () => {
  it.each(ERRORS)("%s (%i) is a problem with a stable code: %s", async (code, status, path, options) => {
    const response = await api(path, options);
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(response.headers.get("x-request-id")).toMatch(UUID);
    expect(response.headers.has("retry-after")).toBe(status === 503);
    const problem = await jsonOf(response);
    expect(problem).toMatchObject({ type: `about:blank#${code}`, title: expect.stringMatching(/\w/), status, code });
    expect(Object.keys(problem).filter((key) => !/^(?:type|title|status|detail|code|errors)$/.test(key))).toEqual([]);
  });

  it("of a body that is no longer kept is 410", async () => {
    await api("/webhooks/inboxroad?token=inboxroad-secret", { body: "[7]" });
    const [kept] = await rowsOf<{ id: string }>("SELECT id FROM quarantine");
    await tamper("DELETE FROM receipt_bodies");
    for (const [path, method] of [
      ["body", "GET"],
      ["replay", "POST"],
    ]) {
      const response = await api(`/v1/quarantine/${kept?.id}/${path}`, { method: method ?? "" });
      expect(response.status).toBe(410);
      expect((await jsonOf(response)).code).toBe("body_gone");
    }
  });

  it("says nothing of what went wrong inside", async () => {
    const prepare = () => {
      throw new Error("D1_ERROR: no such table: secrets of john@example.com");
    };
    const env = testEnv({ DB: { prepare, batch: prepare } });
    for (const path of ["/v1/events", "/v1/recipients/john%40example.com"]) {
      const response = await api(path, { env });
      expect(response.status).toBe(503);
      expect(await response.text()).not.toMatch(/D1|table|john/);
    }
  });
});

it("names each request, in every answer, by an id of its own", async () => {
  const paths = [
    "/health",
    "/docs",
    "/docs/style.css",
    "/openapi.json",
    "/v1/events",
    "/v1/connections",
    "/",
    "/health",
  ];
  const ids: (string | null)[] = [];
  for (const path of paths) ids.push((await api(path)).headers.get("x-request-id"));
  ids.push((await api("/webhooks/inboxroad?token=inboxroad-secret", { json: [record] })).headers.get("x-request-id"));
  ids.push((await api("/health", { method: "HEAD" })).headers.get("x-request-id"));
  ids.push((await api("/health", { headers: { "x-request-id": "mine" } })).headers.get("x-request-id"));
  for (const id of ids) expect(id).toMatch(UUID);
  expect(new Set(ids).size).toBe(ids.length);
  const [receipt] = await rowsOf<{ request_id: string }>("SELECT request_id FROM receipts ORDER BY id DESC LIMIT 1");
  expect(receipt?.request_id).toBe(ids.at(-3));
});

describe("/health", () => {
  const health = async (env = testEnv()) => {
    const response = await api("/health", { headers: {}, env });
    return { status: response.status, report: await jsonOf(response) };
  };
  const GOOD = { database: true, edgeCache: true, objects: true, configuration: true };

  it("is 200 while everything works, and tells when the cron last ran", async () => {
    await freshStores();
    const report = { status: "ok", checks: GOOD, pending: 0, oldestPendingSeconds: null, lastCron: null };
    expect(await health()).toEqual({ status: 200, report });
    await runCron();
    const { report: later } = await health();
    expect(later.lastCron).toBe(new Date().toISOString());
  });

  it.each<[StoreName, string]>([
    ["db", "database"],
    ["kv", "edgeCache"],
    ["object", "objects"],
  ])("is 503 while %s fails, and says which", async (store, name) => {
    const { status, report } = await health(testEnv(withFaults(failStore(store)).bindings));
    expect(status).toBe(503);
    expect(report).toMatchObject({ status: "failing", checks: { ...GOOD, [name]: false } });
  });

  it("is 503 while nothing works", async () => {
    const { status, report } = await health(NO_STORES);
    expect(status).toBe(503);
    const nothing = { pending: null, oldestPendingSeconds: null, lastCron: null };
    expect(report).toMatchObject({
      checks: { ...GOOD, database: false, edgeCache: false, objects: false },
      ...nothing,
    });
  });

  it("is 503 while the policy is unusable: no webhook is accepted", async () => {
    const { status, report } = await health(testEnv({ POLICY: { soft_treshold: 3 } }));
    expect(status).toBe(503);
    expect(report).toMatchObject({ status: "failing", checks: { ...GOOD, configuration: false } });
  });

  it.each<[string, Record<string, unknown>]>([
    ["a connection's credentials are", { WEBHOOK_INBOXROAD: "[" }],
    ["an operator's token is", { ADMIN_TOKENS: "" }],
  ])("shows it, and stays 200, where %s missing", async (_what, extra) => {
    const { status, report } = await health(testEnv(extra));
    expect(status).toBe(200);
    expect(report).toMatchObject({ status: "ok", checks: { ...GOOD, configuration: false } });
  });

  it("is 503 when events have been waiting for a quarter of an hour, and not before", async () => {
    const env = testEnv(withFaults(failStore("object")).bindings);
    await api("/v1/events", { json: { kind: "complained", recipient: "john@example.com" }, env });
    expect(await health()).toMatchObject({ status: 200, report: { pending: 1, oldestPendingSeconds: 0 } });
    pass(15 * MINUTE_MS);
    expect(await health()).toMatchObject({ status: 200, report: { oldestPendingSeconds: 900 } });
    pass(MINUTE_MS);
    expect(await health()).toMatchObject({ status: 503, report: { status: "failing", oldestPendingSeconds: 960 } });
    await runCron();
    expect(await health()).toMatchObject({ status: 200, report: { pending: 0, oldestPendingSeconds: null } });
  });
});
