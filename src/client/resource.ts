/** What the routes for operators have in common. */
import { isObject } from "../domain/json";
import { invalidRecipient } from "./error";
import type { CallOptions, Settings } from "./options";
import { type Query, withQuery } from "./query";
import type { Pace } from "./retry";
import { type Call, jsonAnswer } from "./transport";

export interface Request<T> extends CallOptions {
  readonly query?: Query | undefined;
  /** Sent as JSON. */
  readonly json?: unknown | undefined;
  readonly body?: Call["body"] | undefined;
  readonly contentType?: string | undefined;
  readonly headers?: Call["headers"];
  /** Reads the answer; `null`: not what was expected. Default: any object will do. */
  readonly parse?: ((value: unknown) => T | null) | undefined;
  /** Default: that of calls which may be made again. */
  readonly pace?: Pace | undefined;
}

export type Send = <T>(method: Call["method"], path: string, request?: Request<T>) => Promise<T>;

const NO_CONTENT = 204;

/** A function that makes a call whose answer is JSON, or nothing (`undefined`). */
export function createSend({ transport, patient }: Settings): Send {
  return <T>(
    method: Call["method"],
    path: string,
    { query = {}, json, pace, parse = anyObject, ...request }: Request<T> = {},
  ) =>
    transport(
      {
        method,
        path: withQuery(path, query),
        pace: pace ?? patient,
        ...request,
        ...(json === undefined ? {} : { body: JSON.stringify(json), contentType: "application/json" }),
      },
      (response) => (response.status === NO_CONTENT ? Promise.resolve(undefined as T) : jsonAnswer(parse)(response)),
    );
}

function anyObject<T>(value: unknown): T | null {
  return isObject(value) ? (value as T) : null;
}

/**
 * A recipient as one segment of a path.
 *
 * @throws BouncekeeperError `invalid_recipient` for what would make another path of it
 */
export function segmentOf(recipient: string): string {
  if (/^\.{0,2}$/.test(recipient) || !recipient.isWellFormed()) throw invalidRecipient();
  return encodeURIComponent(recipient);
}
