/**
 * Erasing a recipient. The order, and why:
 *
 * 1. One transaction of D1: the events go, and the raw bytes that held them; the row of the projection keeps the key, a
 *    higher version, and up to which place in the journal everything is gone. From then on a decision that was made
 *    before is refused, and the events behind it stay pending.
 * 2. The object is rebuilt from what is left, and told of that place: whatever was read before and is brought late is
 *    not taken in again.
 * 3. The edge cache; the cron settles it a minute later, as ever.
 * 4. When nobody can be late any more, the row goes, and the object's storage.
 *
 * Each step is safe to repeat, and the cron does what a request left undone. An event that is recorded after the first
 * step is a new fact: the recipient is known again.
 */
import { erasedAddress } from "../domain/address";
import type { NormalizedEvent } from "../domain/event";
import { errorFields } from "../log";
import { forgetRecipientObject } from "../recipient/client";
import type { Actor } from "../store/audit";
import { dropErasedRow, type ErasedRow, erasedRows, eraseRecords, forgetErasure, isKnown } from "../store/erasure";
import type { Deps } from "./deps";
import { normalize } from "./normalize";
import { OPERATOR_CONNECTION, OPERATOR_PROVIDER } from "./operate";
import { writeAnswer } from "./project";
import { rebuildRecipients } from "./rebuild";
import { recipientKey } from "./recipient-key";
import { namesOf } from "./standing";

/** Twice as long as any invocation lives: nobody holds anything from before the erasure after that. */
const REMEMBERED_MS = 30 * 60_000;
const ROWS_PER_RUN = 100;

export interface EraseRequest {
  /** Canonical. */
  readonly address: string;
  /** Its hash stays suppressed, as by hand. */
  readonly keepSuppressed: boolean;
  readonly actor: Actor;
  readonly requestId: string;
}

export interface EraseOutcome {
  readonly key: string;
  /** Events that are gone. */
  readonly events: number;
  /** The object could not be told yet: the cron will. */
  readonly isPending: boolean;
}

/**
 * @returns `null`: nothing is known of it
 * @throws when the journal could not be written: then nothing is erased
 */
export async function erase(deps: Deps, request: EraseRequest): Promise<EraseOutcome | null> {
  if (!deps.policy.ok) throw new Error("policy is invalid");
  const { address, keepSuppressed, actor, requestId } = request;
  const key = recipientKey(address);
  const names = namesOf(address);
  if (!keepSuppressed && !(await isKnown(deps.db, key, names))) return null;
  const at = deps.now();
  const kept = keepSuppressed ? await keptEvent(key, at, requestId) : null;
  const { events, version } = await eraseRecords(deps.db, { key, names, kept, at, actor, requestId });
  if (!kept) await writeAnswer(deps, { key, answer: null, version });
  return { key, events, isPending: !(await tellObject(deps, key)) };
}

/** The fact that goes on suppressing: about a pseudo-address, which is made of the hash. */
async function keptEvent(key: string, at: number, requestId: string): Promise<NormalizedEvent> {
  const draft = {
    kind: "manual_block" as const,
    recipient: erasedAddress(key),
    occurredAt: at,
    hint: "erased",
    identity: [requestId],
  };
  const origin = { provider: OPERATOR_PROVIDER, connection: OPERATOR_CONNECTION, receivedAt: at };
  const [event] = normalize([draft], origin);
  if (!event?.ok) throw new Error("a pseudo-address is an address");
  return event.value;
}

/** @returns did it work? */
async function tellObject(deps: Deps, key: string): Promise<boolean> {
  const name = erasedAddress(key);
  const outcome = (await rebuildRecipients(deps, [name])).outcomes.get(name);
  if (outcome?.type === "decided") return true;
  const reason = outcome?.type === "failed" ? errorFields(outcome.error) : { reason: outcome?.type };
  deps.log.warn("erase.pending", { recipient: key, ...reason });
  return false;
}

/** What the cron does about erasures: tells objects that could not be told, and removes what was left for a while. */
export async function sweepErased(deps: Deps): Promise<void> {
  for (const row of await erasedRows(deps.db, ROWS_PER_RUN)) {
    if (row.erasing === 1) await tellObject(deps, row.key);
    else if (deps.now() - row.erased_at >= REMEMBERED_MS) await letGo(deps, row);
  }
}

async function letGo(deps: Deps, row: ErasedRow): Promise<void> {
  if (row.address !== null) return forgetErasure(deps.db, row);
  // The edge cache first: the row says that its entry has to go.
  if (row.kv_version < row.answer_version) return;
  try {
    // The object before the row, which is what brings us here again.
    if (await forgetRecipientObject(deps.recipients, row.key)) await dropErasedRow(deps.db, row);
  } catch (error) {
    deps.log.warn("erase.pending", { recipient: row.key, ...errorFields(error) });
  }
}
