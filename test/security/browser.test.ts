/** What a page of somebody else can make a browser do here, with its user signed in: nothing. */
import { beforeAll, describe, expect, it } from "vitest";
import type { Description } from "../support/answer";
import { Visitor } from "../support/dashboard";
import { setStage } from "../support/stage";
import { rowsOf } from "../support/stores";
import { ADMIN, api, CHECK, jsonOf } from "../support/worker";

setStage();

const EVIL = "https://evil.example.net";
const visitor = new Visitor();
let routes: { readonly method: string; readonly path: string; readonly isOpen: boolean }[] = [];

beforeAll(async () => {
  await visitor.signIn();
  const document = await jsonOf<Description<{ security?: unknown[] }>>(await api("/openapi.json"));
  routes = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { security }]) => ({
      method: method.toUpperCase(),
      path: path.replaceAll(/\{[^}]+\}/g, "john%40example.com"),
      isOpen: !security?.length,
    })),
  );
});

describe("the session of the dashboard", () => {
  it("opens no route of the API: there is nothing that a forged request could ride on", async () => {
    const closed = routes.filter(({ isOpen }) => !isOpen);
    expect(closed.length).toBeGreaterThan(40);
    for (const { method, path } of closed) {
      const headers = { cookie: visitor.cookie ?? "", origin: EVIL, "sec-fetch-site": "cross-site" };
      expect([401, 403, 404], `${method} ${path}`).toContain((await api(path, { method, headers })).status);
    }
    expect(await rowsOf("SELECT 1 FROM events")).toEqual([]);
  });

  it("is taken from the cookie alone, not from a header that the API knows", async () => {
    const headers = { authorization: `Bearer ${(visitor.cookie ?? "").split("=")[1]}` };
    expect((await api("/v1/connections", { headers })).status).toBe(401);
    expect((await api("/dashboard", { headers: ADMIN })).status).toBe(303);
  });
});

describe("a script on another site", () => {
  it("is never given leave to read an answer, nor to send what needs leave", async () => {
    for (const { path } of routes) {
      const asked = { origin: EVIL, "access-control-request-method": "POST" };
      for (const [method, headers] of [
        ["OPTIONS", asked],
        ["GET", { ...ADMIN, origin: EVIL }],
        ["GET", { ...CHECK, origin: EVIL }],
      ] as const) {
        const response = await api(path, { method, headers });
        const names = [...response.headers.keys()].filter((name) => name.startsWith("access-control-"));
        expect(names, `${method} ${path}`).toEqual([]);
      }
    }
  });
});

it("no answer is taken for another kind of document than it says", async () => {
  const open = ["/health", "/docs", "/openapi.json", "/nothing", "/v1/connections", "/webhooks/inboxroad"];
  const files = ["/dashboard/sign-in", "/v1/events/export?format=csv", "/v1/suppressions/export?format=ndjson"];
  for (const path of [...open, ...files]) {
    expect((await api(path)).headers.get("x-content-type-options"), path).toBe("nosniff");
  }
  const streamed = await api("/v1/suppressions/import?results=all&dryRun=true", { body: "email\nann@example.com\n" });
  expect(streamed.headers.get("x-content-type-options")).toBe("nosniff");
  await streamed.text();
});
