/**
 * Rebuilding every recipient from the journal: after a restore, or with a new policy. A part at a time, since there may be
 * millions; each call says where the next one goes on.
 */
import { recipientsOfJournal, strangersAfter } from "../store/rebuild";
import type { Deps } from "./deps";
import { rebuildRecipients, splitCursor } from "./rebuild";

/** Rows of the journal looked at in one statement, and statements of a call. */
const STRETCH = 5_000;
const STRETCHES_PER_CALL = 40;

export interface RecipientsRebuilt {
  readonly rebuilt: number;
  /** Hand it in again to go on; `null`: done. */
  readonly nextCursor: string | null;
}

/** Somebody could not be rebuilt now. Safe to repeat. */
class RebuildFailed extends Error {}

/**
 * Rebuilds some recipients: objects and projection; the cron settles the edge cache. First those of the journal, in its order, each once; then those
 * who stand on the list without any event.
 *
 * @param cursor where the last call ended: `events:<place>` or `rows:<address>`; `null` to begin
 * @param limit recipients
 * @throws RebuildFailed where one of them failed: none is passed over
 */
export async function rebuildAll(deps: Deps, cursor: string | null, limit: number): Promise<RecipientsRebuilt> {
  const [phase, position] = cursor === null ? ["events", "0"] : splitCursor(cursor);
  return phase === "rows" ? rebuildStrangers(deps, position, limit) : rebuildStretches(deps, Number(position), limit);
}

async function rebuildStretches(deps: Deps, after: number, limit: number): Promise<RecipientsRebuilt> {
  let place = after;
  for (let i = 0; i < STRETCHES_PER_CALL; i++) {
    const { addresses, next } = await recipientsOfJournal(deps.db, place, STRETCH, limit);
    if (next === null) return { rebuilt: 0, nextCursor: "rows:" };
    place = next;
    if (addresses.length) {
      await rebuildEach(deps, addresses);
      return { rebuilt: addresses.length, nextCursor: `events:${place}` };
    }
  }
  return { rebuilt: 0, nextCursor: `events:${place}` };
}

async function rebuildStrangers(deps: Deps, after: string, limit: number): Promise<RecipientsRebuilt> {
  const addresses = await strangersAfter(deps.db, after, limit);
  await rebuildEach(deps, addresses);
  const last = addresses.at(-1);
  return { rebuilt: addresses.length, nextCursor: last && addresses.length === limit ? `rows:${last}` : null };
}

async function rebuildEach(deps: Deps, addresses: readonly string[]): Promise<void> {
  // The cron settles the edge cache, at its own pace.
  const { outcomes } = await rebuildRecipients(deps, addresses, 0);
  const failed = addresses.filter((address) => {
    const outcome = outcomes.get(address)?.type;
    return outcome !== "decided" && outcome !== "unknown";
  });
  if (failed.length) {
    deps.log.warn("rebuild.failed", { recipients: failed.length });
    throw new RebuildFailed();
  }
}
