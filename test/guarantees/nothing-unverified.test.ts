/**
 * Nothing becomes an event, a receipt or an item of quarantine unless it proved where it comes from. What is wrong on
 * our side (a secret that cannot be used, a policy that makes no sense, a key that cannot be looked up) is answered
 * with a status that makes the provider send it again, and says in the log what to mend. What is wrong on theirs is a 401
 * (or what the provider's own contract says in its place).
 *
 * A mail proves nothing by itself: `forged-mail.test.ts`.
 *
 * Not promised: that nothing at all is written. When a connection was last refused, and why, is noted for its operator.
 */
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { secretNameOf } from "../../src/config";
import type { Adapter, RawCredential } from "../../src/providers/adapter";
import { ADAPTERS } from "../../src/providers/registry";

import { Copernica, type Deviation } from "../providers/copernica";
import { fixturesOf, type Payload } from "../providers/fixtures";
import { credentialOf } from "../support/credentials";
import { failStore, withFaults } from "../support/faults";
import { listenToLog } from "../support/log";
import { block, bounced, post, rebuild, release, report } from "../support/reports";
import { setStage } from "../support/stage";
import { checkOf, countOf } from "../support/stores";
import { ADMIN, api, bindings, CHECK, call, jsonOf, runCron, testEnv } from "../support/worker";

setStage();

type Dns = () => Promise<Response>;

interface Subject {
  readonly adapter: Adapter;
  readonly secretName: string;
  readonly credential: RawCredential;
}

const named = (adapter: Adapter) => ({ adapter, secretName: `WEBHOOK_${secretNameOf(adapter.id)}` });
const SUBJECTS: readonly [id: string, subject: Subject][] = ADAPTERS.flatMap((adapter) => {
  const credential = credentialOf(adapter);
  return credential === undefined ? [] : [[adapter.id, { ...named(adapter), credential }] as const];
});
const ALL = ADAPTERS.map((adapter) => [adapter.id, named(adapter)] as const);

/** An environment with no connection but those stated. */
function configured(secrets: Readonly<Record<string, unknown>>) {
  const none = Object.fromEntries(Object.keys(testEnv()).flatMap((n) => (/^WEBHOOK_/.test(n) ? [[n, undefined]] : [])));
  return testEnv({ ...none, ...secrets });
}

const TEXT_TYPE = "application/x-www-form-urlencoded";
const OWN: Payload = {
  body: new TextEncoder().encode('{"kind":"bounced","class":"hard","recipient":"john@example.com"}'),
  contentType: "application/json",
};

/** What a provider posts, and what anybody may. */
async function payloadsOf({ id }: Adapter): Promise<Payload[]> {
  return [...(await fixturesOf(id, TEXT_TYPE)), OWN, { body: new Uint8Array(), contentType: "application/json" }];
}

const basic = (pair: string) => ({ authorization: `Basic ${btoa(pair)}` });
/** Attempts at a proof by somebody who has none. */
const FORGERIES: readonly { readonly query?: string; readonly headers: Readonly<Record<string, string>> }[] = [
  { headers: {} },
  { headers: { authorization: "Bearer wrong" }, query: "?token=wrong" },
  { headers: { authorization: "Bearer admin-token" } },
  { headers: { "x-webhook-token": "", authorization: "Bearer " }, query: "?token=&code=&key=&secret=" },
  { headers: basic("user:wrong") },
  { headers: { authorization: "token user:wrong" } },
  {
    headers: Object.fromEntries(
      ["signature", "x-signature", "webhook-signature", "svix-signature", "x-amz-sns-message-type"].flatMap((name) => [
        [name, `v1,${btoa("forged")}`],
        [name.replace("signature", "id"), "1"],
        [name.replace("signature", "timestamp"), "1894708800"],
      ]),
    ),
  },
];

/** Everything that could have come of a request. */
async function stored(): Promise<Record<string, number>> {
  const tables = ["receipts", "receipt_bodies", "events", "quarantine", "recipients", "daily_stats"];
  return Object.fromEntries(await Promise.all(tables.map(async (table) => [table, await countOf(table)] as const)));
}

let before: Record<string, number> = {};
beforeAll(async () => {
  await report(bounced("known@example.com", "hard", Date.now()));
  before = await stored();
});
const expectNothingStored = async () => {
  expect(await stored()).toEqual(before);
  expect((await bindings.SUPPRESSIONS.list({ prefix: "suppression:" })).keys).toHaveLength(1);
};
afterEach(expectNothingStored);

it("is about every provider there is", () => {
  const without = ADAPTERS.filter((adapter) => credentialOf(adapter) === undefined);
  expect(without.map(({ id }) => id)).toEqual(["cloudflare-email"]);
  expect(SUBJECTS.length).toBe(ADAPTERS.length - 1);
});

