import { type ProbeLease, withLease } from "./probation";
import type { Verdict } from "./recipient-state";

/** What a recipient's object decided. Of two, the one with the higher version is the later. */
export interface Decision {
  /** Hex SHA-256 of the address; names the object. */
  readonly key: string;
  readonly address: string;
  readonly version: number;
  /** The object knows of no erasure after this place in the journal; 0: of none. */
  readonly erasedUpTo: number;
  readonly verdict: Verdict;
}

/** What follows from the facts, and from a probe that was given out. */
export function withProbe(verdict: Verdict, lease: ProbeLease | undefined): Verdict {
  if (!lease) return verdict;
  const suppressions = verdict.suppressions.map((s) =>
    s.probation ? { ...s, probation: withLease(s.probation, lease) } : s,
  );
  return { ...verdict, suppressions };
}
