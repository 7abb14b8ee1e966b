/** What lists show, as their URLs say it: the same for a page and for its export. */
import { canonicalRecipient } from "../domain/address";
import { BOUNCE_CLASSES, EVENT_KINDS, REASONS } from "../domain/event";
import type { EventFilter } from "../store/events";
import { SUPPRESSION_ORDERS, type SuppressionSearch } from "../store/suppression-search";
import { optional, timeOf } from "./query";

type Query = Readonly<Partial<Record<string, string>>>;

/** Parameters that narrow the list of events. */
export const EVENT_FILTERS = [
  "recipient",
  "provider",
  "connection",
  "kind",
  "class",
  "messageId",
  "campaign",
  "since",
  "until",
];
/** Parameters that narrow, order and size the suppression list. */
export const SUPPRESSION_FILTERS = ["q", "reason", "domain", "source", "since", "until", "order", "rows"];

/** What the URL asks for; `null`: a recipient who is none. */
export function eventFilterOf(query: Query): EventFilter | null {
  const recipient = query.recipient === undefined ? null : canonicalRecipient(query.recipient);
  if (recipient && !recipient.ok) return null;
  return {
    ...optional("address", recipient?.value),
    ...optional("provider", query.provider),
    ...optional("connection", query.connection),
    ...optional(
      "kind",
      EVENT_KINDS.find((kind) => kind === query.kind),
    ),
    ...optional(
      "class",
      BOUNCE_CLASSES.find((name) => name === query.class),
    ),
    ...optional("messageId", query.messageId?.replace(/^<|>$/g, "")),
    ...optional("campaign", query.campaign),
    ...optional("since", timeOf(query.since)),
    ...optional("until", timeOf(query.until)),
  };
}

/** What the URL asks for. Where it names what cannot be, nothing is found. */
export function suppressionSearchOf(query: Query): SuppressionSearch {
  const domain = query.domain === undefined ? undefined : canonicalRecipient(`@${query.domain.replace(/^@/, "")}`);
  return {
    order: SUPPRESSION_ORDERS.find((order) => order === query.order) ?? "newest",
    ...optional("q", query.q?.toLowerCase()),
    ...optional(
      "reason",
      REASONS.find((reason) => reason === query.reason),
    ),
    ...optional("domain", domain && (domain.ok ? domain.value.slice(1) : query.domain)),
    ...optional("source", query.source?.toLowerCase()),
    ...optional("since", timeOf(query.since)),
    ...optional("until", timeOf(query.until)),
  };
}
