/** A receiver that refuses mail to good addresses. */
import type { Env } from "../../src/config";
import { BLOCKLISTED, deliverTo, MIN_RECIPIENTS, people, refuseAll } from "./incidents";
import { eventsOf } from "./ledger";
import type { Report } from "./reports";
import { MINUTE_MS, pass } from "./stage";

let bursts = 0;

export interface Burst {
  readonly receiver: string;
  /** Whose bounces came before it was noticed: too few. */
  readonly first: readonly string[];
  /** Whose bounces are held. */
  readonly then: readonly string[];
  readonly id: string;
  /** What all of its bounces say. */
  readonly said: Partial<Report>;
}

/** A diagnostic that no other burst has: that of many bursts together would be one at all receivers. */
function ownDiagnostic(): string {
  return `${BLOCKLISTED} ${String(++bursts).replace(/\d/g, (digit) => "qrstuvwxyz"[Number(digit)] ?? "")}`;
}

/** At first too few bounces to be noticed, then in one request more. All tests of a file share the stores. */
export async function burst(
  env: Env,
  more = 5,
  how: Partial<Report> = {},
  { domain, before = MIN_RECIPIENTS - 1 }: { readonly domain?: string; readonly before?: number } = {},
): Promise<Burst> {
  const said = { diagnosticCode: ownDiagnostic(), ...how };
  const receiver = domain ?? `burst-${bursts}.example`;
  const first = people(before, receiver, "first");
  const then = people(more, receiver, "then");
  await deliverTo([...first, ...then]);
  await refuseAll(first, env, said);
  pass(MINUTE_MS);
  await refuseAll(then, env, said);
  const held = (await eventsOf(then[0] ?? "")).find((event) => event.incident_id !== null);
  if (!held?.incident_id) throw new Error("the burst was not noticed");
  return { receiver, first, then, id: held.incident_id, said };
}
