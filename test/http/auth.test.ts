import { describe, expect, it } from "vitest";
import { base64Of, utf8Bytes } from "../../src/crypto/encoding";
import type { Description } from "../support/answer";
import { setStage } from "../support/stage";
import { ADMIN, api, CHECK, jsonOf, testEnv } from "../support/worker";

interface Operation {
  readonly security?: readonly Readonly<Record<string, unknown>>[];
}
interface Route {
  readonly method: string;
  readonly path: string;
  readonly tokens: readonly string[];
}

const document = await jsonOf<Description<Operation>>(await api("/openapi.json"));
const ROUTES: Route[] = Object.entries(document.paths).flatMap(([template, operations]) =>
  Object.entries(operations).map(([method, operation]) => ({
    method: method.toUpperCase(),
    path: template.replaceAll(/\{[^}]+\}/g, "john%40example.com"),
    tokens: (operation.security ?? []).flatMap((scheme) => Object.keys(scheme)),
  })),
);
/** listmonk's API has its own users and its own answers. */
const PRIVATE = ROUTES.filter(({ tokens }) => tokens.length > 0 && !tokens.includes("listmonk"));
const ADMIN_ONLY = PRIVATE.filter(({ tokens }) => !tokens.includes("check"));
const FOR_SENDERS = ["/v1/check", "/v1/scrub", "/v1/scrub/john%40example.com", "/v1/suppressions/filter"];
const CHECKS = PRIVATE.filter(({ tokens }) => tokens.includes("check"));

const CHECK_URL = "/v1/check?recipient=john%40example.com";
const ADMIN_URL = "/v1/connections";
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

setStage();

async function statusOf(path: string, authorization: string | null, env = testEnv()): Promise<number> {
  const headers: Record<string, string> = authorization === null ? {} : { authorization };
  return (await api(path, { headers, env })).status;
}

it("guards every route under /v1 and the metrics, and only the checks are open to senders", () => {
  expect(ROUTES.filter(({ path }) => path.startsWith("/v1/") || path === "/metrics")).toEqual(PRIVATE);
  expect(ADMIN_ONLY.length).toBeGreaterThan(10);
  expect(CHECKS.map(({ path }) => path)).toContain("/v1/check");
  expect(CHECKS.filter(({ path }) => !FOR_SENDERS.includes(path))).toEqual([]);
});

it.each(PRIVATE)("$method $path answers 401 without a token", async ({ method, path }) => {
  const response = await api(path, { method, headers: {} });
  expect(response.status).toBe(401);
  expect(response.headers.get("www-authenticate")).toBe("Bearer");
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  expect(await jsonOf(response)).toMatchObject({ status: 401, code: "unauthorized" });
});

it.each(ADMIN_ONLY)("$method $path answers 403 to a sender's token", async ({ method, path }) => {
  const response = await api(path, { method, headers: CHECK });
  expect(response.status).toBe(403);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  expect(await jsonOf(response)).toMatchObject({ status: 403, code: "forbidden" });
});

it("answers 401 before it says whether a route under /v1 exists, or reads what was sent to it", async () => {
  expect(await statusOf("/v1/nothing", null)).toBe(401);
  expect(await statusOf("/v1/nothing", CHECK.authorization)).toBe(403);
  expect(await statusOf("/v1/nothing", ADMIN.authorization)).toBe(404);
  const tooLarge = new Uint8Array(11 * 1024 * 1024);
  expect((await api("/v1/events", { body: tooLarge, headers: CHECK })).status).toBe(403);
});

it.each(["/v1//suppressions", "/v1/./suppressions", "//v1/suppressions", "/%76%31/suppressions", "/v1%2Fsuppressions"])(
  "does not open the door by another way of writing it: %s",
  async (path) => {
    for (const headers of [{}, CHECK]) expect([401, 403, 404]).toContain((await api(path, { headers })).status);
  },
);