describe("what is not configured", () => {
  it.each(ALL)("is a 404 and accepts nothing: %s", async (id, { adapter }) => {
    const env = configured({});
    for (const { body, contentType } of await payloadsOf(adapter)) {
      for (const path of [`/webhooks/${id}`, `/webhooks/${id}/eu`, `/webhooks/${id}?token=wrong`]) {
        const headers = { "content-type": contentType, authorization: "Bearer undefined" };
        expect((await api(path, { body, headers, env })).status).toBe(404);
      }
    }
  });

  it("is a 404 where nobody ever heard of it, and where another connection is configured", async () => {
    const env = configured({ WEBHOOK_INBOXROAD__EU: "a-shared-secret", WEBHOOK_NOBODY: "a-shared-secret" });
    for (const path of ["inboxroad", "inboxroad/us", "nobody", "default", "", "constructor", "inboxroad/eu/more"]) {
      expect((await api(`/webhooks/${path}?token=a-shared-secret`, { json: [], env })).status).toBe(404);
    }
  });
});

describe("who cannot prove it", () => {
  it.each(SUBJECTS)("is refused, whatever is posted and whatever is tried: %s", async (id, subject) => {
    const { adapter, secretName, credential } = subject;
    const env = configured({ [secretName]: credential, [`${secretName}__EU`]: credential });
    for (const { body, contentType } of await payloadsOf(adapter)) {
      for (const { query = "", headers } of FORGERIES) {
        const request = { body, headers: { "content-type": contentType, ...headers }, env };
        const response = await api(`/webhooks/${id}${query}`, request);
        expect(response.status).toBe(adapter.dialect?.unauthenticated.status ?? 401);
        if (adapter.usesBasicAuth) expect(response.headers.get("www-authenticate")).toMatch(/^Basic /);
      }
    }
    // A provider may look whether the URL is there; more than that it is not told.
    for (const method of adapter.probe ? ["PUT", "DELETE"] : ["GET", "PUT", "DELETE"]) {
      expect((await api(`/webhooks/${id}`, { method, headers: {}, env })).status).toBeGreaterThanOrEqual(400);
    }
  });

  it("is refused with the secret of another connection, and while the stores fail", async () => {
    const secrets = { WEBHOOK_INBOXROAD: "one", WEBHOOK_INBOXROAD__EU: "two", WEBHOOK_POWERMTA: "three" };
    for (const secret of ["two", "three", "one,two", "on", "onee"]) {
      const response = await api(`/webhooks/inboxroad?token=${secret}`, { json: [], env: configured(secrets) });
      expect(response.status).toBe(401);
    }
    const failing = configured({ ...secrets, ...withFaults(failStore("db")).bindings });
    expect((await api("/webhooks/inboxroad?token=two", { json: [], env: failing })).status).toBe(401);
    expect((await api("/webhooks/inboxroad?token=one", { json: [], env: configured(secrets) })).status).toBe(200);
  });

  it("does not reach our own format either", async () => {
    const json = { kind: "bounced", class: "hard", recipient: "john@example.com" };
    for (const headers of [{}, { authorization: "Bearer wrong" }, basic("admin-token:admin-token")]) {
      expect((await api("/v1/events", { json, headers })).status).toBe(401);
    }
    expect((await api("/v1/events", { json, headers: CHECK })).status).toBe(403);
    const nobody = testEnv({ ADMIN_TOKENS: "", CHECK_TOKENS: "" });
    for (const headers of [ADMIN, { authorization: "Bearer " }]) {
      expect((await api("/v1/events", { json, headers, env: nobody })).status).toBe(401);
    }
  });
});

describe("a secret that cannot be used", () => {
  it.each(ALL)(
    "is answered so that it comes again, and is named in the log: %s",
    async (id, { adapter, secretName }) => {
      for (const secret of ["", " , ", '{"not":"json', 42, "[7]", '["",{"x":"t0p-secret"}]']) {
        const logged = listenToLog("error");
        const env = configured({ [secretName]: secret });
        const response = await api(`/webhooks/${id}?token=t0p-secret`, { json: [], headers: {}, env });
        expect(response.status).toBe(adapter.retryStatus ?? 503);
        expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
        expect(await jsonOf(response)).toMatchObject({ code: "config_invalid" });
        const lines = logged();
        expect(lines).toMatchObject([{ event: "config.invalid", provider: id, connection: "default" }]);
        expect(JSON.stringify(lines)).not.toContain("t0p-secret");
      }
    },
  );

  it("disables its own connection only, and shows in /health and /v1/connections", async () => {
    const env = configured({ WEBHOOK_INBOXROAD: "", WEBHOOK_INBOXROAD__EU: "works" });
    expect((await api("/webhooks/inboxroad/eu?token=works", { json: [], env })).status).toBe(200);
    const { checks } = await jsonOf(await api("/health", { env }));
    expect(checks.configuration).toBe(false);
    const { items } = await jsonOf(await api("/v1/connections", { env }));
    expect(items.map((item) => item.usable)).toEqual([false, true]);
  });
});

