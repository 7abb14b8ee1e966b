/**
 * A filter that is misspelt would be none, and a choice that is misspelt the usual one: the list would hold everything, or
 * the opposite of what was asked for, and look right.
 */
import { expect, it } from "vitest";
import type { Description } from "../support/answer";
import { setStage } from "../support/stage";
import { ADMIN, api, jsonOf } from "../support/worker";

interface Operation {
  readonly parameters?: readonly { readonly in: string }[];
}

setStage();

/** Senders ask it for each mail, and it takes no filter. */
const HOT_PATH = "/v1/check";

const { paths } = await jsonOf<Description<Operation>>(await api("/openapi.json", { headers: {} }));
const operations = Object.entries(paths)
  .filter(([path]) => path.startsWith("/v1/") && path !== HOT_PATH)
  .flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, operation]) => operation.parameters?.some((parameter) => parameter.in === "query"))
      .map(([method]) => [method.toUpperCase(), path] as const),
  );

it("knows what has parameters", () => {
  const wanted = [
    ["GET", "/v1/suppressions"],
    ["GET", "/v1/suppressions/export"],
    ["DELETE", "/v1/suppressions/{recipient}"],
    ["GET", "/v1/events"],
    ["GET", "/v1/stats"],
    ["POST", "/v1/scrub"],
    ["POST", "/v1/suppressions/import"],
  ];
  expect(operations).toEqual(expect.arrayContaining(wanted));
  expect(operations.length).toBeGreaterThan(18);
});

it.each(operations)("%s %s refuses a parameter that it does not know, by its name", async (method, path) => {
  const url = `${path.replace("{recipient}", "john%40example.com").replaceAll(/\{\w+\}/g, "x")}?kepe=suppressed`;
  const body =
    method === "POST" ? { body: "john@example.com", headers: { ...ADMIN, "content-type": "text/plain" } } : {};
  const response = await api(url, { method, ...body });
  expect(response.status).toBe(400);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  const problem = await jsonOf(response);
  expect(problem).toMatchObject({ code: "invalid_request", detail: expect.stringContaining('"kepe"') });
});

it("a check answers all the same", async () => {
  const response = await api(`${HOT_PATH}?recipient=john%40example.com&from=newsletter`, { headers: ADMIN });
  expect(response.status).toBe(200);
});
