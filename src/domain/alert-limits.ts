/** From which figures on an alert is opened: `[vars.ALERTS]`. */
import { z } from "zod";
import { once } from "./once";
import { ok, type Result } from "./result";
import { readTable } from "./variable";

/** Rates are fractions, lengths ms. */
export interface AlertLimits {
  readonly complaintRate: { readonly warning: number; readonly critical: number };
  readonly bounceRate: { readonly warning: number; readonly critical: number };
  /** Rates of fewer messages say nothing. */
  readonly minMessages: number;
  readonly pendingMs: { readonly warning: number; readonly critical: number };
  readonly quarantinePerHour: number;
  readonly silentMinMs: number;
  /** Of the longest pause that a connection usually makes. */
  readonly silentFactor: number;
  readonly notificationFailingMs: number;
  readonly syncFailingMs: number;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

const positive = z.number().positive();
const percent = positive.max(100);

/** As an operator writes them. Unknown keys are errors: a typo must not pass. */
const schema = z.strictObject({
  complaint_rate_warning: percent.default(0.1),
  complaint_rate_critical: percent.default(0.3),
  bounce_rate_warning: percent.default(2),
  bounce_rate_critical: percent.default(5),
  min_messages: z.number().int().min(1).default(500),
  pending_minutes_warning: positive.default(5),
  pending_minutes_critical: positive.default(15),
  quarantine_per_hour: positive.default(50),
  silent_min_days: positive.default(1),
  silent_factor: z.number().min(1).default(1.5),
  notification_failing_minutes: positive.default(60),
  sync_failing_minutes: positive.default(60),
});

/** Those that hold where `[vars.ALERTS]` says nothing. */
export const defaultAlertLimits = once(() => limitsOf(schema.parse({})));

/**
 * Reads `[vars.ALERTS]`.
 *
 * @param raw a table, its JSON text, or nothing for the defaults
 * @returns the limits, or a sentence that names every bad value
 */
export function parseAlertLimits(raw: unknown): Result<AlertLimits, string> {
  const read = readTable("ALERTS", schema, raw);
  return read.ok ? ok(limitsOf(read.value)) : read;
}

function limitsOf(p: z.infer<typeof schema>): AlertLimits {
  return {
    complaintRate: { warning: p.complaint_rate_warning / 100, critical: p.complaint_rate_critical / 100 },
    bounceRate: { warning: p.bounce_rate_warning / 100, critical: p.bounce_rate_critical / 100 },
    minMessages: p.min_messages,
    pendingMs: { warning: p.pending_minutes_warning * MINUTE_MS, critical: p.pending_minutes_critical * MINUTE_MS },
    quarantinePerHour: p.quarantine_per_hour,
    silentMinMs: p.silent_min_days * DAY_MS,
    silentFactor: p.silent_factor,
    notificationFailingMs: p.notification_failing_minutes * MINUTE_MS,
    syncFailingMs: p.sync_failing_minutes * MINUTE_MS,
  };
}
