import { beforeAll, describe, expect, it } from "vitest";
import { DAY_MS, MINUTE_MS, pass, START_MS, setStage } from "../support/stage";
import { planOf } from "../support/statements";
import { api, jsonOf, testEnv } from "../support/worker";

const basic = (pair: string) => ({ authorization: `Basic ${btoa(pair)}` });
const BASIC = basic("listmonk:listmonk-token");
const UUID = "2f8a2bcf-5d3c-4a53-9f0e-5d7e5b1a9c11";
const CAMPAIGN = "9f86d081-884c-4d63-a2fe-b8a1e9a1b2c3";

interface Bounces {
  readonly results: readonly {
    readonly id: number;
    readonly email: string;
    readonly type: string;
    readonly source: string;
  }[];
  readonly total: number;
}

setStage();

const listmonk = (path: string, method = "GET") => api(`/api/bounces${path}`, { method, headers: BASIC });
const data = async (path = "") => (await jsonOf<{ data: Bounces }>(await listmonk(path))).data;
const emailsOf = (page: Bounces) => page.results.map(({ email }) => email.split("@")[0]);
const post = async (json: unknown) =>
  expect((await api("/webhooks/bounce", { headers: BASIC, json })).status).toBe(200);

beforeAll(async () => {
  await post({
    email: "anna@example.com",
    type: "hard",
    source: "mailer",
    campaign_uuid: CAMPAIGN,
    meta: { note: "gone" },
    created_at: "2030-01-10T08:00:00Z",
  });
  await post({ email: "ben@example.com", type: "soft", created_at: "2030-01-11T08:00:00Z" });
  await post({ subscriber_uuid: UUID, type: "complaint", source: "mailer", created_at: "2030-01-12T08:00:00Z" });
  const own = { kind: "bounced", statusCode: "5.7.1", diagnosticCode: "550 5.7.1 spam", campaign: "17" };
  await api("/v1/events", { json: { ...own, recipient: "cleo@example.com", occurredAt: "2030-01-13T08:00:00Z" } });
  await api("/v1/events", { json: { kind: "delivered", recipient: "dora@example.com" } });
  pass(MINUTE_MS);
});

describe("who may come in", () => {
  it.each([
    ["nobody", {}],
    ["a wrong token", { authorization: `Basic ${btoa("listmonk:wrong")}` }],
    ["an operator's token", { authorization: "Bearer admin-token" }],
  ])("refuses %s with listmonk's 403", async (_, headers) => {
    const response = await api("/api/bounces", { headers });
    expect(response.status).toBe(403);
    expect(await jsonOf(response)).toEqual({ message: "invalid API credentials" });
  });

  it("refuses the secrets of others, and at each of its routes", async () => {
    const env = testEnv({ WEBHOOK_POWERMTA: "user:powermta-secret" });
    const others = ["x:admin-token", "x:check-token", "user:powermta-secret", "listmonk:", ":listmonk-token"];
    const routes = ["GET ", "GET /1", "DELETE ?all=true", "DELETE /1", "PUT /blocklist"];
    for (const route of routes) {
      const [method = "", path = ""] = route.split(" ");
      for (const pair of others) {
        const response = await api(`/api/bounces${path}`, { method, headers: basic(pair), env });
        expect(response.status, `${route} ${pair}`).toBe(403);
      }
      expect((await api(`/api/bounces${path}`, { method, headers: {}, env })).status, route).toBe(403);
    }
    expect((await data()).total).toBe(4);
    expect((await jsonOf(await api("/v1/batches"))).items).toEqual([]);
  });

  it("opens nothing under /v1 to whoever may come in here", async () => {
    const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
    const [, encoded = ""] = BASIC.authorization.split(" ");
    const tokens = ["listmonk-token", "listmonk:listmonk-token", encoded].map(bearer);
    const same = { authorization: "token listmonk:listmonk-token" };
    for (const path of ["/v1/suppressions", "/v1/events", "/v1/check?recipient=anna%40example.com", "/metrics"]) {
      for (const headers of [BASIC, same, ...tokens]) {
        expect((await api(path, { headers })).status, `${path} ${headers.authorization}`).toBe(401);
      }
    }
  });

  it("takes `token user:token` as well as basic auth", async () => {
    const headers = { authorization: "token listmonk:listmonk-token" };
    expect((await api("/api/bounces", { headers })).status).toBe(200);
  });

  it("is not there where no connection of listmonk is configured", async () => {
    const env = testEnv({ WEBHOOK_LISTMONK: undefined });
    expect((await api("/api/bounces", { headers: BASIC, env })).status).toBe(404);
  });
});

