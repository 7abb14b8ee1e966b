/**
 * Sending our list to a provider: not each change, but how each recipient stands who changed. The log of changes says who;
 * the place moves only when a step was done as a whole, so what changed is sent at least once, and the last word is ours.
 */
import type { StoredAnswer } from "../domain/answer";
import { fail, ok, type Result } from "../domain/result";
import { changedSince, listedAfter, type StandingRow } from "../store/sync-changes";
import type { PushProgress } from "../store/syncs";
import {
  PUSH_REASONS,
  type PushCall,
  type PushReason,
  type PushResult,
  type Standing,
  type SyncApi,
} from "../sync/adapter";
import { type CallFailure, callApi } from "./sync-call";
import type { PushPlace, SettledPush, SyncRun } from "./sync-run";

const PAGE = 1_000;
/** Of one run. */
const MAX_CALLS = 300;
/** Steps in a row that may be refused as a whole before the recipients are taken to be at fault, not the account. */
const MAX_REFUSED_STEPS = 3;
const MIN_REFUSED = 3;
const MAX_DETAIL_LENGTH = 200;

/** Why a recipient is not sent. */
export const SKIP_REASONS = ["erased", "domain", "reason", "echo", "never_sent"] as const;
export type SkipReason = (typeof SKIP_REASONS)[number];

/** What becomes of a recipient: how it is to stand there, or why nothing is said of it. */
export type Planned = Standing | SkipReason;

/** @param reasons that are sent @param now epoch ms */
export function planOf(row: StandingRow, reasons: readonly PushReason[], now: number): Planned {
  const { address } = row;
  if (address === null || address.endsWith(".invalid")) return "erased";
  if (address.startsWith("@")) return "domain";
  const standing = standingReasons(row.answer, now).filter(({ isOnProbation }) => !isOnProbation);
  if (!standing.length) return wasSent(row, reasons) ? { address, reasons: [], since: 0 } : "never_sent";
  const wanted = standing.filter(({ reason }) => reasons.includes(reason));
  if (!wanted.length) return "reason";
  const pulled = row.pulled?.split(",") ?? [];
  if (wanted.every(({ reason }) => pulled.includes(reason))) return "echo";
  return {
    address,
    reasons: wanted.map(({ reason }) => reason),
    since: Math.min(...wanted.map(({ since }) => since)),
  };
}

interface StandingReason {
  readonly reason: PushReason;
  readonly since: number;
  /** It is not sent: the provider would refuse the very message that is to decide. */
  readonly isOnProbation: boolean;
}

/** The reasons that stand, of those that can be sent at all. @param answer JSON */
export function standingReasons(answer: string | null, now: number): readonly StandingReason[] {
  const spans = answer === null ? {} : (JSON.parse(answer) as StoredAnswer).reasons;
  return PUSH_REASONS.flatMap((reason) => {
    const span = spans[reason];
    if (!span || (span.until !== null && span.until <= now)) return [];
    return [{ reason, since: span.since, isOnProbation: span.probeFrom !== undefined }];
  });
}

/** Was it on the list before these changes, for a reason that is sent? Where that is not on record: maybe. */
function wasSent({ previous, answer }: StandingRow, reasons: readonly PushReason[]): boolean {
  const answers = JSON.parse(previous) as (string | null)[];
  return answers.some((text) => {
    if (text === null) return answer === null && answers.length === 1;
    const before = (JSON.parse(text) as StoredAnswer).reasons;
    return reasons.some((reason) => before[reason] !== undefined && before[reason].probeFrom === undefined);
  });
}

/** @returns is everything sent? Or what kept it from being sent */
export async function push(run: SyncRun): Promise<Result<boolean, CallFailure>> {
  for (let calls = 0; run.mayGoOn() && calls < MAX_CALLS; ) {
    const progress = run.state.push;
    if (!progress) return ok(true);
    const page = await nextPage(run, progress);
    if (!page.ok) return page;
    const { rows, after, isLast } = page.value;
    for (const step of stepsOf(run, rows)) {
      if (!run.mayGoOn()) return ok(false);
      const outcome = await sendStep(run, step);
      if (!outcome.ok) return outcome;
      calls += outcome.value;
    }
    await run.notePush(after);
    if (isLast && run.state.push?.walkedTo === null) return ok(true);
  }
  return ok(false);
}

interface Page {
  readonly rows: readonly StandingRow[];
  /** How far it has come when all of them are sent. */
  readonly after: PushPlace;
  readonly isLast: boolean;
}

async function nextPage(run: SyncRun, { seq, walkedTo }: PushProgress): Promise<Result<Page, CallFailure>> {
  const { db } = run.deps;
  if (walkedTo !== null) {
    const rows = await listedAfter(db, run.connection, walkedTo, PAGE);
    const isOver = rows.length < PAGE;
    return ok({ rows, after: { seq, walkedTo: isOver ? null : (rows.at(-1)?.key ?? null) }, isLast: false });
  }
  const { rows, end, oldest, newest } = await changedSince(db, run.connection, seq, PAGE);
  // In a database that was set back, what happens from then on is sent.
  if (newest < seq) return ok({ rows: [], after: { seq: newest, walkedTo: null }, isLast: true });
  if (seq < oldest - 1) {
    const error = "Changes that were not sent are no longer kept: push from the beginning.";
    return fail({ type: "stopped", error, retryAfterMs: null });
  }
  return ok({ rows, after: { seq: end, walkedTo: null }, isLast: end >= newest });
}

