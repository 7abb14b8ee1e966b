/** An event as the fold sees it, and which events the fold has to see. */
import type { BounceClass, EventKind } from "./event";
import type { EffectSubject } from "./policy";

/** One event, reduced to what the fold needs. */
export interface Fact {
  readonly eventId: string;
  readonly kind: EventKind;
  readonly class?: BounceClass | undefined;
  readonly category?: string | undefined;
  /** Epoch ms. */
  readonly at: number;
  /** Names the message, so that it counts once whoever reports it: `messageKey`. */
  readonly message: string;
  readonly expiresAt?: number | undefined;
}

/** A fact as the journal has it. */
export interface RecordedFact extends Fact {
  /** Its place in the journal, never given out twice: it names the record, where `eventId` names what happened. */
  readonly seq: number;
}

/** Keys longer than this keep their two ends. */
const MAX_KEY_LENGTH = 240;

/** A peer's refusal stands for the event that put the address on the peer's list. */
export const ECHO_OF: Readonly<Record<string, EffectSubject>> = {
  bounced: "hard",
  invalid: "hard",
  complained: "complained",
  unsubscribed: "unsubscribed",
};

/**
 * Names the message of an event: the Message-ID, else the provider's message id, else the campaign (one message
 * to each recipient), else the event itself.
 */
export function messageKey(event: {
  readonly id: string;
  readonly provider: string;
  readonly internetMessageId?: string | undefined;
  readonly messageId?: string | undefined;
  readonly campaign?: string | undefined;
}): string {
  const key = event.internetMessageId
    ? `i:${event.internetMessageId}`
    : event.messageId
      ? `p:${event.provider}:${event.messageId}`
      : event.campaign
        ? `c:${event.campaign}`
        : `e:${event.id}`;
  return key.length <= MAX_KEY_LENGTH ? key : `${key.slice(0, MAX_KEY_LENGTH / 2)}…${key.slice(-MAX_KEY_LENGTH / 2)}`;
}

/** Can this event ever change a verdict or a count? Others are recorded and never reach the object. */
export function concernsRecipient(event: {
  readonly kind: EventKind;
  readonly category?: string | undefined;
}): boolean {
  if (event.kind === "rejected") return Object.hasOwn(ECHO_OF, event.category ?? "");
  return event.kind !== "deferred" && event.kind !== "auto_reply";
}