describe("the list", () => {
  it("has bounces and complaints of every source, newest first, in listmonk's envelope", async () => {
    const page = await data();
    expect(page).toMatchObject({ search: "", query: "", total: 4, per_page: 20, page: 1 });
    expect(page.results.map((b) => [b.type, b.source])).toEqual([
      ["soft", "api"],
      ["complaint", "mailer"],
      ["soft", "api"],
      ["hard", "mailer"],
    ]);
    expect(page.results[3]).toEqual({
      id: expect.any(Number),
      type: "hard",
      source: "mailer",
      meta: { note: "gone", category: "other" },
      created_at: "2030-01-10T08:00:00.000Z",
      email: "anna@example.com",
      subscriber_uuid: "",
      subscriber_id: expect.any(Number),
      subscriber_status: "blocklisted",
      campaign: { id: CAMPAIGN, name: CAMPAIGN },
    });
    expect(page.results[1]).toMatchObject({ email: "", subscriber_uuid: UUID, campaign: null });
    expect(page.results[0]).toMatchObject({
      campaign: { id: 17, name: "17" },
      meta: { status: "5.7.1", diagnostic: "550 5.7.1 spam" },
    });
  });

  it("is filtered by campaign, a number or a uuid, and by source", async () => {
    expect(emailsOf(await data("?campaign_id=17"))).toEqual(["cleo"]);
    expect(emailsOf(await data(`?campaign_id=${CAMPAIGN}`))).toEqual(["anna"]);
    expect((await data("?campaign_id=0")).total).toBe(4);
    expect((await data("?source=mailer")).total).toBe(2);
  });

  it("is ordered by the columns that listmonk knows, and by time for any other word", async () => {
    expect(emailsOf(await data("?order_by=email&order=asc"))).toEqual(["", "anna", "ben", "cleo"].sort(byUuid));
    expect(emailsOf(await data("?order_by=created_at&order=asc"))).toEqual(["anna", "ben", "", "cleo"]);
    expect(emailsOf(await data("?order_by=drop%20table&order=asc"))).toEqual(["anna", "ben", "", "cleo"]);
    const types = (await data("?order_by=type&order=asc")).results.map((b) => b.type);
    expect(types).toEqual(["complaint", "hard", "soft", "soft"]);
  });

  it("comes in pages of at most 50, or as a whole", async () => {
    expect(await data("?per_page=2&page=2")).toMatchObject({ total: 4, per_page: 2, page: 2 });
    expect(emailsOf(await data("?per_page=3&page=2"))).toEqual(["anna"]);
    expect(await data("?per_page=500")).toMatchObject({ per_page: 50 });
    expect(await data("?per_page=all")).toMatchObject({ total: 4, per_page: 4, page: 1 });
    expect(emailsOf(await data("?per_page=all"))).toEqual(emailsOf(await data()));
    expect(await data("?page=9")).toEqual({ results: [], search: "", query: "", total: 0, per_page: 0, page: 0 });
  });

  it("is found by an index", async () => {
    const plan = await planOf(
      "SELECT e.seq FROM events e WHERE e.kind IN ('bounced', 'complained') ORDER BY e.occurred_at DESC, e.seq DESC LIMIT 20",
    );
    expect(plan.join("\n")).toContain("events_bounces");
    expect(plan.join("\n")).not.toContain("TEMP B-TREE");
  });
});

/** A pseudo-address begins with its uuid, "2f…": before every letter. */
function byUuid(a: string, b: string): number {
  return (a || UUID) < (b || UUID) ? -1 : 1;
}

describe("one bounce", () => {
  it("is shown by its number", async () => {
    const [newest] = (await data()).results;
    expect(await data(`/${newest?.id}`)).toEqual(newest);
  });

  it.each([
    ["/999999999", "Bounce not found"],
    ["/0", "Invalid ID"],
    ["/x", "Invalid ID"],
  ])("is a 400 where there is none: %s", async (path, message) => {
    const response = await listmonk(path);
    expect(response.status).toBe(400);
    expect(await jsonOf(response)).toEqual({ message });
  });
});

describe("blocking and deleting", () => {
  it("blocks every recipient with a bounce, once, and for good", async () => {
    expect(await jsonOf(await listmonk("/blocklist", "PUT"))).toEqual({ data: true });
    for (const name of ["anna", "ben", "cleo"]) {
      const { reasons } = await jsonOf(await api(`/v1/check?recipient=${name}%40example.com&consistency=strong`));
      expect(reasons).toContain("manual");
    }
    expect((await jsonOf(await api("/v1/check?recipient=dora%40example.com&consistency=strong"))).suppressed).toBe(
      false,
    );
    const [batch] = (await jsonOf(await api("/v1/batches"))).items;
    expect(batch).toMatchObject({ kind: "block", note: "listmonk: blocklist of bounced subscribers" });
    const events = async () => (await jsonOf(await api("/v1/events?kind=manual_block"))).items.length;
    const before = await events();
    expect(before).toBe(4);
    await listmonk("/blocklist", "PUT");
    expect(await events()).toBe(before);
  });

  it("takes single ones off the list, and a number that is none of it is no error", async () => {
    const [first, second] = (await data()).results;
    expect(await jsonOf(await listmonk(`/${first?.id}`, "DELETE"))).toEqual({ data: true });
    expect(await jsonOf(await listmonk(`?id=${second?.id}&id=999999999`, "DELETE"))).toEqual({ data: true });
    expect((await data()).total).toBe(2);
    expect((await listmonk(`/${first?.id}`)).status).toBe(400);
  });

  it("needs to be told which", async () => {
    for (const query of ["", "?id=", "?id=x", "?id=1&id=x", "?all=false"]) {
      expect((await listmonk(query, "DELETE")).status, query).toBe(400);
    }
    expect((await data()).total).toBe(2);
  });

  it("takes all off the list, lists what comes later, and releases nobody", async () => {
    expect(await jsonOf(await listmonk("?all=true", "DELETE"))).toEqual({ data: true });
    expect((await data()).results).toEqual([]);
    pass(DAY_MS);
    await post({ email: "later@example.com", type: "hard" });
    expect(emailsOf(await data())).toEqual(["later"]);
    const answer = await jsonOf(await api("/v1/check?recipient=anna%40example.com&consistency=strong"));
    expect(answer).toMatchObject({ suppressed: true, reasons: ["hard", "manual"] });
    const { items } = await jsonOf(await api("/v1/events?recipient=anna%40example.com&kind=bounced"));
    expect(items).toHaveLength(1);
    expect(Date.parse(items[0].receivedAt)).toBe(START_MS);
  });
});
