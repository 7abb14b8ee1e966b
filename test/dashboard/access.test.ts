/** Cloudflare Access in front of the dashboard: whose tokens are believed. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { base64Of, utf8Bytes } from "../../src/crypto/encoding";
import { hmac } from "../../src/crypto/hmac";
import { Visitor } from "../support/dashboard";
import { setStage } from "../support/stage";
import { api, freshStores, jsonOf, testEnv } from "../support/worker";

const AUDIENCE = "4714c1358e65fe4b408ad6d432a5f878f08194bdb4752441fd56faefa9b2b6f2";
const RSA = {
  name: "RSASSA-PKCS1-v1_5",
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
  hash: "SHA-256",
};

/** Each test has a team of its own: the cache of keys outlives it. */
let team = 0;
const issuer = () => `https://team-${team}.cloudflareaccess.com`;
const envOf = (extra: object = {}) =>
  testEnv({ ACCESS: { team_domain: `team-${team}.cloudflareaccess.com`, audience: AUDIENCE }, ...extra });

interface Key {
  readonly kid: string;
  readonly pair: CryptoKeyPair;
}

async function makeKey(kid: string): Promise<Key> {
  return { kid, pair: (await crypto.subtle.generateKey(RSA, true, ["sign", "verify"])) as CryptoKeyPair };
}

