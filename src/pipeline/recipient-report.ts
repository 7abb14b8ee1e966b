/** All that is known about one recipient, for those who show it. */
import type { EventRow } from "../store/event-row";
import { eventsByIdentity, newestEventsOf } from "../store/events";
import { pendingOfRecipient } from "../store/pending";
import { type Checked, check } from "./check";
import type { Deps } from "./deps";
import { effectivePolicy } from "./policy";
import { namesOf, type Standing, standingOf } from "./standing";

/** Events of a timeline; whoever wants more pages through the journal. */
export const TIMELINE_LENGTH = 100;

export interface RecipientReport extends Pick<Standing, "key" | "row" | "suppressions"> {
  /** What a sender of marketing mail is told, a block of the domain included; `null`: a domain itself is not mailed. */
  readonly answer: Checked | null;
  /** The newest in the journal, in the order in which they were received, the latest first. */
  readonly timeline: readonly EventRow[];
  /** The events that suppress it. */
  readonly evidence: readonly EventRow[];
  /** Events on record that are still to be applied. */
  readonly pending: number;
  /** At which soft bounce it is suppressed; `null`: the policy cannot be used. */
  readonly threshold: number | null;
}

/**
 * @param address canonical
 * @throws when D1 fails
 */
export async function recipientReport(
  deps: Pick<Deps, "db" | "kv" | "now" | "log" | "policy" | "policyText">,
  address: string,
): Promise<RecipientReport> {
  const { db } = deps;
  const names = namesOf(address);
  const [{ key, row, suppressions }, answer, timelines, pending, policy] = await Promise.all([
    standingOf(deps, address),
    address.startsWith("@") ? null : check(deps, address, "marketing", "strong"),
    Promise.all(names.map((name) => newestEventsOf(db, name, TIMELINE_LENGTH))),
    pendingOfRecipient(db, names),
    effectivePolicy(deps),
  ]);
  const causes = suppressions.map(({ eventId }) => eventId);
  return {
    ...{ key, row, suppressions, answer },
    timeline: timelines
      .flat()
      .sort((a, b) => b.seq - a.seq)
      .slice(0, TIMELINE_LENGTH),
    evidence: await eventsByIdentity(db, names, causes),
    pending: pending.length,
    threshold: policy.ok ? policy.value.policy.softThreshold : null,
  };
}
