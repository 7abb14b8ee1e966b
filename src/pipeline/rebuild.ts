/** Rebuilding each store from the one before it: an object from the journal, the projection from the object, KV from the projection. */
import { sha256Hex } from "../crypto/digest";
import type { Decision } from "../domain/decision";
import { fail, ok, type Result } from "../domain/result";
import { rebuildRecipientObject, revisionOf } from "../recipient/client";
import { listEdge } from "../store/edge-cache";
import { factOf } from "../store/event-row";
import { factsOfAddress } from "../store/pending";
import { answersAfter, answersByKey, recipientByKey } from "../store/recipients";
import type { Deps } from "./deps";
import { project, writeAnswer } from "./project";

const ATTEMPTS = 5;
/** KV takes a thousand operations an invocation. */
const EDGE_PAGE = 400;

/**
 * Rebuilds one recipient: its object from the journal, then the projection and the edge cache.
 *
 * @param address canonical
 * @returns `busy` when events kept coming in between; `unknown` where there is nothing to rebuild
 */
export async function rebuildRecipient(deps: Deps, address: string): Promise<Result<Decision, "busy" | "unknown">> {
  if (!deps.policy.ok) throw new Error("policy is invalid");
  const key = await sha256Hex(address);
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    // The revision is read before the facts: whatever the object took in later makes it refuse.
    const ifRevision = await revisionOf(deps.recipients, key);
    const rows = await factsOfAddress(deps.db, address);
    const row = await recipientByKey(deps.db, key);
    if (!row && !rows.length) return fail("unknown");
    const floor = row?.version ?? 0;
    const request = { key, address, policy: deps.policy.value, facts: rows.map(factOf), floor, ifRevision };
    const decision = await rebuildRecipientObject(deps.recipients, request);
    if (!decision) continue;
    await project(
      deps,
      [decision],
      rows.map((row) => row.seq),
    );
    return ok(decision);
  }
  return fail("busy");
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

function splitCursor(cursor: string): [string, string] {
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
