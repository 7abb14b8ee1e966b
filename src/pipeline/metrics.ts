/** How the service is doing, in numbers, for whoever scrapes them. */
import { SEVERITIES } from "../domain/alert";
import type { Metric, Sample } from "../domain/prometheus";
import { allActivity, type ConnectionActivity } from "../store/connection-activity";
import { type EventTotal, type MetricFigures, metricFigures } from "../store/metrics";
import { allNotifications } from "../store/notifications";
import { type PushCounts, syncStates } from "../store/syncs";
import type { Deps } from "./deps";

/** Kinds and classes are few; connections are as many as are configured. */
const MAX_EVENT_SERIES = 2_000;
const MAX_CONNECTIONS = 500;
const MAX_NOTIFICATIONS = 200;
/** Beyond it nobody wants to know exactly how much waits. */
const MAX_COUNTED = 10_000;

/** Everything that is told of, as it is now. @param problems of the configuration, how many */
export async function metrics({ db, now }: Pick<Deps, "db" | "now">, problems: number): Promise<Metric[]> {
  const at = now();
  const [figures, activity, notifications, syncs] = await Promise.all([
    metricFigures(db, MAX_EVENT_SERIES, MAX_COUNTED),
    allActivity(db),
    allNotifications(db),
    syncStates(db),
  ]);
  const heard = activity.slice(0, MAX_CONNECTIONS);
  const told = notifications.slice(0, MAX_NOTIFICATIONS);
  return [
    {
      name: "bouncekeeper_events_total",
      type: "counter",
      help: "Events recorded, by connection, kind and bounce class.",
      samples: figures.events.map(eventSample),
    },
    ...gaugesOf(figures, problems, at),
    gauge(
      "connection_last_received_timestamp_seconds",
      "When a connection was last heard from, to the minute.",
      heard.map((a) => sampleOfConnection(a, a.lastReceivedAt)),
    ),
    gauge(
      "connection_last_rejected_timestamp_seconds",
      "When a call to a connection was last refused, to the minute.",
      heard.map((a) => sampleOfConnection(a, a.lastRejectedAt)),
    ),
    gauge(
      "notification_outbox_messages",
      "Messages to be tried again, and messages given up.",
      told.flatMap(({ id, outbox }) =>
        (["waiting", "parked"] as const).map((state) => ({
          labels: { notification: id, state },
          value: outbox[state],
        })),
      ),
    ),
    gauge(
      "notification_failing_seconds",
      "For how long nothing could be delivered.",
      told.map(({ id, failingSince }) => ({
        labels: { notification: id },
        value: failingSince === null ? 0 : seconds(at - failingSince),
      })),
    ),
    ...syncMetrics(syncs, at),
  ];
}

const PUSH_OUTCOMES: readonly (keyof PushCounts)[] = ["listed", "released", "kept", "refused", "skipped"];

function syncMetrics(syncs: Awaited<ReturnType<typeof syncStates>>, now: number): Metric[] {
  const states = [...syncs];
  return [
    gauge(
      "sync_pushed_recipients",
      "What became of recipients that were to be sent, since sending was begun.",
      states.flatMap(([sync, { push }]) =>
        push ? PUSH_OUTCOMES.map((outcome) => ({ labels: { sync, outcome }, value: push.counts[outcome] })) : [],
      ),
    ),
    gauge(
      "sync_pulled_entries",
      "Entries that the last pull brought, and those that it read.",
      states.flatMap(([sync, { pull }]) =>
        pull ? (["new", "rows"] as const).map((state) => ({ labels: { sync, state }, value: pull.counts[state] })) : [],
      ),
    ),
    gauge(
      "sync_failing_seconds",
      "For how long a provider's list could not be kept in step.",
      states.map(([sync, { failingSince }]) => ({
        labels: { sync },
        value: failingSince === null ? 0 : seconds(now - failingSince),
      })),
    ),
  ];
}

function gaugesOf(figures: MetricFigures, problems: number, now: number): Metric[] {
  const { pending, oldestPendingAt, quarantined, unsettled, lastCronAt, filterVersion, filterCurrentAt } = figures;
  const oldest = oldestPendingAt === null ? 0 : seconds(now - oldestPendingAt);
  const openOf = (severity: string) => figures.openAlerts.find((row) => row.severity === severity)?.count ?? 0;
  return [
    gauge(
      "suppressed_recipients",
      "Recipients on the suppression list, by the first of their reasons.",
      figures.suppressed.map(({ reason, count }) => ({ labels: { reason }, value: count })),
    ),
    gauge("pending_events", "Events on record that are still to be applied.", [{ value: pending }]),
    gauge("pending_oldest_seconds", "Age of the oldest of them.", [{ value: oldest }]),
    gauge("incidents_open", "Bursts of bounces that wait for a decision.", [{ value: figures.openIncidents }]),
    gauge("held_events", "Bounces that they hold.", [{ value: figures.heldEvents }]),
    gauge("quarantine_items", `What could not be read, counted up to ${MAX_COUNTED}.`, [{ value: quarantined }]),
    gauge("edge_unsettled_answers", "Answers that the edge cache is behind with.", [{ value: unsettled }]),
    gauge("cron_last_run_timestamp_seconds", "When the cron last ran.", [{ value: secondsOrNull(lastCronAt) }]),
    gauge(
      "alerts_open",
      "Open alerts.",
      SEVERITIES.map((severity) => ({ labels: { severity }, value: openOf(severity) })),
    ),
    gauge("filter_version", "The downloadable filter that is published.", [{ value: filterVersion }]),
    gauge("filter_current_timestamp_seconds", "What was on the list by then is in it.", [
      { value: secondsOrNull(filterCurrentAt) },
    ]),
    gauge("config_problems", "Secrets and variables that cannot be used.", [{ value: problems }]),
  ];
}

function gauge(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name: `bouncekeeper_${name}`, type: "gauge", help, samples };
}

function eventSample({ connection, kind, class: bounceClass, count }: EventTotal): Sample {
  const slash = connection.indexOf("/");
  const [provider, name] = [connection.slice(0, slash), connection.slice(slash + 1)];
  return { labels: { provider, connection: name, kind, class: bounceClass }, value: count };
}

function sampleOfConnection({ provider, connection }: ConnectionActivity, at: number | null): Sample {
  return { labels: { provider, connection }, value: secondsOrNull(at) };
}

function seconds(ms: number): number {
  return Math.max(0, Math.floor(ms / 1000));
}

function secondsOrNull(ms: number | null): number | null {
  return ms === null ? null : seconds(ms);
}
