/** What subscribers are told, in Standard Webhooks and in listmonk's own words. */
import { runDurableObjectAlarm } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { failing, heardOnce, isSignedWith, setWorld, storyOf, subscribe } from "../support/receivers";
import { block, bounced, iso, release, report } from "../support/reports";
import { DAY_MS, MINUTE_MS, pass, setStage } from "../support/stage";
import { countOf, objectOf, rowsOf } from "../support/stores";
import { api, jsonOf, runCron } from "../support/worker";

setStage();
const world = setWorld();

const at = () => Date.now() - MINUTE_MS;

describe("a standard message", () => {
  it("says what happened, and is signed as Standard Webhooks says", async () => {
    const hook = world.receiver("hooks.example.com");
    const { secret } = await subscribe(hook, ["event.bounced"]);
    const [id] = await report({ ...bounced("john@example.com", "hard", at()), messageId: "m1" });
    const heard = heardOnce(hook);
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

describe("a listmonk server", () => {
  const credentials = "bouncekeeper:a-token";
  const monk = (path = "") => world.receiver("lists.example.com", path);
  const create = (json: unknown) => api("/v1/notifications", { json });

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
    const heard = heardOnce(server);
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
    expect(heardOnce(server).headers.get("authorization")).toBe(`Basic ${btoa("keeper:a token")}`);
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
    expect(heardOnce(server).headers.get("authorization")).toBe(`Basic ${btoa("other:token")}`);
  });
});