describe("tokens", () => {
  it("of operators open everything, each of several of them", async () => {
    const env = testEnv({ ADMIN_TOKENS: "old-admin, new-admin", CHECK_TOKENS: undefined });
    for (const token of ["old-admin", "new-admin"]) {
      expect(await statusOf(ADMIN_URL, `Bearer ${token}`, env)).toBe(200);
      expect(await statusOf(CHECK_URL, `Bearer ${token}`, env)).toBe(200);
    }
  });

  it("of senders open the checks, each of several of them, and are worth nothing once they are taken out", async () => {
    const during = testEnv({ CHECK_TOKENS: "old-check,new-check" });
    const after = testEnv({ CHECK_TOKENS: "new-check" });
    for (const token of ["old-check", "new-check"]) {
      expect(await statusOf(CHECK_URL, `Bearer ${token}`, during)).toBe(200);
      const bulk = { json: { recipients: [] }, headers: bearer(token), env: during };
      expect((await api("/v1/check", bulk)).status).toBe(200);
    }
    expect(await statusOf(CHECK_URL, "Bearer old-check", after)).toBe(401);
    expect(await statusOf(ADMIN_URL, "Bearer old-check", after)).toBe(401);
    expect(await statusOf(CHECK_URL, "Bearer new-check", after)).toBe(200);
  });

  it("are read whatever the case of the scheme and the spaces after it", async () => {
    for (const text of ["bearer admin-token", "BEARER  admin-token"]) expect(await statusOf(ADMIN_URL, text)).toBe(200);
  });

  it.each<[string, string | null]>([
    ["none", null],
    ["an empty header", ""],
    ["a scheme alone", "Bearer"],
    ["an empty token", "Bearer "],
    ["a token alone", "admin-token"],
    ["another scheme", "Token admin-token"],
    ["basic auth", `Basic ${base64Of(utf8Bytes("admin:admin-token"))}`],
    ["two tokens", "Bearer admin-token check-token"],
    ["the whole list", "Bearer admin-token,admin-token-2"],
    ["a beginning", "Bearer admin-toke"],
    ["a token and more", "Bearer admin-token-22"],
    ["another case", "Bearer ADMIN-TOKEN"],
    ["a wrong one", "Bearer wrong"],
    ["a very long one", `Bearer ${"x".repeat(100_000)}`],
  ])("are not found in: %s", async (_what, authorization) => {
    for (const path of [ADMIN_URL, CHECK_URL]) expect(await statusOf(path, authorization)).toBe(401);
  });

  it("count only in the header, never in the URL", async () => {
    expect(await statusOf(`${ADMIN_URL}?token=admin-token&access_token=admin-token`, null)).toBe(401);
  });

  it.each([undefined, "", " , ,"])("that are not configured let nobody in: %j", async (none) => {
    const env = testEnv({ ADMIN_TOKENS: none, CHECK_TOKENS: none });
    for (const authorization of [null, "", "Bearer", "Bearer ", "Bearer ,", "Bearer undefined", "Bearer admin-token"]) {
      expect(await statusOf(ADMIN_URL, authorization, env)).toBe(401);
      expect(await statusOf(CHECK_URL, authorization, env)).toBe(401);
    }
    const checksOnly = testEnv({ ADMIN_TOKENS: none });
    expect(await statusOf(ADMIN_URL, CHECK.authorization, checksOnly)).toBe(403);
    expect(await statusOf(CHECK_URL, CHECK.authorization, checksOnly)).toBe(200);
  });
});

it("tells nobody which of his proofs is wrong, nor what is wrong with it", async () => {
  const env = testEnv({ WEBHOOK_INBOXROAD: "inboxroad-secret", WEBHOOK_INBOXROAD__TWO: "another-secret" });
  const wrong = [{}, bearer("x"), bearer("inboxroad-secreT"), bearer("another-secret"), bearer("admin-tokeN")];
  const basic = { authorization: `Basic ${base64Of(utf8Bytes("inboxroad-secret:x"))}` };
  for (const path of ["/webhooks/inboxroad", ADMIN_URL, CHECK_URL, "/metrics"]) {
    const isPosted = path.startsWith("/webhooks/");
    const answers = [...wrong, basic].map(async (headers) => {
      const response = await api(path, { ...(isPosted ? { json: [] } : {}), headers, env });
      const said = [...response.headers].filter(([name]) => name !== "x-request-id");
      return [response.status, said, await response.text()];
    });
    const [first, ...others] = await Promise.all(answers);
    expect(first?.[0], path).toBe(401);
    for (const other of others) expect(other, path).toEqual(first);
  }
});

it("asks nobody for a token at what is public", async () => {
  for (const path of ["/health", "/openapi.json", "/docs", "/docs/style.css"])
    expect(await statusOf(path, null)).toBe(200);
});
