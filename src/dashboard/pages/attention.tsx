/** What needs a person, in sentences with what to do; nothing where all is well. */
import type { Services } from "../../http/services";
import { MAX_COUNTED, type Overview } from "../../pipeline/overview";
import { allActivity, type ConnectionActivity } from "../../store/connection-activity";
import { upTo } from "../frame";
import { count, Time } from "../parts/words";

/** The cron runs every minute: what is pending longer than this is stuck. */
const PENDING_LATE_MS = 5 * 60_000;
/** A connection that was heard from before and not for this long has gone silent. */
const SILENT_MS = 3 * 86_400_000;
const REJECTED_LATELY_MS = 86_400_000;

export async function Attention({ services, view }: { services: Services; view: Overview }) {
  const now = services.now();
  const activity = await allActivity(services.db);
  const problems = services.config.problems.map((problem) => <li>Configuration: {problem}</li>);
  const late =
    view.pending.oldestAt !== null && now - view.pending.oldestAt > PENDING_LATE_MS ? (
      <li>
        {count(view.pending.count)} {view.pending.count === 1 ? "event waits" : "events wait"} to be applied, the oldest
        since <Time at={view.pending.oldestAt} />. The cron should do that every minute: see{" "}
        <a href="/health">/health</a>.
      </li>
    ) : null;
  const quarantined = view.quarantined ? (
    <li>
      <a href="/dashboard/quarantine">
        {upTo(view.quarantined, MAX_COUNTED)} {view.quarantined === 1 ? "thing" : "things"}
      </a>{" "}
      could not be read or believed.
    </li>
  ) : null;
  const items = [...problems, late, quarantined, ...activity.map((heard) => complaintAbout(heard, now))].filter(
    (item) => item !== null,
  );
  if (!items.length) return null;
  return (
    <section class="notice list warn" aria-label="Needs attention">
      <strong>Needs attention</strong>
      <ul>{items}</ul>
    </section>
  );
}

function complaintAbout(
  { provider, connection, lastReceivedAt, lastRejectedAt, lastRejectedReason }: ConnectionActivity,
  now: number,
) {
  const link = <a href={`/dashboard/connections/${provider}/${connection}`}>{`${provider}/${connection}`}</a>;
  if (lastRejectedAt !== null && lastRejectedAt > (lastReceivedAt ?? 0) && now - lastRejectedAt < REJECTED_LATELY_MS) {
    return (
      <li>
        {link} was refused at <Time at={lastRejectedAt} />: {lastRejectedReason}.
      </li>
    );
  }
  if (lastReceivedAt !== null && now - lastReceivedAt > SILENT_MS) {
    return (
      <li>
        {link} has been silent since <Time at={lastReceivedAt} />.
      </li>
    );
  }
  return null;
}
