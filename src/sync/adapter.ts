/**
 * What a provider's suppression API is to us: which requests to make, and how to read the answers. Pure: the runner in
 * `pipeline/` makes the requests, keeps the cursors and does the waiting.
 *
 * Adding a provider: one file with its settings, its lists and its table of reasons, and a line in `registry.ts`.
 */
import { z } from "zod";
import { isObject, type JsonObject } from "../domain/json";
import { fail, ok, type Result } from "../domain/result";

/** Reasons of ours that can be sent to a provider. A block of a whole domain cannot. */
export const PUSH_REASONS = ["hard", "soft", "complaint", "unsubscribe", "manual"] as const;
export type PushReason = (typeof PUSH_REASONS)[number];

export interface ApiRequest {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** From the slash on, with its query. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
}

/** An entry of a provider's list. */
export interface PulledEntry {
  /** The id of the import format that reads it. */
  readonly format: string;
  readonly value: JsonObject;
  /** For which of our reasons it would be there because we sent it. None: the provider made it. */
  readonly ownReasons: readonly PushReason[];
}

export interface PulledPage {
  readonly entries: readonly PulledEntry[];
  /** Where the next page is; `null`: this was the last. */
  readonly next: string | null;
}

/** Which part of the lists is wanted, where the provider can tell; epoch ms. `since` null: all of it. */
export interface PullSpan {
  readonly since: number | null;
  readonly until: number;
}

/** How a recipient stands here, and is to stand there. */
export interface Standing {
  /** Canonical. */
  readonly address: string;
  /** None: it may be mailed. */
  readonly reasons: readonly PushReason[];
  /** Epoch ms. */
  readonly since: number;
}

/** A request that changes something, about these recipients. */
export interface PushCall {
  readonly action: "list" | "release";
  readonly request: ApiRequest;
  readonly addresses: readonly string[];
}

/** `kept`: the provider does not let go of it. `refused`: it does not take it. Neither is tried again. */
export type PushOutcome = "done" | "kept" | "refused";

export interface PushResult {
  readonly address: string;
  readonly outcome: PushOutcome;
  /** The provider's words, without the address; `null`: none. */
  readonly detail: string | null;
}

export interface ApiAnswer {
  readonly status: number;
  /** Parsed JSON; `null` where there was none. */
  readonly body: unknown;
}

/** A provider's API under one account. */
export interface SyncApi {
  /** Scheme and host; every request goes there. */
  readonly origin: string;
  /** Headers that prove who asks. @param now epoch ms */
  readonly authorize: (request: ApiRequest, now: number) => Promise<Readonly<Record<string, string>>>;
  /** The first page. A cursor is the adapter's own text. */
  readonly firstPage: (span: PullSpan) => string;
  readonly pageRequest: (cursor: string) => ApiRequest;
  /** @returns a sentence that says what is wrong, where it is no page */
  readonly readPage: (cursor: string, body: unknown) => Result<PulledPage, string>;
  /** How many recipients one step takes: its calls stay few, since a step that fails is repeated as a whole. */
  readonly maxListings: number;
  readonly maxReleases: number;
  /** At most so many, and none of them twice. */
  readonly callsFor: (standings: readonly Standing[]) => readonly PushCall[];
  /** What an answer says of each recipient of its call; `null`: nothing, and the status has to do. */
  readonly resultsOf: (call: PushCall, answer: ApiAnswer) => readonly PushResult[] | null;
}

/** What every sync has in its secret. */
export interface SyncChoices {
  /** `asked`: automatically, once it was done by hand. */
  readonly pull: "off" | "asked" | "auto";
  readonly pullEveryMs: number;
  /** Empty: nothing is sent. */
  readonly push: readonly PushReason[];
}

export interface SyncSettings extends SyncChoices {
  readonly api: SyncApi;
}

