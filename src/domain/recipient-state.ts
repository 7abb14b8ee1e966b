/**
 * The fold: what is known about one recipient, and what follows from it.
 *
 * The state holds facts only; the policy is applied when deciding, so changing it needs no migration. Every
 * operation on the state is a maximum or a set union, and the release only ever removes what lies at or below
 * it: any order and any repetition of the same events gives the same state.
 */
import { BOUNCE_CLASSES, type BounceClass, type EventKind, REASONS, type Reason } from "./event";
import type { EffectSubject, Policy } from "./policy";

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

/** When something last happened, and which event says so. */
export interface Stamp {
  readonly at: number;
  readonly eventId: string;
  readonly expiresAt?: number | undefined;
}

/** `echo:` marks come from a provider that refused to send because of its own list. */
type MarkName = EffectSubject | `echo:${EffectSubject}` | "manual" | "release" | "allow" | "disallow";

export interface RecipientState {
  /** What was reported of each message, by message and subject. */
  readonly reports: Readonly<Record<string, Readonly<Partial<Record<EffectSubject, Stamp>>>>>;
  readonly deliveries: Readonly<Record<string, Stamp>>;
  readonly marks: Readonly<Partial<Record<MarkName, Stamp>>>;
}

export interface Suppression {
  readonly reason: Reason;
  /** Epoch ms. */
  readonly since: number;
  /** Epoch ms at which it ends by itself, or null. */
  readonly until: number | null;
  /** The event that caused it. */
  readonly eventId: string;
}

/** What follows from a state at a moment under a policy. */
export interface Verdict {
  /** In the order of `REASONS`; empty: may be mailed. */
  readonly suppressions: readonly Suppression[];
  /** On the allow-list: nothing automatic suppresses, nor does a block of the domain. */
  readonly allowed: boolean;
  /** Distinct messages that count now. */
  readonly softCount: number;
  /** The oldest bounce that a delivery could still take back, or null: then deliveries do not matter. */
  readonly countingSince: number | null;
  readonly releasedAt: number | null;
  /** When the verdict changes by itself, or null. */
  readonly nextChangeAt: number | null;
}

export const EMPTY_STATE: RecipientState = { reports: {}, deliveries: {}, marks: {} };

/** Bounds the state of an address that is mailed and refused for ever: the newest so many messages are kept. */
const MAX_MESSAGES = 2_000;
/** Keys longer than this keep their two ends. */
const MAX_KEY_LENGTH = 240;

/** A peer's refusal stands for the event that put the address on the peer's list. */
const ECHO_OF: Readonly<Record<string, EffectSubject>> = {
  bounced: "hard",
  invalid: "hard",
  complained: "complained",
  unsubscribed: "unsubscribed",
};

const MARK_OF: Readonly<Partial<Record<EventKind, MarkName>>> = {
  manual_block: "manual",
  manual_release: "release",
  manual_allow: "allow",
  manual_disallow: "disallow",
  complained: "complained",
  unsubscribed: "unsubscribed",
};

