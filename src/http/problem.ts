/** Errors on the wire: RFC 9457 problem details with a stable `code`. The one place that maps reasons to statuses. */
import { z } from "@hono/zod-openapi";
import type { HTTPException } from "hono/http-exception";
import { once } from "../domain/once";

/** Code → status and title. Codes are part of the contract; titles may change. */
const PROBLEMS = {
  invalid_request: [400, "The request is not valid"],
  invalid_json: [400, "The body is not valid JSON"],
  invalid_recipient: [400, "The recipient is not an address"],
  invalid_events: [400, "No event of the body is valid"],
  empty_list: [400, "The list holds no entry"],
  missing_column: [400, "The list has no column of addresses"],
  unsupported_list: [400, "This is not a list of suppressions"],
  invalid_cursor: [400, "The cursor is not one that this query gave out"],
  unauthorized: [401, "A valid bearer token is needed"],
  webhook_unauthenticated: [401, "The request does not prove that it comes from the provider"],
  forbidden: [403, "This token may only check"],
  not_found: [404, "There is no such thing"],
  method_not_allowed: [405, "This method is not for this URL"],
  complaint_needs_force: [409, "A complaint is released only with force=true and a note"],
  policy_busy: [409, "Another policy is still being applied or undone"],
  policy_superseded: [409, "A policy that was applied later stands on top of this one; undo that first"],
  simulation_unfinished: [409, "The simulation is not finished yet"],
  batch_reverted: [409, "This batch was undone"],
  incident_decided: [409, "This incident was decided otherwise"],
  scan_running: [409, "This mailbox is being scanned"],
  sync_running: [409, "This sync is running"],
  sync_paused: [409, "This sync is paused"],
  cursor_expired: [410, "What follows this cursor is no longer kept; begin anew"],
  body_gone: [410, "The bytes are no longer kept"],
  body_too_large: [413, "The body is too large"],
  too_many_events: [413, "The body holds too many events"],
  too_many_rows: [413, "The list holds too many rows"],
  too_many_requests: [429, "Too many requests; try again later"],
  import_incomplete: [503, "The list was recorded in part; send it again"],
  provider_failed: [502, "The provider does not answer as it should"],
  busy: [503, "Too much is happening to this recipient; try again"],
  config_invalid: [503, "This is not configured correctly"],
  unavailable: [503, "Temporarily not available; try again"],
} as const satisfies Record<string, readonly [number, string]>;

export type ProblemCode = keyof typeof PROBLEMS;

/** For openapi.json. `code` is what programs go by. */
export const problemSchema = once(() =>
  z
    .object({
      type: z.string().describe("about:blank#code"),
      title: z.string(),
      status: z.number().int(),
      detail: z.string().optional(),
      code: z.string().describe("A stable word."),
      errors: z
        .array(z.object({ field: z.string().optional(), index: z.number().int().optional(), message: z.string() }))
        .optional()
        .describe("What is wrong with each parameter or field, or with each event of the body."),
    })
    .openapi("Problem"),
);

const RETRY_AFTER_SECONDS = 30;

export interface ProblemOptions {
  readonly detail?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Where a provider retries on another status than the usual one. */
  readonly status?: number;
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** Thrown by handlers, answered by the app. */
export class Problem extends Error {
  constructor(
    readonly code: ProblemCode,
    readonly options: ProblemOptions = {},
  ) {
    super(code);
  }
}

/** A problem as an answer. What is ours to mend, also under another status, says when to come again. */
export function problemResponse(code: ProblemCode, options: ProblemOptions = {}): Response {
  const [usualStatus, title] = PROBLEMS[code];
  const status = options.status ?? usualStatus;
  const body = { type: `about:blank#${code}`, title, status, detail: options.detail, code, ...options.extra };
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      "content-type": "application/problem+json",
      ...(usualStatus === 503 ? { "retry-after": String(RETRY_AFTER_SECONDS) } : {}),
      ...options.headers,
    },
  });
}

/** What Hono refuses by itself, by its status. */
const REFUSALS: Readonly<Record<number, ProblemCode>> = {
  401: "unauthorized",
  403: "forbidden",
  404: "not_found",
  405: "method_not_allowed",
  413: "body_too_large",
  429: "too_many_requests",
};

/** Where bodies are told apart by their type, it is this one that is taken: `curl -d` sends another. */
const WRONG_TYPE: ProblemOptions = { detail: "content-type: must be application/json" };

/** What Hono refuses as an answer. Of a bad request only its words say whether the JSON is what is bad. */
export function refusalResponse({ status, message }: HTTPException): Response {
  const isAboutJson = status === 400 && /\bJSON\b/.test(message);
  const code = isAboutJson ? "invalid_json" : (REFUSALS[status] ?? "invalid_request");
  return problemResponse(code, status === 415 ? WRONG_TYPE : {});
}
