/** A check by somebody who is about to send: of a recipient on probation it may be given the probe. */
import type { Purpose } from "../domain/answer";
import type { Decision } from "../domain/decision";
import { errorFields } from "../log";
import { takeProbe } from "../recipient/client";
import { type Checked, type Consistency, check } from "./check";
import type { Deps } from "./deps";
import { effectivePolicy, inForce } from "./policy";
import { project } from "./project";
import { recipientKey } from "./recipient-key";
import { within } from "./within";

export type ProbeDeps = Pick<Deps, "db" | "kv" | "now" | "log" | "recipients" | "policy" | "policyText" | "waitUntil">;

export interface CheckedToSend extends Checked {
  /** It is on probation, and this one message may be sent: what becomes of it decides. */
  readonly probe?: true | undefined;
}

/** A sender waits. Who has no answer by then is given no probe; another check may be. */
const PROBE_BUDGET_MS = 1_500;

/**
 * As `check`. Only an object's word makes it say "not suppressed" where the stores say otherwise: while the object does
 * not answer, or says no, it is suppressed.
 *
 * @param address canonical
 * @throws when neither store answers; never taken for "not suppressed"
 */
export async function checkToSend(
  deps: ProbeDeps,
  address: string,
  purpose: Purpose,
  consistency: Consistency,
): Promise<CheckedToSend> {
  const answer = await check(deps, address, purpose, consistency);
  const isDue = answer.probeFrom !== undefined && answer.probeFrom <= deps.now();
  if (!isDue || !(await isGranted(deps, address, purpose))) return answer;
  return { suppressed: false, reasons: [], since: null, until: null, source: answer.source, probe: true };
}

async function isGranted(deps: ProbeDeps, address: string, purpose: Purpose): Promise<boolean> {
  const key = recipientKey(address);
  const asked = askForProbe(deps, key, purpose);
  // Also after this check has given up waiting for it: what the object decided has to be told.
  deps.waitUntil(asked);
  const outcome = await within(asked, PROBE_BUDGET_MS, () => null);
  if (outcome === null) deps.log.warn("probe.failed", { recipient: key, reason: "late" });
  if (outcome) deps.log.info("probe.granted", { recipient: key, purpose });
  return outcome ?? false;
}

/** Never rejects. Whatever the object says is projected: the stores that brought us here are behind it. */
async function askForProbe(deps: ProbeDeps, key: string, purpose: Purpose): Promise<boolean> {
  try {
    const policy = await effectivePolicy(deps);
    if (!policy.ok || !policy.value.policy.probation) return false;
    const answer = await takeProbe(deps.recipients, { key, purpose, ...inForce(policy.value) });
    if (!answer) return false;
    deps.waitUntil(publish(deps, answer.decision));
    return answer.isGranted;
  } catch (error) {
    deps.log.warn("probe.failed", { recipient: key, ...errorFields(error) });
    return false;
  }
}

/** Where it fails the next check asks the object again, and tells it then. */
async function publish(deps: ProbeDeps, decision: Decision): Promise<void> {
  try {
    await project(deps, [{ decision, records: [] }]);
  } catch (error) {
    deps.log.warn("project.failed", { recipients: 1, ...errorFields(error) });
  }
}