const REASON_OF: Readonly<Record<EffectSubject, Reason>> = {
  hard: "hard",
  soft: "soft",
  expired: "soft",
  block: "hard",
  undetermined: "hard",
  complained: "complaint",
  unsubscribed: "unsubscribe",
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

/** Adds facts to a state. Returns the same object when they say nothing new. */
export function applyFacts(state: RecipientState, facts: readonly Fact[]): RecipientState {
  let next = state;
  for (const fact of facts) next = applyFact(next, fact);
  return next === state ? state : compact(next);
}

function applyFact(state: RecipientState, fact: Fact): RecipientState {
  const stamp: Stamp = {
    at: fact.at,
    eventId: fact.eventId,
    ...(fact.expiresAt === undefined ? {} : { expiresAt: fact.expiresAt }),
  };
  let next = state;
  const subject = subjectOf(fact);
  const mark = markOf(fact, subject);
  if (mark) next = withMark(next, mark, stamp);
  if (subject) next = withReport(next, fact.message, subject, stamp);
  if (fact.kind === "delivered") next = withDelivery(next, fact.message, stamp);
  return next;
}

function subjectOf(fact: Fact): EffectSubject | null {
  if (fact.kind === "bounced") return fact.class ?? "undetermined";
  return fact.kind === "complained" || fact.kind === "unsubscribed" ? fact.kind : null;
}

function markOf(fact: Fact, subject: EffectSubject | null): MarkName | null {
  if (fact.kind === "rejected") {
    const echoed = ECHO_OF[fact.category ?? ""];
    return echoed ? `echo:${echoed}` : null;
  }
  return MARK_OF[fact.kind] ?? subject;
}

function withMark(state: RecipientState, name: MarkName, stamp: Stamp): RecipientState {
  return isNewer(stamp, state.marks[name]) ? { ...state, marks: { ...state.marks, [name]: stamp } } : state;
}

function withReport(state: RecipientState, message: string, subject: EffectSubject, stamp: Stamp): RecipientState {
  if (stamp.at <= releasedAt(state)) return state;
  const known = state.reports[message];
  if (!isNewer(stamp, known?.[subject])) return state;
  return { ...state, reports: { ...state.reports, [message]: { ...known, [subject]: stamp } } };
}

function withDelivery(state: RecipientState, message: string, stamp: Stamp): RecipientState {
  if (stamp.at <= releasedAt(state) || !isNewer(stamp, state.deliveries[message])) return state;
  return { ...state, deliveries: { ...state.deliveries, [message]: stamp } };
}

/** Latest wins; the event id breaks a tie, so that arrival order cannot. */
function isNewer(stamp: Stamp, known: Stamp | undefined): boolean {
  return !known || stamp.at > known.at || (stamp.at === known.at && stamp.eventId > known.eventId);
}

function releasedAt(state: RecipientState): number {
  return state.marks.release?.at ?? Number.NEGATIVE_INFINITY;
}

/** Drops what a release has settled, and the oldest messages beyond the bound. */
function compact(state: RecipientState): RecipientState {
  const released = releasedAt(state);
  const reports: Record<string, Partial<Record<EffectSubject, Stamp>>> = {};
  for (const [message, subjects] of Object.entries(state.reports)) {
    const kept = Object.entries(subjects).filter(([, stamp]) => stamp.at > released);
    if (kept.length) reports[message] = Object.fromEntries(kept);
  }
  const deliveries = Object.fromEntries(Object.entries(state.deliveries).filter(([, stamp]) => stamp.at > released));
  return {
    marks: state.marks,
    reports: newest(reports, (subjects) => Math.max(...Object.values(subjects).map((s) => s.at))),
    deliveries: newest(deliveries, (stamp) => stamp.at),
  };
}

function newest<T>(entries: Record<string, T>, at: (value: T) => number): Record<string, T> {
  const list = Object.entries(entries);
  if (list.length <= MAX_MESSAGES) return entries;
  list.sort(([ka, a], [kb, b]) => at(b) - at(a) || (ka < kb ? -1 : 1));
  return Object.fromEntries(list.slice(0, MAX_MESSAGES));
}

/**
 * Decides: a pure function of state, policy and now.
 *
 * @param now epoch ms
 */
export function decide(state: RecipientState, policy: Policy, now: number): Verdict {
  const soft = countBounces(state, policy, now);
  const allowed = (state.marks.allow?.at ?? -1) > (state.marks.disallow?.at ?? -1);
  const automatic = [...markedSuppressions(state, policy), ...(soft.suppression ? [soft.suppression] : [])];
  const manual =
    state.marks.manual && state.marks.manual.at > releasedAt(state)
      ? [suppressionFrom("manual", state.marks.manual)]
      : [];
  const standing = [...(allowed ? [] : automatic), ...manual].filter((s) => s.until === null || s.until > now);
  const ends = standing.flatMap((s) => (s.until === null ? [] : [s.until]));
  return {
    suppressions: strongestPerReason(standing),
    allowed,
    softCount: soft.count,
    countingSince: soft.countingSince,
    releasedAt: state.marks.release?.at ?? null,
    nextChangeAt: ends.length ? Math.min(...ends) : null,
  };
}

/** One entry per reason, the one that lasts longest, then the latest. */
function strongestPerReason(list: readonly Suppression[]): Suppression[] {
  const end = (s: Suppression) => s.until ?? Number.POSITIVE_INFINITY;
  return REASONS.flatMap((reason) =>
    list
      .filter((s) => s.reason === reason)
      .sort((a, b) => (end(a) === end(b) ? b.since - a.since : end(b) - end(a)))
      .slice(0, 1),
  );
}

function suppressionFrom(reason: Reason, stamp: Stamp): Suppression {
  return { reason, since: stamp.at, until: stamp.expiresAt ?? null, eventId: stamp.eventId };
}

/** What suppresses at once. A provider's echo does so only where nobody ever released the address. */
function markedSuppressions(state: RecipientState, policy: Policy): Suppression[] {
  const released = releasedAt(state);
  const subjects = (Object.keys(policy.effects) as EffectSubject[]).filter((s) => policy.effects[s] === "suppress");
  return subjects.flatMap((subject) => {
    const own = state.marks[subject];
    const echo = state.marks.release ? undefined : state.marks[`echo:${subject}`];
    return [own && own.at > released ? own : undefined, echo].flatMap((stamp) =>
      stamp ? [suppressionFrom(REASON_OF[subject], stamp)] : [],
    );
  });
}

interface SoftCount {
  readonly count: number;
  readonly countingSince: number | null;
  readonly suppression: Suppression | null;
}

/** Walks the counted bounces in time order and finds the one, if any, that completes the threshold. */
function countBounces(state: RecipientState, policy: Policy, now: number): SoftCount {
  const reset = Math.max(releasedAt(state), policy.resetOnDelivery ? latestDelivery(state) : Number.NEGATIVE_INFINITY);
  const bounces = countedMessages(state, policy).filter((stamp) => stamp.at > reset);
  let run: Stamp[] = [];
  let suppression: Suppression | null = null;
  for (const bounce of bounces) {
    if (suppression && (suppression.until === null || bounce.at <= suppression.until)) continue;
    run = [...run, bounce].filter((b) => !policy.windowMs || bounce.at - b.at <= policy.windowMs);
    if (run.length < policy.softThreshold) continue;
    const until = policy.softSuppressionMs ? bounce.at + policy.softSuppressionMs : null;
    suppression = { reason: "soft", since: bounce.at, until, eventId: bounce.eventId };
    run = [];
  }
  const standing = suppression && (suppression.until === null || suppression.until > now);
  const current = standing ? bounces : run;
  const inWindow = current.filter((b) => standing || !policy.windowMs || now - b.at <= policy.windowMs);
  return { count: inWindow.length, countingSince: bounces[0]?.at ?? null, suppression };
}

function countedMessages(state: RecipientState, policy: Policy): Stamp[] {
  const stamps = Object.values(state.reports).flatMap((subjects) => {
    const counted = (Object.keys(subjects) as EffectSubject[]).flatMap((s) => {
      const stamp = subjects[s];
      return stamp && policy.effects[s] === "count" ? [stamp] : [];
    });
    return counted.length ? [counted.reduce((a, b) => (isNewer(b, a) ? b : a))] : [];
  });
  return stamps.sort((a, b) => a.at - b.at || (a.eventId < b.eventId ? -1 : 1));
}

/** PowerMTA logs a delivery and later a remote bounce of the same message: that was no delivery. */
function latestDelivery(state: RecipientState): number {
  let latest = Number.NEGATIVE_INFINITY;
  for (const [message, stamp] of Object.entries(state.deliveries)) {
    const subjects = state.reports[message];
    const isVoid = subjects !== undefined && BOUNCE_CLASSES.some((c) => subjects[c] !== undefined);
    if (!isVoid) latest = Math.max(latest, stamp.at);
  }
  return latest;
}
