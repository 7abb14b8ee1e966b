/** The rules: from figures to what is wrong. Each looks at one thing. Pure. */
import { type Finding, type Severity, severityOf } from "./alert";
import type { AlertLimits } from "./alert-limits";

/** Counts of messages of a provider or a campaign, within the same time. */
export interface Sent {
  /** `provider:sendgrid`, `campaign:spring`. */
  readonly subject: string;
  readonly delivered: number;
  readonly bounced: number;
  readonly complained: number;
  /** Does it report deliveries at all? Without them a rate is no rate. */
  readonly reportsDeliveries: boolean;
}

/** How a connection was heard from; times are epoch ms. */
export interface Heard {
  /** `provider/connection` */
  readonly connection: string;
  readonly lastReceivedAt: number | null;
  readonly lastRejectedAt: number | null;
  /** UTC days, counted from 1970, on which it reported something, in their order. */
  readonly activeDays: readonly number[];
}

/** How telling others goes. */
export interface Told {
  readonly id: string;
  /** `active`, `stopped`, `gone` */
  readonly status: string;
  /** Epoch ms. */
  readonly failingSince: number | null;
  readonly parked: number;
}

/** How keeping a provider's list in step goes. */
export interface Synced {
  /** `provider/connection` */
  readonly id: string;
  /** `active`, `stopped`; one that somebody paused is not among them. */
  readonly status: string;
  /** Epoch ms. */
  readonly failingSince: number | null;
}

/** A burst of bounces that waits for a decision. */
export interface Held {
  readonly id: string;
  /** `provider/connection` */
  readonly connection: string;
  /** `null`: at receivers of all kinds. */
  readonly receiver: string | null;
  readonly held: number;
  readonly recipients: number;
  readonly knownGood: number;
}

/** All that the rules look at. */
export interface Figures {
  /** Epoch ms. */
  readonly now: number;
  readonly sent: readonly Sent[];
  readonly pending: { readonly count: number; readonly oldestAt: number | null };
  /** Items that came into quarantine within the last hour. */
  readonly quarantinedLastHour: number;
  readonly heard: readonly Heard[];
  readonly told: readonly Told[];
  /** What is held until a person has decided. */
  readonly incidents: readonly Held[];
  readonly synced: readonly Synced[];
}

type Rule = (figures: Figures, limits: AlertLimits) => readonly Finding[];

const DAY_MS = 86_400_000;
/** One complaint of few is chance. */
const MIN_BAD_MESSAGES = 3;
/** What was rejected longer ago is over, one way or another. */
const REJECTED_LATELY_MS = DAY_MS;

/** @param bad of those that count @param of messages that make the whole */
function rateRule(
  rule: "complaint_rate" | "bounce_rate",
  bad: (sent: Sent) => number,
  of: (sent: Sent) => number,
): Rule {
  const limitsName = rule === "complaint_rate" ? "complaintRate" : "bounceRate";
  return ({ sent }, limits) =>
    sent.flatMap((tally) => {
      const { subject, delivered, bounced, complained, reportsDeliveries } = tally;
      const whole = of(tally);
      if (!reportsDeliveries || whole < limits.minMessages || bad(tally) < MIN_BAD_MESSAGES) return [];
      const rate = bad(tally) / whole;
      return found(rule, subject, severityOf(rate, limits[limitsName]), {
        rate,
        limit: limits[limitsName].warning,
        delivered,
        bounced,
        complained,
      });
    });
}

function found(
  rule: Finding["rule"],
  subject: string,
  severity: Severity | null | undefined,
  detail: Finding["detail"],
): Finding[] {
  return severity === undefined ? [] : [{ rule, subject, severity, detail }];
}

const pendingTooLong: Rule = ({ pending, now }, { pendingMs }) => {
  if (pending.oldestAt === null) return [];
  const ageMs = now - pending.oldestAt;
  const detail = { oldestPendingSeconds: Math.floor(ageMs / 1000), pending: pending.count };
  return found("pending", "", severityOf(ageMs, pendingMs), detail);
};

