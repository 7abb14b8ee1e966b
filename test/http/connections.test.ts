import { describe, expect, it } from "vitest";
import { withFaults } from "../support/faults";
import { bounce, complaint, delivery } from "../support/pmta";
import { MINUTE_MS, pass, START_MS, setStage } from "../support/stage";
import { api, freshStores, jsonOf, testEnv } from "../support/worker";

setStage();

let people = 0;
const about = () => ({ recipient: `p${++people}@example.com`, message: `m${people}`, at: START_MS - MINUTE_MS });
const post = (path: string, env = testEnv(), json: unknown = [bounce("hard", about())]) => api(path, { json, env });
const statusOf = async (path: string, env = testEnv()) => (await post(path, env)).status;
const only = (secrets: Readonly<Record<string, unknown>>) =>
  testEnv({ WEBHOOK_POWERMTA: undefined, WEBHOOK_SMTPETER: undefined, WEBHOOK_LISTMONK: undefined, ...secrets });

describe("a connection", () => {
  const env = testEnv({
    WEBHOOK_INBOXROAD__EU: "eu-secret",
    WEBHOOK_INBOXROAD__US_EAST_1: "us-secret",
    WEBHOOK_LISTMONK__NEWS: "news:token",
  });

  it.each([
    ["/webhooks/inboxroad", "inboxroad-secret", "default"],
    ["/webhooks/inboxroad/default", "inboxroad-secret", "default"],
    ["/webhooks/inboxroad/eu", "eu-secret", "eu"],
    ["/webhooks/inboxroad/EU", "eu-secret", "eu"],
    ["/webhooks/inboxroad/us_east_1", "us-secret", "us_east_1"],
    ["/webhooks/inboxroad/us-east-1", "us-secret", "us_east_1"],
    ["/webhooks/inboxroad/US-East_1", "us-secret", "us_east_1"],
  ])("is found at %s, with its own credentials only", async (path, secret, connection) => {
    const batch = [bounce("hard", about())];
    expect((await post(`${path}?token=${secret}`, env, batch)).status).toBe(200);
    const query = `recipient=p${people}%40example.com`;
    expect(await jsonOf(await api(`/v1/events?${query}`))).toMatchObject({
      items: [{ provider: "inboxroad", connection }],
    });
    const others = ["inboxroad-secret", "eu-secret", "us-secret"].filter((other) => other !== secret);
    for (const other of others) expect(await statusOf(`${path}?token=${other}`, env)).toBe(401);
  });

  it("of listmonk keeps listmonk's answers", async () => {
    const json = { email: "john@example.com", type: "hard" };
    const send = (token: string) =>
      api("/webhooks/listmonk/news", { json, headers: { authorization: `token ${token}` }, env });
    expect(await jsonOf(await send("news:token"))).toEqual({ data: true });
    expect((await send("listmonk:listmonk-token")).status).toBe(403);
  });

  it("keeps the same event of another connection apart", async () => {
    const batch = [bounce("soft", about())];
    expect(await jsonOf(await post("/webhooks/inboxroad?token=inboxroad-secret", env, batch))).toMatchObject({
      new: 1,
    });
    expect(await jsonOf(await post("/webhooks/inboxroad/eu?token=eu-secret", env, batch))).toMatchObject({ new: 1 });
  });

  it("comes and goes with the environment that a request brings", async () => {
    expect(await statusOf("/webhooks/inboxroad/eu?token=eu-secret")).toBe(404);
    expect(await statusOf("/webhooks/inboxroad/eu?token=eu-secret", env)).toBe(200);
    expect(await statusOf("/webhooks/inboxroad/eu?token=eu-secret")).toBe(404);
  });
});

describe("credentials that are being rotated", () => {
  it.each<[string, unknown, string[]]>([
    ["a list", "old-secret, new-secret", ["old-secret", "new-secret"]],
    ["a JSON array", '["with,comma","new-secret"]', ["with,comma", "new-secret"]],
  ])("are all accepted out of %s, and none but them", async (_what, value, secrets) => {
    const env = testEnv({ WEBHOOK_INBOXROAD: value });
    for (const secret of secrets) {
      expect(await statusOf(`/webhooks/inboxroad?token=${encodeURIComponent(secret)}`, env)).toBe(200);
    }
    for (const wrong of [String(value), "with", "comma", "inboxroad-secret"]) {
      expect(await statusOf(`/webhooks/inboxroad?token=${encodeURIComponent(wrong)}`, env)).toBe(401);
    }
  });

  it("are pairs of user and token for listmonk", async () => {
    const env = testEnv({ WEBHOOK_LISTMONK: "old:token,new:token" });
    for (const [pair, status] of [
      ["old:token", 200],
      ["new:token", 200],
      ["old:token,new:token", 403],
    ] as const) {
      const options = {
        json: { email: "john@example.com", type: "hard" },
        headers: { authorization: `token ${pair}` },
      };
      expect((await api("/webhooks/bounce", { ...options, env })).status).toBe(status);
    }
  });
});

