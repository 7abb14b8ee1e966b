import type { EventDraft } from "../domain/event";
import { errorFields } from "../log";
import type { Adapter, ParseContext, ParsedItem, ParseOutcome, VerifiedRequest } from "../providers/adapter";
import type { Deps } from "./deps";
import { itemOfMail } from "./webhook-mail";

/** A request that a provider's own contract answers with a 400. */
export class Refused extends Error {}

/** What one record turned out to be, mails read. */
export type ReadItem = Exclude<ParsedItem, { readonly type: "mail" }>;

export type Parsed =
  | { readonly type: "items"; readonly items: readonly ReadItem[]; readonly visit?: string }
  | Exclude<ParseOutcome, { readonly type: "refused" | "items" }>;

/** What the items state, in their order. */
export function draftsIn(items: readonly ReadItem[]): readonly EventDraft[] {
  return items.flatMap((item) => (item.type === "events" ? item.drafts : []));
}

/**
 * Runs an adapter, and reads the mails that its records bring along. A fault of the adapter's own makes the body
 * unreadable, with its bytes kept, instead of an error that the provider would repeat for hours; the log says where it was.
 *
 * @throws Refused
 */
export async function parseSafely(
  { log }: Pick<Deps, "log">,
  adapter: Adapter,
  request: VerifiedRequest,
  context: ParseContext,
): Promise<Parsed> {
  let outcome: ParseOutcome;
  try {
    outcome = adapter.parse(request, context);
  } catch (error) {
    log.error("parse.failed", { provider: adapter.id, ...errorFields(error) });
    return { type: "unreadable", reason: "adapter_error", detail: "The adapter failed on this body." };
  }
  if (outcome.type === "refused") throw new Refused(outcome.message);
  if (outcome.type !== "items") return outcome;
  const items: ReadItem[] = [];
  // One after another: mails are large.
  for (const item of outcome.items) items.push(item.type === "mail" ? await itemOfMail(item) : item);
  const failures = items.flatMap((item) => (item.type === "unreadable" && "thrown" in item ? [item.thrown] : []));
  // One line: what fails on one record of a batch mostly fails on its siblings, too.
  if (failures.length) {
    log.error("parse.failed", { provider: adapter.id, records: failures.length, ...errorFields(failures[0]) });
  }
  return { ...outcome, items };
}
