/**
 * One verified request, from what the adapter made of it to an answer: normalize → record → apply → project.
 *
 * The answer waits for the journal, always, and for the rest within a budget; what is not done by then goes on in
 * the background, and what still fails stays visibly pending for the cron.
 */
import { sha256Hex } from "../crypto/digest";
import { ADDRESS_ERRORS } from "../domain/address";
import { effectivePolicyOf } from "../domain/effective-policy";
import type { NormalizedEvent } from "../domain/event";
import type { WebhookRequest } from "../providers/adapter";
import { holdBursts } from "../store/burst";
import { type QuarantineEntry, type Receipt, type Recorded, recordRequest } from "../store/journal";
import { isRefusedValue } from "../store/statements";
import { digestOfToken, insertToken, isTokenTaken } from "../store/used-tokens";
import { applyEvents, type Progress } from "./apply";
import type { Deps } from "./deps";
import { normalize } from "./normalize";
import { draftsIn, type Parsed } from "./parse";
import { inForce } from "./policy";
import { quarantineId, type ReceiptOrigin, receiptOf } from "./receipt";
import { within } from "./within";

/** How long an answer waits for objects and projection. Providers give up after 3 to 30 s. */
const INLINE_BUDGET_MS = 2_000;
/** Events of one request; beyond this positions in the journal would run into the next receipt. */
const MAX_EVENTS_PER_REQUEST = 100_000;

/** More events than a receipt has places for: nothing was recorded, and it has to come in parts. */
export class TooManyEvents extends Error {}

/** A token that is good once came again with other events: somebody replays it. */
export class TokenReused extends Error {}

export interface IngestRequest {
  readonly request: WebhookRequest;
  readonly origin: ReceiptOrigin;
  /** What the adapter made of the body, record by record; or why the body as a whole is unreadable. */
  readonly parsed: Exclude<Parsed, { readonly type: "answer" }>;
  /** When the events first reached us, where that is not now: a replay keeps it. */
  readonly eventsReceivedAt?: number;
  readonly replayOf?: number;
  readonly settles?: readonly string[];
  /** A token that is good for the events of this request only. */
  readonly useOnce?: string;
  /** What else has to be written in the very transaction that records the events. */
  readonly extra?: readonly D1PreparedStatement[];
}

/** The counts of the answer. `new + duplicate = received`. */
export interface IngestCounts {
  readonly received: number;
  readonly new: number;
  readonly duplicate: number;
  readonly ignored: number;
  readonly quarantined: number;
  readonly pending: number;
}

export interface IngestItem {
  /** Position of the record in the body; `null`: the body as a whole. */
  readonly index: number | null;
  readonly events: readonly { readonly id: string; readonly isNew: boolean }[];
  readonly problem: { readonly reason: string; readonly detail: string } | null;
}

export interface Ingested {
  readonly counts: IngestCounts;
  /** Item by item, for who is told so: a webhook is answered with the counts. */
  readonly items: () => readonly IngestItem[];
}

/** @throws when the journal could not be written: then nothing was, and the sender is to try again */
export async function ingest(deps: Deps, input: IngestRequest): Promise<Ingested> {
  if (!deps.policy.ok) throw new Error("policy is invalid");
  if (countOf(input.parsed) > MAX_EVENTS_PER_REQUEST) throw new TooManyEvents();
  const items = normalizeAll(input);
  const events = items.flatMap((item) => item.events);
  if (!events.length && !items.some((item) => item.problem)) {
    // The token of an open that somebody overheard is not to be good for a bounce that he makes up.
    const claim = input.useOnce === undefined ? null : await claimToken(deps, input.origin, input.useOnce, events);
    await claim?.run();
    return answer(items, null, { pending: 0, failed: 0 });
  }

  const recorded = await record(deps, input, items, events);
  if (recorded.refused) return answer(recorded.refused, null, { pending: 0, failed: 0 });
  const progress: Progress = { pending: recorded.value.pending.length, failed: 0 };
  const policy = effectivePolicyOf(deps, recorded.value.policy);
  if (!policy.ok) {
    // What is on record stays pending.
    deps.log.error("config.invalid", { subject: "POLICY", detail: policy.error });
    return answer(items, recorded.value, progress);
  }
  const work = applyEvents(deps, inForce(policy.value), recorded.value.pending, progress);
  deps.waitUntil(work.then(() => deps.announce?.()));
  if (progress.pending) await within(work, INLINE_BUDGET_MS, () => undefined);
  return answer(items, recorded.value, progress);
}

/** Of events, and of records that are none: each of those may cost a row too. */
function countOf(parsed: IngestRequest["parsed"]): number {
  if (parsed.type === "unreadable") return 1;
  return parsed.items.reduce((sum, item) => sum + (item.type === "events" ? item.drafts.length : 1), 0);
}

interface Item {
  readonly index: number | null;
  readonly ignored: boolean;
  readonly events: readonly NormalizedEvent[];
  readonly problem: { readonly reason: string; readonly detail: string } | null;
}

