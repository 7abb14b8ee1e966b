import { describe, expect, it } from "vitest";
import { base64Of, utf8Bytes } from "../../src/crypto/encoding";
import { bounce } from "../support/pmta";
import { MINUTE_MS, START_MS, setStage } from "../support/stage";
import { ADMIN, api, CHECK, jsonOf, testEnv } from "../support/worker";

setStage();

const CHECK_URL = "/v1/check?recipient=john%40example.com";
const record = bounce("hard", { recipient: "john@example.com", message: "m1", at: START_MS - MINUTE_MS });
const WRONG = { authorization: "Bearer guessed" };
const RIGHT_WEBHOOK = { authorization: "Bearer inboxroad-secret" };

/** A limiter as the platform has it: so many of each key. */
function limiterOf(limit: number) {
  const counts = new Map<string, number>();
  const asked: string[] = [];
  return {
    asked,
    limit: async ({ key }: { key: string }) => {
      asked.push(key);
      counts.set(key, (counts.get(key) ?? 0) + 1);
      return { success: (counts.get(key) ?? 0) <= limit };
    },
  };
}

const from = (address: string, headers: Readonly<Record<string, string>>) => ({
  ...headers,
  "cf-connecting-ip": address,
});

describe("with RATE_LIMITER", () => {
  it.each([
    ["the API", "/v1/events", WRONG, {}, 401],
    ["a check", CHECK_URL, WRONG, {}, 401],
    ["no token", "/metrics", {}, {}, 401],
    ["a webhook", "/webhooks/inboxroad", WRONG, { json: [record] }, 401],
    ["a webhook of listmonk", "/webhooks/bounce", { authorization: "token a:b" }, { json: {} }, 403],
    ["listmonk's API", "/api/bounces", { authorization: `Basic ${base64Of(utf8Bytes("a:b"))}` }, {}, 403],
  ] as const)("whoever fails too often at %s is told to wait", async (_what, path, headers, body, status) => {
    const env = testEnv({ RATE_LIMITER: limiterOf(2) });
    const attempt = (address: string) => api(path, { ...body, headers: from(address, headers), env });
    expect((await attempt("192.0.2.1")).status).toBe(status);
    expect((await attempt("192.0.2.1")).status).toBe(status);
    const refused = await attempt("192.0.2.1");
    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).toBe("60");
    expect(refused.headers.has("www-authenticate")).toBe(false);
    expect(refused.headers.get("x-request-id")).not.toBeNull();
    expect(await jsonOf(refused)).toMatchObject({ status: 429, code: "too_many_requests" });
    expect((await attempt("192.0.2.2")).status).toBe(status);
  });

  it("what proves itself gets through from the same place, and is not even counted", async () => {
    const limiter = limiterOf(0);
    const env = testEnv({ RATE_LIMITER: limiter });
    const refused = await api("/webhooks/inboxroad", { json: [record], headers: from("192.0.2.1", WRONG), env });
    expect(refused.status).toBe(429);
    const webhook = { json: [record], headers: from("192.0.2.1", RIGHT_WEBHOOK), env };
    expect((await api("/webhooks/inboxroad", webhook)).status).toBe(200);
    expect((await api("/v1/connections", { headers: from("192.0.2.1", ADMIN), env })).status).toBe(200);
    expect((await api("/v1/connections", { headers: from("192.0.2.1", CHECK), env })).status).toBe(403);
    expect(limiter.asked).toHaveLength(1);
  });

  it("a whole network of IPv6 is one place", async () => {
    const limiter = limiterOf(1);
    const env = testEnv({ RATE_LIMITER: limiter });
    const statusFrom = async (address: string) =>
      (await api("/v1/events", { headers: from(address, WRONG), env })).status;
    expect(await statusFrom("2001:db8:1:2::1")).toBe(401);
    expect(await statusFrom("2001:db8:1:2:ffff::9")).toBe(429);
    expect(await statusFrom("2001:db8:1:3::1")).toBe(401);
  });

  it("a wrong token in the dashboard is the dashboard's own business", async () => {
    const limiter = limiterOf(0);
    const body = new URLSearchParams({ token: "guessed" });
    const options = { method: "POST", body, headers: from("192.0.2.7", {}), env: testEnv({ RATE_LIMITER: limiter }) };
    expect((await api("/dashboard/sign-in", options)).status).toBe(401);
    expect(limiter.asked).toEqual([]);
  });
});

describe("with CHECK_RATE_LIMITER", () => {
  it("one token's checks are limited, not another's, and nothing else", async () => {
    const limiter = limiterOf(2);
    const env = testEnv({ CHECK_TOKENS: "one,two", CHECK_RATE_LIMITER: limiter });
    const ask = (token: string) => api(CHECK_URL, { headers: { authorization: `Bearer ${token}` }, env });
    expect([(await ask("one")).status, (await ask("one")).status]).toEqual([200, 200]);
    const refused = await ask("one");
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "60"]);
    expect((await ask("two")).status).toBe(200);
    const webhook = { json: [record], headers: RIGHT_WEBHOOK, env };
    for (let i = 0; i < 3; i++) expect((await api("/webhooks/inboxroad", webhook)).status).toBe(200);
    for (let i = 0; i < 3; i++) expect((await api("/v1/connections", { env })).status).toBe(200);
    // A token is not told to anybody: the limiter knows its fingerprint.
    expect(limiter.asked.join(" ")).not.toMatch(/one|two/);
  });

  it("a wrong token is still a 401, and is not counted", async () => {
    const limiter = limiterOf(0);
    const env = testEnv({ CHECK_RATE_LIMITER: limiter });
    expect((await api(CHECK_URL, { headers: WRONG, env })).status).toBe(401);
    expect(limiter.asked).toEqual([]);
  });
});

describe("a limiter", () => {
  it("that fails lets everything through", async () => {
    const broken = { limit: () => Promise.reject(new Error("no answer")) };
    const env = testEnv({ RATE_LIMITER: broken, CHECK_RATE_LIMITER: broken });
    expect((await api("/v1/events", { headers: from("192.0.2.1", WRONG), env })).status).toBe(401);
    expect((await api(CHECK_URL, { headers: CHECK, env })).status).toBe(200);
  });

  it("that is absent, or is none, limits nothing", async () => {
    for (const none of [undefined, "100", {}, null]) {
      const env = testEnv({ RATE_LIMITER: none, CHECK_RATE_LIMITER: none });
      for (let i = 0; i < 20; i++) {
        expect((await api("/v1/events", { headers: from("192.0.2.1", WRONG), env })).status).toBe(401);
        expect((await api(CHECK_URL, { headers: CHECK, env })).status).toBe(200);
      }
    }
  });

  it("counts nobody where the platform does not say where a request comes from", async () => {
    const limiter = limiterOf(0);
    expect((await api("/v1/events", { headers: WRONG, env: testEnv({ RATE_LIMITER: limiter }) })).status).toBe(401);
    expect(limiter.asked).toEqual([]);
  });
});