const quarantineGrows: Rule = ({ quarantinedLastHour }, { quarantinePerHour }) => {
  const limits = { warning: quarantinePerHour, critical: Number.POSITIVE_INFINITY };
  const detail = { lastHour: quarantinedLastHour, limit: quarantinePerHour };
  return found("quarantine", "", severityOf(quarantinedLastHour, limits), detail);
};

/** Silent for longer than its habit: the longest pause that it made within the days that were looked at. */
const silent: Rule = ({ heard, now }, { silentMinMs, silentFactor }) =>
  heard.flatMap(({ connection, lastReceivedAt, activeDays }) => {
    const pauseDays = longestPauseDays(activeDays);
    if (lastReceivedAt === null || pauseDays === null) return [];
    const usualMs = pauseDays * DAY_MS;
    const silentMs = now - lastReceivedAt;
    if (silentMs <= Math.max(silentMinMs, usualMs * silentFactor)) return [];
    const detail = { lastReceivedAt: new Date(lastReceivedAt).toISOString(), usualPauseDays: pauseDays };
    return [{ rule: "silent", subject: connection, severity: "warning", detail }];
  });

/** In days, from one on which it reported to the next; `null`: it has no habit yet. */
function longestPauseDays(activeDays: readonly number[]): number | null {
  const pauses = activeDays.slice(1).map((day, i) => day - (activeDays[i] ?? day));
  return pauses.length ? Math.max(...pauses) : null;
}

const rejecting: Rule = ({ heard, now }) =>
  heard.flatMap(({ connection, lastReceivedAt, lastRejectedAt }) => {
    if (lastRejectedAt === null || lastRejectedAt <= (lastReceivedAt ?? 0)) return [];
    if (now - lastRejectedAt > REJECTED_LATELY_MS) return [];
    const detail = {
      lastRejectedAt: new Date(lastRejectedAt).toISOString(),
      lastReceivedAt: lastReceivedAt === null ? null : new Date(lastReceivedAt).toISOString(),
    };
    return [{ rule: "rejecting", subject: connection, severity: "warning", detail }];
  });

const notTold: Rule = ({ told, now }, { notificationFailingMs }) =>
  told.flatMap(({ id, status, failingSince, parked }) => {
    const failingMs = failingSince === null ? 0 : now - failingSince;
    const isBad = status !== "active" || failingMs >= notificationFailingMs || parked > 0;
    if (!isBad) return [];
    const since = failingSince === null ? null : new Date(failingSince).toISOString();
    return found("notification", id, status === "active" ? "warning" : "critical", {
      status,
      failingSince: since,
      parked,
    });
  });

const outOfStep: Rule = ({ synced, now }, { syncFailingMs }) =>
  synced.flatMap(({ id, status, failingSince }) => {
    const isStopped = status !== "active";
    if (!isStopped && (failingSince === null || now - failingSince < syncFailingMs)) return [];
    const since = failingSince === null ? null : new Date(failingSince).toISOString();
    return found("sync", id, isStopped ? "critical" : "warning", { status, failingSince: since });
  });

const undecided: Rule = ({ incidents }) =>
  incidents.map(({ id, ...detail }) => ({ rule: "incident", subject: id, severity: "critical", detail }));

const RULES: readonly Rule[] = [
  rateRule(
    "complaint_rate",
    (sent) => sent.complained,
    (sent) => sent.delivered,
  ),
  rateRule(
    "bounce_rate",
    (sent) => sent.bounced,
    (sent) => sent.delivered + sent.bounced,
  ),
  pendingTooLong,
  quarantineGrows,
  silent,
  rejecting,
  notTold,
  undecided,
  outOfStep,
];

/** Everything that is wrong by these figures. */
export function findingsOf(figures: Figures, limits: AlertLimits): Finding[] {
  return RULES.flatMap((rule) => rule(figures, limits));
}
