/** Recipients' objects that take their time: the same fold, kept nowhere. */
import type { Decision } from "../../src/domain/decision";
import { applyFacts, decide, EMPTY_STATE } from "../../src/domain/recipient-state";
import type { ApplyRequest } from "../../src/recipient/rpc";

/** Each knows what one call tells it, and nothing of calls before. */
function objects(takeTime: () => Promise<void>): DurableObjectNamespace {
  const apply = async ({ key, address, policy, facts }: ApplyRequest): Promise<Decision> => {
    await takeTime();
    const now = Date.now();
    return { key, address, version: now, erasedUpTo: 0, verdict: decide(applyFacts(EMPTY_STATE, facts), policy, now) };
  };
  return { getByName: () => ({ apply }) } as unknown as DurableObjectNamespace;
}

/** Far away: others may work meanwhile. */
export const distantObjects = (ms: number) => objects(() => scheduler.wait(ms));

/** On the caller's thread, as the simulator's are: nobody else gets a turn, timers neither. */
export const busyObjects = (ms: number) =>
  objects(async () => {
    for (const end = performance.now() + ms; performance.now() < end; );
  });
