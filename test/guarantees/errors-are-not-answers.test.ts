/**
 * A failure is never answered as "not suppressed". Where the edge cache fails D1 answers; where nothing can answer the
 * answer is a 503 that says when to ask again; a strong read never falls back to the cache.
 *
 * Not promised: that the edge cache is as new as D1. For up to a minute it may not know yet what has just been decided,
 * and says so: `source` is `kv`. What must not wait reads with `consistency=strong`.
 */
import { beforeAll, describe, expect, it } from "vitest";
import type { Env } from "../../src/config";
import { sha256Hex } from "../../src/crypto/digest";
import { edgeKey } from "../../src/store/edge-cache";
import { failStore, type StoreName, withFaults } from "../support/faults";
import { block, bounced, report, softBounces } from "../support/reports";
import { everyFault } from "../support/rounds";
import { DAY_MS, pass, setStage } from "../support/stage";
import { askAbout, checkOf, tamper } from "../support/stores";
import { api, bindings, jsonOf, testEnv } from "../support/worker";

setStage();

const SUPPRESSED = "suppressed@example.com";
const OF_DOMAIN = "anyone@blocked.example.com";
const FREE = "free@example.com";

beforeAll(async () => {
  await report(bounced(SUPPRESSED, "hard", Date.now()));
  await block("@blocked.example.com");
  await report(bounced(FREE, "soft", Date.now()));
});

/** The worker's environment while some of its stores fail. */
function without(...stores: StoreName[]): Env {
  const all = stores.map(failStore);
  return testEnv(withFaults((step, index) => all.map((plan) => plan(step, index)).find(Boolean) ?? null).bindings);
}

const bulk = (recipients: readonly string[], env?: Env) =>
  api("/v1/check", { json: { recipients }, ...(env ? { env } : {}) });

/** Ours to fix, said as such, and nothing in it that could be taken for an answer. */
async function expectNoAnswer(response: Response): Promise<void> {
  expect(response.status).toBe(503);
  expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(response.headers.get("content-type")).toContain("application/problem+json");
  const body = await jsonOf(response);
  expect(body).toMatchObject({ status: 503, code: "unavailable" });
  expect(body).not.toHaveProperty("suppressed");
  expect(JSON.stringify(body)).not.toContain("example.com");
}

describe("a check of one address", () => {
  it("is answered by D1 where the edge cache fails", async () => {
    const env = without("kv");
    expect(await checkOf(SUPPRESSED, "eventual", env)).toMatchObject({
      suppressed: true,
      reasons: ["hard"],
      source: "d1",
    });
    expect(await checkOf(OF_DOMAIN, "eventual", env)).toMatchObject({ reasons: ["domain"], source: "d1" });
    expect(await checkOf(FREE, "eventual", env)).toMatchObject({ suppressed: false, source: "d1" });
  });

  it.each([SUPPRESSED, OF_DOMAIN, FREE])("is not answered where both fail (%s)", async (recipient) => {
    await expectNoAnswer(await askAbout(recipient, "eventual", without("kv", "db")));
  });

  it.each([SUPPRESSED, OF_DOMAIN, FREE])(
    "is not answered from the cache where a strong one fails (%s)",
    async (recipient) => {
      expect((await checkOf(recipient, "eventual", without("db"))).source).toBe("kv");
      await expectNoAnswer(await askAbout(recipient, "strong", without("db")));
    },
  );

  it("does not need the cache when it is strong, nor the objects at all", async () => {
    expect(await checkOf(SUPPRESSED, "strong", without("kv", "object"))).toMatchObject({
      suppressed: true,
      source: "d1",
    });
    expect(await checkOf(SUPPRESSED, "eventual", without("object"))).toMatchObject({ suppressed: true, source: "kv" });
  });

  it.each(["{", "gibberish", "{}", "[]", '"hard"', "7", '{"reasons":null}'])(
    "is answered by D1 where the cache holds %s",
    async (damaged) => {
      const key = edgeKey(await sha256Hex(SUPPRESSED));
      const whole = await bindings.SUPPRESSIONS.get(key);
      await bindings.SUPPRESSIONS.put(key, damaged);
      expect(await checkOf(SUPPRESSED, "eventual")).toMatchObject({ suppressed: true, source: "d1" });
      await bindings.SUPPRESSIONS.put(key, whole ?? "");
      expect(await checkOf(SUPPRESSED, "eventual")).toMatchObject({ suppressed: true, source: "kv" });
    },
  );

  it("is not answered out of a row that cannot be read", async () => {
    const recipient = "damaged@example.com";
    await report(bounced(recipient, "hard", Date.now()));
    await tamper("UPDATE recipients SET answer = '{' WHERE address = ?", recipient);
    await expectNoAnswer(await askAbout(recipient, "strong"));
    await expectNoAnswer(await bulk([recipient, FREE]));
    await tamper("DELETE FROM recipients WHERE address = ?", recipient);
  });
});

