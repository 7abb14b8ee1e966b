/** Who is told: subscriptions, their secrets, and what is refused. */
import { describe, expect, it } from "vitest";
import { configOf } from "../../src/config";
import { failing, heardOnce, isSignedWith, notification, setWorld, subscribe } from "../support/receivers";
import { bounced, report } from "../support/reports";
import { DAY_MS, MINUTE_MS, pass, setStage } from "../support/stage";
import { countOf, rowsOf } from "../support/stores";
import { api, CHECK, jsonOf, runCron, testEnv } from "../support/worker";

setStage();
const world = setWorld();

const at = () => Date.now() - MINUTE_MS;
const create = (json: unknown, env = testEnv()) => api("/v1/notifications", { json, env });

describe("a subscription", () => {
  it("is shown with how it goes, and its secret only once", async () => {
    const hook = world.receiver("hooks.example.com");
    const created = await subscribe(hook, ["event.*"], { note: "the shop" });
    expect(created.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    await report(bounced("john@example.com", "hard", at()));
    const response = await api("/v1/notifications");
    const text = await response.text();
    expect(text).not.toContain("whsec_");
    expect(JSON.parse(text)).toEqual({
      items: [
        {
          id: created.id,
          url: hook.url,
          format: "standard",
          events: ["event.*"],
          excluded: [],
          note: "the shop",
          createdAt: new Date().toISOString(),
          status: "active",
          failingSince: null,
          nextAttemptAt: null,
          lastDeliveredAt: new Date().toISOString(),
          lastError: null,
          lastErrorAt: null,
          waiting: 0,
          parked: 0,
        },
      ],
    });
    expect(await notification(created.id)).toEqual(JSON.parse(text).items[0]);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ["a URL without https", { url: "http://hooks.example.com/" }, "https"],
    ["this machine", { url: "https://127.0.0.1/" }, "private network"],
    ["this machine, in other words", { url: "https://0x7f.1/" }, "private network"],
    ["a cloud's metadata", { url: "https://169.254.169.254/latest" }, "private network"],
    ["credentials in the URL", { url: "https://u:p@hooks.example.com/" }, "password"],
    ["what is no URL", { url: "hooks" }, "absolute"],
    ["a type that does not exist", { events: ["event.opened"] }, "events"],
    ["no types", { events: [] }, "events"],
    ["a format that does not exist", { format: "xml" }, "format"],
    ["a secret of the caller's own", { credentials: "user:token" }, "credentials"],
    ["listmonk without credentials", { format: "listmonk" }, "user:token"],
    ["listmonk with a bare token", { format: "listmonk", credentials: "token" }, "user:token"],
    ["listmonk and what it cannot be told", { format: "listmonk", credentials: "u:t", events: ["alert.*"] }, "events"],
    ["a key that nobody knows", { urls: [] }, "urls"],
    ["this worker itself", { url: "https://bounce.example.com/webhooks/bounce" }, "own"],
  ])("of %s is refused, with a sentence that says why", async (_what, more, words) => {
    const response = await create({ url: "https://hooks.example.com/", events: ["*"], ...more });
    expect(response.status).toBe(400);
    const problem = await jsonOf(response);
    expect(problem.code).toBe("invalid_request");
    expect(problem.detail).toContain(words);
    expect(await countOf("notifications")).toBe(0);
  });

  it.each<[string, readonly string[] | null, string]>([
    ["to a private address", ["10.0.0.7"], "private network"],
    ["to a public and a private one", ["93.184.215.14", "192.168.0.1"], "private network"],
    ["to a private one by IPv6", ["fd00::1"], "private network"],
    ["nowhere", null, "no such name"],
  ])("of a name that leads %s is refused", async (_where, addresses, words) => {
    world.addresses.set("sneaky.example.com", addresses);
    const response = await create({ url: "https://sneaky.example.com/" });
    expect(response.status).toBe(400);
    expect((await jsonOf(response)).detail).toContain(words);
  });

  it("may go anywhere, also by http, where a variable allows it", async () => {
    const env = testEnv({ ALLOW_PRIVATE_TARGETS: "true" });
    expect((await create({ url: "http://localhost:9000/hook" }, env)).status).toBe(201);
    expect(
      (await create({ url: "http://localhost:9000/hook" }, testEnv({ ALLOW_PRIVATE_TARGETS: "false" }))).status,
    ).toBe(400);
    const problems = configOf(testEnv({ ALLOW_PRIVATE_TARGETS: "yes" }));
    expect(problems.problems).toContain("ALLOW_PRIVATE_TARGETS must be true or false");
    expect(problems.allowPrivateTargets).toBe(false);
  });

  it("is for operators", async () => {
    for (const path of ["/v1/notifications", "/v1/notifications/x", "/v1/notifications/x/deliveries", "/v1/alerts"]) {
      expect((await api(path, { headers: CHECK })).status).toBe(403);
      expect((await api(path, { headers: {} })).status).toBe(401);
    }
  });

  it("that does not exist is 404 in every way", async () => {
    const calls: [string, string, unknown?][] = [
      ["GET", ""],
      ["DELETE", ""],
      ["POST", "/rotate", {}],
      ["POST", "/resume"],
      ["POST", "/test"],
      ["GET", "/deliveries"],
      ["GET", "/outbox"],
      ["POST", "/redeliver", { parked: true }],
      ["DELETE", "/outbox/msg_event_1_0000000000000000"],
    ];
    for (const [method, path, json] of calls) {
      const response = await api(`/v1/notifications/nobody${path}`, { method, ...(json ? { json } : {}) });
      expect(response.status, `${method} ${path}`).toBe(404);
    }
    expect(await countOf("audit")).toBe(0);
  });

  it("is told nothing any more when it is deleted, and leaves nothing behind", async () => {
    const hook = world.receiver("hooks.example.com");
    hook.answer = failing(400);
    const { id } = await subscribe(hook);
    await report(bounced("john@example.com", "hard", at()));
    expect(await countOf("notification_outbox")).toBeGreaterThan(0);
    expect((await api(`/v1/notifications/${id}`, { method: "DELETE" })).status).toBe(204);
    const heard = hook.heard.length;
    await report(bounced("jane@example.com", "hard", at()));
    pass(DAY_MS);
    await runCron();
    expect(hook.heard).toHaveLength(heard);
    for (const table of ["notifications", "notification_outbox", "notification_attempts"]) {
      expect(await countOf(table)).toBe(0);
    }
  });

  it("is in the audit trail: who added it, changed its secret, and removed it", async () => {
    const { id } = await subscribe(world.receiver("hooks.example.com"));
    await api(`/v1/notifications/${id}/rotate`, { method: "POST" });
    await api(`/v1/notifications/${id}/resume`, { method: "POST" });
    await api(`/v1/notifications/${id}`, { method: "DELETE" });
    const rows = await rowsOf<{ action: string }>("SELECT action FROM audit WHERE subject = ? ORDER BY action", id);
    expect(rows.map(({ action }) => action)).toEqual([
      "add_notification",
      "remove_notification",
      "resume_notification",
      "rotate_secret",
    ]);
  });
});

describe("a secret", () => {
  it("that is changed signs beside the one before for a day, and alone after that", async () => {
    const hook = world.receiver("hooks.example.com");
    const { id, secret: first } = await subscribe(hook, ["event.*"]);
    const response = await api(`/v1/notifications/${id}/rotate`, { method: "POST" });
    expect(response.status).toBe(200);
    const { secret: second, previousUntil } = await jsonOf(response);
    expect(second).not.toBe(first);
    expect(previousUntil).toBe(new Date(Date.now() + DAY_MS).toISOString());
    await report(bounced("john@example.com", "hard", at()));
    expect(await isSignedWith(first ?? "", hook.heard[0]!)).toBe(true);
    expect(await isSignedWith(second, hook.heard[0]!)).toBe(true);
    expect(hook.heard[0]?.headers.get("webhook-signature")?.split(" ")).toHaveLength(2);
    pass(DAY_MS + MINUTE_MS);
    await report(bounced("jane@example.com", "hard", at()));
    expect(await isSignedWith(first ?? "", hook.heard[1]!)).toBe(false);
    expect(await isSignedWith(second, hook.heard[1]!)).toBe(true);
  });
});

describe("a test", () => {
  it("sends a message that says nothing, and tells what came of it", async () => {
    const hook = world.receiver("hooks.example.com");
    const { id, secret } = await subscribe(hook);
    const test = async () => jsonOf(await api(`/v1/notifications/${id}/test`, { method: "POST" }));
    expect(await test()).toEqual({ delivered: true, status: 204, error: null });
    expect(heardOnce(hook).body).toMatchObject({ type: "notification.test", data: {} });
    expect(await isSignedWith(secret ?? "", heardOnce(hook))).toBe(true);
    hook.answer = failing(401);
    expect(await test()).toEqual({ delivered: false, status: 401, error: "HTTP 401 status 401" });
    hook.answer = () => Promise.reject(new Error("refused"));
    expect(await test()).toEqual({ delivered: false, status: null, error: "no connection" });
  });
});