const urlBase64 = (bytes: Uint8Array) => base64Of(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const partOf = (value: unknown) => urlBase64(utf8Bytes(JSON.stringify(value)));
const claimsOf = (extra: object = {}) => ({
  aud: [AUDIENCE],
  iss: issuer(),
  email: "ann@example.org",
  exp: Math.floor(Date.now() / 1000) + 3_600,
  iat: Math.floor(Date.now() / 1000),
  ...extra,
});

async function tokenOf(key: Key, claims: object = claimsOf(), header: object = {}): Promise<string> {
  const signed = `${partOf({ alg: "RS256", kid: key.kid, typ: "JWT", ...header })}.${partOf(claims)}`;
  const signature = await crypto.subtle.sign(RSA.name, key.pair.privateKey, utf8Bytes(signed));
  return `${signed}.${urlBase64(new Uint8Array(signature))}`;
}

/** The keys that the team's address shows, one after another. */
function published(...answers: (readonly Key[] | "unreachable")[]) {
  let asked = 0;
  return vi.spyOn(globalThis, "fetch").mockImplementation(async () => {
    const keys = answers[Math.min(asked++, answers.length - 1)] ?? [];
    if (keys === "unreachable") throw new Error("unreachable");
    const jwks = await Promise.all(
      keys.map(async ({ kid, pair }) => ({
        ...((await crypto.subtle.exportKey("jwk", pair.publicKey)) as object),
        kid,
      })),
    );
    return Response.json({ keys: jwks });
  });
}

const by = (token: string, env = envOf()) => new Visitor(env, { "cf-access-jwt-assertion": token });
const isLetIn = async (one: Visitor) => (await one.get("/dashboard")).status === 200;

setStage();
beforeEach(async () => {
  await freshStores();
  team++;
});
afterEach(() => vi.mocked(globalThis.fetch).mockRestore?.());

describe("somebody whom Access let in", () => {
  it("needs no token, and is named", async () => {
    const key = await makeKey("one");
    const fetched = published([key]);
    const page = await by(await tokenOf(key)).html("/dashboard");
    expect(page).toContain("ann@example.org");
    expect(fetched.mock.calls[0]?.[0]).toBe(`${issuer()}/cdn-cgi/access/certs`);
  });

  it("may change things, and stands in the audit trail", async () => {
    const key = await makeKey("one");
    published([key]);
    const one = by(await tokenOf(key));
    const page = await one.html("/dashboard/recipients/john%40example.com");
    const token = /name="form-token" value="(\w+)"/.exec(page)?.[1] ?? "";
    const response = await one.postRaw("/dashboard/recipients/john%40example.com/block", { "form-token": token });
    expect(response.headers.get("location")).toContain("done=blocked");
    const { items } = await jsonOf(await api("/v1/audit"));
    expect(items).toMatchObject([{ actor: "ann@example.org", actorLabel: "dashboard" }]);
  });

  it("is somebody's service token by its name", async () => {
    const key = await makeKey("one");
    published([key]);
    const claims = claimsOf({ email: undefined, common_name: "monitor.access" });
    expect(await by(await tokenOf(key, claims)).html("/dashboard")).toContain("monitor.access");
  });

  it("cannot use another person's form", async () => {
    const key = await makeKey("one");
    published([key]);
    const page = await by(await tokenOf(key)).html("/dashboard/try");
    const token = /name="form-token" value="(\w+)"/.exec(page)?.[1] ?? "";
    const other = by(await tokenOf(key, claimsOf({ email: "bob@example.org" })));
    const path = "/dashboard/recipients/john%40example.com/block";
    expect((await other.postRaw(path, { "form-token": token })).status).toBe(403);
  });

  it("is let in by a key that was published after we last looked", async () => {
    const [old, fresh] = [await makeKey("old"), await makeKey("new")];
    const fetched = published([old], [old, fresh]);
    expect(await isLetIn(by(await tokenOf(fresh)))).toBe(true);
    expect(fetched).toHaveBeenCalledTimes(2);
  });

  it("may be meant by one of several applications", async () => {
    const key = await makeKey("one");
    published([key]);
    const access = { team_domain: `team-${team}.cloudflareaccess.com`, audience: ["another", AUDIENCE] };
    expect(await isLetIn(by(await tokenOf(key), testEnv({ ACCESS: access })))).toBe(true);
  });
});

describe("a token of Access is not believed", () => {
  const SECOND = Math.floor(Date.UTC(2030, 0, 15, 12) / 1000);

  it.each<[string, () => object]>([
    ["for another application", () => ({ aud: ["another"] })],
    ["for none", () => ({ aud: undefined })],
    ["of another team", () => ({ iss: "https://evil.cloudflareaccess.com" })],
    ["that is over", () => ({ exp: SECOND - 3_600 })],
    ["without an end", () => ({ exp: undefined })],
    ["that begins later", () => ({ nbf: SECOND + 3_600 })],
    ["of nobody", () => ({ email: undefined })],
    ["of nobody in particular", () => ({ email: "" })],
    ["of a list", () => ({ email: ["ann@example.org"] })],
  ])("%s", async (_, extra) => {
    const key = await makeKey("one");
    published([key]);
    expect(await isLetIn(by(await tokenOf(key, claimsOf(extra()))))).toBe(false);
  });

  it("signed by another key under the same name", async () => {
    const [key, other] = [await makeKey("one"), await makeKey("one")];
    published([key]);
    expect(await isLetIn(by(await tokenOf(other)))).toBe(false);
  });

  it("with other claims than were signed", async () => {
    const key = await makeKey("one");
    published([key]);
    const [header, , signature] = (await tokenOf(key)).split(".");
    const token = `${header}.${partOf(claimsOf({ email: "root@example.org" }))}.${signature}`;
    expect(await isLetIn(by(token))).toBe(false);
  });

  it("that says it needs no signature", async () => {
    const key = await makeKey("one");
    published([key]);
    for (const alg of ["none", "None", "NONE", ""]) {
      const unsigned = `${partOf({ alg, kid: "one" })}.${partOf(claimsOf())}`;
      for (const token of [`${unsigned}.`, unsigned]) expect(await isLetIn(by(token))).toBe(false);
    }
  });

  it("that is signed with the public key as if that were a secret", async () => {
    const key = await makeKey("one");
    published([key]);
    const jwk = (await crypto.subtle.exportKey("jwk", key.pair.publicKey)) as JsonWebKey;
    const signed = `${partOf({ alg: "HS256", kid: "one" })}.${partOf(claimsOf())}`;
    for (const secret of [jwk.n ?? "", JSON.stringify(jwk)]) {
      const signature = urlBase64(await hmac("SHA-256", utf8Bytes(secret), utf8Bytes(signed)));
      expect(await isLetIn(by(`${signed}.${signature}`))).toBe(false);
    }
  });

  it("that names another algorithm, also with a signature that is good", async () => {
    const key = await makeKey("one");
    published([key]);
    for (const alg of ["HS256", "none", "RS512", undefined]) {
      expect(await isLetIn(by(await tokenOf(key, claimsOf(), { alg })))).toBe(false);
    }
  });

  it("of a key that it brings along, or says where to find", async () => {
    const [key, own] = [await makeKey("one"), await makeKey("own")];
    const jwk = { ...((await crypto.subtle.exportKey("jwk", own.pair.publicKey)) as object), kid: "own" };
    const fetched = vi.spyOn(globalThis, "fetch").mockImplementation(async (input) => {
      const isOurs = String(input) === `${issuer()}/cdn-cgi/access/certs`;
      const published = (await crypto.subtle.exportKey("jwk", key.pair.publicKey)) as object;
      return Response.json({ keys: isOurs ? [{ ...published, kid: "one" }] : [jwk] });
    });
    const elsewhere = "https://evil.example.net";
    const urls = { jku: `${elsewhere}/keys`, x5u: `${elsewhere}/chain.pem`, kid: "own", jwk };
    for (const header of [{ jku: urls.jku }, { x5u: urls.x5u }, { jwk }, urls, { kid: urls.jku }]) {
      for (const iss of [issuer(), elsewhere, "https://evil.cloudflareaccess.com"]) {
        expect(await isLetIn(by(await tokenOf(own, claimsOf({ iss }), header)))).toBe(false);
      }
    }
    expect(new Set(fetched.mock.calls.map(([url]) => String(url)))).toEqual(
      new Set([`${issuer()}/cdn-cgi/access/certs`]),
    );
  });

  it("of a key that nobody published, however often it comes", async () => {
    const [key, unknown] = [await makeKey("one"), await makeKey("unknown")];
    published([key]);
    for (let i = 0; i < 3; i++) expect(await isLetIn(by(await tokenOf(unknown)))).toBe(false);
    expect(await isLetIn(by(await tokenOf(key)))).toBe(true);
  });

  it("while the keys cannot be reached", async () => {
    const key = await makeKey("one");
    published("unreachable");
    expect(await isLetIn(by(await tokenOf(key)))).toBe(false);
  });

  it.each(["", ".", "..", "a.b.c", "a.b.c.d", "%%%.%%%.%%%"])("%j", async (token) => {
    published([await makeKey("one")]);
    expect(await isLetIn(by(token))).toBe(false);
  });

  it("where Access is not configured, or not usable", async () => {
    const key = await makeKey("one");
    published([key]);
    const token = await tokenOf(key);
    expect(await isLetIn(by(token, testEnv()))).toBe(false);
    expect(await isLetIn(by(token, testEnv({ ACCESS: { team_domain: issuer(), audience: AUDIENCE } })))).toBe(false);
    expect(await isLetIn(by(token, testEnv({ ACCESS: "not JSON" })))).toBe(false);
  });
});

describe("with Access in front", () => {
  it("an admin token still signs in", async () => {
    const one = new Visitor(envOf());
    await one.signIn();
    expect(await isLetIn(one)).toBe(true);
  });

  it("the API still wants its own token", async () => {
    const key = await makeKey("one");
    published([key]);
    const headers = { "cf-access-jwt-assertion": await tokenOf(key) };
    expect((await api("/v1/suppressions", { headers, env: envOf() })).status).toBe(401);
  });
});
