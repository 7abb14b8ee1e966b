/** Trying again: when, for how long, and what a round of attempts says about the receiver. Pure. */
import { sha256HexSync } from "./sha256";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** A message is given up, and a receiver left alone, after so long. */
export const GIVE_UP_AFTER_MS = 3 * DAY_MS;

/** So many rounds in a row show that it really was away all the time, and was not just spoken to rarely. */
export const MIN_ROUNDS_TO_GIVE_UP = 20;

export interface BackOff {
  /** Before the second attempt. It doubles from there. */
  readonly firstMs: number;
  readonly longestMs: number;
}

/** Of one message: about eighteen attempts in three days. */
export const MESSAGE_BACK_OFF: BackOff = { firstMs: MINUTE_MS, longestMs: 8 * HOUR_MS };
/** Of a receiver that does not answer: what is new must not wait much longer than the receiver is away. */
export const RECEIVER_BACK_OFF: BackOff = { firstMs: MINUTE_MS, longestMs: 15 * MINUTE_MS };

/** Waits are longer or shorter by up to this share, so that what failed at the same time is not all tried again at once. */
const JITTER = 0.2;
const LONGEST_RETRY_AFTER_MS = DAY_MS;

/**
 * How long to wait before the next attempt.
 *
 * @param attempts that failed so far, at least 1
 * @param name of what is tried; it decides on the jitter, so the same name waits the same time
 */
export function backOffMs({ firstMs, longestMs }: BackOff, attempts: number, name: string): number {
  const ms = Math.min(firstMs * 2 ** Math.min(attempts - 1, 40), longestMs);
  return Math.round(ms * (1 - JITTER + 2 * JITTER * fractionOf(`${name} ${attempts}`)));
}

/** A number from 0 up to 1 that looks like chance. */
function fractionOf(text: string): number {
  return Number.parseInt(sha256HexSync(text).slice(0, 8), 16) / 2 ** 32;
}

/**
 * RFC 9110 §10.2.3: seconds, or a date.
 *
 * @param now epoch ms
 * @returns ms from now, at most a day; `null` where it says nothing that can be used
 */
export function retryAfterMs(header: string | null, now: number): number | null {
  const text = header?.trim() ?? "";
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isFinite(ms) && ms >= 0 ? Math.min(ms, LONGEST_RETRY_AFTER_MS) : null;
}

/** What came of an attempt. */
export type Outcome =
  | { readonly type: "delivered"; readonly status: number }
  /** There was an answer, and it was no success: it may be this message's fault. */
  | { readonly type: "refused"; readonly status: number; readonly error: string; readonly retryAfterMs: number | null }
  /** No answer, or one that says "not now": it is the receiver's trouble, whatever the message. */
  | {
      readonly type: "unreachable";
      readonly status: number | null;
      readonly error: string;
      readonly retryAfterMs: number | null;
    }
  /** 410: it wants no more (Standard Webhooks, "Delivery success and failure"). */
  | { readonly type: "gone"; readonly status: number; readonly error: string };

const GONE = 410;
/** Timeout, too early, too many requests; what gateways and Cloudflare say of a server behind them. */
const NOT_NOW = new Set([408, 425, 429, 502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 527, 530]);

/** What an HTTP status says. Only 2xx is a success; redirects are not followed. */
export function outcomeOfStatus(status: number, error: string, afterMs: number | null): Outcome {
  if (status >= 200 && status < 300) return { type: "delivered", status };
  if (status === GONE) return { type: "gone", status, error };
  return { type: NOT_NOW.has(status) ? "unreachable" : "refused", status, error, retryAfterMs: afterMs };
}

/** Rounds in a row that may be refused as a whole before the receiver is taken to be at fault, not the messages. */
const MAX_REFUSED_ROUNDS = 2;

/**
 * `up`: it works; what failed is the message's own trouble. `refused`: nothing was delivered, but it may be the messages.
 * `down`: the receiver is in trouble; nothing is moved. `gone`: it wants no more.
 */
export type RoundVerdict = "up" | "refused" | "down" | "gone";

/**
 * What a round of attempts, each about somebody else, says about the receiver. One success is enough to know that it
 * works, and that a message which failed must not hold up the others.
 *
 * @param outcomes at least one
 * @param failures rounds before this one, in a row, in which nothing was delivered
 */
export function judgeRound(outcomes: readonly Outcome[], failures: number): RoundVerdict {
  if (outcomes.some(({ type }) => type === "gone")) return "gone";
  if (outcomes.some(({ type }) => type === "delivered")) return "up";
  const isAnswered = outcomes.every(({ type }) => type === "refused");
  return isAnswered && failures < MAX_REFUSED_ROUNDS ? "refused" : "down";
}
