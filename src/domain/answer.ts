/** "May I mail this address?", from what is stored about the address and about its domain. */
import { REASONS, type Reason } from "./event";

export const PURPOSES = ["marketing", "transactional"] as const;
export type Purpose = (typeof PURPOSES)[number];

/** One stored answer; times are epoch ms. */
export interface StoredAnswer {
  readonly reasons: Readonly<Partial<Record<string, { readonly since: number; readonly until: number | null }>>>;
  /** On the allow-list: a block of the domain does not reach it. */
  readonly allowed?: boolean | undefined;
}

export interface Answer {
  readonly suppressed: boolean;
  /** Why, for this purpose; empty when it may be mailed. */
  readonly reasons: readonly Reason[];
  /** Epoch ms of the earliest of them, or `null`. */
  readonly since: number | null;
  /** Epoch ms at which the last of them ends, or `null`: never, or not suppressed. */
  readonly until: number | null;
}

/** A password reset still goes to somebody who left the newsletter or reported it. */
const MARKETING_ONLY: ReadonlySet<Reason> = new Set(["complaint", "unsubscribe"]);

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
  const ends = effective.map((s) => s.until);
  return {
    suppressed: effective.length > 0,
    reasons: effective.map((s) => s.reason),
    since: effective.length ? Math.min(...effective.map((s) => s.since)) : null,
    until: effective.length && !ends.includes(null) ? Math.max(...ends.map(Number)) : null,
  };
}
