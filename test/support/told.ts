/** What receivers heard, recipient by recipient. */
import { type Receiver, tell } from "./receivers";
import { MINUTE_MS, pass } from "./stage";

/** A minute ago, in epoch ms. */
export const at = () => Date.now() - MINUTE_MS;

/** What was heard of each recipient, in order; what was said twice counts the first time. */
export function heardOf(receiver: Receiver): Record<string, string[]> {
  const stories: Record<string, string[]> = {};
  const told = new Set<string>();
  for (const { headers, body } of receiver.heard) {
    const id = headers.get("webhook-id") ?? "";
    if (told.has(id)) continue;
    told.add(id);
    stories[body.data.recipient] = [...(stories[body.data.recipient] ?? []), body.type];
  }
  return stories;
}

/** What is heard of somebody who bounced hard. */
export const BOUNCED = ["event.bounced", "suppression.created"];
/** And was released then. */
export const RELEASED = [...BOUNCED, "suppression.released"];

/** Time for every wait that there may be. */
export async function settleFor(minutes: number): Promise<void> {
  for (let passed = 0; passed < minutes; passed += 4) {
    pass(4 * MINUTE_MS);
    await tell();
  }
}
