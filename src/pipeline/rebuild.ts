/** Rebuilding each store from the one before it: an object from the journal, the projection from the object, KV from the projection. */
import { erasedAddress, keyOfErased } from "../domain/address";
import type { Decision } from "../domain/decision";
import { type EffectivePolicy, effectivePolicyOf } from "../domain/effective-policy";
import { fail, ok, type Result } from "../domain/result";
import { rebuildRecipientObject, revisionOf } from "../recipient/client";
import type { PolicyInForce, Revision } from "../recipient/rpc";
import { listEdge } from "../store/edge-cache";
import { type FactRow, factOf } from "../store/event-row";
import { recordsOf } from "../store/pending";
import { answersAfter, answersByKey, type RecipientRow } from "../store/recipients";
import type { Deps } from "./deps";
import { inForce } from "./policy";
import { project, writeAnswer } from "./project";
import { recipientKey } from "./recipient-key";

const ATTEMPTS = 5;
/** Two calls of an object for each: a wave and its projection fit into the 50 subrequests of the Free plan. */
const WAVE_RECIPIENTS = 20;
/** KV takes a thousand operations an invocation. */
const EDGE_PAGE = 400;

export type RebuildOutcome =
  | { readonly type: "decided"; readonly decision: Decision }
  /** There is nothing to rebuild. */
  | { readonly type: "unknown" }
  /** Events kept coming in between. */
  | { readonly type: "busy" }
  | { readonly type: "failed"; readonly error: unknown };

/**
 * Rebuilds one recipient: its object from the journal, then the projection and the edge cache.
 *
 * @param address canonical
 * @throws when a store failed
 */
export async function rebuildRecipient(deps: Deps, address: string): Promise<Result<Decision, "busy" | "unknown">> {
  const outcome = (await rebuildRecipients(deps, [address])).outcomes.get(address);
  if (!outcome || outcome.type === "failed") throw outcome?.error;
  return outcome.type === "decided" ? ok(outcome.decision) : fail(outcome.type);
}

export interface Rebuilt {
  /** What came of each, by its address. */
  readonly outcomes: ReadonlyMap<string, RebuildOutcome>;
  /** Answers that the edge cache was told, or should have been. */
  readonly edgeWrites: number;
}

/**
 * Rebuilds any number of recipients, wave by wave, each by the policy that holds when its events are read. Never rejects.
 *
 * @param addresses canonical, or the pseudo-addresses of recipients who were erased
 * @param maxEdgeWrites so many answers are written to the edge cache now; the others wait for the cron
 */
export async function rebuildRecipients(
  deps: Deps,
  addresses: readonly string[],
  maxEdgeWrites = Number.POSITIVE_INFINITY,
): Promise<Rebuilt> {
  const outcomes = new Map<string, RebuildOutcome>();
  let edgeWrites = 0;
  for (let first = 0; first < addresses.length; first += WAVE_RECIPIENTS) {
    let wave = addresses.slice(first, first + WAVE_RECIPIENTS);
    for (let attempt = 1; wave.length && attempt <= ATTEMPTS; attempt++) {
      const results = await rebuildWave(deps, wave, maxEdgeWrites - edgeWrites);
      edgeWrites += results.edgeWrites;
      wave.forEach((address, i) => {
        outcomes.set(address, results.outcomes[i] ?? { type: "unknown" });
      });
      wave = wave.filter((address) => outcomes.get(address)?.type === "busy");
    }
  }
  return { outcomes, edgeWrites };
}

interface RebuiltWave {
  /** In the order of the addresses. */
  readonly outcomes: readonly RebuildOutcome[];
  readonly edgeWrites: number;
}

async function rebuildWave(deps: Deps, addresses: readonly string[], maxEdgeWrites: number): Promise<RebuiltWave> {
  try {
    const keys = addresses.map(recipientKey);
    // The revision is read before the facts: whatever the object took in later makes it refuse.
    const revisions = await Promise.allSettled(keys.map((key) => revisionOf(deps.recipients, key)));
    const { records, policy } = await recordsByKey(deps, keys, addresses, revisions.flatMap(addressIn));
    const outcomes = await Promise.all(
      keys.map(async (key, i): Promise<RebuildOutcome> => {
        const revision = revisions[i];
        if (revision?.status !== "fulfilled") return { type: "failed", error: revision?.reason };
        return rebuildObject(
          deps,
          inForce(policy),
          { key, address: addresses[i] ?? "", revision: revision.value },
          records(key),
        );
      }),
    );
    const settlements = outcomes.flatMap((outcome, i) =>
      outcome.type === "decided"
        ? [{ decision: outcome.decision, records: records(keys[i] ?? "").facts.filter((row) => row.state === 0) }]
        : [],
    );
    const { edgeWrites } = await project(deps, settlements, maxEdgeWrites);
    return { outcomes, edgeWrites };
  } catch (error) {
    return { outcomes: addresses.map(() => ({ type: "failed", error })), edgeWrites: 0 };
  }
}

