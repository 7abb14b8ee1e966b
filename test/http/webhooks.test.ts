import { describe, expect, it } from "vitest";
import { base64Of, utf8Bytes } from "../../src/crypto/encoding";
import { failStore, withFaults } from "../support/faults";
import { bounce, delivery, received } from "../support/pmta";
import { START_MS, setStage } from "../support/stage";
import { countOf } from "../support/stores";
import { api, jsonOf, runCron, testEnv } from "../support/worker";

type Headers = Readonly<Record<string, string>>;

setStage();

const basic = (pair: string): Headers => ({ authorization: `Basic ${base64Of(utf8Bytes(pair))}` });
const NOTHING = { received: 0, new: 0, duplicate: 0, ignored: 0, quarantined: 0, pending: 0 };
const FORM = "application/x-www-form-urlencoded";

let people = 0;
const about = () => ({ recipient: `p${++people}@example.com`, message: `m${people}`, at: START_MS - 60_000 });
const send = (provider: string, json: unknown, headers: Headers = {}, env = testEnv()) =>
  api(`/webhooks/${provider}?token=${provider}-secret`, { json, headers, env });
const isKnown = async (recipient: string) => (await countOf("events WHERE address = ?1", recipient)) > 0;

describe.each(["inboxroad", "powermta"])("a batch of %s", (provider) => {
  it("is answered with counts when it is recorded, and with others when it comes again", async () => {
    const batch = [bounce("hard", about()), delivery(about()), received(about())];
    const first = await send(provider, batch);
    expect(first.status).toBe(200);
    expect(first.headers.get("content-type")).toContain("application/json");
    expect(await jsonOf(first)).toEqual({ ...NOTHING, received: 2, new: 2, ignored: 1 });
    expect(await jsonOf(await send(provider, batch))).toEqual({ ...NOTHING, received: 2, duplicate: 2, ignored: 1 });
    const more = await send(provider, [...batch, bounce("soft", about())]);
    expect(await jsonOf(more)).toEqual({ ...NOTHING, received: 3, new: 1, duplicate: 2, ignored: 1 });
  });

  it("of nothing that is wanted is 200 and leaves no trace", async () => {
    const before = await countOf("receipts");
    expect(await jsonOf(await send(provider, [received(about()), received(about())]))).toEqual({
      ...NOTHING,
      ignored: 2,
    });
    expect(await countOf("receipts")).toBe(before);
  });

  it("that is unreadable in part, or as a whole, is 200 and kept, once", async () => {
    const good = about();
    const batch = [{ type: "b" }, bounce("hard", good), 7];
    expect(await jsonOf(await send(provider, batch))).toEqual({ ...NOTHING, received: 1, new: 1, quarantined: 2 });
    expect(await isKnown(good.recipient)).toBe(true);
    for (let attempt = 0; attempt < 2; attempt++) {
      const cut = await api(`/webhooks/${provider}?token=${provider}-secret`, { body: '[{"type":"b","rcp' });
      expect(cut.status).toBe(200);
      expect(await jsonOf(cut)).toEqual({ ...NOTHING, quarantined: 1 });
    }
    expect(await countOf("quarantine q JOIN receipts r ON r.id = q.receipt_id WHERE r.provider = ?1", provider)).toBe(
      3,
    );
  });
});

describe("a call of SMTPeter", () => {
  it("is recorded out of a form, and ignored or kept where it is no event", async () => {
    const post = async (fields: Headers) =>
      jsonOf(
        await api("/webhooks/smtpeter", {
          body: new URLSearchParams(fields).toString(),
          headers: { "content-type": FORM, "x-webhook-token": "smtpeter-secret" },
        }),
      );
    const failure = { id: "f1", type: "failure", recipient: "full@example.com", time: "1763719200", code: "550" };
    expect(await post(failure)).toEqual({ ...NOTHING, received: 1, new: 1 });
    expect(await post(failure)).toEqual({ ...NOTHING, received: 1, duplicate: 1 });
    expect(await post({ id: "f2", type: "open", recipient: "full@example.com" })).toEqual({ ...NOTHING, ignored: 1 });
    expect(await post({ id: "f3", type: "unheard-of" })).toEqual({ ...NOTHING, quarantined: 1 });
  });
});

