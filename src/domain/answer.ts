/** "May I mail this address?", from what is stored about the address and about its domain. */
import { REASONS, type Reason } from "./event";
import type { Verdict } from "./recipient-state";

/** What the mail is that somebody wants to send. */
export const PURPOSES = ["marketing", "transactional"] as const;
export type Purpose = (typeof PURPOSES)[number];

/** How long a reason stands; times are epoch ms. */
interface Span {
  readonly since: number;
  readonly until: number | null;
  /** On probation: it does not end by itself, but from then on one check may be given a probe. */
  readonly probeFrom?: number | undefined;
}

/** One stored answer. */
export interface StoredAnswer {
  readonly reasons: Readonly<Partial<Record<string, Span>>>;
  /** On the allow-list: a block of the domain does not reach it. */
  readonly allowed?: boolean | undefined;
}

export interface Answer {
  readonly suppressed: boolean;
  /** Why, for this purpose; empty when it may be mailed. */
  readonly reasons: readonly Reason[];
  /** Epoch ms of the earliest of them, or `null`. */
  readonly since: number | null;
  /**
   * Epoch ms at which the last of them ends, or at which a probe may be made of it, whichever is later; `null`: never, or
   * not suppressed, or a probe may be made now.
   */
  readonly until: number | null;
  /** Nothing but a soft suppression on probation stands against it: from then on (epoch ms) a probe may be made. */
  readonly probeFrom?: number | undefined;
}

/** A password reset still goes to somebody who left the newsletter or reported it. */
const MARKETING_ONLY: ReadonlySet<Reason> = new Set(["complaint", "unsubscribe"]);

/**
 * The answer about an address for a purpose.
 *
 * @param own what is stored of the address; `undefined`: nothing stands against it
 * @param domain the same of its domain
 * @param now epoch ms: what has ended by then no longer counts
 */
export function combineAnswers(
  own: StoredAnswer | undefined,
  domain: StoredAnswer | undefined,
  purpose: Purpose,
  now: number,
): Answer {
  const standing = [
    ...REASONS.map((reason) => ({ reason, span: own?.reasons[reason] })),
    // Whatever stands against a domain as a whole is one reason for each of its addresses.
    ...(own?.allowed ? [] : [{ reason: "domain" as const, span: domain?.reasons.manual }]),
  ].flatMap(({ reason, span }) => (span && (span.until === null || span.until > now) ? [{ reason, ...span }] : []));
  const effective = standing.filter((s) => purpose === "marketing" || !MARKETING_ONLY.has(s.reason));
  const ends = effective.map((s) => shownEnd(s, now));
  const probeFrom = effective.length === 1 ? effective[0]?.probeFrom : undefined;
  return {
    suppressed: effective.length > 0,
    reasons: effective.map((s) => s.reason),
    since: effective.length ? Math.min(...effective.map((s) => s.since)) : null,
    until: effective.length && !ends.includes(null) ? Math.max(...ends.map(Number)) : null,
    ...(probeFrom === undefined ? {} : { probeFrom }),
  };
}

/**
 * What a reader is told of an end: on probation the time before which nothing can change, `null` once it has come.
 *
 * @param now epoch ms
 */
export function shownEnd({ until, probeFrom }: Pick<Span, "until" | "probeFrom">, now: number): number | null {
  return until ?? (probeFrom !== undefined && probeFrom > now ? probeFrom : null);
}

/** What the stores of answers hold of a verdict; `null`: nothing. */
export function storedAnswerOf({ suppressions, allowed }: Verdict): StoredAnswer | null {
  if (!suppressions.length && !allowed) return null;
  const reasons = Object.fromEntries(
    suppressions.map(({ reason, since, until, probation }) => [
      reason,
      { since, until, ...(probation ? { probeFrom: probation.probeFrom } : {}) },
    ]),
  );
  return { reasons, ...(allowed ? { allowed } : {}) };
}

/** May a probe be made of this recipient now? @param now epoch ms */
export function isProbeDue(verdict: Verdict, purpose: Purpose, now: number): boolean {
  const { probeFrom } = combineAnswers(storedAnswerOf(verdict) ?? undefined, undefined, purpose, now);
  return probeFrom !== undefined && probeFrom <= now;
}

/** For those who keep a copy and cannot be given a probe: suppressed, and it does not end by itself. */
export function withoutProbation({ reasons, ...answer }: StoredAnswer): StoredAnswer {
  return {
    ...answer,
    reasons: Object.fromEntries(
      Object.entries(reasons).flatMap(([reason, span]) =>
        span ? [[reason, { since: span.since, until: span.until }] as const] : [],
      ),
    ),
  };
}
