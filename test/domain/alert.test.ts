import { describe, expect, it } from "vitest";
import { ALERT_RULES, type Finding, type OpenAlert, severityOf, stepAlerts } from "../../src/domain/alert";
import { defaultAlertLimits, parseAlertLimits } from "../../src/domain/alert-limits";
import { type Figures, findingsOf, type Sent } from "../../src/domain/alert-rules";
import { adviceOf, summaryOf } from "../../src/domain/alert-words";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const NOW = Date.UTC(2030, 0, 15, 12);
const TODAY = NOW / DAY_MS;

const FINE: Figures = {
  now: NOW,
  sent: [],
  pending: { count: 0, oldestAt: null },
  quarantinedLastHour: 0,
  heard: [],
  told: [],
  synced: [],
  incidents: [],
};
const found = (figures: Partial<Figures>) => findingsOf({ ...FINE, ...figures }, defaultAlertLimits());
const told = (figures: Partial<Figures>) =>
  found(figures).map(({ rule, subject, severity }) => [rule, subject, severity]);

const sent = (more: Partial<Sent>): Sent => ({
  subject: "provider:ses",
  delivered: 10_000,
  bounced: 0,
  complained: 0,
  reportsDeliveries: true,
  ...more,
});

it("finds nothing where all is well", () => {
  expect(found({ sent: [sent({ bounced: 100, complained: 5 })] })).toEqual([]);
});

it("finds each burst that waits for a decision", () => {
  const incident = {
    id: "incident-1",
    connection: "ses/eu",
    receiver: null,
    held: 70,
    recipients: 120,
    knownGood: 110,
  };
  const [finding] = found({ incidents: [incident] });
  expect(finding).toMatchObject({ rule: "incident", subject: "incident-1", severity: "critical" });
  expect(summaryOf(finding as never)).toBe(
    "ses/eu: a burst of bounces that say the same. 70 are held and suppress nobody until you decide; 110 of 120 recipients got mail before.",
  );
  const [named] = found({ incidents: [{ ...incident, receiver: "example.net" }] });
  expect(summaryOf(named as never)).toContain("that say the same at example.net.");
});

describe("rates", () => {
  it.each([
    [7, []],
    [8, [["complaint_rate", "provider:ses", null]]],
    [10, [["complaint_rate", "provider:ses", "warning"]]],
    [29, [["complaint_rate", "provider:ses", "warning"]]],
    [30, [["complaint_rate", "provider:ses", "critical"]]],
  ])("of complaints: %i of 10,000 delivered", (complained, expected) => {
    expect(told({ sent: [sent({ complained })] })).toEqual(expected);
  });

  it.each([
    [150, []],
    [163, [["bounce_rate", "provider:ses", null]]],
    [205, [["bounce_rate", "provider:ses", "warning"]]],
    [527, [["bounce_rate", "provider:ses", "critical"]]],
  ])("of bounces: %i beside 10,000 delivered", (bounced, expected) => {
    expect(told({ sent: [sent({ bounced })] })).toEqual(expected);
  });

  it("of few messages, or of few that went wrong, say nothing", () => {
    expect(told({ sent: [sent({ delivered: 499, complained: 400 })] })).toEqual([]);
    expect(told({ sent: [sent({ delivered: 500, complained: 2 })] })).toEqual([]);
    expect(told({ sent: [sent({ delivered: 400, bounced: 99 })] })).toEqual([]);
    expect(told({ sent: [sent({ delivered: 400, bounced: 100 })] })).toHaveLength(1);
  });

  it("of somebody who reports no deliveries are none; of somebody who does, a total failure is one", () => {
    expect(told({ sent: [sent({ delivered: 0, bounced: 5_000, reportsDeliveries: false })] })).toEqual([]);
    expect(told({ sent: [sent({ delivered: 0, bounced: 5_000 })] })).toEqual([
      ["bounce_rate", "provider:ses", "critical"],
    ]);
  });
});

it("pending events are late after five minutes, and stuck after fifteen", () => {
  const pending = (minutes: number) => told({ pending: { count: 3, oldestAt: NOW - minutes * MINUTE_MS } });
  expect(pending(3)).toEqual([]);
  expect(pending(4)).toEqual([["pending", "", null]]);
  expect(pending(5)).toEqual([["pending", "", "warning"]]);
  expect(pending(15)).toEqual([["pending", "", "critical"]]);
});

