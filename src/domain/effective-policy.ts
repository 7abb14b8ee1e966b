/**
 * Which policy holds: the one that was applied last, until a deploy changes the variable `POLICY`; else the variable's.
 *
 * Versions only rise. That of an applied policy is the number of its record; the variable's is that of the last record,
 * whatever it says, so that a call which is late with an older policy is known by its version. 0: nothing was ever applied.
 */
import { type Policy, parsePolicy } from "./policy";
import { fail, ok, type Result } from "./result";

/** Where the policy that holds comes from. */
export const POLICY_ORIGINS = ["variable", "applied"] as const;
export type PolicyOrigin = (typeof POLICY_ORIGINS)[number];

export interface EffectivePolicy {
  readonly policy: Policy;
  readonly version: number;
  readonly origin: PolicyOrigin;
  /** As an operator writes it: JSON. */
  readonly text: string;
}

/** The record of what was applied or brought back last. */
export interface AppliedPolicy {
  readonly id: number;
  /** JSON; `null`: the variable's. */
  readonly policy: string | null;
  /** The variable at that time, as `policyText` writes it. */
  readonly base: string;
}

/** The variable as it is configured. */
export interface PolicyVariable {
  readonly policy: Result<Policy, string>;
  readonly policyText: string;
}

/**
 * @param newest `null`: nothing was ever applied
 * @returns the policy that holds, or a sentence that says what is wrong with it
 */
export function effectivePolicyOf(
  { policy, policyText: text }: PolicyVariable,
  newest: AppliedPolicy | null,
): Result<EffectivePolicy, string> {
  if (!policy.ok) return policy;
  const version = newest?.id ?? 0;
  if (newest?.policy == null || newest.base !== text) {
    return ok({ policy: policy.value, version, origin: "variable", text });
  }
  const applied = parsePolicy(newest.policy);
  if (!applied.ok) return fail(`The applied policy ${version}: ${applied.error}`);
  return ok({ policy: applied.value, version, origin: "applied", text: newest.policy });
}

/**
 * A policy's own words in one form: JSON with its keys in order, so that the same policy is the same text.
 *
 * @param raw a table, its JSON text, or nothing for the defaults
 */
export function policyText(raw: unknown): string {
  if (typeof raw !== "string") return JSON.stringify(inOrder(raw ?? {}));
  try {
    return JSON.stringify(inOrder(JSON.parse(raw)));
  } catch {
    return raw;
  }
}

function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, member]) => [name, inOrder(member)]));
}
