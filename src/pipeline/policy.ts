/**
 * The policy that holds now.
 *
 * It is read with the events that are decided by it, or after them, never before: whoever applies a policy writes its record
 * first and then looks at every recipient, and so finds each event that was read before the record as pending, or applied.
 */
import { type EffectivePolicy, effectivePolicyOf } from "../domain/effective-policy";
import type { Result } from "../domain/result";
import type { PolicyInForce } from "../recipient/rpc";
import { newestPolicy } from "../store/policies";
import type { Deps } from "./deps";

/** @returns the policy, or a sentence that says what is wrong with it */
export async function effectivePolicy(
  deps: Pick<Deps, "db" | "policy" | "policyText">,
): Promise<Result<EffectivePolicy, string>> {
  return deps.policy.ok ? effectivePolicyOf(deps, await newestPolicy(deps.db)) : deps.policy;
}

/** As a recipient's object is told it. */
export function inForce({ policy, version }: EffectivePolicy): PolicyInForce {
  return { policy, policyVersion: version };
}
