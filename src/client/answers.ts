/**
 * Reading answers to checks. An answer is believed only if it is one to what was asked: whatever is missing from it, nobody
 * may take for "not suppressed".
 */
import { isObject } from "../domain/json";
import type { Consistency, Suppressed } from "./types";

export type StoreRead = "kv" | "d1";

/** The answer to `GET /v1/check`. */
export interface OneAnswer extends Suppressed {
  readonly suppressed: boolean;
  readonly source: StoreRead;
  /** It is on probation, and this one message may be sent. */
  readonly probe?: true | undefined;
}

/** The answer to `POST /v1/check`. */
export interface BulkAnswer {
  /** By recipient, as it was asked. */
  readonly suppressed: ReadonlyMap<string, Suppressed>;
  readonly invalid: ReadonlySet<string>;
}

/** What a strong read is answered from; an eventual one also comes from there while the edge cache fails. */
const STRONG_SOURCE: StoreRead = "d1";

/** @returns `null`: not an answer about this recipient, or not from where it was to be read */
export function parseOne(value: unknown, recipient: string, consistency: Consistency): OneAnswer | null {
  if (!isSuppressed(value) || value.recipient !== recipient) return null;
  const { suppressed, source, probe } = value as Partial<OneAnswer>;
  if (typeof suppressed !== "boolean" || suppressed !== value.reasons.length > 0) return null;
  if (source !== STRONG_SOURCE && (source !== "kv" || consistency === "strong")) return null;
  if (probe && suppressed) return null;
  const { reasons, since, until } = value;
  return { recipient, suppressed, reasons, since, until, source, ...(probe ? { probe } : {}) };
}

/**
 * @param asked without repetitions
 * @returns `null`: not an answer about exactly these recipients
 */
export function parseBulk(value: unknown, asked: ReadonlySet<string>): BulkAnswer | null {
  if (!isObject(value) || !Array.isArray(value.suppressed) || !Array.isArray(value.invalid)) return null;
  const listed: readonly unknown[] = value.suppressed;
  const entries = listed.filter(isSuppressed).filter(({ reasons }) => reasons.length > 0);
  const suppressed = new Map(entries.map((entry) => [entry.recipient, entry]));
  const invalid = new Set(value.invalid as readonly string[]);
  const isComplete = suppressed.size === listed.length && value.checked === asked.size - invalid.size;
  const isAsked = (recipient: string) => asked.has(recipient);
  if (!isComplete || ![...suppressed.keys()].every(isAsked) || ![...invalid].every(isAsked)) return null;
  return { suppressed, invalid };
}

function isSuppressed(value: unknown): value is Suppressed {
  if (!isObject(value) || typeof value.recipient !== "string" || !Array.isArray(value.reasons)) return false;
  return isTextOrNull(value.since) && isTextOrNull(value.until) && value.reasons.every((r) => typeof r === "string");
}

function isTextOrNull(value: unknown): boolean {
  return value === null || typeof value === "string";
}
