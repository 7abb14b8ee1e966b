/** How a change of a recipient's standing is shown. */
import { z } from "@hono/zod-openapi";
import { once } from "../domain/once";
import { CHANGE_KINDS, type Standing } from "../domain/what-if";
import type { ShownChange } from "../pipeline/shown-changes";
import { eventOf, iso } from "./representations";
import { eventSchema, reasonSchema, timeOrNull, type Wire } from "./schemas";

const standingSchema = once(() =>
  z.object({
    suppressed: z.boolean(),
    reasons: z.array(reasonSchema),
    since: timeOrNull,
    until: timeOrNull,
    softBounces: z.number().int(),
  }),
);

export const policyChangeSchema = once(() =>
  z
    .object({
      recipient: z.string().describe("Of one who was erased: the hash."),
      change: z.enum(CHANGE_KINDS),
      before: standingSchema(),
      after: standingSchema(),
      event: eventSchema()
        .nullable()
        .describe("What suppresses it then; of one who is released: what suppresses it now."),
    })
    .openapi("PolicyChange"),
);

/** A change on the wire. */
export function changeOf({ change, address, event }: ShownChange): Wire<typeof policyChangeSchema> {
  return {
    recipient: address ?? change.key,
    change: change.kind,
    before: standingOf(change.before),
    after: standingOf(change.after),
    event: event && eventOf(event),
  };
}

function standingOf({ suppressions, softCount }: Standing): Wire<typeof standingSchema> {
  const ends = suppressions.map(({ until }) => until);
  return {
    suppressed: suppressions.length > 0,
    reasons: suppressions.map(({ reason }) => reason),
    since: suppressions.length ? iso(Math.min(...suppressions.map(({ since }) => since))) : null,
    until: suppressions.length && !ends.includes(null) ? iso(Math.max(...ends.map(Number))) : null,
    softBounces: softCount,
  };
}
