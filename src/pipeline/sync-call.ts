/** One request to a provider's API, and what its answer means. */
import { valueOfJson } from "../domain/json";
import { fail, ok, type Result } from "../domain/result";
import { outcomeOfStatus, retryAfterMs } from "../domain/retry";
import type { ApiAnswer, ApiRequest, SyncApi } from "../sync/adapter";
import { errorOf } from "./deliver";
import { reasonOf, textOf, USER_AGENT } from "./outgoing";

/**
 * `unavailable`: try again later. `stopped`: trying again cannot help, somebody has to correct the secret or the account.
 * `refused`: it may be what this very request says.
 */
export interface CallFailure {
  readonly type: "unavailable" | "stopped" | "refused";
  /** For people; no address in it. */
  readonly error: string;
  readonly retryAfterMs: number | null;
}

const TIMEOUT_MS = 15_000;
/** Of an answer: beyond this it would not fit beside what is made of it. */
const MAX_ANSWER_BYTES = 20_000_000;
const MAX_QUOTED_LENGTH = 400;

/** Statuses that do not depend on what a request says, and what they come from. */
const STOPPED: Readonly<Record<number, string>> = {
  401: "the provider does not accept the credentials",
  403: "the credentials may not do this",
  404: "the provider does not know what is asked for: is the account's region, domain or stream right?",
  405: "the provider does not know what is asked for",
  410: "the provider does not know what is asked for",
};
const MIN_SERVER_ERROR = 500;

export interface CallDeps {
  /** Epoch ms. */
  readonly now: () => number;
}

/**
 * Asks once. Redirects are not followed: they would take the credentials elsewhere.
 *
 * @param isAnswer is a status that is no success an answer all the same, to this request?
 * @throws PlatformLimit
 */
export async function callApi(
  deps: CallDeps,
  api: Pick<SyncApi, "origin" | "authorize">,
  request: ApiRequest,
  isAnswer: (answer: ApiAnswer) => boolean = () => false,
): Promise<Result<ApiAnswer, CallFailure>> {
  const startedAt = deps.now();
  const { method, path, body } = request;
  const json = body === undefined ? {} : { body: JSON.stringify(body) };
  try {
    const response = await fetch(api.origin + path, {
      method,
      headers: {
        accept: "application/json",
        "user-agent": USER_AGENT,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(await api.authorize(request, startedAt)),
      },
      ...json,
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await textOf(response, MAX_ANSWER_BYTES);
    if (text === null) return fail(unavailable("The answer is too long."));
    const answer = { status: response.status, body: valueOfJson(text) };
    if ((response.ok && (text === "" || answer.body !== undefined)) || isAnswer(answer)) {
      return ok({ ...answer, body: answer.body ?? null });
    }
    if (response.ok) return fail(unavailable(`HTTP ${response.status}: the answer is no JSON`));
    return fail(failureOf(response, text.slice(0, MAX_QUOTED_LENGTH), startedAt));
  } catch (error) {
    return fail(unavailable(reasonOf(error)));
  }
}

function unavailable(error: string, afterMs: number | null = null): CallFailure {
  return { type: "unavailable", error, retryAfterMs: afterMs };
}

function failureOf({ status, headers }: Response, text: string, now: number): CallFailure {
  const stopped = STOPPED[status];
  const error = errorOf(status, text);
  if (stopped !== undefined) return { type: "stopped", error: `HTTP ${status}: ${stopped}`, retryAfterMs: null };
  const waitMs = retryAfterMs(headers.get("retry-after"), now) ?? resetMs(headers.get("x-ratelimit-reset"), now);
  const isServersFault = status >= MIN_SERVER_ERROR || outcomeOfStatus(status, error, null).type === "unreachable";
  return isServersFault || status < 400 ? unavailable(error, waitMs) : { type: "refused", error, retryAfterMs: null };
}

/** SendGrid and Mailgun name the moment instead, in Unix seconds or milliseconds. */
function resetMs(header: string | null, now: number): number | null {
  const text = header?.trim() ?? "";
  if (!/^\d{10}(?:\d{3})?$/.test(text)) return null;
  const at = text.length === 13 ? Number(text) : Number(text) * 1000;
  return retryAfterMs(String(Math.max(0, Math.ceil((at - now) / 1000))), now);
}