function addressIn(revision: PromiseSettledResult<Revision>): string[] {
  return revision.status === "fulfilled" && revision.value.address !== null ? [revision.value.address] : [];
}

/** What a recipient is decided from. */
export interface Records {
  readonly row: RecipientRow | undefined;
  readonly facts: readonly FactRow[];
}

/**
 * What is on record about some recipients, and the policy to decide by. The journal may know a recipient by the address, and,
 * after an erasure, by what is left of it.
 *
 * @throws when a store failed, or the policy is unusable
 */
export async function recordsByKey(
  deps: Pick<Deps, "db" | "policy" | "policyText">,
  keys: readonly string[],
  addresses: readonly string[],
  told: readonly string[],
): Promise<{ readonly records: (key: string) => Records; readonly policy: EffectivePolicy }> {
  const names = new Set([...addresses, ...told, ...keys.map(erasedAddress)]);
  const { rows, facts, policy: newest } = await recordsOf(deps.db, keys, [...names]);
  const policy = effectivePolicyOf(deps, newest);
  if (!policy.ok) throw new Error("policy is invalid");
  const known = [...new Set(facts.map((fact) => fact.address))];
  const keyOf = new Map(known.map((name) => [name, recipientKey(name)] as const));
  const factsByKey = Map.groupBy(facts, (fact) => keyOf.get(fact.address));
  const rowByKey = new Map(rows.map((row) => [row.key, row]));
  return {
    records: (key) => ({ row: rowByKey.get(key), facts: factsByKey.get(key) ?? [] }),
    policy: policy.value,
  };
}

async function rebuildObject(
  deps: Deps,
  policy: PolicyInForce,
  { key, address, revision }: { readonly key: string; readonly address: string; readonly revision: Revision },
  { row, facts }: Records,
): Promise<RebuildOutcome> {
  if (!row && !facts.length) return { type: "unknown" };
  try {
    const decision = await rebuildRecipientObject(deps.recipients, {
      key,
      address: nameOf(key, address, { row, facts }),
      ...policy,
      facts: facts.filter((fact) => fact.retracted_by === null).map(factOf),
      retracted: facts.filter((fact) => fact.retracted_by !== null).map((fact) => fact.seq),
      erasedUpTo: row?.erased_seq ?? 0,
      floor: row?.version ?? 0,
      ifRevision: revision.number,
    });
    return decision ? { type: "decided", decision } : { type: "busy" };
  } catch (error) {
    return { type: "failed", error };
  }
}

/** The address, where the stores know it; of a recipient who was erased, what is left. */
function nameOf(key: string, address: string, { row, facts }: Records): string {
  const named = facts.find((fact) => keyOfErased(fact.address) === null)?.address;
  if (named) return named;
  return row?.address ?? (row || facts.length ? erasedAddress(key) : address);
}

export interface EdgeRebuilt {
  readonly written: number;
  readonly removed: number;
  /** Hand it in again to go on; `null`: done. */
  readonly nextCursor: string | null;
}

/**
 * Rebuilds a part of the edge cache: first every answer of the projection is written, then what the cache holds
 * beyond them is removed.
 *
 * @param cursor where the last call ended: `rows:<key>` or `keys:<KV cursor>`; `null` to begin
 */
export async function rebuildEdge(deps: Deps, cursor: string | null): Promise<EdgeRebuilt> {
  const [phase = "rows", position = ""] = cursor ? splitCursor(cursor) : [];
  return phase === "keys" ? removeStrangers(deps, position || null) : writeAnswers(deps, position);
}

/** `phase:place` */
export function splitCursor(cursor: string): [phase: string, place: string] {
  const colon = cursor.indexOf(":");
  return [cursor.slice(0, colon), cursor.slice(colon + 1)];
}

async function writeAnswers(deps: Deps, after: string): Promise<EdgeRebuilt> {
  const answers = await answersAfter(deps.db, after, EDGE_PAGE);
  const outcomes = await Promise.all(answers.map((answer) => writeAnswer(deps, answer)));
  if (outcomes.includes(false)) throw new Error("the edge cache refused a write");
  const last = answers.at(-1);
  const removed = answers.filter((answer) => answer.answer === null).length;
  return {
    written: answers.length - removed,
    removed,
    nextCursor: last && answers.length === EDGE_PAGE ? `rows:${last.key}` : "keys:",
  };
}

async function removeStrangers(deps: Deps, kvCursor: string | null): Promise<EdgeRebuilt> {
  const page = await listEdge(deps.kv, kvCursor, EDGE_PAGE);
  const answered = await answersByKey(deps.db, page.keys);
  const strangers = page.keys.filter((key) => !answered.has(key));
  const outcomes = await Promise.all(strangers.map((key) => writeAnswer(deps, { key, answer: null, version: 0 })));
  if (outcomes.includes(false)) throw new Error("the edge cache refused a write");
  return { written: 0, removed: strangers.length, nextCursor: page.cursor === null ? null : `keys:${page.cursor}` };
}