describe("a check of many addresses", () => {
  it("is answered from D1, whatever else fails", async () => {
    const answer = await jsonOf(await bulk([SUPPRESSED, OF_DOMAIN, FREE], without("kv", "object")));
    expect(answer).toMatchObject({
      checked: 3,
      suppressed: [
        { recipient: SUPPRESSED, reasons: ["hard"] },
        { recipient: OF_DOMAIN, reasons: ["domain"] },
      ],
    });
  });

  it("is not answered where D1 fails, not even for an address that nobody knows", async () => {
    await expectNoAnswer(await bulk([SUPPRESSED, FREE], without("db")));
    await expectNoAnswer(await bulk(["nobody@example.com"], without("db")));
  });

  it("names what it could not check instead of passing it over", async () => {
    const answer = await jsonOf(await bulk([SUPPRESSED, "no address", ""]));
    expect(answer).toMatchObject({ checked: 1, suppressed: [{ recipient: SUPPRESSED }], invalid: ["no address", ""] });
  });
});

it("no single failure anywhere in a check makes a suppressed address appear free", async () => {
  const steps = await everyFault({
    prepare: async ({ address, domain }) => {
      await report(bounced(address("gone"), "hard", Date.now()));
      await block(`@${domain}`);
    },
    play: async ({ address, env }) => {
      for (const response of [
        await askAbout(address("gone"), "eventual", env),
        await askAbout(address("gone"), "strong", env),
        await askAbout(address("anyone"), "eventual", env),
        await askAbout(address("anyone"), "strong", env),
      ]) {
        if (response.status === 200) expect((await jsonOf(response)).suppressed).toBe(true);
        else await expectNoAnswer(response);
      }
      const many = await bulk([address("gone"), address("anyone")], env);
      if (many.status === 200) expect((await jsonOf(many)).suppressed).toHaveLength(2);
      else await expectNoAnswer(many);
    },
    check: async ({ address }) => {
      expect((await checkOf(address("gone"), "eventual")).reasons).toEqual(["hard", "domain"]);
      expect((await checkOf(address("anyone"), "strong")).reasons).toEqual(["domain"]);
    },
  });
  expect(steps).toBe(5);
});

it("no single failure anywhere lets more than one message through on probation, or makes its check fail", async () => {
  const env = { POLICY: { probation: { enabled: true } } };
  const given = new Map<string, number>();
  const steps = await everyFault({
    env,
    prepare: async ({ address }) => {
      await report(softBounces(address("full"), 5, Date.now() - 5_000), testEnv(env));
      pass(DAY_MS);
    },
    play: async ({ address, env: disturbed }) => {
      for (let i = 0; i < 3; i++) {
        const answer = await checkOf(address("full"), "eventual", disturbed);
        expect(answer.reasons).toEqual(answer.probe ? [] : ["soft"]);
        expect(answer.suppressed).toBe(!answer.probe);
        if (answer.probe) given.set(address("full"), (given.get(address("full")) ?? 0) + 1);
      }
    },
    check: async ({ address }) => {
      expect(given.get(address("full")) ?? 0).toBeLessThanOrEqual(1);
      expect(await checkOf(address("full"), "strong", testEnv(env))).toMatchObject({ suppressed: true });
    },
  });
  expect(steps).toBeGreaterThanOrEqual(5);
  expect(given.size).toBeGreaterThan(steps);
});

describe("the operator's routes", () => {
  it.each([
    ["GET", `/v1/suppressions/${SUPPRESSED}`],
    ["GET", "/v1/suppressions"],
    ["GET", `/v1/recipients/${SUPPRESSED}`],
    ["GET", `/v1/events?recipient=${SUPPRESSED}`],
    ["GET", "/v1/quarantine"],
    ["PUT", `/v1/suppressions/${FREE}`],
    ["DELETE", `/v1/suppressions/${SUPPRESSED}`],
    ["POST", "/v1/reconcile"],
  ])("answer no 200 and no 404 where D1 fails: %s %s", async (method, path) => {
    const json = method === "PUT" ? { json: {} } : {};
    await expectNoAnswer(await api(path, { method, ...json, env: without("db") }));
    expect((await checkOf(SUPPRESSED)).suppressed).toBe(true);
    expect((await checkOf(FREE)).suppressed).toBe(false);
  });

  it.each<[StoreName, string]>([
    ["db", "database"],
    ["kv", "edgeCache"],
    ["object", "objects"],
  ])("say in /health that %s fails", async (store, name) => {
    const response = await api("/health", { env: without(store), headers: {} });
    expect(response.status).toBe(503);
    const { status, checks } = await jsonOf(response);
    expect(status).toBe("failing");
    expect(checks).toEqual({ database: true, edgeCache: true, objects: true, configuration: true, [name]: false });
  });
});
