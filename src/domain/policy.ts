import { z } from "zod";
import { BOUNCE_CLASSES, type BounceClass, type EventKind } from "./event";
import { ok, type Result } from "./result";
import { readTable } from "./variable";

/** As an operator writes them. */
export const EFFECTS = ["suppress", "count", "record"] as const;
/** What an event does to its recipient: suppress at once, add to the counter, or nothing but be on record. */
export type Effect = (typeof EFFECTS)[number];

/** The kinds whose effect a policy may set, beside the bounce classes. */
const EFFECT_KINDS = ["complained", "unsubscribed"] as const satisfies readonly EventKind[];
export type EffectSubject = BounceClass | (typeof EFFECT_KINDS)[number];

/** As it is unless an operator writes otherwise. */
export const DEFAULT_EFFECTS: Readonly<Record<EffectSubject, Effect>> = {
  hard: "suppress",
  soft: "count",
  expired: "count",
  block: "record",
  undetermined: "record",
  complained: "suppress",
  unsubscribed: "suppress",
};

const MAX_THRESHOLD = 1000;
const MAX_DAYS = 36_500;
const days = z.number().min(0).max(MAX_DAYS);
const MAX_STEPS = 20;
const MAX_WAIT_HOURS = 8_760;

const probationSchema = z.strictObject({
  enabled: z.boolean().default(false),
  steps_days: z.array(z.number().positive().max(MAX_DAYS)).min(1).max(MAX_STEPS).default([1, 3, 7, 30]),
  wait_hours: z.number().positive().max(MAX_WAIT_HOURS).default(24),
});

const MAX_RECIPIENTS = 1_000_000;
const MIN_WINDOW_MINUTES = 10;
const MAX_WINDOW_MINUTES = 1_440;
const MAX_FACTOR = 1_000;
const share = z.number().min(0).max(1);

const GUARD = { min_recipients: 100, window_minutes: 60, factor: 5, known_good_share: 0.2, bounced_share: 0.3 };
const guardSchema = z.strictObject({
  enabled: z.boolean().default(true),
  min_recipients: z.number().int().min(2).max(MAX_RECIPIENTS).default(GUARD.min_recipients),
  window_minutes: z.number().int().min(MIN_WINDOW_MINUTES).max(MAX_WINDOW_MINUTES).default(GUARD.window_minutes),
  factor: z.number().min(1).max(MAX_FACTOR).default(GUARD.factor),
  known_good_share: share.default(GUARD.known_good_share),
  bounced_share: share.default(GUARD.bounced_share),
});

/** The policy as an operator writes it, `[vars.POLICY]` in `wrangler.toml`. Unknown keys are errors: a typo must not pass. */
const policySchema = z.strictObject({
  soft_threshold: z.number().int().min(1).max(MAX_THRESHOLD).default(5),
  window_days: days.default(0),
  reset_on_delivery: z.boolean().default(true),
  soft_suppression_days: days.default(0),
  probation: probationSchema.prefault({}),
  guard: guardSchema.prefault({}),
  effects: z
    .strictObject(
      Object.fromEntries(
        [...BOUNCE_CLASSES, ...EFFECT_KINDS].map((name) => [name, z.enum(EFFECTS).optional()]),
      ) as Record<EffectSubject, z.ZodOptional<z.ZodEnum<{ suppress: "suppress"; count: "count"; record: "record" }>>>,
    )
    .default({}),
});

/** A soft suppression ends when a message got through, and one is let through now and then to find out. Lengths in ms. */
export interface ProbationPolicy {
  /** How long it is suppressed before a message is let through: at first, and after each that bounced; then for good. */
  readonly stepsMs: readonly number[];
  /** So long the outcome of a message is waited for before another one may follow. */
  readonly waitMs: number;
}

/** From when on bounces of the same cause are held until a person has decided: src/store/burst.ts. Lengths in ms. */
export interface GuardPolicy {
  /** So many recipients within the window, at least. */
  readonly minRecipients: number;
  readonly windowMs: number;
  /** So many times as many as in the busiest window of the days before. */
  readonly factor: number;
  /** Of those recipients, so many were delivered to before; and of the messages there, so many bounced like this. */
  readonly knownGoodShare: number;
  readonly bouncedShare: number;
}

/** When does an address stop receiving mail? Lengths in ms. */
export interface Policy {
  /** So many distinct bounced messages suppress. */
  readonly softThreshold: number;
  /** Only bounces within a span of this length count together; 0: no limit. */
  readonly windowMs: number;
  /** Does a delivery take back the count of what bounced before it? */
  readonly resetOnDelivery: boolean;
  /** How long a soft suppression lasts; 0: for good. */
  readonly softSuppressionMs: number;
  /** Absent: off. With it `resetOnDelivery` is true and `softSuppressionMs` is 0, whatever the operator wrote. */
  readonly probation?: ProbationPolicy | undefined;
  /** Absent: off. */
  readonly guard?: GuardPolicy | undefined;
  readonly effects: Readonly<Record<EffectSubject, Effect>>;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * Reads the policy.
 *
 * @param raw the value of the `POLICY` variable: a table, its JSON text, or nothing for the defaults
 * @returns the policy, or a sentence that names every bad value
 */
export function parsePolicy(raw: unknown): Result<Policy, string> {
  const read = readTable("POLICY", policySchema, raw);
  if (!read.ok) return read;
  const p = read.value;
  const stated = Object.entries(p.effects).filter(([, effect]) => effect !== undefined);
  return ok({
    softThreshold: p.soft_threshold,
    windowMs: p.window_days * DAY_MS,
    resetOnDelivery: p.reset_on_delivery || p.probation.enabled,
    softSuppressionMs: p.probation.enabled ? 0 : p.soft_suppression_days * DAY_MS,
    ...probationOf(p.probation),
    ...guardOf(p.guard),
    effects: { ...DEFAULT_EFFECTS, ...Object.fromEntries(stated) },
  });
}

function probationOf(stated: z.infer<typeof probationSchema>): Pick<Policy, "probation"> {
  if (!stated.enabled) return {};
  return {
    probation: { stepsMs: stated.steps_days.map((n) => n * DAY_MS), waitMs: stated.wait_hours * HOUR_MS },
  };
}

function guardOf(stated: z.infer<typeof guardSchema>): Pick<Policy, "guard"> {
  return stated.enabled ? { guard: guardPolicyOf(stated) } : {};
}

function guardPolicyOf(stated: typeof GUARD): GuardPolicy {
  return {
    minRecipients: stated.min_recipients,
    windowMs: stated.window_minutes * MINUTE_MS,
    factor: stated.factor,
    knownGoodShare: stated.known_good_share,
    bouncedShare: stated.bounced_share,
  };
}

/** As it is unless an operator writes otherwise. */
export const DEFAULT_GUARD = guardPolicyOf(GUARD);

/**
 * A policy with every key that an operator may write, also those that he left to their defaults.
 *
 * @param raw as for `parsePolicy`
 * @returns `null` where it is no valid policy
 */
export function writtenInFull(raw: unknown): Readonly<Record<string, unknown>> | null {
  const read = readTable("POLICY", policySchema, raw);
  return read.ok ? { ...read.value, effects: { ...DEFAULT_EFFECTS, ...read.value.effects } } : null;
}
