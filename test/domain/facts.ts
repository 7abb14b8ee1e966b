/** Facts and histories for tests of the fold. */
import fc from "fast-check";
import type { BounceClass, EventKind } from "../../src/domain/event";
import type { Fact } from "../../src/domain/fact";
import { type Policy, parsePolicy } from "../../src/domain/policy";

export function policyOf(raw: Readonly<Record<string, unknown>> = {}): Policy {
  const policy = parsePolicy(raw);
  if (!policy.ok) throw new Error(policy.error);
  return policy.value;
}

let counter = 0;

export function fact(kind: EventKind, at: number, more: Partial<Fact> = {}): Fact {
  counter++;
  return { eventId: `event-${counter}`, kind, at, message: `message-${counter}`, ...more };
}

export function bounce(bounceClass: BounceClass, at: number, more: Partial<Fact> = {}): Fact {
  return fact("bounced", at, { class: bounceClass, ...more });
}

/** Few messages and few moments, so that everything collides with everything. */
const message = fc.integer({ min: 1, max: 8 }).map((n) => `message-${n}`);
const at = fc.integer({ min: 1, max: 40 }).map((n) => n * 1_000);

const shapes = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ kind: "bounced" as const, class: "soft" as const }) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom<BounceClass>("expired", "block", "undetermined", "hard")
      .map((c) => ({ kind: "bounced" as const, class: c })),
  },
  { weight: 4, arbitrary: fc.constant({ kind: "delivered" as const }) },
  { weight: 1, arbitrary: fc.constantFrom<EventKind>("complained", "unsubscribed").map((kind) => ({ kind })) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom("bounced", "complained", "unsubscribed", "policy")
      .map((category) => ({ kind: "rejected" as const, category })),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom<EventKind>("manual_block", "manual_release", "manual_allow", "manual_disallow")
      .map((kind) => ({ kind })),
  },
);

/** Histories with collisions; operators' commands have distinct times, as the journal gives them. */
export const histories = fc.array(fc.record({ shape: shapes, message, at }), { maxLength: 40 }).map((events) =>
  events.map(({ shape, message: m, at: time }, i): Fact => {
    const isOperators = shape.kind.startsWith("manual");
    return {
      ...shape,
      eventId: `e${i}`,
      message: isOperators ? `operator-${i}` : m,
      at: isOperators ? time + i / 100 : time,
    };
  }),
);

const SECOND_DAYS = 1_000 / 86_400_000;

/** Steps as short as the histories, one after the other and all of them within one. */
export const probations = fc.constantFrom([2], [1, 5], [3, 3, 10], [1, 3, 7, 30]).map((seconds) => ({
  enabled: true,
  steps_days: seconds.map((n) => n * SECOND_DAYS),
  wait_hours: 1 / 3_600,
}));

export const policies = fc
  .record({
    soft_threshold: fc.integer({ min: 1, max: 6 }),
    window_days: fc.constantFrom(0, 10_000 / 86_400_000, 5_000 / 86_400_000),
    reset_on_delivery: fc.boolean(),
    soft_suppression_days: fc.constantFrom(0, 4_000 / 86_400_000),
    probation: fc.oneof(fc.constant({}), probations),
    effects: fc.constantFrom(
      {},
      { block: "count" },
      { hard: "count" },
      { complained: "record" },
      { undetermined: "suppress" },
    ),
  })
  .map(policyOf);
