/** What a change of policy would do to recipients: how each stands now, how it would, and how many would change. */
import { REASONS, type Reason } from "./event";
import type { Suppression, Verdict } from "./recipient-state";

/** How a recipient stands. */
export type Standing = Pick<Verdict, "suppressions" | "allowed" | "softCount">;

/** How a recipient can stand otherwise. */
export const CHANGE_KINDS = ["suppressed", "released", "changed"] as const;
/** Newly suppressed, newly released, or the same with another reason, time or count. */
export type ChangeKind = (typeof CHANGE_KINDS)[number];

/** What would change about one recipient. */
export interface StandingChange {
  /** Hex SHA-256 of the address. */
  readonly key: string;
  readonly kind: ChangeKind;
  readonly before: Standing;
  readonly after: Standing;
}

/**
 * @param before as it stands
 * @param drafted under the draft
 * @param today under the policy that holds; a count that time alone has moved is no change
 */
export function changeOf(before: Standing, drafted: Standing, today: Pick<Standing, "softCount">): ChangeKind | null {
  const was = before.suppressions.length > 0;
  const is = drafted.suppressions.length > 0;
  if (was !== is) return is ? "suppressed" : "released";
  return areSame(before.suppressions, drafted.suppressions) && today.softCount === drafted.softCount ? null : "changed";
}

/** Do they say the same? A probe that is out is known to the object alone. */
export function areSame(a: readonly Suppression[], b: readonly Suppression[]): boolean {
  return a.length === b.length && a.every((one, i) => isSame(one, b[i]));
}

function isSame(a: Suppression, b: Suppression | undefined): boolean {
  if (a.reason !== b?.reason || a.since !== b.since || a.until !== b.until || a.eventId !== b.eventId) return false;
  if (a.probation?.step !== b.probation?.step || a.probation?.of !== b.probation?.of) return false;
  const isProbed = a.probation?.probedAt !== undefined || b.probation?.probedAt !== undefined;
  return isProbed || a.probation?.probeFrom === b.probation?.probeFrom;
}

type ByReason = Readonly<Partial<Record<Reason, number>>>;

/** What a walk over recipients has found so far. */
export interface Tally {
  readonly suppressed: number;
  readonly released: number;
  readonly changed: number;
  /** Who would change already under the policy that holds: not decided about since the variable was changed. */
  readonly overdue: number;
  /** Of the newly suppressed: by the first of the reasons that they would have. */
  readonly suppressedBy: ByReason;
  /** Of the newly released: by the first of the reasons that they have. */
  readonly releasedBy: ByReason;
  /** Bounces whose class would be another one, and those about which the journal does not say enough. */
  readonly reclassified: number;
  readonly undecidable: number;
  /** The first of each kind. */
  readonly examples: readonly StandingChange[];
}

/** Before the first recipient. */
export const EMPTY_TALLY: Tally = {
  suppressed: 0,
  released: 0,
  changed: 0,
  overdue: 0,
  suppressedBy: {},
  releasedBy: {},
  reclassified: 0,
  undecidable: 0,
  examples: [],
};

/** So many examples of each kind. */
export const MAX_EXAMPLES = 20;

/** Adds what a page of recipients would change. @param overdue of that page */
export function tallied(tally: Tally, changes: readonly StandingChange[], overdue: number): Tally {
  const count = (kind: ChangeKind) => changes.filter((change) => change.kind === kind).length;
  return {
    ...tally,
    suppressed: tally.suppressed + count("suppressed"),
    released: tally.released + count("released"),
    changed: tally.changed + count("changed"),
    overdue: tally.overdue + overdue,
    suppressedBy: withReasons(tally.suppressedBy, changes, "suppressed", "after"),
    releasedBy: withReasons(tally.releasedBy, changes, "released", "before"),
    examples: CHANGE_KINDS.flatMap((kind) =>
      [...tally.examples, ...changes].filter((change) => change.kind === kind).slice(0, MAX_EXAMPLES),
    ),
  };
}

function withReasons(
  known: ByReason,
  changes: readonly StandingChange[],
  kind: ChangeKind,
  side: "before" | "after",
): ByReason {
  const reasons = changes.flatMap((change) =>
    change.kind === kind ? change[side].suppressions.slice(0, 1).map(({ reason }) => reason) : [],
  );
  const entries = REASONS.map((reason) => [
    reason,
    (known[reason] ?? 0) + reasons.filter((found) => found === reason).length,
  ]);
  return Object.fromEntries(entries.filter(([, n]) => n !== 0));
}
