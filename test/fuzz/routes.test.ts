/** Every route of the API, asked what nobody asks: bad input gets a clear error, and never one of ours. */
import fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import { base64Of, bytesOfBase64, utf8Bytes, utf8Text } from "../../src/crypto/encoding";
import type { Description } from "../support/answer";
import { setStage } from "../support/stage";
import { ADMIN, api, jsonOf, runCron } from "../support/worker";
import { ODD_VALUE } from "./mutate";
import { FUZZ_TIMEOUT_MS, holds } from "./runs";

type Json = Readonly<Record<string, unknown>>;
interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly schema?: Json;
}
interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema?: Json }>> };
}
interface Route {
  readonly path: string;
  readonly method: string;
  readonly operation: Operation;
}

setStage();

const LISTMONK = { authorization: `Basic ${btoa("listmonk:listmonk-token")}` };
const RUNS_PER_ROUTE = 8;
const document = await jsonOf<Description<Operation>>(await api("/openapi.json", { headers: {} }));
const ROUTES: Route[] = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
);

/** Something that lists and searches find. */
beforeAll(async () => {
  const events = Array.from({ length: 30 }, (_, i) => ({
    kind: i % 3 ? "bounced" : "complained",
    ...(i % 3 ? { class: "hard" } : {}),
    recipient: `r${i}@example.com`,
    campaign: "spring",
    messageId: `m${i}`,
  }));
  await api("/v1/events", { json: events });
  // Which builds the filter, too.
  await runCron();
});

const WORDS = fc.constantFrom(
  ...[
    "1",
    "0",
    "-1",
    "1.5",
    "1e3",
    "999999999999999999999",
    "NaN",
    "true",
    "null",
    "[]",
    "a,b",
    "'",
    '"',
    "%",
    "\\",
    "*",
  ],
  ...["2026-11-21", "2026-11-21T10:00:00.000Z", "+275760-09-13T00:00:00.000Z", "now", "hard", "day", "csv", "ndjson"],
  ...[
    "john@example.com",
    "@example.com",
    "r1@example.com",
    "JOHN <john@example.com>",
    "x".repeat(2_000),
    "\u0000",
    "\ud800",
  ],
  ...["' OR 1=1 --", "{{7*7}}", "../../etc/passwd", "__proto__", "constructor", "é", "😀", ""],
);
const TEXT = fc.oneof(WORDS, fc.string({ unit: "binary", maxLength: 30 }));

/** What a schema names: one of its words, or a value of its type. */
function fitting(schema: Json | undefined): fc.Arbitrary<unknown> {
  const { $ref, enum: words, type, properties, items } = schema ?? {};
  if (typeof $ref === "string") return fitting(resolved($ref));
  if (Array.isArray(words)) return fc.constantFrom(...words);
  if (type === "boolean") return fc.boolean();
  if (type === "integer" || type === "number") return fc.oneof(fc.nat(2_000), fc.integer());
  if (type === "array") return fc.array(aValue(items as Json), { maxLength: 4 });
  if (properties) return bodyOf(properties as Readonly<Record<string, Json>>);
  return TEXT;
}

const aValue = (schema: Json | undefined): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 3, arbitrary: fitting(schema) }, { weight: 1, arbitrary: ODD_VALUE });

function bodyOf(properties: Readonly<Record<string, Json>>): fc.Arbitrary<unknown> {
  return fc.record(Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, aValue(schema)])), {
    requiredKeys: [],
  });
}