export interface SyncAdapter {
  /** The provider's id, as in its webhook's URL. */
  readonly id: string;
  readonly title: string;
  /** Where the provider describes this API. */
  readonly manual: string;
  /** @returns the settings, or a sentence that names every bad value and none of the values */
  readonly read: (raw: unknown, allowsPrivateTargets: boolean) => Result<SyncSettings, string>;
}

const MINUTE_MS = 60_000;
const MIN_PULL_MINUTES = 15;
const MAX_PULL_MINUTES = 7 * 24 * 60;
const DEFAULT_PULL_MINUTES = 6 * 60;
const MAX_KEY_LENGTH = 512;

/** What goes into a header or a path: a line break in it would be another one. */
export const word = () =>
  z
    .string()
    .min(1)
    .max(MAX_KEY_LENGTH)
    .regex(/^[\x21-\x7e]+$/, "must be printable and without blanks");

/** Members of every secret. */
export const commonFields = () => ({
  pull: z.union([z.boolean(), z.literal("auto")], 'must be true, false or "auto"').default(false),
  pullMinutes: z.number().min(MIN_PULL_MINUTES).max(MAX_PULL_MINUTES).default(DEFAULT_PULL_MINUTES),
  push: z.array(z.enum(PUSH_REASONS)).default([]),
  baseUrl: z.url({ protocol: /^https?$/ }).optional(),
});

interface CommonValues {
  readonly pull: boolean | "auto";
  readonly pullMinutes: number;
  readonly push: readonly PushReason[];
  readonly baseUrl?: string | undefined;
}

interface About<S extends CommonValues> extends Pick<SyncAdapter, "id" | "title" | "manual"> {
  /** Of its secret. Most workers have none, so it is made for those that do. */
  readonly schema: () => z.ZodType<S>;
  /** Scheme and host, by what was configured; never by what a request says. */
  readonly originOf: (values: S) => string;
  readonly open: (values: S, origin: string) => SyncApi;
}

/** Puts an adapter together: what all of them have in their secrets is read here. */
export function syncAdapter<S extends CommonValues>(about: About<S>): SyncAdapter {
  const { id, title, manual, schema, originOf, open } = about;
  const read: SyncAdapter["read"] = (raw, allowsPrivateTargets) => {
    const parsed = schema().safeParse(raw);
    if (!parsed.success) {
      return fail(parsed.error.issues.map(({ path, message }) => [...path.map(String), message].join(": ")).join("; "));
    }
    const { pull, pullMinutes, push, baseUrl } = parsed.data;
    if (baseUrl !== undefined && !allowsPrivateTargets) return fail("baseUrl: needs ALLOW_PRIVATE_TARGETS");
    if (pull === false && !push.length) return fail("pull, push: one of them has to be asked for");
    const origin = baseUrl === undefined ? originOf(parsed.data) : new URL(baseUrl).origin;
    return ok({
      pull: pull === "auto" ? "auto" : pull ? "asked" : "off",
      pullEveryMs: pullMinutes * MINUTE_MS,
      push: PUSH_REASONS.filter((reason) => push.includes(reason)),
      api: open(parsed.data, origin),
    });
  };
  return { id, title, manual, read };
}

/** The objects of an array; `null` where it is none, or holds anything else. */
export function objectsOf(value: unknown): readonly JsonObject[] | null {
  return Array.isArray(value) && value.every(isObject) ? value : null;
}

/** The same outcome for everybody whom a call was about. */
export function allOf(call: PushCall, outcome: PushOutcome): readonly PushResult[] {
  return call.addresses.map((address) => ({ address, outcome, detail: null }));
}

/** Those that are to be on a list, and those that are to be off all of them. */
export function splitStandings(standings: readonly Standing[]): {
  readonly listed: readonly Standing[];
  readonly released: readonly string[];
} {
  return {
    listed: standings.filter(({ reasons }) => reasons.length > 0),
    released: standings.filter(({ reasons }) => reasons.length === 0).map(({ address }) => address),
  };
}