function normalizeAll(input: IngestRequest): Item[] {
  const { parsed, origin } = input;
  if (parsed.type === "unreadable") return [{ index: null, ignored: false, events: [], problem: parsed }];
  const about = { ...origin, receivedAt: input.eventsReceivedAt ?? origin.receivedAt };
  const outcomes = normalize(draftsIn(parsed.items), about);
  let next = 0;
  return parsed.items.map((item, index): Item => {
    if (item.type === "ignored") return { index, ignored: true, events: [], problem: null };
    if (item.type === "unreadable") {
      return { index, ignored: false, events: [], problem: { reason: item.reason, detail: item.detail } };
    }
    const own = outcomes.slice(next, next + item.drafts.length);
    next += own.length;
    // One bad recipient of several: the others are recorded, and the record is kept to be looked at.
    const bad = own.find((outcome) => !outcome.ok);
    return {
      index,
      ignored: false,
      events: own.flatMap((outcome) => (outcome.ok ? [outcome.value] : [])),
      problem: bad && !bad.ok ? { reason: "invalid_recipient", detail: ADDRESS_ERRORS[bad.error] } : null,
    };
  });
}

/** Writes the journal. Values that the database refuses for good send the whole body to quarantine instead. */
async function record(
  deps: Deps,
  input: IngestRequest,
  items: readonly Item[],
  events: readonly NormalizedEvent[],
): Promise<{ refused: null; value: Recorded } | { refused: readonly Item[] }> {
  const receipt: Receipt = {
    ...(await receiptOf(input.request, input.origin)),
    ...(input.replayOf === undefined ? {} : { replayOf: input.replayOf }),
  };
  const token = input.useOnce === undefined ? null : await claimToken(deps, input.origin, input.useOnce, events);
  const extra = [...(token ? [token] : []), ...(input.extra ?? [])];
  try {
    const quarantined = await entriesOf(receipt, items);
    // What a replay still cannot read stays where it is.
    const settles = (input.settles ?? []).filter((id) => !quarantined.some((entry) => entry.id === id));
    const rest = { settles, extra, guard: guardOf(deps, events, receipt.requestId) };
    return { refused: null, value: await recordRequest(deps.db, { receipt, events, quarantined, ...rest }) };
  } catch (error) {
    if (isTokenTaken(error) || !isRefusedValue(error)) throw error;
    deps.log.error("record.refused", { provider: receipt.provider, connection: receipt.connection });
    const problem = { reason: "store_refused", detail: "The database refused a value of this body." };
    const refused: readonly Item[] = [{ index: null, ignored: false, events: [], problem }];
    await recordRequest(deps.db, {
      receipt,
      events: [],
      quarantined: await entriesOf(receipt, refused),
      extra,
    });
    return { refused };
  }
}

/** Only for a request with bounces. */
function guardOf(deps: Deps, events: readonly NormalizedEvent[], requestId: string): D1PreparedStatement[] {
  if (!deps.policy.ok || !events.some((event) => event.kind === "bounced")) return [];
  const configured = { policy: deps.policy.value, policyText: deps.policyText };
  return holdBursts(deps.db, configured, requestId, deps.now());
}

/**
 * Makes sure that a token names these events and no others.
 *
 * @returns the statement that takes it, for the batch that records them; `null` when they have it already
 * @throws TokenReused
 */
async function claimToken(
  deps: Deps,
  { provider, connection, receivedAt }: ReceiptOrigin,
  token: string,
  events: readonly NormalizedEvent[],
): Promise<D1PreparedStatement | null> {
  const digest = await sha256Hex(
    events
      .map((event) => event.id)
      .sort()
      .join(" "),
  );
  const known = await digestOfToken(deps.db, { provider, connection, token });
  if (known !== null && known !== digest) throw new TokenReused();
  return known === null ? insertToken(deps.db, { provider, connection, token, digest }, receivedAt) : null;
}

async function entriesOf(receipt: Receipt, items: readonly Item[]): Promise<QuarantineEntry[]> {
  const unreadable = items.filter((item) => item.problem !== null);
  return Promise.all(
    unreadable.map(async (item) => ({
      id: await quarantineId(receipt, item.index),
      item: item.index,
      reason: item.problem?.reason ?? "",
      detail: item.problem?.detail ?? "",
    })),
  );
}

function answer(items: readonly Item[], recorded: Recorded | null, progress: Progress): Ingested {
  const received = items.reduce((sum, item) => sum + item.events.length, 0);
  const isNew = recorded?.newCount ?? 0;
  const counts: IngestCounts = {
    received,
    new: isNew,
    duplicate: received - isNew,
    ignored: items.filter((item) => item.ignored).length,
    quarantined: items.filter((item) => item.problem).length,
    pending: progress.pending,
  };
  return { counts, items: () => results(items, recorded) };
}

function results(items: readonly Item[], recorded: Recorded | null): IngestItem[] {
  // Said twice in one request, it is new once.
  const told = new Set<string>();
  const isNews = (event: NormalizedEvent) => {
    const isRepetition = told.has(event.id);
    told.add(event.id);
    return !isRepetition && (recorded?.isNew(event) ?? false);
  };
  return items.map((item) => ({
    index: item.index,
    events: item.events.map((event) => ({ id: event.id, isNew: isNews(event) })),
    problem: item.problem,
  }));
}
