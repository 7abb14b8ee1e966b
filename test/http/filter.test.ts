import { beforeAll, describe, expect, it } from "vitest";
import { parseFilter } from "../../src/domain/fuse-filter";
import { failStore, withFaults } from "../support/faults";
import { getFilter } from "../support/filters";
import { bounced, iso, report } from "../support/reports";
import { MINUTE_MS, START_MS, setStage } from "../support/stage";
import { ADMIN, api, freshStores, jsonOf, runCron, testEnv } from "../support/worker";

setStage();

describe("before the first filter", () => {
  it("the answer says when to ask again", async () => {
    const response = await getFilter();
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toMatch(/^\d+$/);
    expect(await jsonOf(response)).toMatchObject({
      code: "unavailable",
      detail: expect.stringContaining("first filter"),
    });
  });
});

describe("GET /v1/suppressions/filter", () => {
  let etag = "";

  beforeAll(async () => {
    await freshStores();
    await report(bounced("ann@example.com", "hard", START_MS - MINUTE_MS));
    await runCron();
    etag = (await getFilter()).headers.get("etag") ?? "";
  });

  it("sends the whole of it, with a tag, its length and the time by which it is complete", async () => {
    const response = await getFilter();
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/octet-stream");
    expect(response.headers.get("cache-control")).toBe("private, no-cache");
    expect(response.headers.get("x-filter-current-at")).toBe(iso(Date.now()));
    expect(etag).toMatch(/^"[0-9a-f]{32}"$/);
    const bytes = new Uint8Array(await response.arrayBuffer());
    expect(parseFilter(bytes)).toMatchObject({ ok: true, value: { version: 1, count: 1, lastChange: 1 } });
    expect(response.headers.get("content-length")).toBe(String(bytes.length));
  });

  it("sends nothing to whoever has it already", async () => {
    for (const tag of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
      const response = await getFilter({ "if-none-match": tag });
      expect([response.status, response.headers.get("etag")], tag).toEqual([304, etag]);
      expect(response.headers.has("x-filter-current-at")).toBe(true);
      expect((await response.arrayBuffer()).byteLength).toBe(0);
    }
    for (const tag of ['"other"', etag.slice(1, -1), ""]) {
      expect((await getFilter({ "if-none-match": tag })).status, tag).toBe(200);
    }
  });

  it("tells how long it would be, to whoever asks for no more", async () => {
    const whole = (await (await getFilter()).arrayBuffer()).byteLength;
    const { steps, bindings } = withFaults(() => null);
    const response = await getFilter({}, testEnv(bindings), "HEAD");
    expect(response.status).toBe(200);
    expect(response.headers.get("etag")).toBe(etag);
    expect(response.headers.get("content-length")).toBe(String(whole));
    expect(steps).toMatchObject([{ store: "kv", operation: "get" }]);
  });

  it("leads on to the changes that it does not hold yet", async () => {
    await report(bounced("bob@example.com", "hard", START_MS - MINUTE_MS));
    const filter = parseFilter(new Uint8Array(await (await getFilter()).arrayBuffer()));
    const lastChange = filter.ok ? filter.value.lastChange : -1;
    const { items } = await jsonOf(await api(`/v1/suppressions/changes?cursor=c${lastChange}`));
    expect(items).toMatchObject([{ recipient: "bob@example.com", suppressed: true }]);
  });

  it("is for senders and operators, and for nobody else", async () => {
    expect((await getFilter(ADMIN)).status).toBe(200);
    expect((await getFilter({ authorization: "Bearer other" })).status).toBe(401);
    expect((await api("/v1/suppressions/filter", { headers: {} })).status).toBe(401);
  });

  it("needs no database, and is not answered where the cache fails", async () => {
    expect((await getFilter({}, testEnv(withFaults(failStore("db")).bindings))).status).toBe(200);
    expect((await getFilter({}, testEnv(withFaults(failStore("kv")).bindings))).status).toBe(503);
  });
});
