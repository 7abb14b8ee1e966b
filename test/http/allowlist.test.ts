import { beforeEach, describe, expect, it } from "vitest";
import { allow } from "../support/batches";
import { failStore, withFaults } from "../support/faults";
import { expectAgreement } from "../support/ledger";
import { block, bounced, rebuilt, release, report, softBounces } from "../support/reports";
import { DAY_MS, pass, setStage, settle } from "../support/stage";
import { checkOf, reasonsOf } from "../support/stores";
import { api, freshStores, jsonOf, runCron, testEnv } from "../support/worker";

setStage();
beforeEach(freshStores);

const url = (recipient: string) => `/v1/allowlist/${encodeURIComponent(recipient)}`;
const put = (recipient: string, json?: object) => api(url(recipient), { method: "PUT", ...(json && { json }) });
const remove = (recipient: string, query = "") => api(url(recipient) + query, { method: "DELETE" });
const list = async (query = "") => jsonOf(await api(`/v1/allowlist?${query}`));

describe("an address on the allow-list", () => {
  it("is suppressed by nothing automatic, whatever comes, and by a block by hand", async () => {
    expect(await jsonOf(await put("Ann@Example.com", { note: "our own tester" }))).toEqual({
      recipient: "ann@example.com",
      allowed: true,
      pending: 0,
    });
    await report([
      bounced("ann@example.com", "hard", Date.now()),
      { kind: "complained", recipient: "ann@example.com" },
      { kind: "unsubscribed", recipient: "ann@example.com" },
      ...softBounces("ann@example.com", 6, Date.now() - 60_000),
    ]);
    await block("@example.com");
    for (const consistency of ["strong", "eventual"] as const) {
      expect(await checkOf("ann@example.com", consistency)).toMatchObject({ suppressed: false });
    }
    expect(await reasonsOf("bob@example.com")).toEqual(["domain"]);
    await block("ann@example.com");
    expect(await reasonsOf("ann@example.com")).toEqual(["manual"]);
    expect((await list()).items).toMatchObject([{ recipient: "ann@example.com", reasons: ["manual"] }]);
    await release("ann@example.com", "?force=true&note=again");
    expect(await reasonsOf("ann@example.com")).toEqual([]);
    expect(await jsonOf(await api("/v1/recipients/ann@example.com"))).toMatchObject({ allowed: true });
    await settle();
    await expectAgreement("ann@example.com");
  });

  it("may be suppressed already: it is free at once, and as before when it is taken off", async () => {
    await report(bounced("ann@example.com", "hard", Date.now()));
    await put("ann@example.com");
    expect(await reasonsOf("ann@example.com")).toEqual([]);
    expect((await api("/v1/suppressions/ann@example.com")).status).toBe(404);
    await rebuilt("ann@example.com");
    expect(await reasonsOf("ann@example.com")).toEqual([]);
    expect(await jsonOf(await remove("ann@example.com", "?note=left%20us"))).toEqual({
      recipient: "ann@example.com",
      allowed: false,
      pending: 0,
    });
    expect(await reasonsOf("ann@example.com")).toEqual(["hard"]);
  });

  it("is put there once, however often it is asked for", async () => {
    for (let i = 0; i < 3; i++) expect((await put("ann@example.com")).status).toBe(200);
    const { items } = await jsonOf(await api("/v1/events?recipient=ann@example.com"));
    expect(items).toMatchObject([{ kind: "manual_allow", provider: "operator" }]);
    await remove("ann@example.com");
    await put("ann@example.com", { note: "back" });
    expect((await list()).items).toMatchObject([{ recipient: "ann@example.com", note: "back" }]);
  });

  it("waits to be applied while its object does not answer", async () => {
    const env = testEnv(withFaults(failStore("object")).bindings);
    expect(await jsonOf(await allow("ann@example.com", env))).toMatchObject({ allowed: true, pending: 1 });
    expect(await jsonOf(await api(url("ann@example.com"), { method: "DELETE", env }))).toMatchObject({
      allowed: false,
    });
    await runCron();
    expect((await list()).items).toEqual([]);
  });
});

describe("the allow-list", () => {
  it("is by address, page by page, and can be searched", async () => {
    const names = Array.from({ length: 7 }, (_, i) => `user-${i}@example.com`);
    for (const name of [...names].reverse()) await put(name);
    await report(bounced("other@example.com", "hard", Date.now()));
    const { items, nextCursor } = await list("limit=5");
    const rest = await list(`limit=5&cursor=${nextCursor}`);
    expect([...items, ...rest.items].map((item) => item.recipient)).toEqual(names);
    expect(rest.nextCursor).toBeNull();
    expect(items[0]).toEqual({ recipient: names[0], since: expect.any(String), note: null, reasons: [] });
    expect((await list("q=USER-3")).items).toMatchObject([{ recipient: names[3] }]);
  });

  it("shows the end of a block by hand on time", async () => {
    await put("ann@example.com");
    await block("ann@example.com", { expiresAt: new Date(Date.now() + DAY_MS).toISOString() });
    expect((await list()).items[0].reasons).toEqual(["manual"]);
    pass(DAY_MS);
    expect((await list()).items[0].reasons).toEqual([]);
  });

  it("takes addresses only, and says so", async () => {
    for (const recipient of ["@example.com", "nobody", "a b@example.com"]) {
      const response = await put(recipient);
      expect(response.status).toBe(400);
      expect((await jsonOf(response)).code).toBe("invalid_recipient");
    }
    expect((await jsonOf(await put("@example.com"))).detail).toContain("domains");
    expect((await put("ann@example.com", { notes: "x" })).status).toBe(400);
  });

  it("takes no domain from a posted event either", async () => {
    const allowed = { kind: "manual_allow", recipient: "@example.com" };
    const response = await api("/v1/events", { json: allowed });
    expect(response.status).toBe(400);
    expect((await jsonOf(response)).code).toBe("invalid_events");
    expect((await list()).items).toEqual([]);
  });

  it("answers 404 to taking off whom it does not hold", async () => {
    expect((await remove("nobody@example.com")).status).toBe(404);
    await report(bounced("ann@example.com", "hard", Date.now()));
    expect((await remove("ann@example.com")).status).toBe(404);
  });

  it("takes no cursor of another list", async () => {
    await report([bounced("a@example.com", "hard", Date.now()), bounced("b@example.com", "hard", Date.now())]);
    const { nextCursor } = await jsonOf(await api("/v1/suppressions?limit=1"));
    const response = await api(`/v1/allowlist?cursor=${nextCursor}`);
    expect(response.status).toBe(400);
    expect((await jsonOf(response)).code).toBe("invalid_cursor");
  });
});
