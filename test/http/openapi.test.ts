import { describe, expect, it } from "vitest";
import { createApp } from "../../src/app";
import type { Description } from "../support/answer";
import { setStage } from "../support/stage";
import { api, jsonOf } from "../support/worker";

type Json = Readonly<Record<string, unknown>>;
interface Operation {
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly security?: readonly Json[];
  readonly parameters?: readonly { name: string; in: string; required?: boolean; schema?: Json }[];
  readonly requestBody?: { content: Readonly<Record<string, { schema?: Json }>> };
  readonly responses: Readonly<Record<string, { description?: string; content?: Json }>>;
}

const METHODS = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];
const FOR_SENDERS = ["/v1/check", "/v1/scrub", "/v1/scrub/{id}", "/v1/suppressions/filter"];
const TYPES = ["null", "boolean", "object", "array", "number", "string", "integer"];

setStage();

const response = await api("/openapi.json", { headers: {} });
const document = await jsonOf<Description<Operation>>(response);
const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ method, path, operation })),
);

/** Every object in a value, with the name it stands under. */
function objectsIn(value: unknown, name = ""): [name: string, object: Json][] {
  if (typeof value !== "object" || value === null) return [];
  const inside = Object.entries(value).flatMap(([key, child]) => objectsIn(child, key));
  return Array.isArray(value) ? inside : [[name, value as Json], ...inside];
}

