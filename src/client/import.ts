/** Lists of suppressions in: an admin token is needed. */
import { LineSplitter } from "../csv/lines";
import { isObject, type JsonObject, valueOfJson } from "../domain/json";
import { badAnswer, networkError, problemError, problemOf } from "./error";
import type { CallOptions, Settings } from "./options";
import { withQuery } from "./query";
import { bodyOf, bytesOfAnswer, type Source } from "./streams";
import { type Call, jsonAnswer } from "./transport";
import type { Reason } from "./types";

export interface ImportOptions extends CallOptions {
  /** Says what would happen, and changes nothing. */
  readonly dryRun?: boolean | undefined;
  /** Whose export it is; default: it is recognized. */
  readonly format?: string | undefined;
  /** What entries mean that give no reason of their own. */
  readonly reason?: Exclude<Reason, "soft" | "domain"> | undefined;
  /** Why; it stays with the batch. */
  readonly note?: string | undefined;
  /** Entries without a date count also where the recipient was released. */
  readonly overrideReleases?: boolean | undefined;
  /** Told of each row, in order, once it is on record. */
  readonly onRow?: ((row: ImportRow) => void) | undefined;
}

export interface ImportRow {
  /** Where it begins, counted from 1. */
  readonly line: number;
  readonly recipient: string | null;
  /** `known`: it was on record. `skipped`: it says nothing to record. */
  readonly status: "new" | "known" | "skipped" | "invalid";
  /** Why, or what keeps it from having an effect: a stable word. */
  readonly code: string | null;
  readonly detail: string | null;
}

export interface ImportSummary {
  /** What a revert names; `null`: nothing was recorded. */
  readonly batchId: string | null;
  readonly format: string;
  readonly dryRun: boolean;
  readonly rows: number;
  readonly new: number;
  readonly known: number;
  readonly skipped: number;
  readonly invalid: number;
  /** Events on record that take effect within the next minutes. */
  readonly pending: number;
}

export interface Imported extends ImportSummary {
  /** Rows that somebody should look at: the first thousand that have a code. */
  readonly remarkable: readonly ImportRow[];
}

export type ImportList = (source: Source, options?: ImportOptions) => Promise<Imported>;

const MAX_REMARKABLE = 1_000;
/** Recording half a million rows takes its time, and the answer comes at its end. */
const TIMEOUT_MS = 600_000;
const MAX_LINE_LENGTH = 1_000_000;

/**
 * Makes the function that imports a list: SendGrid's, Mailgun's, Amazon's and others' exports, our own, any CSV, NDJSON or
 * plain list. An import is not tried again by itself. What was recorded before it failed stays, and the same list once
 * more records what is missing.
 *
 * @returns a function that rejects with a BouncekeeperError
 */
export function createImport({ transport, once }: Settings): ImportList {
  return async (source, { onRow, signal, ...query } = {}) => {
    const call: Call = {
      method: "POST",
      path: withQuery("/v1/suppressions/import", { ...query, results: onRow && "all" }),
      body: bodyOf(source),
      contentType: "application/octet-stream",
      pace: { ...once, timeoutMs: TIMEOUT_MS, deadlineMs: TIMEOUT_MS },
      signal,
    };
    if (!onRow) return transport(call, jsonAnswer(parseAnswer));
    const answer = await transport(call, async (response) => response);
    return readRows(bytesOfAnswer(answer, signal), onRow);
  };
}

function parseAnswer(value: unknown): Imported | null {
  if (!isObject(value) || !Array.isArray(value.results) || typeof value.rows !== "number") return null;
  const {
    results,
    resultsLeftOut: _,
    ...summary
  } = value as unknown as ImportSummary & {
    readonly results: readonly ImportRow[];
    readonly resultsLeftOut: number;
  };
  return { ...summary, remarkable: results.filter(({ code }) => code !== null) };
}

/** Rows line by line, then the summary; or a problem, where it ended early. */
async function readRows(answer: AsyncIterable<Uint8Array>, onRow: (row: ImportRow) => void): Promise<Imported> {
  const remarkable: ImportRow[] = [];
  for await (const value of jsonLines(answer)) {
    const problem = problemOf(value.problem);
    if (problem) throw problemError(problem);
    if (isObject(value.summary)) return { ...(value.summary as unknown as ImportSummary), remarkable };
    const row = value as unknown as ImportRow;
    if (row.code !== null && remarkable.length < MAX_REMARKABLE) remarkable.push(row);
    onRow(row);
  }
  throw networkError(null);
}

async function* jsonLines(answer: AsyncIterable<Uint8Array>): AsyncGenerator<JsonObject> {
  const decoder = new TextDecoder();
  const splitter = new LineSplitter(MAX_LINE_LENGTH);
  for await (const bytes of answer) {
    for (const { text } of splitter.push(decoder.decode(bytes, { stream: true }))) yield parseLine(text);
  }
}

function parseLine(text: string): JsonObject {
  const value = valueOfJson(text);
  if (isObject(value)) return value;
  throw badAnswer("The answer is not NDJSON.");
}