interface Step {
  readonly rows: readonly StandingRow[];
  readonly standings: readonly { readonly key: string; readonly standing: Standing }[];
  readonly skipped: number;
}

/** In their order, as many at a time as one step takes. */
function* stepsOf(run: SyncRun, rows: readonly StandingRow[]): Generator<Step> {
  const { maxListings, maxReleases } = run.settings.api;
  let step = { rows: [] as StandingRow[], standings: [] as { key: string; standing: Standing }[], skipped: 0 };
  let room = { listings: maxListings, releases: maxReleases };
  for (const row of rows) {
    const planned = planOf(row, run.settings.push, run.deps.now());
    const kind = typeof planned === "string" ? null : planned.reasons.length ? "listings" : "releases";
    if (kind !== null && room[kind] === 0) {
      yield step;
      step = { rows: [], standings: [], skipped: 0 };
      room = { listings: maxListings, releases: maxReleases };
    }
    step.rows.push(row);
    if (typeof planned === "string") step.skipped++;
    else step.standings.push({ key: row.key, standing: planned });
    if (kind !== null) room[kind]--;
  }
  if (step.rows.length) yield step;
}

/** Sends a step, and notes that it was sent. @returns how many calls that took */
async function sendStep(run: SyncRun, { rows, standings, skipped }: Step): Promise<Result<number, CallFailure>> {
  const all = standings.map(({ standing }) => standing);
  const calls = run.settings.api.callsFor(all);
  const results = new Map<string, PushResult & Pick<PushCall, "action">>();
  let made = 0;
  for (const call of calls) {
    const sent = await send(run, call, all);
    if (!sent.ok) return sent;
    made += sent.value.made;
    for (const result of sent.value.results) {
      const known = results.get(result.address);
      // Of several calls about a recipient, the one that failed is the one to be told.
      if (!known || known.outcome === "done") results.set(result.address, { ...result, action: call.action });
    }
  }
  const outcomes = [...results.values()];
  const refused = outcomes.filter(({ outcome }) => outcome === "refused");
  const isAllRefused = refused.length >= MIN_REFUSED && refused.length === outcomes.length;
  if (isAllRefused && run.state.failures < MAX_REFUSED_STEPS) {
    return fail(unavailable(refused[0]?.detail ?? "refused"));
  }
  const last = rows.at(-1);
  const walkedTo = run.state.push?.walkedTo ?? null;
  const place: PushPlace = walkedTo === null ? { seq: last?.seq ?? 0 } : { walkedTo: last?.key ?? walkedTo };
  await run.notePush(place, skipped, settledOf(standings, results));
  return ok(made);
}

function settledOf(
  standings: Step["standings"],
  results: ReadonlyMap<string, PushResult & Pick<PushCall, "action">>,
): SettledPush {
  const told = standings.map(({ key, standing }) => ({ key, standing, result: results.get(standing.address) }));
  const well = told.filter(({ result }) => result?.outcome === "done");
  const refusals = told.flatMap(({ key, standing, result }) =>
    result && result.outcome !== "done"
      ? [{ key, action: result.action, outcome: result.outcome, detail: withoutAddress(result.detail, standing) }]
      : [],
  );
  return {
    refusals,
    done: well.map(({ key }) => key),
    listed: well.filter(({ standing }) => standing.reasons.length > 0).length,
    released: well.filter(({ standing }) => standing.reasons.length === 0).length,
  };
}

function withoutAddress(detail: string | null, { address }: Standing): string | null {
  return detail?.replaceAll(address, "…@…").slice(0, MAX_DETAIL_LENGTH) ?? null;
}

interface Sent {
  readonly made: number;
  readonly results: readonly PushResult[];
}

/** Makes a call. Where the provider refuses it for what it says, it is made in halves, until it is known of whom. */
async function send(run: SyncRun, call: PushCall, standings: readonly Standing[]): Promise<Result<Sent, CallFailure>> {
  const { api } = run.settings;
  const answer = await callApi(run.deps, api, call.request, (a) => api.resultsOf(call, a) !== null);
  if (answer.ok) {
    const results = api.resultsOf(call, answer.value);
    return results ? ok({ made: 1, results }) : fail(unavailable("The answer does not say what became of it."));
  }
  const { type, error } = answer.error;
  if (type !== "refused") return answer;
  if (call.addresses.length === 1) {
    const results = call.addresses.map((address) => ({ address, outcome: "refused" as const, detail: error }));
    return ok({ made: 1, results });
  }
  let sent: Sent = { made: 1, results: [] };
  for (const half of halvesOf(call, standings, api)) {
    const part = await send(run, half, standings);
    if (!part.ok) return part;
    sent = { made: sent.made + part.value.made, results: [...sent.results, ...part.value.results] };
  }
  return ok(sent);
}

/** The same call, about half of its recipients each. */
function halvesOf({ action, request, addresses }: PushCall, standings: readonly Standing[], api: SyncApi): PushCall[] {
  const middle = Math.ceil(addresses.length / 2);
  return [addresses.slice(0, middle), addresses.slice(middle)].flatMap((half) => {
    const calls = api.callsFor(standings.filter(({ address }) => half.includes(address)));
    const isSame = (call: PushCall) =>
      call.action === action && call.request.method === request.method && call.request.path === request.path;
    return calls.filter(isSame);
  });
}

function unavailable(error: string): CallFailure {
  return { type: "unavailable", error, retryAfterMs: null };
}
