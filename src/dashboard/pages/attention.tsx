/** What needs a person, in sentences with what to do; nothing where all is well. */
import { adviceOf, summaryOf } from "../../domain/alert-words";
import type { Services } from "../../http/services";
import { MAX_COUNTED, type Overview } from "../../pipeline/overview";
import { type Alert, openAlerts } from "../../store/alerts";
import { allActivity, type ConnectionActivity } from "../../store/connection-activity";
import { type MailboxState, mailboxStates } from "../../store/mailboxes";
import { upTo } from "../frame";
import { countOf, Foreign, Time } from "../parts/words";

/** The cron runs every minute: what is pending longer than this is stuck. */
const PENDING_LATE_MS = 5 * 60_000;
const REJECTED_LATELY_MS = 86_400_000;
/** A mail server may be away for a moment. */
const MAILBOX_FAILURES = 3;

/** Alerts are looked for every few minutes. What can be seen at once is said at once, unless an alert says the same. */
export async function Attention({ services, view }: { services: Services; view: Overview }) {
  const { db, config } = services;
  const now = services.now();
  const [alerts, activity, mailboxes] = await Promise.all([
    openAlerts(db),
    allActivity(db),
    config.mailboxes.length ? mailboxStates(db) : new Map<string, MailboxState>(),
  ]);
  const isTold = (rule: string, subject: string) => alerts.some((a) => a.rule === rule && a.subject === subject);
  const isLate = view.pending.oldestAt !== null && now - view.pending.oldestAt > PENDING_LATE_MS;
  const rejecting = activity.filter(
    (heard) => isRejecting(heard, now) && !isTold("rejecting", `${heard.provider}/${heard.connection}`),
  );
  const failing = [...mailboxes.values()].filter(({ failures }) => failures >= MAILBOX_FAILURES);
  const items = [
    ...config.problems.map((problem) => <li>Configuration: {problem}</li>),
    ...alerts.map((alert) => <Told alert={alert} />),
    ...(isLate && !isTold("pending", "") ? [<Pending view={view} />] : []),
    ...(view.quarantined > 0 ? [<Quarantined view={view} />] : []),
    ...rejecting.map((heard) => <Rejecting heard={heard} />),
    ...failing.map((state) => <Failing state={state} />),
  ];
  if (!items.length) return null;
  return (
    <section class="notice list warn" aria-label="Needs attention">
      <strong>Needs attention</strong>
      <ul>{items}</ul>
      {alerts.length ? <a href="/dashboard/alerts">All alerts</a> : null}
    </section>
  );
}

function Told({ alert }: { alert: Alert }) {
  const href = pageOf(alert);
  return (
    <li>
      <Foreign text={summaryOf(alert)} />
      {href === null ? null : (
        <>
          {" "}
          <a href={href}>Look at it</a>
        </>
      )}
      <details class="more small">
        <summary>What to do</summary>
        <p>{adviceOf(alert.rule)}</p>
      </details>
    </li>
  );
}

/** Where to look: a connection's page, or the events of a provider or a campaign. */
function pageOf({ rule, subject }: Alert): string | null {
  if (rule === "silent" || rule === "rejecting") return `/dashboard/connections/${subject}`;
  if (rule === "incident") return `/dashboard/incidents/${subject}`;
  if (rule === "notification") return `/dashboard/notifications/${subject}`;
  const [, family, name] = /^(provider|campaign):(.+)$/s.exec(subject) ?? [];
  if (family === undefined || name === undefined) return rule === "quarantine" ? "/dashboard/quarantine" : null;
  const kind = rule === "complaint_rate" ? "complained" : "bounced";
  return `/dashboard/events?${new URLSearchParams({ [family]: name, kind })}`;
}

function Pending({ view: { pending } }: { view: Overview }) {
  return (
    <li>
      {countOf(pending.count, "event")} {pending.count === 1 ? "waits" : "wait"} to be applied, the oldest since{" "}
      <Time at={pending.oldestAt ?? 0} />. The cron should do that every minute: see <a href="/health">/health</a>.
    </li>
  );
}

function Quarantined({ view: { quarantined } }: { view: Overview }) {
  return (
    <li>
      <a href="/dashboard/quarantine">
        {upTo(quarantined, MAX_COUNTED)} {quarantined === 1 ? "thing" : "things"}
      </a>{" "}
      could not be read or believed.
    </li>
  );
}

function isRejecting({ lastReceivedAt, lastRejectedAt }: ConnectionActivity, now: number): boolean {
  return lastRejectedAt !== null && lastRejectedAt > (lastReceivedAt ?? 0) && now - lastRejectedAt < REJECTED_LATELY_MS;
}

function Rejecting({
  heard: { provider, connection, lastRejectedAt, lastRejectedReason },
}: {
  heard: ConnectionActivity;
}) {
  return (
    <li>
      <a href={`/dashboard/connections/${provider}/${connection}`}>{`${provider}/${connection}`}</a> was refused at{" "}
      <Time at={lastRejectedAt ?? 0} />: {lastRejectedReason}.
    </li>
  );
}

function Failing({ state: { name, failures, errorDetail, lastSuccessAt } }: { state: MailboxState }) {
  return (
    <li>
      The mailbox <a href="/dashboard/connections#mailboxes">{name}</a> could not be read {failures} times in a row
      {lastSuccessAt === null ? null : (
        <>
          , the last time that it worked was <Time at={lastSuccessAt} />
        </>
      )}
      {errorDetail === null ? null : (
        <>
          : <Foreign text={errorDetail} />
        </>
      )}
    </li>
  );
}
