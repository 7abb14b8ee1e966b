/**
 * Alerts: what needs a person. Rules look at figures and find what is wrong; from what is found and what is open follows
 * what is opened and closed. Pure.
 */

/** What alerts are about. */
export const ALERT_RULES = [
  "complaint_rate",
  "bounce_rate",
  "pending",
  "quarantine",
  "silent",
  "rejecting",
  "notification",
  "incident",
  "sync",
] as const;
export type AlertRule = (typeof ALERT_RULES)[number];

/** The milder first. */
export const SEVERITIES = ["warning", "critical"] as const;
export type Severity = (typeof SEVERITIES)[number];

/** The figures behind it, and no address among them. */
export type AlertDetail = Readonly<Record<string, string | number | null>>;

/** What a rule found. */
export interface Finding {
  readonly rule: AlertRule;
  /** What it is about: `provider:sendgrid`, `campaign:spring`, `ses/eu`, a subscription's id; empty: the service. */
  readonly subject: string;
  /** `null`: not bad enough to open an alert, and not good enough to close one. */
  readonly severity: Severity | null;
  readonly detail: AlertDetail;
}

/** Times are epoch ms. */
export interface OpenAlert {
  readonly key: string;
  readonly rule: AlertRule;
  readonly subject: string;
  /** The worst since it was opened. */
  readonly severity: Severity;
  readonly openedAt: number;
  /** When its condition last held. */
  readonly lastSeenAt: number;
  readonly detail: AlertDetail;
}

export interface AlertTransition {
  /** `opened` too when it becomes worse. */
  readonly type: "opened" | "closed";
  readonly alert: OpenAlert;
}

/** It has been well for so long before an alert closes: what comes and goes is one alert. */
const CLOSES_AFTER_MS = 15 * 60_000;

export interface Step {
  /** Open alerts that were seen, as they stand now. */
  readonly standing: readonly OpenAlert[];
  readonly transitions: readonly AlertTransition[];
}

/**
 * From what is open and what was found to what changes.
 *
 * @param now epoch ms
 */
export function stepAlerts(open: readonly OpenAlert[], findings: readonly Finding[], now: number): Step {
  const byKey = new Map(open.map((alert) => [alert.key, alert]));
  const seen = findings.flatMap((finding) => seenAlert(byKey.get(keyOf(finding)), finding, now));
  const seenKeys = new Set(findings.map(keyOf));
  const over = open.filter((alert) => !seenKeys.has(alert.key) && now - alert.lastSeenAt >= CLOSES_AFTER_MS);
  return {
    standing: seen,
    transitions: [
      ...seen
        .filter((alert) => isNews(alert, byKey.get(alert.key)))
        .map((alert) => ({ type: "opened" as const, alert })),
      ...over.map((alert) => ({ type: "closed" as const, alert })),
    ],
  };
}

function keyOf({ rule, subject }: Finding): string {
  return `${rule}:${subject}`;
}

function seenAlert(known: OpenAlert | undefined, finding: Finding, now: number): OpenAlert[] {
  const { rule, subject, detail } = finding;
  const severity = worst(known?.severity ?? null, finding.severity);
  if (severity === null) return [];
  return [{ key: keyOf(finding), rule, subject, severity, openedAt: known?.openedAt ?? now, lastSeenAt: now, detail }];
}

function isNews(alert: OpenAlert, known: OpenAlert | undefined): boolean {
  return known === undefined || (alert.severity === "critical" && known.severity === "warning");
}

function worst(a: Severity | null, b: Severity | null): Severity | null {
  return a === "critical" || b === "critical" ? "critical" : (a ?? b);
}

/** Below this share of the lower limit an alert may close. */
const CALM_SHARE = 0.8;

/** @returns `undefined`: all is well */
export function severityOf(
  value: number,
  { warning, critical }: { readonly warning: number; readonly critical: number },
): Severity | null | undefined {
  if (value >= critical) return "critical";
  if (value >= warning) return "warning";
  return value >= warning * CALM_SHARE ? null : undefined;
}
