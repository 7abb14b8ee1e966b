/** What Hono refuses by itself, and the reason that is given for it. */
import { HTTPException } from "hono/http-exception";
import { expect, it } from "vitest";
import { refusalResponse } from "../../src/http/problem";
import { jsonOf } from "../support/worker";

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
