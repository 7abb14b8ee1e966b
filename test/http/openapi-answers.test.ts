/** What openapi.json says of answers, held against answers: their status, their type, the names in them. */
import { describe, expect, it } from "vitest";
import { base64Of, utf8Bytes } from "../../src/crypto/encoding";
import type { Description } from "../support/answer";
import { setStage } from "../support/stage";
import { ADMIN, api, jsonOf } from "../support/worker";

interface Schema {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly allOf?: readonly Schema[];
}
interface Operation {
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { schema?: Schema }>> }>>;
}

setStage();

const document = await jsonOf<Description<Operation>>(await api("/openapi.json", { headers: {} }));
const LISTMONK = { authorization: `Basic ${base64Of(utf8Bytes("listmonk:listmonk-token"))}` };
const NOBODY = { authorization: `Basic ${base64Of(utf8Bytes("listmonk:wrong"))}` };
const JSON_TYPE = { "content-type": "application/json" };

/** A schema's own names, and those of what it extends. */
function namesOf(schema: Schema | undefined, which: (schema: Schema) => readonly string[]): string[] {
  if (!schema) return [];
  const named = schema.$ref?.slice("#/components/schemas/".length);
  if (named !== undefined) return namesOf(document.components.schemas[named] as Schema | undefined, which);
  return [...which(schema), ...(schema.allOf ?? []).flatMap((part) => namesOf(part, which))];
}

interface Init {
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}
type Case = [method: string, path: string, described: string, status: number, init?: Init];
const CASES: Case[] = [
  ["GET", "/v1/events?limit=x", "/v1/events", 400],
  ["POST", "/v1/events", "/v1/events", 400, { body: '[{"kind":"bounced"}]' }],
  ["POST", "/v1/events", "/v1/events", 200, { body: '{"kind":"bounced","class":"hard","recipient":"o@example.com"}' }],
  ["POST", "/v1/check", "/v1/check", 400, { body: '{"recipients":[7]}', headers: { ...ADMIN, ...JSON_TYPE } }],
  ["GET", "/v1/suppressions/o%40example.com", "/v1/suppressions/{recipient}", 200],
  ["GET", "/v1/recipients/o%40example.com", "/v1/recipients/{recipient}", 200],
  ["POST", "/v1/suppressions/import", "/v1/suppressions/import", 200, { body: "i@example.com\n" }],
  ["POST", "/v1/suppressions/import?results=all", "/v1/suppressions/import", 200, { body: "i@example.com\n" }],
  ["POST", "/webhooks/bounce", "/webhooks/bounce", 403, { body: "{}", headers: NOBODY }],
  ["POST", "/webhooks/bounce", "/webhooks/bounce", 400, { body: "{}", headers: LISTMONK }],
  ["GET", "/api/bounces", "/api/bounces", 403, { headers: NOBODY }],
  ["GET", "/api/bounces", "/api/bounces", 200, { headers: LISTMONK }],
  ["GET", "/api/bounces/x", "/api/bounces/{id}", 400, { headers: LISTMONK }],
  ["DELETE", "/api/bounces", "/api/bounces", 400, { headers: LISTMONK }],
];

describe("openapi.json", () => {
  it.each(CASES)("describes %s %s (%s): %i", async (method, path, described, status, init = {}) => {
    const response = await api(path, { method, headers: ADMIN, ...init });
    expect(response.status).toBe(status);
    const answer = document.paths[described]?.[method.toLowerCase()]?.responses[status];
    const [type = ""] = (response.headers.get("content-type") ?? "").split(";");
    expect(Object.keys(answer?.content ?? {})).toContain(type);
    if (!type.endsWith("json") || type.endsWith("ndjson")) return;
    const schema = answer?.content?.[type]?.schema;
    const body = Object.keys(await jsonOf(response));
    const known = namesOf(schema, ({ properties = {} }) => Object.keys(properties));
    expect(body.filter((name) => !known.includes(name))).toEqual([]);
    expect(body).toEqual(expect.arrayContaining(namesOf(schema, ({ required = [] }) => required)));
  });
});
