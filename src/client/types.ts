/** What the service answers, as it stands on the wire: times are ISO 8601 in UTC, what is absent is `null`. */
import type { Purpose } from "../domain/answer";
import type { BounceClass, BounceMode, EventKind, Reason } from "../domain/event";

export type { BounceClass, BounceMode, EventKind, Purpose, Reason };

export type Consistency = "eventual" | "strong";

/** Why and since when an address must not be mailed. */
export interface Suppressed {
  /** As it was asked, or as it is on the list. */
  readonly recipient: string;
  readonly reasons: readonly Reason[];
  readonly since: string | null;
  /** When it ends by itself; `null`: it does not. */
  readonly until: string | null;
}

/** One entry of the journal. */
export interface Event {
  readonly id: string;
  readonly provider: string;
  readonly connection: string;
  readonly kind: EventKind;
  readonly class: BounceClass | null;
  readonly category: string | null;
  /** The rule that decided the class. */
  readonly rule: string | null;
  /** The provider's own verdict. */
  readonly hint: string | null;
  readonly recipient: string;
  readonly messageId: string | null;
  readonly envelopeSender: string | null;
  readonly campaign: string | null;
  readonly tags: readonly string[] | null;
  readonly metadata: Readonly<Record<string, unknown>> | null;
  readonly statusCode: string | null;
  readonly replyCode: string | null;
  readonly diagnosticCode: string | null;
  readonly remoteMta: string | null;
  readonly mode: BounceMode | null;
  readonly occurredAt: string;
  readonly receivedAt: string;
  readonly appliedAt: string | null;
  readonly receiptId: number;
}

export interface SuppressionDetail extends Suppressed {
  readonly note: string | null;
  readonly evidence: readonly Event[];
}

export interface Recipient extends Suppressed {
  /** Hex SHA-256 of the address: what logs show. */
  readonly key: string;
  readonly suppressed: boolean;
  readonly allowed: boolean;
  readonly softBounces: { readonly count: number; readonly threshold: number | null };
  readonly releasedAt: string | null;
  /** Events on record that are still to be applied. */
  readonly pending: number;
  readonly evidence: readonly Event[];
  readonly timeline: readonly Event[];
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}
