/** Changes of recipients' standings as they are shown: with the address and the event behind them, looked up at that moment. */
import type { StandingChange } from "../domain/what-if";
import type { EventRow } from "../store/event-row";
import { eventsByIdentity } from "../store/events";
import type { PolicyRunRow } from "../store/policy-runs";
import { recipientsByKey } from "../store/recipients";
import type { Deps } from "./deps";
import { draftOf } from "./policy-run";
import { compareAfter } from "./what-if";

/** Pages of recipients that one call looks at. */
const PAGES_PER_CALL = 50;
const BUDGET_MS = 10_000;

export interface ShownChange {
  readonly change: StandingChange;
  /** `null`: it was erased. */
  readonly address: string | null;
  /** What suppresses it then; of one who is released: what suppresses it now. */
  readonly event: EventRow | null;
}

/** In the order of the changes. */
export async function shownChanges(db: D1Database, changes: readonly StandingChange[]): Promise<ShownChange[]> {
  const rows = await recipientsByKey(
    db,
    changes.map(({ key }) => key),
  );
  const addresses = [...rows.values()].flatMap(({ address }) => address ?? []);
  const events = await eventsByIdentity(db, addresses, changes.flatMap(eventIdOf));
  return changes.map((change) => {
    const address = rows.get(change.key)?.address ?? null;
    const [id] = eventIdOf(change);
    return { change, address, event: events.find((event) => event.id === id && event.address === address) ?? null };
  });
}

function eventIdOf({ before, after }: StandingChange): string[] {
  const [suppression] = after.suppressions.length ? after.suppressions : before.suppressions;
  return suppression ? [suppression.eventId] : [];
}

export interface ChangesPage {
  readonly changes: readonly StandingChange[];
  /** Where to go on; `null`: there are no more. */
  readonly next: string | null;
}

/**
 * Those that a simulation's draft would change, compared anew.
 *
 * @param after the key behind which the page begins
 */
export async function changesAfter(
  deps: Pick<Deps, "db" | "policy" | "policyText" | "now">,
  run: PolicyRunRow,
  after: string,
  limit: number,
): Promise<ChangesPage> {
  const draft = draftOf(run);
  if (!draft) return { changes: [], next: null };
  const deadline = deps.now() + BUDGET_MS;
  const changes: StandingChange[] = [];
  let place = after;
  for (let pages = 0; pages < PAGES_PER_CALL && deps.now() < deadline; pages++) {
    const page = await compareAfter(deps, place, draft);
    changes.push(...page.changes);
    const last = changes[limit - 1];
    if (changes.length > limit && last) return { changes: changes.slice(0, limit), next: last.key };
    if (page.next === null) return { changes, next: null };
    place = page.next;
    if (changes.length === limit) break;
  }
  return { changes, next: place };
}
