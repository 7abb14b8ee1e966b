/** What Hono refuses by itself, and the reason that is given for it. */
import { HTTPException } from "hono/http-exception";
import { expect, it } from "vitest";
import { refusalResponse } from "../../src/http/problem";
import { setStage } from "../support/stage";
import { ADMIN, api, jsonOf } from "../support/worker";

setStage();

it.each([
  [400, "Malformed JSON in request body", "invalid_json"],
  [400, "Malformed FormData request.", "invalid_request"],
  [401, "", "unauthorized"],
  [403, "", "forbidden"],
  [404, "", "not_found"],
  [405, "", "method_not_allowed"],
  [413, "Payload Too Large", "body_too_large"],
  [429, "", "too_many_requests"],
  // A body of another type: the contract knows no status of its own for it.
  [415, "", "invalid_request", 400],
] as const)("is answered as what it is: %i %s is %s", async (refused, message, code, status: number = refused) => {
  const response = refusalResponse(new HTTPException(refused, { message }));
  expect(response.status).toBe(status);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  expect(await jsonOf(response)).toMatchObject({ type: `about:blank#${code}`, status, code });
});

it.each([
  ["PUT", "/v1/suppressions/typed%40example.com", '{"expiresAt":"2099-01-01T00:00:00Z"}'],
  ["PUT", "/v1/allowlist/typed%40example.com", '{"note":"asked"}'],
  ["POST", "/v1/check", '{"recipients":["typed@example.com"]}'],
])(
  "a body of another type than JSON is refused, and it is said which one is taken: %s %s",
  async (method, path, body) => {
    for (const type of ["application/x-www-form-urlencoded", "text/plain"]) {
      const response = await api(path, { method, body, headers: { ...ADMIN, "content-type": type } });
      expect(response.status).toBe(400);
      expect(await jsonOf(response)).toMatchObject({
        code: "invalid_request",
        detail: expect.stringMatching(/^content-type: .*application\/json/),
      });
    }
    expect((await api("/v1/recipients/typed%40example.com", { headers: ADMIN })).status).toBe(404);
  },
);
