/** The filters of lists and of their exports, once. */
import { z } from "@hono/zod-openapi";
import { ADDRESS_ERRORS, canonicalRecipient } from "../domain/address";
import { BOUNCE_CLASSES, EVENT_KINDS } from "../domain/event";
import type { EventFilter } from "../store/events";
import type { SuppressionFilter } from "../store/suppressions";
import { decodeCursor, encodeCursor } from "./cursor";
import { Problem } from "./problem";
import { moment, reasonSchema } from "./schemas";

/** Of events. */
export const eventFilterQuery = {
  recipient: z.string().optional(),
  provider: z.string().optional(),
  connection: z.string().optional(),
  kind: z.enum(EVENT_KINDS).optional(),
  class: z.enum(BOUNCE_CLASSES).optional(),
  messageId: z.string().optional().describe("A provider's message id or a Message-ID, without angle brackets."),
  campaign: z.string().optional(),
  since: moment.optional().describe("Received from then on."),
  until: moment.optional().describe("Received before then."),
};

/** Of suppressions. */
export const suppressionFilterQuery = {
  reason: reasonSchema.optional().describe("domain: blocks of whole domains."),
  domain: z.string().optional(),
  q: z.string().optional().describe("Part of an address."),
  since: moment.optional().describe("Suppressed from then on."),
  until: moment.optional().describe("Suppressed before then."),
};

type EventQuery = Omit<EventFilter, "address"> & { readonly recipient?: string | undefined };

/** @throws Problem `invalid_recipient` */
export function eventFilterOf({ recipient, messageId, ...rest }: EventQuery): EventFilter {
  return { ...rest, address: addressFilter(recipient), messageId: messageId?.replace(/^<|>$/g, "") };
}

/** @throws Problem `invalid_request` */
export function suppressionFilterOf({ domain, q, ...rest }: SuppressionFilter): SuppressionFilter {
  return { ...rest, domain: domainFilter(domain), q: q?.toLowerCase() };
}

function addressFilter(recipient: string | undefined): string | undefined {
  if (recipient === undefined) return undefined;
  const address = canonicalRecipient(recipient);
  if (!address.ok) throw new Problem("invalid_recipient", { detail: ADDRESS_ERRORS[address.error] });
  return address.value;
}

/** A domain in the form in which addresses are kept: lower case, punycode. */
function domainFilter(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const domain = canonicalRecipient(`@${text.replace(/^@/, "")}`);
  if (!domain.ok) throw new Problem("invalid_request", { detail: "domain: not a domain" });
  return domain.value.slice(1);
}

/**
 * A place in the journal, of a page or of an exported row.
 *
 * @throws Problem `invalid_cursor`
 */
export function eventCursorOf(cursor: string | undefined, filter: EventFilter): number | null {
  return decodeCursor("events", cursor, ["number"], { ...filter })?.[0] ?? null;
}

/** The place of an event, as a cursor of the same filter. */
export function eventCursor(seq: number, filter: EventFilter): string {
  return encodeCursor("events", [seq], { ...filter });
}

/** @throws Problem `invalid_cursor` */
export function suppressionCursorOf(
  cursor: string | undefined,
  filter: SuppressionFilter,
): { since: number; key: string } | null {
  const after = decodeCursor("suppressions", cursor, ["number", "string"], { ...filter });
  return after && { since: after[0], key: after[1] };
}

/** The place of an entry, as a cursor of the same filter. */
export function suppressionCursor(
  { since, key }: { readonly since: number | null; readonly key: string },
  filter: SuppressionFilter,
): string {
  return encodeCursor("suppressions", [since ?? 0, key], { ...filter });
}