it("quarantine grows when more than a few things come in within an hour", () => {
  expect(told({ quarantinedLastHour: 39 })).toEqual([]);
  expect(told({ quarantinedLastHour: 40 })).toEqual([["quarantine", "", null]]);
  expect(told({ quarantinedLastHour: 50 })).toEqual([["quarantine", "", "warning"]]);
});

describe("a connection", () => {
  const heard = (activeDays: number[], silentDays: number, more = {}) =>
    told({
      heard: [
        {
          connection: "ses/eu",
          lastReceivedAt: NOW - silentDays * DAY_MS,
          lastRejectedAt: null,
          activeDays,
          ...more,
        },
      ],
    });
  const daily = [7, 6, 5, 4, 3, 2, 1].map((ago) => TODAY - ago);
  const weekly = [21, 14, 7].map((ago) => TODAY - ago);
  const weekdays = [8, 7, 6, 5, 4, 1].map((ago) => TODAY - ago);
  const SILENT = [["silent", "ses/eu", "warning"]];

  it("that reports every day is silent after a day and a half", () => {
    expect(heard(daily, 1.4)).toEqual([]);
    expect(heard(daily, 1.6)).toEqual(SILENT);
  });

  it("that reports on weekdays is not silent on a weekend, and one that reports weekly not within the week", () => {
    expect(heard(weekdays, 3)).toEqual([]);
    expect(heard(weekdays, 4.6)).toEqual(SILENT);
    expect(heard(weekly, 8)).toEqual([]);
    expect(heard(weekly, 11)).toEqual(SILENT);
  });

  it("that was heard from on one day only, or never, has no habit", () => {
    expect(heard([TODAY - 20], 20)).toEqual([]);
    expect(heard(daily, 0, { lastReceivedAt: null })).toEqual([]);
  });

  it("rejects signatures when the last call was rejected, and not when one was taken since", () => {
    const at = (minutes: number) => NOW - minutes * MINUTE_MS;
    const REJECTING = [["rejecting", "ses/eu", "warning"]];
    expect(heard(daily, 0, { lastReceivedAt: at(20), lastRejectedAt: at(10) })).toEqual(REJECTING);
    expect(heard(daily, 0, { lastReceivedAt: null, lastRejectedAt: at(10) })).toEqual(REJECTING);
    expect(heard(daily, 0, { lastReceivedAt: at(5), lastRejectedAt: at(10) })).toEqual([]);
    expect(heard(daily, 0, { lastReceivedAt: at(3_000), lastRejectedAt: at(1_500) })).toEqual(SILENT);
  });
});

it("a provider's list that cannot be kept in step for an hour, or that the provider refuses, is an alert", () => {
  const sync = (more: object) =>
    told({ synced: [{ id: "mailgun/eu", status: "active", failingSince: null, ...more }] });
  expect(sync({})).toEqual([]);
  expect(sync({ failingSince: NOW - 59 * MINUTE_MS })).toEqual([]);
  expect(sync({ failingSince: NOW - 60 * MINUTE_MS })).toEqual([["sync", "mailgun/eu", "warning"]]);
  expect(sync({ status: "stopped", failingSince: NOW })).toEqual([["sync", "mailgun/eu", "critical"]]);
});

describe("a notification", () => {
  const notification = (more: object) =>
    told({ told: [{ id: "n1", status: "active", failingSince: null, parked: 0, ...more }] });

  it("does not arrive when it fails for an hour, when it was stopped, and when messages were given up", () => {
    expect(notification({})).toEqual([]);
    expect(notification({ failingSince: NOW - 59 * MINUTE_MS })).toEqual([]);
    expect(notification({ failingSince: NOW - 60 * MINUTE_MS })).toEqual([["notification", "n1", "warning"]]);
    expect(notification({ parked: 1 })).toEqual([["notification", "n1", "warning"]]);
    expect(notification({ status: "stopped" })).toEqual([["notification", "n1", "critical"]]);
    expect(notification({ status: "gone" })).toEqual([["notification", "n1", "critical"]]);
  });
});

