/** A filter that is misspelt would be none: the list would hold everything, and look right. */
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
const lists = Object.entries(paths)
  .filter(
    ([path, { get }]) =>
      path.startsWith("/v1/") && path !== HOT_PATH && get?.parameters?.some((parameter) => parameter.in === "query"),
  )
  .map(([path]) => path);

it("knows the lists and the exports that have parameters", () => {
  const wanted = ["/v1/suppressions", "/v1/suppressions/export", "/v1/events", "/v1/events/export", "/v1/stats"];
  expect(lists).toEqual(expect.arrayContaining(wanted));
  expect(lists.length).toBeGreaterThan(12);
});

it.each(lists)("%s refuses a parameter that it does not know, by its name", async (path) => {
  const response = await api(`${path.replaceAll(/\{\w+\}/g, "x")}?reciepient=john%40example.com`, { headers: ADMIN });
  expect(response.status).toBe(400);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  const problem = await jsonOf(response);
  expect(problem).toMatchObject({ code: "invalid_request", detail: expect.stringContaining('"reciepient"') });
});

it("a check answers all the same", async () => {
  const response = await api(`${HOT_PATH}?recipient=john%40example.com&from=newsletter`, { headers: ADMIN });
  expect(response.status).toBe(200);
});
