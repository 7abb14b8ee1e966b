/** How long what is kept: `[vars.RETENTION]`. */
import { fail, ok, type Result } from "../domain/result";
import type { Retention } from "./deps";

const DAY_MS = 86_400_000;
const DEFAULT_RETENTION_DAYS = {
  deliveries_days: 30,
  deferrals_days: 30,
  auto_replies_days: 30,
  bodies_days: 30,
  unverified_days: 30,
  changes_days: 30,
  audit_days: 365,
};
/** Unreadable limits keep everything rather than too little. */
export const KEEP_EVERYTHING = retentionOf(() => Number.POSITIVE_INFINITY);

/** `[vars.RETENTION]`: the keys of `DEFAULT_RETENTION_DAYS`; whole or fractional days above zero. */
export function parseRetention(raw: unknown): Result<Retention, string> {
  let value = raw ?? {};
  if (typeof value === "string") {
    try {
      value = JSON.parse(value);
    } catch {
      return fail("RETENTION is not valid JSON");
    }
  }
  const days = { ...DEFAULT_RETENTION_DAYS, ...(value as Record<string, unknown>) };
  for (const [name, n] of Object.entries(days)) {
    if (!Object.hasOwn(DEFAULT_RETENTION_DAYS, name)) return fail(`RETENTION.${name}: unknown key`);
    if (typeof n !== "number" || !(n > 0)) return fail(`RETENTION.${name}: must be a number of days above 0`);
  }
  return ok(retentionOf((name) => Number(days[name]) * DAY_MS));
}

function retentionOf(lengthOf: (name: keyof typeof DEFAULT_RETENTION_DAYS) => number): Retention {
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