describe("a policy that makes no sense", () => {
  it.each([
    [{ soft_threshold: 0 }, "POLICY.soft_threshold"],
    [{ soft_treshold: 5 }, "soft_treshold"],
    [{ effects: { hard: "delete" } }, "POLICY.effects.hard"],
    ["soft_threshold = 5", "POLICY"],
  ])("stops what would decide by it, naming the bad value; checks go on: %j", async (POLICY, name) => {
    const logged = listenToLog("error");
    const env = testEnv({ POLICY });
    const record = [{ type: "b", rcpt: "john@example.com", bounceCat: "bad-mailbox" }];
    for (const response of [
      await api("/webhooks/inboxroad", { json: record, headers: { authorization: "Bearer inboxroad-secret" }, env }),
      await post(bounced("john@example.com", "hard", Date.now()), env),
      await block("john@example.com", {}, env),
      await release("known@example.com", "", env),
      await rebuild("known@example.com", env),
    ]) {
      expect(response.status).toBe(503);
      const { code, detail } = await jsonOf(response);
      expect({ code, detail }).toEqual({ code: "config_invalid", detail: expect.stringContaining(name) });
    }
    expect((await checkOf("known@example.com", "eventual", env)).reasons).toEqual(["hard"]);
    expect((await checkOf("known@example.com", "strong", env)).reasons).toEqual(["hard"]);
    const many = await api("/v1/check", { json: { recipients: ["known@example.com"] }, env });
    expect((await jsonOf(many)).suppressed).toHaveLength(1);
    await runCron(env);
    const told = logged().filter((line) => line.event === "config.invalid" && line.detail?.includes(name));
    expect(told.length).toBeGreaterThan(1);
    expect((await api("/health", { env })).status).toBe(503);
  });
});

describe("a key that has to be looked up", () => {
  const env = () => configured({ WEBHOOK_SMTPETER: "environment-1234" });
  const answered = (Status: number, records: readonly string[] = []): Dns => {
    const Answer = records.map((data) => ({ type: 16, data: `"${data.slice(0, 200)}" "${data.slice(200)}"` }));
    return async () => Response.json({ Status, Answer });
  };
  const UNAVAILABLE: readonly [what: string, dns: Dns][] = [
    ["the resolver is down", async () => new Response("down", { status: 500 })],
    ["the network is down", () => Promise.reject(new TypeError("network connection lost"))],
    ["the resolver fails on this name", answered(2)],
    ["the answer is none", async () => new Response("<html>Please sign in</html>")],
    ["the answer has no end", async () => new Response("x".repeat(200_000))],
  ];
  let names = 0;

  /** Posts what is of no interest, signed by Copernica, while DNS is like that. */
  async function posted(copernica: Copernica, dns: Dns, deviation: Deviation = {}): Promise<Response> {
    const fetching = vi.spyOn(globalThis, "fetch").mockImplementation(dns);
    const body = new TextEncoder().encode("type=open&id=1&ip=192.0.2.1");
    const at = Date.now() - (deviation.headers?.late ? 120_000 : 0);
    const { url, ...rest } = await copernica.call("environment-1234", { body, contentType: TEXT_TYPE }, at, deviation);
    const response = await call(new Request(url, rest), env());
    fetching.mockRestore();
    return response;
  }

  it.each(UNAVAILABLE)(
    "is ours to fetch when %s: the request is to come again, and then passes",
    async (_what, dns) => {
      const copernica = await Copernica.create();
      const keyId = `name-${++names}._domainkey.copernica.com`;
      for (let attempt = 0; attempt < 2; attempt++) {
        const response = await posted(copernica, dns, { keyId });
        expect(response.status).toBe(503);
        expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
        await expectNothingStored();
      }
      const later = await posted(copernica, answered(0, [copernica.record]), { keyId });
      expect(later.status).toBe(200);
      expect(await jsonOf(later)).toMatchObject({ received: 0, ignored: 1 });
    },
  );

  it("is theirs to have when there is none, or another: that is a 401", async () => {
    const [copernica, stranger] = [await Copernica.create(), await Copernica.create()];
    for (const dns of [answered(3), answered(0), answered(0, [stranger.record])]) {
      const keyId = `name-${++names}._domainkey.copernica.com`;
      expect((await posted(copernica, dns, { keyId })).status).toBe(401);
    }
  });

  it("is not looked up for what is refused anyway", async () => {
    const copernica = await Copernica.create();
    const fails: Dns = () => Promise.reject(new Error("nobody should ask"));
    for (const deviation of [{ keyId: "name._domainkey.example.com" }, { headers: { late: "1" } }, { names: "date" }]) {
      expect((await posted(copernica, fails, deviation)).status).toBe(401);
    }
  });
});
