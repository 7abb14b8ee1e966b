import { runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { configOf } from "../../src/config";
import {
  failing,
  isSignedWith,
  madeUpWorld,
  notification,
  type Receiver,
  silence,
  storyOf,
  subscribe,
  type World,
} from "../support/receivers";
import { block, bounced, iso, release, report } from "../support/reports";
import { DAY_MS, MINUTE_MS, pass, setStage } from "../support/stage";
import { countOf, objectOf, rowsOf } from "../support/stores";
import { api, CHECK, freshStores, jsonOf, runCron, testEnv } from "../support/worker";

setStage();

let world: World;
beforeEach(async () => {
  await freshStores();
  for (const level of ["log", "warn", "error"] as const) vi.spyOn(console, level).mockImplementation(() => {});
  world = madeUpWorld();
});
afterEach(() => {
  vi.restoreAllMocks();
});

const at = () => Date.now() - MINUTE_MS;
const create = (json: unknown, env = testEnv()) => api("/v1/notifications", { json, env });
const only = (receiver: Receiver) => {
  expect(receiver.heard).toHaveLength(1);
  return receiver.heard[0]!;
};

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

describe("a standard message", () => {
  it("says what happened, and is signed as Standard Webhooks says", async () => {
    const hook = world.receiver("hooks.example.com");
    const { secret } = await subscribe(hook, ["event.bounced"]);
    const [id] = await report({ ...bounced("john@example.com", "hard", at()), messageId: "m1" });
    const heard = only(hook);
    expect(heard.method).toBe("POST");
    expect(heard.headers.get("content-type")).toBe("application/json");
    expect(heard.headers.get("webhook-id")).toMatch(/^msg_event_\d+_[0-9a-f]{16}$/);
    expect(heard.headers.get("webhook-timestamp")).toBe(String(Math.floor(Date.now() / 1000)));
    expect(heard.headers.get("webhook-signature")).toMatch(/^v1,[A-Za-z0-9+/]{43}=$/);
    expect(await isSignedWith(secret ?? "", heard)).toBe(true);
    expect(heard.body).toMatchObject({
      type: "event.bounced",
      timestamp: new Date(at()).toISOString(),
      data: { id, recipient: "john@example.com", kind: "bounced", class: "hard", messageId: "m1", provider: "api" },
    });
    expect(heard.text).toBe(JSON.stringify(heard.body));
  });

  it("tells of a listing with the event behind it, and of its release", async () => {
    const hook = world.receiver("hooks.example.com");
    await subscribe(hook, ["suppression.*"]);
    const [id] = await report(bounced("john@example.com", "hard", at()));
    await release("john@example.com");
    expect(storyOf(hook)).toEqual(["suppression.created john@example.com", "suppression.released john@example.com"]);
    expect(hook.heard[0]?.body.data).toMatchObject({
      suppressed: true,
      reasons: ["hard"],
      since: new Date(at()).toISOString(),
      until: null,
      previousReasons: [],
      evidence: { id, kind: "bounced", class: "hard" },
    });
    expect(hook.heard[1]?.body.data).toMatchObject({
      suppressed: false,
      reasons: [],
      previousReasons: ["hard"],
      evidence: null,
    });
  });

  it("tells of further reasons, and not of the allow-list where that changes nothing", async () => {
    const hook = world.receiver("hooks.example.com");
    await subscribe(hook, ["suppression.*"]);
    await report(bounced("john@example.com", "hard", at()));
    await report({ kind: "complained", recipient: "john@example.com", at: at() });
    await api("/v1/allowlist/jane%40example.com", { method: "PUT" });
    await api("/v1/allowlist/jane%40example.com", { method: "DELETE" });
    expect(storyOf(hook)).toEqual(["suppression.created john@example.com", "suppression.created john@example.com"]);
    expect(hook.heard[1]?.body.data).toMatchObject({ reasons: ["hard", "complaint"], previousReasons: ["hard"] });
  });

  it("tells of a release also where a suppression ends by itself", async () => {
    const hook = world.receiver("hooks.example.com");
    await subscribe(hook, ["suppression.*"]);
    await block("john@example.com", { expiresAt: iso(Date.now() + DAY_MS) });
    pass(2 * DAY_MS);
    await runDurableObjectAlarm(await objectOf("john@example.com"));
    await runCron();
    expect(storyOf(hook)).toEqual(["suppression.created john@example.com", "suppression.released john@example.com"]);
    expect(hook.heard[1]?.body.data.previousReasons).toEqual(["manual"]);
  });

  it("is told in order: the report, then the change of the list that it caused", async () => {
    const hook = world.receiver("hooks.example.com");
    await subscribe(hook);
    await report([
      bounced("john@example.com", "hard", at()),
      { kind: "complained", recipient: "jane@example.com", at: at() },
    ]);
    await block("@example.net");
    expect(storyOf(hook)).toEqual([
      "event.bounced john@example.com",
      "event.complained jane@example.com",
      "suppression.created john@example.com",
      "suppression.created jane@example.com",
      "suppression.created @example.net",
    ]);
  });

  it("is told of what happens from the subscription on, and not before", async () => {
    await report(bounced("early@example.com", "hard", at()));
    const hook = world.receiver("hooks.example.com");
    await subscribe(hook);
    await report(bounced("late@example.com", "hard", at()));
    expect(storyOf(hook)).toEqual(["event.bounced late@example.com", "suppression.created late@example.com"]);
  });

  it("is not told of deliveries, of what is deferred, or of what somebody else's list says", async () => {
    const hook = world.receiver("hooks.example.com");
    await subscribe(hook, ["event.*"]);
    await report([
      { kind: "delivered", recipient: "john@example.com", at: at() },
      { kind: "deferred", recipient: "john@example.com", at: at() },
      { kind: "unsubscribed", recipient: "john@example.com", at: at() },
    ]);
    const list = "email,reason\nold@example.com,bounce\n";
    const response = await api("/v1/suppressions/import", {
      body: list,
      headers: { authorization: "Bearer admin-token", "content-type": "text/csv" },
    });
    expect(response.ok).toBe(true);
    expect(hook.heard).toEqual([]);
  });

  it("names who was erased only by the hash", async () => {
    const hook = world.receiver("hooks.example.com");
    hook.answer = failing(503);
    await subscribe(hook, ["*"]);
    await report(bounced("john@example.com", "hard", at()));
    await api("/v1/recipients/john%40example.com", { method: "DELETE" });
    hook.answer = () => new Response();
    hook.heard.length = 0;
    pass(2 * MINUTE_MS);
    await runCron();
    expect(hook.heard.length).toBeGreaterThan(0);
    expect(hook.heard.map(({ text }) => text).join()).not.toContain("john@example.com");
    expect(storyOf(hook).at(-1)).toBe("suppression.released");
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

describe("a listmonk server", () => {
  const credentials = "bouncekeeper:a-token";
  const monk = (path = "") => world.receiver("lists.example.com", path);

  it("is told of bounces and complaints as its own API takes them, whoever reported them", async () => {
    const server = monk();
    const { secret } = await subscribe(server, ["*"], { format: "listmonk", credentials });
    expect(secret).toBeNull();
    const records = [
      {
        type: "b",
        timeLogged: String(Math.floor(at() / 1000)),
        rcpt: "john@example.com",
        bounceCat: "bad-mailbox",
        dsnDiag: "smtp;550 5.1.1 no such user",
      },
    ];
    await api("/webhooks/inboxroad?token=inboxroad-secret", { json: records });
    const heard = only(server);
    expect(heard.url).toBe("https://lists.example.com/webhooks/bounce");
    expect(heard.headers.get("authorization")).toBe(`Basic ${btoa(credentials)}`);
    expect(heard.body).toMatchObject({
      email: "john@example.com",
      source: "inboxroad",
      type: "hard",
      created_at: new Date(Math.floor(at() / 1000) * 1000).toISOString(),
      meta: { class: "hard", diagnosticCode: expect.stringContaining("no such user") },
    });
  });

  it("takes what it is told: this worker, in listmonk's place, records it once", async () => {
    const server = monk("/webhooks/bounce");
    // Another worker like this one, with a database of its own, would do; this one tells the same by its events.
    server.answer = async ({ headers, text }) => {
      const authorization = `Basic ${btoa("listmonk:listmonk-token")}`;
      expect(headers.get("authorization")).toBe(authorization);
      const key = headers.get("idempotency-key") ?? "";
      return api("/webhooks/bounce", { body: text, headers: { authorization, "idempotency-key": key } });
    };
    await subscribe(server, ["event.*"], { format: "listmonk", credentials: "listmonk:listmonk-token" });
    await report(bounced("john@example.com", "soft", at()));
    expect(server.heard).toHaveLength(1);
    expect(await countOf("events WHERE provider = 'listmonk' AND class = 'soft'")).toBe(1);
    await runCron();
    // What came back by listmonk's own door is not sent there again.
    expect(server.heard).toHaveLength(1);
  });

  it("is not told of the list, of alerts, or of what is the sender's fault", async () => {
    const server = monk();
    await subscribe(server, ["*"], { format: "listmonk", credentials });
    await report([bounced("a@example.com", "block", at()), bounced("b@example.com", "undetermined", at())]);
    await block("c@example.com");
    await runCron();
    expect(server.heard).toEqual([]);
  });

  it("is told of what its scripts posted here only where it is wanted", async () => {
    const posted = (email: string) =>
      api("/webhooks/bounce", {
        json: { email, type: "hard", source: "script" },
        headers: { authorization: `Basic ${btoa("listmonk:listmonk-token")}` },
      });
    const [one, other] = [monk(), world.receiver("others.example.com", "")];
    await subscribe(one, ["*"], { format: "listmonk", credentials });
    await subscribe(other, ["*"], { format: "listmonk", credentials, excluded: [] });
    await posted("john@example.com");
    expect(one.heard).toEqual([]);
    expect(other.heard.map(({ body }) => body.email)).toEqual(["john@example.com"]);
  });

  it("may have its credentials in the URL that is given; they are kept as a secret", async () => {
    const server = monk();
    const json = { url: "https://keeper:a%20token@lists.example.com/", format: "listmonk" };
    const response = await create(json);
    expect(response.status).toBe(201);
    expect((await jsonOf(response)).url).toBe("https://lists.example.com/webhooks/bounce");
    await report(bounced("john@example.com", "hard", at()));
    expect(only(server).headers.get("authorization")).toBe(`Basic ${btoa("keeper:a token")}`);
    const [row] = await rowsOf<{ url: string }>("SELECT url FROM notifications");
    expect(row?.url).not.toContain("token");
    expect((await create({ ...json, url: "https://%E0%A4%A@lists.example.com/" })).status).toBe(400);
  });

  it("gets new credentials at once", async () => {
    const server = monk();
    const { id } = await subscribe(server, ["*"], { format: "listmonk", credentials });
    expect((await api(`/v1/notifications/${id}/rotate`, { json: {} })).status).toBe(400);
    const rotated = await api(`/v1/notifications/${id}/rotate`, { json: { credentials: "other:token" } });
    expect(await jsonOf(rotated)).toEqual({ secret: null, previousUntil: null });
    await report(bounced("john@example.com", "hard", at()));
    expect(only(server).headers.get("authorization")).toBe(`Basic ${btoa("other:token")}`);
  });
});

describe("a test", () => {
  it("sends a message that says nothing, and tells what came of it", async () => {
    const hook = world.receiver("hooks.example.com");
    const { id, secret } = await subscribe(hook);
    const test = async () => jsonOf(await api(`/v1/notifications/${id}/test`, { method: "POST" }));
    expect(await test()).toEqual({ delivered: true, status: 204, error: null });
    expect(only(hook).body).toMatchObject({ type: "notification.test", data: {} });
    expect(await isSignedWith(secret ?? "", only(hook))).toBe(true);
    hook.answer = failing(401);
    expect(await test()).toEqual({ delivered: false, status: 401, error: "HTTP 401 status 401" });
    hook.answer = () => Promise.reject(new Error("refused"));
    expect(await test()).toEqual({ delivered: false, status: null, error: "no connection" });
  });
});

describe("the delivery log", () => {
  it("says what was attempted and what came of it, newest first, without addresses", async () => {
    const hook = world.receiver("hooks.example.com");
    hook.answer = ({ body }) =>
      body.data.recipient === "bad@example.com"
        ? new Response("no thanks for bad@example.com", { status: 422 })
        : new Response();
    const { id } = await subscribe(hook, ["event.*"]);
    await report([bounced("good@example.com", "hard", at()), bounced("bad@example.com", "hard", at())]);
    const response = await api(`/v1/notifications/${id}/deliveries`);
    const text = await response.text();
    expect(text).not.toContain("@example.com");
    const { items } = JSON.parse(text);
    expect(items.map((item: { outcome: string; status: number }) => [item.outcome, item.status])).toEqual([
      ["failed", 422],
      ["delivered", 200],
    ]);
    expect(items[0]).toMatchObject({ type: "event.bounced", attempt: 1, error: "HTTP 422 no thanks for …@…" });
    const failed = await jsonOf(await api(`/v1/notifications/${id}/deliveries?outcome=failed&limit=1`));
    expect(failed.items).toEqual([items[0]]);
    expect(
      (await jsonOf(await api(`/v1/notifications/${id}/deliveries?outcome=failed&limit=1&cursor=${failed.nextCursor}`)))
        .items,
    ).toEqual([]);
  });

  it("keeps no more of an answer than a little, however much a receiver says", async () => {
    const hook = world.receiver("hooks.example.com");
    let pulled = 0;
    hook.answer = () =>
      new Response(
        new ReadableStream({
          pull: (controller) => {
            pulled++;
            controller.enqueue(new Uint8Array(1_000).fill(120));
          },
        }),
        { status: 500 },
      );
    const { id } = await subscribe(hook, ["event.*"]);
    await report(bounced("john@example.com", "hard", at()));
    const { items } = await jsonOf(await api(`/v1/notifications/${id}/deliveries`));
    expect(items[0].error.length).toBeLessThanOrEqual(300);
    expect(pulled).toBeLessThan(10);
  });

  it("is kept for a week", async () => {
    const hook = world.receiver("hooks.example.com");
    await subscribe(hook, ["event.*"]);
    await report(bounced("john@example.com", "hard", at()));
    pass(6 * DAY_MS);
    await report(bounced("jane@example.com", "hard", at()));
    await runCron();
    expect(await countOf("notification_attempts")).toBe(2);
    pass(2 * DAY_MS);
    await runCron();
    expect(await countOf("notification_attempts")).toBe(1);
  });
});

describe("by hand", () => {
  it("a message is delivered again, under its own id", async () => {
    const hook = world.receiver("hooks.example.com");
    const { id } = await subscribe(hook, ["event.*"]);
    await report(bounced("john@example.com", "hard", at()));
    const messageId = only(hook).headers.get("webhook-id");
    const response = await api(`/v1/notifications/${id}/redeliver`, { json: { messageId } });
    expect(response.status).toBe(202);
    await runCron();
    expect(hook.heard.map(({ headers }) => headers.get("webhook-id"))).toEqual([messageId, messageId]);
    expect((await notification(id)).waiting).toBe(0);
  });

  it("a message that does not exist, or is not for that subscription, is 404", async () => {
    const hook = world.receiver("hooks.example.com");
    const { id } = await subscribe(hook, ["event.*"]);
    const { id: other } = await subscribe(world.receiver("others.example.com"), ["alert.*"]);
    await report(bounced("john@example.com", "hard", at()));
    const messageId = only(hook).headers.get("webhook-id") ?? "";
    const redeliver = async (to: string, message: string) =>
      (await api(`/v1/notifications/${to}/redeliver`, { json: { messageId: message } })).status;
    expect(await redeliver(other, messageId)).toBe(404);
    expect(
      await redeliver(
        id,
        messageId.replace(/.$/, (c) => (c === "0" ? "1" : "0")),
      ),
    ).toBe(404);
    expect(await redeliver(id, "msg_change_7_0000000000000000")).toBe(404);
    expect(await redeliver(id, "nonsense")).toBe(404);
  });
});

describe("a receiver that is told", () => {
  it("to whom a redirect is no success, and is not followed", async () => {
    const hook = world.receiver("hooks.example.com");
    const trap = world.receiver("trap.example.com");
    hook.answer = () => new Response(null, { status: 307, headers: { location: trap.url } });
    const { id } = await subscribe(hook, ["event.*"]);
    await report(bounced("john@example.com", "hard", at()));
    expect(trap.heard).toEqual([]);
    expect(await notification(id)).toMatchObject({ waiting: 1, lastError: "HTTP 307" });
  });

  it("whose name has come to lead to a private network is not called", async () => {
    const hook = world.receiver("hooks.example.com");
    const { id } = await subscribe(hook, ["event.*"]);
    world.addresses.set("hooks.example.com", ["127.0.0.1"]);
    await report(bounced("john@example.com", "hard", at()));
    expect(hook.heard).toEqual([]);
    expect(await notification(id)).toMatchObject({
      status: "active",
      lastError: "The name leads to a private network.",
    });
    world.addresses.delete("hooks.example.com");
    pass(2 * MINUTE_MS);
    await runCron();
    expect(hook.heard).toHaveLength(1);
  });

  it("that says 410 is told no more, until an operator resumes it; then nothing was missed", async () => {
    const hook = world.receiver("hooks.example.com");
    hook.answer = failing(410);
    const { id } = await subscribe(hook, ["event.*"]);
    await report(bounced("john@example.com", "hard", at()));
    expect(await notification(id)).toMatchObject({ status: "gone" });
    pass(DAY_MS);
    await report(bounced("jane@example.com", "hard", at()));
    await runCron();
    expect(hook.heard).toHaveLength(1);
    hook.answer = () => new Response();
    expect((await jsonOf(await api(`/v1/notifications/${id}/resume`, { method: "POST" }))).status).toBe("active");
    await runCron();
    expect(storyOf(hook).slice(1)).toEqual(["event.bounced john@example.com", "event.bounced jane@example.com"]);
  });

  it("that never answers is left after some seconds", async () => {
    const hook = world.receiver("hooks.example.com");
    hook.answer = silence;
    vi.spyOn(AbortSignal, "timeout").mockImplementation(() =>
      AbortSignal.abort(new DOMException("late", "TimeoutError")),
    );
    const { id } = await subscribe(hook, ["event.*"]);
    await report(bounced("john@example.com", "hard", at()));
    expect(await notification(id)).toMatchObject({ lastError: "timeout", waiting: 0 });
  });
});
