/** Blocking or releasing many recipients at once: a batch of commands, which can be undone as a whole. */
import { ADDRESS_ERRORS, canonicalRecipient } from "../domain/address";
import type { EventDraft } from "../domain/event";
import type { Actor } from "../store/audit";
import { batchById, MAX_PART_EVENTS } from "../store/batches";
import { complainedAfter, pendingNames } from "../store/pending";
import { applyBatch, BatchWriter } from "./batches";
import type { Deps } from "./deps";
import { normalize } from "./normalize";
import { OPERATOR_CONNECTION, OPERATOR_PROVIDER } from "./operate";
import { namesOf, type Standing, standingsOf } from "./standing";

/** The look-ups of a request, and its answer, are bounded by it. */
export const MAX_BULK_RECIPIENTS = 10_000;

/** What can be done to many at once. */
export const BULK_ACTIONS = ["block", "release"] as const;
type BulkAction = (typeof BULK_ACTIONS)[number];

const KINDS = { block: "manual_block", release: "manual_release" } as const satisfies Record<BulkAction, string>;

export interface BulkRequest {
  readonly action: BulkAction;
  /** As they were sent; at most `MAX_BULK_RECIPIENTS`. */
  readonly recipients: readonly string[];
  readonly note: string | null;
  /** Of a block. Epoch ms. */
  readonly expiresAt?: number | undefined;
  /** Of a release: complaints too, with a note. */
  readonly force: boolean;
  readonly actor: Actor;
  readonly requestId: string;
}

/** What became of one. `done`: it is on record. */
export interface BulkResult {
  readonly recipient: string;
  readonly status: "done" | "skipped" | "invalid";
  readonly code: string | null;
  readonly detail: string | null;
}

export interface BulkOutcome {
  /** `null`: there was nothing to record. */
  readonly batchId: string | null;
  readonly results: readonly BulkResult[];
  /** Events on record whose recipients are still to be told. */
  readonly pending: number;
}

const SKIPPED = {
  repeated: "It is in the list twice.",
  blocked: "It is blocked already.",
  unknown: "Nothing is known of this recipient.",
  complaint_needs_force: "A complaint is released only with force and a note.",
} as const;
type SkipCode = keyof typeof SKIPPED;

/** @throws when a store failed; what is on record by then stays, under a batch that is `incomplete` */
export async function runBulk(deps: Deps, request: BulkRequest): Promise<BulkOutcome> {
  const read = readRecipients(request.recipients);
  const addresses = read.flatMap(({ address }) => address ?? []);
  // What is pending is read first: it cannot take effect in between unseen.
  const names = await Promise.all(addresses.map(namesOf));
  const pending = await pendingNames(deps.db, names.flat());
  const standings = await standingsOf(deps, addresses);
  const skips = await SKIPS[request.action](deps, standings, pending, request);
  let next = 0;
  const entries = read.map((entry) => {
    const standing = entry.address === null ? null : (standings[next++] ?? null);
    const skip = standing && skips.get(standing);
    return {
      result: skip ? skippedResult(entry.result.recipient, skip) : entry.result,
      standing: skip ? null : standing,
    };
  });
  const batchId = await record(
    deps,
    request,
    entries.flatMap(({ standing }) => standing?.name ?? []),
  );
  if (batchId !== null) await applyBatch(deps, batchId);
  const batch = batchId === null ? null : await batchById(deps.db, batchId);
  return { batchId, results: entries.map(({ result }) => result), pending: batch?.pending ?? 0 };
}

interface Entry {
  /** Canonical; `null`: it is not to be looked at further. */
  readonly address: string | null;
  readonly result: BulkResult;
}

function readRecipients(recipients: readonly string[]): Entry[] {
  const seen = new Set<string>();
  return recipients.map((recipient): Entry => {
    const address = canonicalRecipient(recipient);
    if (!address.ok) {
      const detail = ADDRESS_ERRORS[address.error];
      return { address: null, result: { recipient, status: "invalid", code: "invalid_recipient", detail } };
    }
    if (seen.has(address.value)) return { address: null, result: skippedResult(recipient, "repeated") };
    seen.add(address.value);
    return { address: address.value, result: { recipient, status: "done", code: null, detail: null } };
  });
}

function skippedResult(recipient: string, code: SkipCode): BulkResult {
  return { recipient, status: "skipped", code, detail: SKIPPED[code] };
}

type Skips = ReadonlyMap<Standing, SkipCode>;

/** @param pending names of which something is still to be applied */
type FindSkips = (
  deps: Deps,
  standings: readonly Standing[],
  pending: ReadonlySet<string>,
  request: BulkRequest,
) => Promise<Skips>;

const SKIPS: Readonly<Record<BulkAction, FindSkips>> = { block: skippedBlocks, release: skippedReleases };

/** The very same block in force, and nothing on its way that could end it. */
async function skippedBlocks(
  _deps: Deps,
  standings: readonly Standing[],
  pending: ReadonlySet<string>,
  { expiresAt }: BulkRequest,
): Promise<Skips> {
  const isBlocked = ({ names, suppressions }: Standing) =>
    !names.some((name) => pending.has(name)) &&
    suppressions.some((s) => s.reason === "manual" && s.until === (expiresAt ?? null));
  return new Map(standings.filter(isBlocked).map((standing) => [standing, "blocked"]));
}

async function skippedReleases(
  deps: Deps,
  standings: readonly Standing[],
  pending: ReadonlySet<string>,
  { force, note }: BulkRequest,
): Promise<Skips> {
  const moments = standings.flatMap(({ names, row }) => names.map((name) => [name, row?.released_at ?? 0] as const));
  const complained = await complainedAfter(deps.db, moments);
  const isForced = force && note !== null;
  const codeOf = ({ row, suppressions, names }: Standing): SkipCode | null => {
    if (!row && !names.some((name) => pending.has(name))) return "unknown";
    const hasComplained = suppressions.some((s) => s.reason === "complaint") || names.some((n) => complained.has(n));
    return hasComplained && !isForced ? "complaint_needs_force" : null;
  };
  return new Map(
    standings.flatMap((standing) => {
      const code = codeOf(standing);
      return code ? [[standing, code] as const] : [];
    }),
  );
}

/** @param names under which the commands are recorded */
async function record(deps: Deps, request: BulkRequest, names: readonly string[]): Promise<string | null> {
  if (!names.length) return null;
  const { action, note, expiresAt, actor, requestId } = request;
  const origin = { provider: OPERATOR_PROVIDER, connection: OPERATOR_CONNECTION };
  const writer = await BatchWriter.open(deps, { kind: action, format: null, note, actor, requestId }, origin);
  for (let first = 0; first < names.length; first += MAX_PART_EVENTS) {
    const receivedAt = deps.now();
    const drafts = names.slice(first, first + MAX_PART_EVENTS).map(
      (recipient): EventDraft => ({
        kind: KINDS[action],
        recipient,
        occurredAt: receivedAt,
        expiresAt: action === "block" ? expiresAt : undefined,
        metadata: note === null ? undefined : { note },
        identity: [requestId],
      }),
    );
    const outcomes = normalize(drafts, { ...origin, receivedAt });
    const events = outcomes.flatMap((outcome) => (outcome.ok ? [outcome.value] : []));
    await writer.add(events, { rows: events.length, skipped: 0, invalid: 0, receivedAt });
  }
  await writer.finish();
  return writer.id;
}
