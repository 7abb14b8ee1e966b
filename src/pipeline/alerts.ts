/** Alerts: the cron looks at the figures every few minutes and writes down what has changed. */
import { type AlertDetail, stepAlerts } from "../domain/alert";
import type { AlertLimits } from "../domain/alert-limits";
import { type Figures, findingsOf, type Heard } from "../domain/alert-rules";
import { adviceOf, summaryOf } from "../domain/alert-words";
import { activeDays, quarantinedSince, sentByCampaign, sentByProvider } from "../store/alert-figures";
import { type Alert, claimEvaluation, noteAlerts, openAlerts, pruneAlerts } from "../store/alerts";
import { allActivity } from "../store/connection-activity";
import { openIncidents, receiverOfCause } from "../store/incidents";
import { allNotifications } from "../store/notifications";
import { pendingSummary } from "../store/pending";
import { type SyncState, syncStates } from "../store/syncs";
import type { Deps } from "./deps";

export type AlertDeps = Pick<Deps, "db" | "now" | "log">;

const EVALUATE_EVERY_MS = 5 * 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** Rates of providers are those of a day. */
const RATE_HOURS = 24;
/** Counts of campaigns are by day: today's and yesterday's. */
const CAMPAIGN_DAYS = 2;
const MAX_CAMPAIGNS = 100;
/** Hours are kept for eight days. */
const DELIVERY_HABIT_HOURS = 7 * 24;
/** Long enough that a weekly newsletter has a habit. */
const SILENCE_HABIT_DAYS = 28;
const MAX_INCIDENTS = 100;
const MAX_COUNTED = 10_000;
const KEPT_MS = 90 * DAY_MS;

export interface AlertSettings {
  readonly limits: AlertLimits;
  /** Is this connection still configured? One that was taken out may be silent. */
  readonly isConfigured: (connection: string) => boolean;
  /** The syncs that are configured, as `provider/connection`. */
  readonly syncs: readonly string[];
}

/** Looks at the figures, if it is time to. @returns how many alerts were opened and closed; `null`: it was not time */
export async function evaluateAlerts(
  deps: AlertDeps,
  settings: AlertSettings,
): Promise<{ readonly opened: number; readonly closed: number } | null> {
  const now = deps.now();
  if (!(await claimEvaluation(deps.db, now, EVALUATE_EVERY_MS))) return null;
  const [figures, open] = await Promise.all([figuresOf(deps.db, settings, now), openAlerts(deps.db)]);
  const { standing, transitions } = stepAlerts(open, findingsOf(figures, settings.limits), now);
  await noteAlerts(deps.db, standing, transitions, now);
  await pruneAlerts(deps.db, now - KEPT_MS);
  for (const { type, alert } of transitions) {
    deps.log.warn(`alert.${type}`, { rule: alert.rule, severity: alert.severity });
  }
  const opened = transitions.filter(({ type }) => type === "opened").length;
  return { opened, closed: transitions.length - opened };
}

async function figuresOf(db: D1Database, { isConfigured, syncs }: AlertSettings, now: number): Promise<Figures> {
  const hour = Math.floor(now / HOUR_MS);
  const today = Math.floor(now / DAY_MS);
  const [providers, campaigns, pending, quarantinedLastHour, activity, days, told, states, incidents] =
    await Promise.all([
      sentByProvider(db, hour - RATE_HOURS + 1, hour - DELIVERY_HABIT_HOURS),
      sentByCampaign(db, today - CAMPAIGN_DAYS + 1, MAX_CAMPAIGNS),
      pendingSummary(db),
      quarantinedSince(db, now - HOUR_MS, MAX_COUNTED),
      allActivity(db),
      activeDays(db, today - SILENCE_HABIT_DAYS),
      allNotifications(db),
      syncs.length ? syncStates(db) : new Map<string, SyncState>(),
      openIncidents(db, MAX_INCIDENTS),
    ]);
  const heard = activity
    .map(({ provider, connection, ...times }): Heard => {
      const id = `${provider}/${connection}`;
      return { connection: id, ...times, activeDays: days.get(id) ?? [] };
    })
    .filter(({ connection }) => isConfigured(connection));
  return {
    now,
    sent: [...providers, ...campaigns],
    pending,
    quarantinedLastHour,
    heard,
    told: told.map(({ id, status, failingSince, outbox }) => ({ id, status, failingSince, parked: outbox.parked })),
    incidents: incidents.map(({ known_good: knownGood, cause, ...rest }) => ({
      ...rest,
      receiver: receiverOfCause(cause),
      knownGood,
    })),
    synced: [...states].flatMap(([id, { status, failingSince }]) =>
      syncs.includes(id) && status !== "paused" ? [{ id, status, failingSince }] : [],
    ),
  };
}

/** An alert as people are told of it. */
export interface ToldAlert {
  readonly key: string;
  readonly rule: string;
  readonly subject: string;
  readonly severity: string;
  /** What is wrong, in a sentence. */
  readonly summary: string;
  /** What to do about it. */
  readonly advice: string;
  /** Epoch ms. */
  readonly openedAt: number;
  readonly closedAt: number | null;
  readonly detail: AlertDetail;
}

/** An alert with its words: what is wrong, and what to do. */
export function toldAlert(
  alert: Pick<Alert, "key" | "rule" | "subject" | "severity" | "openedAt" | "closedAt" | "detail">,
): ToldAlert {
  const { key, rule, subject, severity, openedAt, closedAt, detail } = alert;
  return {
    key,
    rule,
    subject,
    severity,
    summary: summaryOf(alert),
    advice: adviceOf(rule),
    openedAt,
    closedAt,
    detail,
  };
}
