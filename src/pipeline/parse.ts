import type { Adapter, ParseContext, ParsedItem, VerifiedRequest } from "../providers/adapter";

export interface Unreadable {
  readonly reason: string;
  readonly detail: string;
}

/** A request that a provider's own contract answers with a 400. */
export class Refused extends Error {}

/**
 * Runs an adapter. A fault of the adapter's own makes the body unreadable, with its bytes kept, instead of an error
 * that the provider would repeat for hours.
 *
 * @throws Refused
 */
export function parseSafely(
  adapter: Adapter,
  request: VerifiedRequest,
  context: ParseContext,
): readonly ParsedItem[] | Unreadable {
  try {
    const outcome = adapter.parse(request, context);
    if (outcome.type === "refused") throw new Refused(outcome.message);
    return outcome.type === "items" ? outcome.items : { reason: outcome.reason, detail: outcome.detail };
  } catch (error) {
    if (error instanceof Refused) throw error;
    return { reason: "adapter_error", detail: "The adapter failed on this body." };
  }
}