describe("an alert", () => {
  const finding = (severity: Finding["severity"]): Finding => ({
    rule: "pending",
    subject: "",
    severity,
    detail: { n: 1 },
  });
  const open = (more: Partial<OpenAlert> = {}): OpenAlert => ({
    key: "pending:",
    rule: "pending",
    subject: "",
    severity: "warning",
    openedAt: NOW - DAY_MS,
    lastSeenAt: NOW - 5 * MINUTE_MS,
    detail: {},
    ...more,
  });
  const kinds = (alerts: OpenAlert[], findings: Finding[]) =>
    stepAlerts(alerts, findings, NOW).transitions.map(({ type, alert }) => [type, alert.severity]);

  it("opens once, and again when it becomes worse", () => {
    expect(kinds([], [finding("warning")])).toEqual([["opened", "warning"]]);
    expect(kinds([open()], [finding("warning")])).toEqual([]);
    expect(kinds([open()], [finding("critical")])).toEqual([["opened", "critical"]]);
    expect(kinds([open({ severity: "critical" })], [finding("critical")])).toEqual([]);
  });

  it("stays as bad as it was until it closes", () => {
    const { standing, transitions } = stepAlerts([open({ severity: "critical" })], [finding("warning")], NOW);
    expect(transitions).toEqual([]);
    expect(standing).toMatchObject([
      { severity: "critical", openedAt: NOW - DAY_MS, lastSeenAt: NOW, detail: { n: 1 } },
    ]);
  });

  it("closes when it has been well for a quarter of an hour, not sooner, and not while it is close to the limit", () => {
    expect(kinds([open({ lastSeenAt: NOW - 14 * MINUTE_MS })], [])).toEqual([]);
    expect(kinds([open({ lastSeenAt: NOW - 15 * MINUTE_MS })], [])).toEqual([["closed", "warning"]]);
    expect(kinds([open({ lastSeenAt: NOW - 15 * MINUTE_MS })], [finding(null)])).toEqual([]);
  });

  it("is not opened by what is only close to the limit", () => {
    expect(stepAlerts([], [finding(null)], NOW)).toEqual({ standing: [], transitions: [] });
    expect(severityOf(0.8, { warning: 1, critical: 2 })).toBeNull();
    expect(severityOf(0.79, { warning: 1, critical: 2 })).toBeUndefined();
  });
});

it("every rule says what is wrong, with its figures, and what to do", () => {
  const findings = found({
    sent: [sent({ bounced: 2_000, complained: 100 })],
    pending: { count: 4, oldestAt: NOW - 30 * MINUTE_MS },
    quarantinedLastHour: 80,
    heard: [
      {
        connection: "ses/eu",
        lastReceivedAt: NOW - 9 * DAY_MS,
        lastRejectedAt: NOW - MINUTE_MS,
        activeDays: [TODAY - 10, TODAY - 9],
      },
    ],
    told: [{ id: "n1", status: "active", failingSince: NOW - DAY_MS, parked: 2 }],
    synced: [{ id: "mailgun/eu", status: "active", failingSince: NOW - DAY_MS }],
    incidents: [{ id: "i1", connection: "ses/eu", receiver: null, held: 7, recipients: 12, knownGood: 11 }],
  });
  expect(findings.map(({ rule }) => rule).sort()).toEqual([...ALERT_RULES].sort());
  for (const finding of findings) {
    expect(summaryOf(finding)).toMatch(/^[A-Zs].{20,}\.$/);
    expect(summaryOf(finding)).not.toMatch(/undefined|null|NaN/);
    expect(adviceOf(finding.rule).length).toBeGreaterThan(40);
  }
  expect(summaryOf(findings[0] as Finding)).toBe(
    "Provider ses: 1.00 % of the delivered messages were reported as spam (100 of 10000).",
  );
});

describe("[vars.ALERTS]", () => {
  it("changes limits, in the units in which people think", () => {
    const limits = parseAlertLimits('{"complaint_rate_warning":0.05,"pending_minutes_warning":2}');
    expect(limits).toMatchObject({
      ok: true,
      value: { complaintRate: { warning: 0.0005, critical: 0.003 }, pendingMs: { warning: 120_000 } },
    });
  });

  it.each([
    ["{", "ALERTS is not valid JSON"],
    [{ complaint_rate: 1 }, "ALERTS"],
    [{ min_messages: 0 }, "ALERTS.min_messages"],
    [{ bounce_rate_critical: 101 }, "ALERTS.bounce_rate_critical"],
    [7, "ALERTS"],
  ])("%j is refused, with a sentence that names it", (raw, words) => {
    const limits = parseAlertLimits(raw);
    expect(limits.ok ? "" : limits.error).toContain(words);
  });
});
