/** What a message says: out of an event, a change of the list, an alert. Pure. */
import { isUuid, keyOfErased, UUID_DOMAIN } from "./address";
import type { BounceClass, EventKind, Reason } from "./event";
import type { ListmonkBounce, NotificationType } from "./notification";

/** An event of the journal, as far as others are told. Absent values are `null`; times are epoch ms. */
export interface ToldEvent {
  readonly id: string;
  readonly address: string;
  readonly provider: string;
  readonly connection: string;
  readonly kind: EventKind;
  readonly class: BounceClass | null;
  readonly category: string | null;
  readonly rule: string | null;
  readonly statusCode: string | null;
  readonly replyCode: string | null;
  readonly diagnosticCode: string | null;
  readonly remoteMta: string | null;
  readonly messageId: string | null;
  readonly campaign: string | null;
  readonly tags: readonly string[] | null;
  readonly metadata: Readonly<Record<string, unknown>> | null;
  readonly occurredAt: number;
  readonly receivedAt: number;
}

/** Of kinds that others are told of. */
export const TOLD_KINDS: Readonly<Partial<Record<EventKind, NotificationType>>> = {
  bounced: "event.bounced",
  complained: "event.complained",
};

/** Larger than this it is left out: a message should stay below 20 KB (Standard Webhooks, "Payload size"). */
const MAX_METADATA_LENGTH = 4_000;

/** @param key the hash of the address */
export function eventData(event: ToldEvent, key: string): Record<string, unknown> {
  const { id, kind, provider, connection, category, rule, messageId, campaign, tags } = event;
  return {
    id,
    ...recipientData(event.address, key),
    kind,
    class: event.class,
    category,
    rule,
    provider,
    connection,
    messageId,
    campaign,
    tags,
    metadata: smallEnough(event.metadata),
    statusCode: event.statusCode,
    replyCode: event.replyCode,
    diagnosticCode: event.diagnosticCode,
    remoteMta: event.remoteMta,
    occurredAt: iso(event.occurredAt),
    receivedAt: iso(event.receivedAt),
  };
}

/** Of a recipient who was erased no more is told than the hash. */
function recipientData(address: string | null, key: string): { recipient: string | null; key: string } {
  return { recipient: address === null || keyOfErased(address) !== null ? null : address, key };
}

function smallEnough(metadata: ToldEvent["metadata"]): ToldEvent["metadata"] {
  return metadata !== null && JSON.stringify(metadata).length > MAX_METADATA_LENGTH ? null : metadata;
}

/** listmonk's word for a class; what is not the recipient's fault means nothing to it. */
const BOUNCE_TYPES: Readonly<Partial<Record<BounceClass, string>>> = { hard: "hard", soft: "soft", expired: "soft" };

/**
 * As listmonk's bounce API takes it. `created_at` is always there: without it listmonk dates the bounce to the year 1
 * (`cmd/bounce.go`). A campaign is named only by a uuid, which is all that listmonk knows of it.
 *
 * @returns `null` where the event means nothing to listmonk
 */
export function listmonkBounce(event: ToldEvent): ListmonkBounce | null {
  const type = event.kind === "complained" ? "complaint" : event.class === null ? undefined : BOUNCE_TYPES[event.class];
  if (type === undefined || keyOfErased(event.address) !== null) return null;
  const { id, provider, connection, class: bounceClass, category, statusCode, diagnosticCode } = event;
  return {
    ...listmonkSubscriber(event.address),
    ...(event.campaign !== null && isUuid(event.campaign) ? { campaign_uuid: event.campaign } : {}),
    source: provider,
    type,
    meta: { eventId: id, connection, class: bounceClass, category, statusCode, diagnosticCode },
    created_at: iso(event.occurredAt),
  };
}

function listmonkSubscriber(address: string): { subscriber_uuid: string } | { email: string } {
  const at = address.lastIndexOf("@");
  return address.slice(at + 1) === UUID_DOMAIN ? { subscriber_uuid: address.slice(0, at) } : { email: address };
}

/** How a recipient stands on the list. Times are epoch ms. */
export interface ListStanding {
  readonly suppressed: boolean;
  readonly reasons: readonly Reason[];
  readonly since: number | null;
  readonly until: number | null;
}

export interface ToldChange {
  readonly key: string;
  /** `null` where it was erased. */
  readonly address: string | null;
  readonly now: ListStanding;
  readonly before: ListStanding;
  /** The event behind the first of the reasons, where it is still the one. */
  readonly evidence: ToldEvent | null;
  readonly changedAt: number;
}

/** What a change is to others; `null` where it is nothing to them: on and off the allow-list without being suppressed. */
export function typeOfChange({ now, before }: Pick<ToldChange, "now" | "before">): NotificationType | null {
  if (now.suppressed) return "suppression.created";
  return before.suppressed ? "suppression.released" : null;
}

/** The `data` of a message about a listing or release; times are ISO 8601. */
export function changeData({ key, address, now, before, evidence }: ToldChange): Record<string, unknown> {
  return {
    ...recipientData(address, key),
    suppressed: now.suppressed,
    reasons: now.reasons,
    since: now.since === null ? null : iso(now.since),
    until: now.until === null ? null : iso(now.until),
    previousReasons: before.reasons,
    evidence: evidence && {
      id: evidence.id,
      kind: evidence.kind,
      class: evidence.class,
      category: evidence.category,
      statusCode: evidence.statusCode,
      diagnosticCode: evidence.diagnosticCode,
      provider: evidence.provider,
      connection: evidence.connection,
      occurredAt: iso(evidence.occurredAt),
    },
  };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
