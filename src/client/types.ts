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
  /** When it ends by itself, or when a probe may be made of it; `null`: it does not, or a probe may be made now. */
  readonly until: string | null;
}

/** How far a soft suppression on probation has come. */
export interface Probation {
  /** From 1. */
  readonly step: number;
  /** So many steps there are; a bounce after the last suppresses for good. */
  readonly of: number;
  /** From then on the next check of this one address may send one message. */
  readonly probeFrom: string;
  /** When a check was last given that permission in this step. */
  readonly probedAt: string | null;
}

/** An entry of the suppression list. */
export interface Suppression extends Suppressed {
  /** Absent: it is not on probation. */
  readonly probation?: Probation | undefined;
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
  /** Of what was withdrawn: the batch that was undone. It has no effect. */
  readonly retractedBy?: string | undefined;
  /** The incident that holds it: it has no effect until that is decided. */
  readonly heldBy?: string | undefined;
}

export interface SuppressionDetail extends Suppression {
  readonly note: string | null;
  readonly evidence: readonly Event[];
}

export interface Recipient extends Suppression {
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

/** What became of what was handed in. */
export interface Counts {
  /** Events understood, duplicates included: `new + duplicate`. */
  readonly received: number;
  readonly new: number;
  readonly duplicate: number;
  /** Known and not wanted. */
  readonly ignored: number;
  /** What could not be read, and is kept. */
  readonly quarantined: number;
  /** Events on record that are still to be applied. */
  readonly pending: number;
}

/** A listing or a release, in the feed of changes. */
export interface Change {
  /** `null`: the address was erased. */
  readonly recipient: string | null;
  readonly key: string;
  readonly suppressed: boolean;
  /** A block of its domain does not reach it. */
  readonly allowed: boolean;
  readonly reasons: readonly Reason[];
  readonly since: string | null;
  readonly until: string | null;
  readonly changedAt: string;
}

/** An address that nothing automatic suppresses. */
export interface Allowed {
  readonly recipient: string;
  readonly since: string | null;
  readonly note: string | null;
  /** What suppresses it all the same: a block by hand. */
  readonly reasons: readonly Reason[];
}

export interface AllowedChange {
  readonly recipient: string;
  readonly allowed: boolean;
  /** Events on record that are still to be applied. */
  readonly pending: number;
}

/** What was done to many recipients at once. */
export interface Batch {
  readonly id: string;
  readonly kind: string;
  /** Of an import: what the list was read as. */
  readonly format: string | null;
  readonly status: string;
  readonly note: string | null;
  readonly actor: string;
  readonly actorLabel: string | null;
  readonly createdAt: string;
  readonly recordedAt: string | null;
  readonly rows: number;
  /** Events that it brought; undoing it withdraws them. */
  readonly new: number;
  readonly known: number;
  readonly skipped: number;
  readonly invalid: number;
  readonly pending: number;
  readonly revertedAt: string | null;
  readonly revertedBy: string | null;
  readonly revertedByLabel: string | null;
  /** Events that were withdrawn so far. */
  readonly retracted: number;
}

export interface Erased {
  readonly recipient: string;
  readonly key: string;
  readonly erased: true;
  /** Events that are gone. */
  readonly events: number;
  /** Its hash is still suppressed. */
  readonly suppressed: boolean;
}

export interface QuarantineItem {
  readonly id: string;
  readonly provider: string;
  readonly connection: string;
  readonly receiptId: number;
  /** Position of the record in the body; `null`: the body as a whole. */
  readonly item: number | null;
  readonly reason: string;
  readonly detail: string;
  readonly receivedAt: string | null;
  readonly bodyBytes: number;
}

export interface Connection {
  readonly provider: string;
  readonly title: string;
  readonly connection: string;
  /** Where the provider posts; for a queue, its name. */
  readonly url: string;
  readonly manual: string;
  readonly verifiedBy: string;
  readonly usable: boolean;
  readonly problem: string | null;
  readonly lastReceivedAt: string | null;
  readonly lastRejectedAt: string | null;
  readonly lastRejectedReason: string | null;
  /** Events by kind. */
  readonly counts: Readonly<Record<string, number>>;
}

/** What a raw mail says about one recipient. */
export interface MailEvent {
  readonly kind: EventKind;
  readonly class: BounceClass | null;
  readonly category: string | null;
  readonly rule: string | null;
  readonly recipient: string | null;
  readonly failedAddress: string | null;
  readonly statusCode: string | null;
  readonly replyCode: string | null;
  readonly diagnosticCode: string | null;
  readonly messageId: string | null;
  readonly feedbackType: string | null;
}

export interface Mail {
  readonly form: "dsn" | "arf" | "auto_reply" | "free_text" | "unrecognized";
  readonly events: readonly MailEvent[];
}

/** What happened, in the service's own words; the journal keeps it. */
export interface NewEvent {
  readonly kind: EventKind;
  readonly recipient: string;
  /** Of a bounce; left out, the service's rules decide by code and text. */
  readonly class?: BounceClass | undefined;
  readonly category?: string | undefined;
  /** ISO 8601 with an offset; left out: now. */
  readonly occurredAt?: string | undefined;
  readonly messageId?: string | undefined;
  readonly internetMessageId?: string | undefined;
  readonly statusCode?: string | undefined;
  readonly replyCode?: string | undefined;
  readonly diagnosticCode?: string | undefined;
  readonly remoteMta?: string | undefined;
  readonly envelopeSender?: string | undefined;
  readonly campaign?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  /** The caller's id of it: the same id is recorded once. */
  readonly id?: string | undefined;
}