function resolve(reference: string): unknown {
  const names = reference.replace(/^#\//, "").split("/");
  return names.reduce<unknown>((at, name) => (at as Json | undefined)?.[name], document);
}

describe("/openapi.json", () => {
  it("is an OpenAPI 3.1 document, for anybody", () => {
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toContain("application/json");
    expect(document.openapi).toMatch(/^3\.1\.\d+$/);
    expect(document.info).toMatchObject({
      title: "Bouncekeeper",
      version: expect.any(String),
      license: { name: "MIT" },
    });
    expect(document.servers).toEqual([{ url: "https://bounce.example.com" }]);
    const known = ["openapi", "info", "servers", "paths", "webhooks", "components", "security", "tags"];
    expect(Object.keys(document).filter((key) => !known.includes(key))).toEqual([]);
  });

  it("describes each route of /v1 and no other", () => {
    const routes = createApp().routes.filter(
      ({ method, path }) => method !== "ALL" && /^\/(?:v1\/|health|metrics)/.test(path),
    );
    const inCode = routes.map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`);
    const described = operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`);
    const ours = described.filter((route) => !/^POST \/webhooks\/| \/api\//.test(route));
    expect(ours.sort()).toEqual([...new Set(inCode)].sort());
    expect(described).toContain("POST /webhooks/{provider}/{connection}");
  });

  it("refers to nothing that is not there", () => {
    const references = objectsIn(document).flatMap(([, object]) =>
      typeof object.$ref === "string" ? [object.$ref] : [],
    );
    expect(references.length).toBeGreaterThan(20);
    for (const reference of references) expect(resolve(reference), reference).toBeTypeOf("object");
  });

  it("has no component that nothing refers to", () => {
    const text = JSON.stringify(document);
    const names = Object.keys(document.components.schemas);
    expect(names.filter((name) => !text.includes(`"#/components/schemas/${name}"`))).toEqual([]);
  });

  it.each(operations)("describes $method $path in full", ({ method, path, operation }) => {
    expect(METHODS).toContain(method);
    expect(operation.summary).toEqual(expect.any(String));
    expect(operation.tags).toHaveLength(1);
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
    const parameters = operation.parameters ?? [];
    expect(parameters.filter((p) => p.in === "path").map((p) => p.name)).toEqual(inPath);
    for (const parameter of parameters) {
      expect(["path", "query", "header"]).toContain(parameter.in);
      expect(parameter.schema).toBeTypeOf("object");
      if (parameter.in === "path") expect(parameter.required).toBe(true);
    }
    const statuses = Object.keys(operation.responses);
    expect(statuses.some((status) => /^2\d\d$/.test(status))).toBe(true);
    for (const { description } of Object.values(operation.responses)) expect(description).toEqual(expect.any(String));
    for (const { schema } of Object.values(operation.requestBody?.content ?? {})) expect(schema).toBeTypeOf("object");
  });

  it("says which token each route takes, and that it may be refused", () => {
    for (const { path, operation } of operations) {
      const schemes = (operation.security ?? []).flatMap((scheme) => Object.keys(scheme));
      if (path.startsWith("/api/")) {
        expect(schemes, path).toEqual(["listmonk"]);
        continue;
      }
      const wanted = !/^\/(?:v1\/|metrics)/.test(path)
        ? []
        : FOR_SENDERS.includes(path)
          ? ["check", "admin"]
          : ["admin"];
      expect(schemes, path).toEqual(wanted);
      if (!wanted.length) continue;
      for (const status of ["401", "503"]) {
        const answer = operation.responses[status];
        expect(answer?.content).toEqual({
          "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } },
        });
      }
      if (wanted.length === 1) expect(operation.responses).toHaveProperty("403");
    }
    expect(document.components.securitySchemes).toMatchObject({
      admin: { type: "http", scheme: "bearer" },
      check: { type: "http", scheme: "bearer" },
    });
  });

  it("says of each body that it may be bad or too long, but for what is read while it comes", async () => {
    for (const { method, path, operation } of operations) {
      if (!operation.requestBody || !path.startsWith("/v1/")) continue;
      const statuses = path === "/v1/scrub" ? ["400"] : ["400", "413"];
      expect(Object.keys(operation.responses), `${method} ${path}`).toEqual(expect.arrayContaining(statuses));
    }
    const body = new Uint8Array(10 * 1024 * 1024 + 1);
    expect((await api("/v1/suppressions/john%40example.com", { method: "PUT", body })).status).toBe(413);
  });

  it("holds schemas whose types exist and whose required fields are described", () => {
    const schemas = objectsIn(document).filter(([name, object]) => name !== "properties" && "type" in object);
    const typed = schemas.filter(([, object]) => object.type !== "http");
    expect(typed.length).toBeGreaterThan(100);
    for (const [, schema] of typed) {
      for (const type of [schema.type].flat()) expect(TYPES).toContain(type);
      const properties = Object.keys((schema.properties ?? {}) as Json);
      expect(properties).toEqual(expect.arrayContaining((schema.required ?? []) as string[]));
      expect(schema).not.toHaveProperty("nullable");
    }
  });

  it("promises of an event what /v1/events answers", async () => {
    await api("/v1/events", { json: { kind: "deferred", recipient: "john@example.com" } });
    const { items } = await jsonOf(await api("/v1/events"));
    const { properties = {}, required = [] } = document.components.schemas.Event ?? {};
    expect(Object.keys(items[0])).toEqual(required);
    expect(Object.keys(properties).filter((name) => !required.includes(name))).toEqual(["retractedBy", "heldBy"]);
  });
});

describe("/docs", () => {
  const attributes = (html: string, name: string) =>
    [...html.matchAll(new RegExp(`\\s${name}="([^"]*)"`, "g"))].map((match) => match[1] ?? "");

  it("shows every route and every schema, for anybody", async () => {
    const page = await api("/docs", { headers: {} });
    expect(page.status).toBe(200);
    expect(page.headers.get("content-type")).toMatch(/^text\/html; charset=utf-8$/i);
    const html = await page.text();
    for (const { method, path } of operations) {
      expect(html).toContain(`<span class="method ${method}">${method.toUpperCase()}</span> <code>${path}</code>`);
    }
    for (const name of Object.keys(document.components.schemas)) expect(html).toContain(`id="schema-${name}"`);
    expect(html).not.toMatch(/undefined|\[object Object\]/);
  });

  it("loads nothing from elsewhere and runs nothing", async () => {
    const page = await api("/docs");
    const policy = (page.headers.get("content-security-policy") ?? "").split("; ");
    expect(policy).toEqual(expect.arrayContaining(["default-src 'none'", "style-src 'self'", "base-uri 'none'"]));
    expect(policy.join()).not.toMatch(/unsafe|script-src|\*|https?:/);
    expect(page.headers.get("x-content-type-options")).toBe("nosniff");
    const html = await page.text();
    expect(html).not.toMatch(/<(?:script|iframe|img|object|embed|form)|\son\w+=|\sstyle=|javascript:|srcset/i);
    const links = [...attributes(html, "href"), ...attributes(html, "src")];
    expect(links.length).toBeGreaterThan(20);
    expect(links.filter((link) => !/^(?:#[\w-]+|\/docs\/style\.css|\/openapi\.json)$/.test(link))).toEqual([]);
    const ids = attributes(html, "id");
    expect(links.filter((link) => link.startsWith("#") && !ids.includes(link.slice(1)))).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("has a style sheet that loads nothing either", async () => {
    const sheet = await api("/docs/style.css", { headers: {} });
    expect(sheet.status).toBe(200);
    expect(sheet.headers.get("content-type")).toMatch(/^text\/css/);
    expect(await sheet.text()).not.toMatch(/url\(|@import|https?:/);
  });
});
