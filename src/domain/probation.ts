/**
 * Probation: a soft suppression does not simply end. When its time is over a single message is let through, the probe,
 * and what becomes of it decides: delivered, the suppression is over; bounced, it lasts one step longer.
 *
 * The step follows from the recorded bounces, as every decision does. That a probe was given out follows from nothing on
 * record: it is a lease, which the recipient's object keeps beside the facts.
 */
import type { ProbationPolicy } from "./policy";

/** How far a soft suppression has come. Times are epoch ms. */
export interface Probation {
  /** Counted from 1. */
  readonly step: number;
  /** So many steps there are; a bounce after the last suppresses for good. */
  readonly of: number;
  /** From then on one check may be given a probe. */
  readonly probeFrom: number;
  /** When the probe was given out whose outcome is, or was, waited for in this step. Absent: none was. */
  readonly probedAt?: number | undefined;
}

/** A probe that was given out. Times are epoch ms. */
export interface ProbeLease {
  readonly at: number;
  /** So long nobody else is given one. */
  readonly until: number;
}

/**
 * @param last the step before; absent: there is none
 * @param bouncedAt of the bounce that brings it about, epoch ms
 * @returns `null`: there is no further step, and it is suppressed for good
 */
export function nextStep(
  { stepsMs }: ProbationPolicy,
  last: Probation | undefined,
  bouncedAt: number,
): Probation | null {
  const passed = last?.step ?? 0;
  const length = stepsMs[passed];
  return length === undefined ? null : { step: passed + 1, of: stepsMs.length, probeFrom: bouncedAt + length };
}

/** While a probe of this very step is out, the next one may be given when the wait for it is over. */
export function withLease(probation: Probation, lease: ProbeLease | undefined): Probation {
  if (!lease || lease.at < probation.probeFrom) return probation;
  return { ...probation, probeFrom: Math.max(probation.probeFrom, lease.until), probedAt: lease.at };
}