describe("unusable credentials", () => {
  it.each(["", "[", '["top-secret",7]', '{"top-secret":"top-secret"}'])(
    "answer 503 and never accept anything: %j",
    async (value) => {
      const env = testEnv({ WEBHOOK_INBOXROAD: value });
      for (const token of ["", "top-secret", encodeURIComponent(value)]) {
        const response = await post(`/webhooks/inboxroad?token=${token}`, env);
        expect(response.status).toBe(503);
        expect(response.headers.has("retry-after")).toBe(true);
        const problem = await jsonOf(response);
        expect(problem).toMatchObject({ code: "config_invalid", detail: expect.stringContaining("inboxroad/default") });
        expect(JSON.stringify(problem)).not.toContain("top-secret");
      }
    },
  );

  it("do not touch other connections, nor checks", async () => {
    const env = testEnv({ WEBHOOK_INBOXROAD: "[", WEBHOOK_INBOXROAD__EU: "eu-secret" });
    expect(await statusOf("/webhooks/inboxroad/eu?token=eu-secret", env)).toBe(200);
    expect((await api("/v1/check?recipient=john%40example.com", { env })).status).toBe(200);
  });
});

describe("ownership files", () => {
  const env = testEnv({
    WEBHOOK_SMTPETER: { environment: "environment-1", files: { "smtpeter-1.txt": "proof of one\n" } },
    WEBHOOK_SMTPETER__EU: JSON.stringify({ environment: "environment-2", files: { "smtpeter-2.txt": "proof of two" } }),
  });
  const places = ["", "/webhooks", "/webhooks/smtpeter"];

  it.each(places)("are served, of every connection, without a token: %s/", async (place) => {
    for (const [name, text] of [
      ["smtpeter-1.txt", "proof of one\n"],
      ["smtpeter-2.txt", "proof of two"],
    ]) {
      const response = await api(`${place}/${name}`, { headers: {}, env });
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toContain("text/plain");
      expect(await response.text()).toBe(text);
    }
  });

  it("that nobody configured are 404", async () => {
    for (const place of places) {
      for (const name of ["smtpeter-3.txt", "constructor.txt", "..txt"]) {
        expect((await api(`${place}/${name}`, { headers: {}, env })).status).toBe(404);
      }
      expect((await api(`${place}/smtpeter-1.txt`, { headers: {} })).status).toBe(404);
    }
  });
});

describe("GET /v1/connections", () => {
  it("lists what is configured, how it is verified, and what is wrong with it", async () => {
    await freshStores();
    const env = only({ WEBHOOK_INBOXROAD: "[top-secret", WEBHOOK_POWERMTA__EU: "powermta-secret" });
    const { items } = await jsonOf(await api("/v1/connections", { env }));
    const never = { lastReceivedAt: null, lastRejectedAt: null, lastRejectedReason: null, counts: {} };
    expect(items).toEqual([
      {
        provider: "inboxroad",
        title: "Inboxroad",
        connection: "default",
        url: "https://bounce.example.com/webhooks/inboxroad",
        manual: expect.stringMatching(/^https:/),
        verifiedBy: expect.stringContaining("shared secret"),
        usable: false,
        problem: expect.any(String),
        ...never,
      },
      {
        provider: "powermta",
        title: "PowerMTA",
        connection: "eu",
        url: "https://bounce.example.com/webhooks/powermta/eu",
        manual: expect.stringMatching(/^https:/),
        verifiedBy: expect.any(String),
        usable: true,
        problem: null,
        ...never,
      },
    ]);
    expect(JSON.stringify(items)).not.toMatch(/top-secret|powermta-secret/);
  });

  it("says when each was last heard from, what was rejected and why, and how many events came", async () => {
    // Activity is noted once a minute for each database: a new one for this test.
    const env = only({ ...withFaults(() => null).bindings, WEBHOOK_INBOXROAD__EU: "eu-secret" });
    const [first, second] = [about(), about()];
    await post("/webhooks/inboxroad?token=inboxroad-secret", env, [bounce("hard", first), delivery(second)]);
    await post("/webhooks/inboxroad?token=inboxroad-secret", env, [bounce("hard", first), complaint(second)]);
    const receivedAt = new Date().toISOString();
    pass(2 * MINUTE_MS);
    await post("/webhooks/inboxroad?token=wrong", env);
    await post("/webhooks/inboxroad/eu", env);
    const rejectedAt = new Date().toISOString();
    const { items } = await jsonOf(await api("/v1/connections", { env }));
    expect(items).toMatchObject([
      {
        connection: "default",
        lastReceivedAt: receivedAt,
        lastRejectedAt: rejectedAt,
        lastRejectedReason: "wrong token or password",
        counts: { bounced: 1, delivered: 1, complained: 1 },
      },
      { connection: "eu", lastReceivedAt: null, lastRejectedAt: rejectedAt, counts: {} },
    ]);
  });

  it("is empty where nothing is configured", async () => {
    const env = only({ WEBHOOK_INBOXROAD: undefined });
    expect(await jsonOf(await api("/v1/connections", { env }))).toEqual({ items: [] });
  });
});