function resolved(reference: string): Json {
  const names = reference.replace(/^#\//, "").split("/");
  return names.reduce<unknown>((at, name) => (at as Json)[name], document) as Json;
}

interface Asked {
  readonly url: string;
  readonly body: string | null;
  readonly contentType: string;
}

function requestsOf({ path, method, operation }: Route): fc.Arbitrary<Asked> {
  const parameters = (operation.parameters ?? []).filter((parameter) => parameter.in === "query");
  const named = fc.record(Object.fromEntries(parameters.map(({ name, schema }) => [name, aValue(schema)])), {
    requiredKeys: [],
  });
  const query = fc.tuple(named, fc.array(fc.tuple(TEXT, TEXT), { maxLength: 2 }));
  const inPath = fc.array(TEXT, { minLength: 4, maxLength: 4 });
  const contents = Object.entries(operation.requestBody?.content ?? {});
  const body =
    method === "GET" || method === "HEAD"
      ? fc.constant(null)
      : fc.oneof(
          ...contents.map(([, { schema }]) => aValue(schema).map((value) => JSON.stringify(value) ?? "")),
          fc.constantFrom("", "null", "[", '{"a":', "[]", "{}", "\u0000", "email\njohn@example.com\n"),
        );
  const contentType = fc.constantFrom("application/json", ...contents.map(([type]) => type), "text/csv", "");
  return fc.record({ query, inPath, body, contentType }).map(({ query: [asked, more], inPath: texts, ...rest }) => {
    const pairs = [...Object.entries(asked).map(([name, value]) => [name, textOf(value)] as const), ...more];
    const search = pairs.map((pair) => pair.map(encoded).join("=")).join("&");
    let at = 0;
    return { ...rest, url: `${path.replace(/\{\w+\}/g, () => encoded(texts[at++] ?? "") || "-")}?${search}` };
  });
}

const textOf = (value: unknown) => (typeof value === "string" ? value : (JSON.stringify(value) ?? ""));
const encoded = (text: string) => encodeURIComponent(text.toWellFormed());

async function expectAnswered(route: Route, { url, body, contentType }: Asked): Promise<void> {
  const { method } = route;
  const response = await api(url, {
    method,
    headers: {
      ...(url.startsWith("/api/") ? LISTMONK : ADMIN),
      ...(contentType === "" ? {} : { "content-type": contentType }),
    },
    ...(body === null ? {} : { body }),
  });
  expect(response.status, `${method} ${url} ${body}`).toBeLessThan(500);
  if (response.status < 400 || url.startsWith("/api/") || url.startsWith("/webhooks/")) return;
  expect(response.headers.get("content-type"), `${method} ${url}`).toBe("application/problem+json");
  const problem = await jsonOf(response);
  expect(problem).toMatchObject({ status: response.status, code: expect.any(String), title: expect.any(String) });
}

it.each(ROUTES)(
  "answers whatever it is asked: $method $path (fuzz)",
  async (route) => {
    const property = fc.asyncProperty(requestsOf(route), (asked) => expectAnswered(route, asked));
    await holds(property, RUNS_PER_ROUTE);
  },
  FUZZ_TIMEOUT_MS,
);

const LISTS = ROUTES.filter(
  ({ method, path, operation }) =>
    method === "GET" && !path.includes("{") && operation.parameters?.some(({ name }) => name === "cursor"),
);
const ODD_NUMBERS = [
  "1e400",
  "-1e400",
  "1e308",
  "-0",
  "0.5",
  "9007199254740993",
  "-1",
  "null",
  '"a"',
  "[]",
  "{}",
  "true",
];

it("takes a cursor only for a place that it can go to (fuzz)", async () => {
  let taken = 0;
  for (const route of LISTS) {
    const first = await api(`${route.path}?limit=1`);
    const text = await first.text();
    const cursor = /"(?:nextCursor|cursor)":"([^"]+)"/.exec(text)?.[1];
    const parts = cursor === undefined ? null : utf8Text(bytesOfBase64(cursor) ?? new Uint8Array());
    if (parts === null) continue;
    taken++;
    for (const odd of ODD_NUMBERS) {
      // In the place of each part, and behind them.
      const changed = [
        parts.replace(/,-?\d+/, `,${odd}`),
        parts.replace(/,"[^"]*"/, `,${odd}`),
        parts.replace(/\]$/, `,${odd}]`),
      ];
      for (const each of changed) {
        const asked = encodeURIComponent(base64Of(utf8Bytes(each)));
        await expectAnswered(route, { url: `${route.path}?limit=1&cursor=${asked}`, body: null, contentType: "" });
      }
    }
  }
  expect(taken, "lists that have a second page").toBeGreaterThan(5);
});