describe.each(["inboxroad", "powermta", "smtpeter"])("the proof of %s", (provider) => {
  const secret = `${provider}-secret`;
  const body = (recipient: string) =>
    provider === "smtpeter"
      ? { type: "delivery", id: recipient, recipient, time: "1763719200" }
      : [delivery({ ...about(), recipient })];
  const post = (recipient: string, headers: Headers, query = "", env = testEnv()) =>
    api(`/webhooks/${provider}${query}`, { json: body(recipient), headers, env });

  it.each<[string, Headers, string]>([
    ["the URL", {}, `?token=${secret}`],
    ["a bearer token", { authorization: `Bearer ${secret}` }, ""],
    ["a header", { "x-webhook-token": secret }, ""],
    ["basic auth", basic(`anybody:${secret}`), ""],
  ])("may stand in %s, and is not kept", async (where, headers, query) => {
    const recipient = `${provider}-${where.replaceAll(" ", "-")}@example.com`.toLowerCase();
    expect((await post(recipient, headers, query)).status).toBe(200);
    expect(await isKnown(recipient)).toBe(true);
    expect(await countOf("receipts WHERE query || headers LIKE '%secret%'")).toBe(0);
  });

  it.each<[string, Headers, string]>([
    ["missing", {}, ""],
    ["empty", { authorization: "Bearer " }, "?token="],
    ["wrong", {}, "?token=wrong"],
    ["of another provider", { authorization: "Bearer listmonk-token" }, ""],
    ["an operator's token", { authorization: "Bearer admin-token" }, ""],
    ["in the user's name", basic(`${secret}:wrong`), ""],
  ])("that is %s makes a 401 that asks for basic auth, and nothing is stored", async (_what, headers, query) => {
    const before = [await countOf("receipts"), await countOf("quarantine")];
    const response = await post("stranger@example.com", headers, query);
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toMatch(/^Basic realm="/);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await jsonOf(response)).toMatchObject({ status: 401, code: "webhook_unauthenticated" });
    expect([await countOf("receipts"), await countOf("quarantine")]).toEqual(before);
    expect(await isKnown("stranger@example.com")).toBe(false);
  });

  it("is user and password where the secret has a colon", async () => {
    const env = testEnv({ [`WEBHOOK_${provider.toUpperCase()}`]: "user:pass" });
    expect((await post("pair@example.com", basic("user:pass"), "", env)).status).toBe(200);
    expect((await post("pair@example.com", basic("other:pass"), "", env)).status).toBe(401);
  });
});

describe("listmonk's API", () => {
  const email = "john@example.com";
  const PROOF = basic("listmonk:listmonk-token");
  const post = (json: unknown, headers: Headers = PROOF, path = "/webhooks/bounce") => api(path, { json, headers });

  it.each(["/webhooks/bounce", "/webhooks/listmonk", "/webhooks/listmonk/default"])(
    "answers as listmonk does at %s",
    async (path) => {
      const response = await post({ email, type: "hard", source: "script" }, PROOF, path);
      expect(response.status).toBe(200);
      expect(await jsonOf(response)).toEqual({ data: true });
    },
  );

  it("records a bounce once, and the same with another Idempotency-Key as another", async () => {
    const bounced = { email: "once@example.com", type: "soft", source: "script", campaign_uuid: "c1" };
    const keys = [{}, {}, { "idempotency-key": "a" }, { "idempotency-key": "a" }, { "idempotency-key": "b" }];
    for (const key of keys) expect(await jsonOf(await post(bounced, { ...PROOF, ...key }))).toEqual({ data: true });
    expect(await countOf("events WHERE address = ?1", "once@example.com")).toBe(3);
  });

  it("is opened by user and token, in either form", async () => {
    for (const authorization of [PROOF.authorization ?? "", "token listmonk:listmonk-token"]) {
      expect((await post({ email, type: "hard" }, { authorization })).status).toBe(200);
    }
  });

  it.each<[string, Headers]>([
    ["none", {}],
    ["a wrong token", basic("listmonk:wrong")],
    ["a wrong user", { authorization: "token other:listmonk-token" }],
    ["a bearer token", { authorization: "Bearer listmonk-token" }],
    ["an operator's token", { authorization: "Bearer admin-token" }],
  ])("answers 403, in listmonk's words, to %s", async (_what, headers) => {
    const response = await post({ email: "nobody@example.com", type: "hard" }, headers);
    expect(response.status).toBe(403);
    expect(await jsonOf(response)).toEqual({ message: "invalid API credentials" });
    expect(await isKnown("nobody@example.com")).toBe(false);
  });

  it.each<[object | string, string | RegExp]>([
    ["{", /^Invalid data:/],
    [[], /^Invalid data:/],
    [{ email: 7, type: "hard" }, /^Invalid data:/],
    [{ type: "hard" }, "Invalid fields: email / subscriber_uuid"],
    [{ subscriber_uuid: "42", type: "hard" }, "Invalid fields: subscriber_uuid"],
    [{ email: "nobody", type: "hard" }, "Invalid email."],
    [{ email, type: "Hard" }, "Invalid fields: type"],
    [{ email }, "Invalid fields: type"],
  ])("answers 400, in listmonk's words, to %j, and keeps nothing", async (json, message) => {
    const before = [await countOf("receipts"), await countOf("quarantine")];
    const sent = typeof json === "string" ? { body: json } : { json };
    const response = await api("/webhooks/bounce", { ...sent, headers: PROOF });
    expect(response.status).toBe(400);
    const answer = await jsonOf(response);
    expect(Object.keys(answer)).toEqual(["message"]);
    expect(answer.message).toMatch(message);
    expect([await countOf("receipts"), await countOf("quarantine")]).toEqual(before);
  });
});

describe("an address that is no webhook", () => {
  it.each([
    "/webhooks",
    "/webhooks/",
    "/webhooks/nobody",
    "/webhooks/inboxroad/eu",
    "/webhooks/inboxroad/default/more",
    "/webhooks/Inboxroad",
    "/webhooks/constructor",
    "/webhooks/service/nobody",
    "/webhooks/service/sendgrid",
    "/webhooks/service/ses",
  ])("answers 404: %s", async (path) => {
    const response = await api(`${path}?token=inboxroad-secret`, { json: [bounce("hard", about())] });
    expect(response.status).toBe(404);
    expect(await jsonOf(response)).toMatchObject({ status: 404, code: "not_found" });
  });

  it("answers 404 where nothing is configured, even for a provider we know", async () => {
    const env = testEnv({ WEBHOOK_INBOXROAD: undefined, WEBHOOK_LISTMONK: undefined });
    for (const path of ["/webhooks/inboxroad", "/webhooks/bounce"]) {
      expect((await api(path, { json: [], env })).status).toBe(404);
    }
  });
});

it.each(["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])(
  "answers 405 to %s and says what is allowed",
  async (method) => {
    for (const path of ["/webhooks/inboxroad?token=inboxroad-secret", "/webhooks/smtpeter", "/webhooks/bounce"]) {
      const response = await api(path, { method });
      expect(response.status).toBe(405);
      expect(response.headers.get("allow")).toBe("POST");
    }
  },
);

describe("while something fails on our side", () => {
  const env = (store: "db" | "kv" | "object") => testEnv(withFaults(failStore(store)).bindings);

  it("a webhook answers 503 and when to try again, and the retry is recorded", async () => {
    const batch = [bounce("hard", about())];
    const response = await send("inboxroad", batch, {}, env("db"));
    expect(response.status).toBe(503);
    expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await jsonOf(response)).toMatchObject({ status: 503, code: "unavailable" });
    expect(await jsonOf(await send("inboxroad", batch))).toMatchObject({ new: 1 });
  });

  it("a webhook is recorded without the objects, and without KV", async () => {
    const waiting = await jsonOf(await send("inboxroad", [bounce("hard", about())], {}, env("object")));
    expect(waiting).toMatchObject({ new: 1, pending: 1 });
    expect(await jsonOf(await send("inboxroad", [bounce("hard", about())], {}, env("kv")))).toMatchObject({
      pending: 0,
    });
    await runCron();
    expect(await countOf("events WHERE state = 0")).toBe(0);
  });

  it("an unusable policy is ours to fix for webhooks, and no matter for checks", async () => {
    const broken = testEnv({ POLICY: { soft_threshold: 0 } });
    const response = await send("inboxroad", [bounce("hard", about())], {}, broken);
    expect(response.status).toBe(503);
    expect(response.headers.has("retry-after")).toBe(true);
    expect((await jsonOf(response)).code).toBe("config_invalid");
    expect((await api("/v1/check?recipient=john%40example.com", { env: broken })).status).toBe(200);
  });
});
