/** How long what is kept: `[vars.RETENTION]`. */
import { z } from "zod";
import { ok, type Result } from "../domain/result";
import { readTable } from "../domain/variable";
import type { Retention } from "./deps";

const DAY_MS = 86_400_000;
/** Whole or fractional. */
const days = z.number().positive();

/** As an operator writes it. Unknown keys are errors: a typo must not pass. */
const schema = z.strictObject({
  deliveries_days: days.default(30),
  deferrals_days: days.default(30),
  auto_replies_days: days.default(30),
  bodies_days: days.default(30),
  unverified_days: days.default(30),
  changes_days: days.default(30),
  audit_days: days.default(365),
});

type Days = z.infer<typeof schema>;

/** Unreadable limits keep everything rather than too little. */
export const KEEP_EVERYTHING = retentionOf(() => Number.POSITIVE_INFINITY);

/**
 * Reads `[vars.RETENTION]`.
 *
 * @param raw a table, its JSON text, or nothing for the defaults
 * @returns the lengths, or a sentence that names every bad value
 */
export function parseRetention(raw: unknown): Result<Retention, string> {
  const read = readTable("RETENTION", schema, raw);
  return read.ok ? ok(retentionOf((name) => read.value[name] * DAY_MS)) : read;
}

function retentionOf(lengthOf: (name: keyof Days) => number): Retention {
  return {
    deliveriesMs: lengthOf("deliveries_days"),
    deferralsMs: lengthOf("deferrals_days"),
    autoRepliesMs: lengthOf("auto_replies_days"),
    bodiesMs: lengthOf("bodies_days"),
    unverifiedMs: lengthOf("unverified_days"),
    changesMs: lengthOf("changes_days"),
    auditMs: lengthOf("audit_days"),
  };
}
