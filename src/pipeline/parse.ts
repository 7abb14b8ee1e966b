import type { Adapter, ParseContext, ParseOutcome, VerifiedRequest } from "../providers/adapter";

/** A request that a provider's own contract answers with a 400. */
export class Refused extends Error {}

export type Parsed = Exclude<ParseOutcome, { readonly type: "refused" }>;

/**
 * Runs an adapter. A fault of the adapter's own makes the body unreadable, with its bytes kept, instead of an error
 * that the provider would repeat for hours.
 *
 * @throws Refused
 */
export function parseSafely(adapter: Adapter, request: VerifiedRequest, context: ParseContext): Parsed {
  let outcome: ParseOutcome;
  try {
    outcome = adapter.parse(request, context);
  } catch {
    return { type: "unreadable", reason: "adapter_error", detail: "The adapter failed on this body." };
  }
  if (outcome.type === "refused") throw new Refused(outcome.message);
  return outcome;
}
