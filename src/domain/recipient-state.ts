/**
 * The fold: what is known about one recipient, and what follows from it.
 *
 * The state holds facts only; the policy is applied when deciding, so changing it needs no migration. Every
 * operation on the state is a maximum or a set union, and the release only ever removes what lies at or below
 * it: any order and any repetition of the same events gives the same state.
 */
import { BOUNCE_CLASSES, type EventKind, REASONS, type Reason } from "./event";
import { ECHO_OF, type Fact } from "./fact";
import type { EffectSubject, Policy } from "./policy";
import { nextStep, type Probation } from "./probation";

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
  /** Of a soft one: it does not end by itself, but a probe may be made. */
  readonly probation?: Probation | undefined;
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

/** Of a recipient that nothing was ever heard of. */
export const EMPTY_STATE: RecipientState = { reports: {}, deliveries: {}, marks: {} };

/** Bounds the state of an address that is mailed and refused for ever: the newest so many messages are kept. */
const MAX_MESSAGES = 2_000;

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

/** A state under construction: copied once, however many facts come in. */
interface Draft {
  readonly reports: Record<string, Partial<Record<EffectSubject, Stamp>>>;
  readonly deliveries: Record<string, Stamp>;
  readonly marks: Partial<Record<MarkName, Stamp>>;
  changed: boolean;
}

/** Adds facts to a state. Returns the same object when they say nothing new. */
export function applyFacts(state: RecipientState, facts: readonly Fact[]): RecipientState {
  const draft: Draft = {
    reports: { ...state.reports },
    deliveries: { ...state.deliveries },
    marks: { ...state.marks },
    changed: false,
  };
  for (const fact of facts) applyFact(draft, fact);
  return draft.changed ? compact(draft) : state;
}

function applyFact(draft: Draft, fact: Fact): void {
  const stamp: Stamp = {
    at: fact.at,
    eventId: fact.eventId,
    ...(fact.expiresAt === undefined ? {} : { expiresAt: fact.expiresAt }),
  };
  const subject = subjectOf(fact);
  const mark = markOf(fact, subject);
  if (mark) keepNewer(draft, draft.marks, mark, stamp);
  if (stamp.at <= releasedAt(draft)) return;
  if (subject) addReport(draft, fact.message, subject, stamp);
  if (fact.kind === "delivered") keepNewer(draft, draft.deliveries, fact.message, stamp);
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

function addReport(draft: Draft, message: string, subject: EffectSubject, stamp: Stamp): void {
  const known = draft.reports[message];
  if (isNewer(stamp, known?.[subject])) {
    draft.reports[message] = { ...known, [subject]: stamp };
    draft.changed = true;
  }
}

function keepNewer<K extends string>(draft: Draft, stamps: Partial<Record<K, Stamp>>, name: K, stamp: Stamp): void {
  if (!isNewer(stamp, stamps[name])) return;
  stamps[name] = stamp;
  draft.changed = true;
}

/** Latest wins; the event id breaks a tie, so that arrival order cannot. */
function isNewer(stamp: Stamp, known: Stamp | undefined): boolean {
  return !known || stamp.at > known.at || (stamp.at === known.at && stamp.eventId > known.eventId);
}

function releasedAt(state: Pick<RecipientState, "marks">): number {
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

/** One entry per reason, the one that lasts longest, then the latest. No probe is made while another one stands. */
function strongestPerReason(list: readonly Suppression[]): Suppression[] {
  const end = (s: Suppression) => s.until ?? Number.POSITIVE_INFINITY;
  return REASONS.flatMap((reason) => {
    const ofReason = list.filter((s) => s.reason === reason);
    const [strongest] = ofReason.sort((a, b) => (end(a) === end(b) ? b.since - a.since : end(b) - end(a)));
    if (!strongest) return [];
    const { probation, ...rest } = strongest;
    return [probation && ofReason.length === 1 ? { ...rest, probation } : rest];
  });
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
    if (suppression && isSpent(bounce, suppression)) continue;
    if (suppression?.probation) {
      suppression = softSuppression(policy, suppression, bounce.at);
      continue;
    }
    run = [...run, bounce].filter((b) => !policy.windowMs || bounce.at - b.at <= policy.windowMs);
    if (run.length < policy.softThreshold) continue;
    suppression = softSuppression(policy, { since: bounce.at, eventId: bounce.eventId }, bounce.at);
    run = [];
  }
  const standing = suppression && (suppression.until === null || suppression.until > now);
  const current = standing ? bounces : run;
  const inWindow = current.filter((b) => standing || !policy.windowMs || now - b.at <= policy.windowMs);
  return { count: inWindow.length, countingSince: bounces[0]?.at ?? null, suppression };
}

/** The probe's own outcome comes after the time at which it was let through. */
function isSpent({ at }: Stamp, { until, probation }: Suppression): boolean {
  const end = probation?.probeFrom ?? until;
  return end === null || at <= end;
}

/** Begins, or goes one step further, with the bounce at `at`. */
function softSuppression(
  policy: Policy,
  { since, eventId, probation }: Pick<Suppression, "since" | "eventId" | "probation">,
  at: number,
): Suppression {
  const next = policy.probation && nextStep(policy.probation, probation, at);
  const until = policy.softSuppressionMs ? at + policy.softSuppressionMs : null;
  return { reason: "soft", since, until, eventId, ...(next ? { probation: next } : {}) };
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
