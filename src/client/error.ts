/** How calls fail: one kind of error, with a stable word for the reason. Nothing in it names an address or a token. */
import { valueOfJson } from "../domain/json";

/** RFC 9457, as the service answers it. */
export interface ProblemDetails {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  readonly code: string;
}

/** The client's own codes; the others are those of the service's problems. */
export type ClientErrorCode =
  /** Nobody answered, or the answer broke off. */
  | "network"
  | "timeout"
  /** Something answered that is not the service, or not in its words: a wrong URL, a proxy, a login page. */
  | "bad_answer"
  /** An error status without a problem in it. */
  | "http_error"
  | "invalid_recipient";

export interface ErrorFields {
  readonly status?: number | undefined;
  readonly problem?: ProblemDetails | undefined;
  readonly requestId?: string | undefined;
  readonly retryAfterMs?: number | undefined;
}

/** Why a call failed: what every function of the client rejects with, wrong arguments aside (TypeError). */
export class BouncekeeperError extends Error {
  override readonly name = "BouncekeeperError";
  /** A stable word: the problem's code, or one of the client's own. */
  readonly code: ClientErrorCode | (string & {});
  /** Of the answer; `undefined` where there was none. */
  readonly status: number | undefined;
  readonly problem: ProblemDetails | undefined;
  /** What the service's log calls this request. */
  readonly requestId: string | undefined;
  /** How long the service asked to be left alone. */
  readonly retryAfterMs: number | undefined;

  constructor(code: string, message: string, fields: ErrorFields = {}) {
    super(message);
    this.code = code;
    this.status = fields.status;
    this.problem = fields.problem;
    this.requestId = fields.requestId;
    this.retryAfterMs = fields.retryAfterMs;
  }

  /**
   * Could nobody answer? Only then does `onError` decide. A wrong token, a wrong URL or a bad request is a mistake to be
   * put right, and never a reason to send.
   */
  get isUnavailable(): boolean {
    if (this.status === undefined) return this.code === "network" || this.code === "timeout";
    return this.status === 429 || this.status >= 500;
  }
}

/** Is this about a service that cannot answer? */
export function isUnavailable(error: unknown): boolean {
  return error instanceof BouncekeeperError && error.isUnavailable;
}

/** Nobody answered. What the runtime says is not repeated: some quote the URL, and with it the recipient. */
export function networkError(cause: unknown): BouncekeeperError {
  const word = systemCode(cause) ?? systemCode((cause as { cause?: unknown } | null)?.cause);
  return new BouncekeeperError("network", `The service did not answer${word ? ` (${word})` : ""}.`);
}

/** No answer in time. */
export function timeoutError(timeoutMs: number): BouncekeeperError {
  return new BouncekeeperError("timeout", `The service did not answer within ${Math.round(timeoutMs)} ms.`);
}

/** An answer that is none of the service's. @param what a sentence about it */
export function badAnswer(what: string, fields: ErrorFields = {}): BouncekeeperError {
  return new BouncekeeperError("bad_answer", `${what} Is the URL that of the service?`, fields);
}

/** As the service would say it, without asking. */
export function invalidRecipient(detail = "The recipient is not an address."): BouncekeeperError {
  return new BouncekeeperError("invalid_recipient", detail, { status: 400 });
}

/** Of an answer with an error status. */
export function answeredError(response: Response, text: string): BouncekeeperError {
  const { status, headers } = response;
  const fields = {
    status,
    requestId: headers.get("x-request-id") ?? undefined,
    retryAfterMs: retryAfterMs(headers.get("retry-after")),
  };
  const problem = problemOf(valueOfJson(text));
  if (!problem) return new BouncekeeperError("http_error", `The service answered ${status}.`, fields);
  return problemError(problem, fields);
}

/** A problem that the service states, in an answer or in the middle of one. */
export function problemError(problem: ProblemDetails, fields: ErrorFields = {}): BouncekeeperError {
  const { code, detail, title, status } = problem;
  return new BouncekeeperError(code, detail ?? `${title}.`, { status, ...fields, problem });
}

/** Problem details, where it is these. */
export function problemOf(value: unknown): ProblemDetails | undefined {
  const { code, title } = (value ?? {}) as Partial<ProblemDetails>;
  return typeof code === "string" && typeof title === "string" ? (value as ProblemDetails) : undefined;
}

/** RFC 9110 §10.2.3: seconds, or a date. */
function retryAfterMs(header: string | null): number | undefined {
  if (header === null) return undefined;
  const ms = /^\d{1,9}$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

/** `ECONNREFUSED` and the like, which Node gives in a field of its own. */
function systemCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === "string" && /^[A-Z][A-Z0-9_]{2,40}$/.test(code) ? code : undefined;
}
