/** One recipient: the verdict in words, the counter, everything that happened; and finding one. */
import { Hono } from "hono";
import { canonicalRecipient, domainRecipient, keyOfErased } from "../../domain/address";
import { isOperatorKind, type Reason } from "../../domain/event";
import { recipientReport, TIMELINE_LENGTH } from "../../pipeline/recipient-report";
import { receiptIdOf } from "../../store/event-row";
import { actorsOf } from "../../store/receipts";
import { newestSuppressions } from "../../store/suppression-search";
import type { DashboardEnv } from "../env";
import { frameOf } from "../frame";
import { Fact, Facts } from "../parts/facts";
import { Page } from "../parts/layout";
import { Notice } from "../parts/notice";
import { ListPanel } from "../parts/panel";
import { OnProbation } from "../parts/probation";
import { Timeline } from "../parts/timeline";
import { Verdict } from "../parts/verdict";
import { Badge, countOf, Empty, Foreign, ReasonBadge, recipientPath, Time } from "../parts/words";
import { RecipientActions } from "./recipient-actions";

const FOUND_LENGTH = 50;
const MIN_SEARCH_LENGTH = 2;

export const recipientsRoutes = new Hono<DashboardEnv>();

recipientsRoutes.get("/dashboard/recipients", async (c) => {
  const text = (c.req.query("q") ?? "").trim().slice(0, 500);
  const exact = canonicalRecipient(text);
  if (exact.ok) return c.redirect(recipientPath(exact.value), 303);
  const isLongEnough = text.length >= MIN_SEARCH_LENGTH;
  const found = isLongEnough
    ? (await newestSuppressions(c.env.db, { q: text.toLowerCase() }, FOUND_LENGTH, null, c.env.now())).rows
    : [];
  const frame = await frameOf(c, { title: "Find a recipient", path: "/dashboard/recipients", search: text });
  return c.html(
    <Page frame={frame}>
      <div class="heading">
        <h1>Find a recipient</h1>
      </div>
      <Notice url={new URL(c.req.url)} token={frame.formToken} />
      <ListPanel
        label="Found"
        isEmpty={found.length === 0}
        empty={
          <Empty title={isLongEnough ? "Nobody on the suppression list matches" : "Enter an address"}>
            <p>
              A whole address finds everybody that was ever heard of; a part of one searches the suppression list. A
              whole domain is <code>@example.com</code>.
            </p>
          </Empty>
        }
      >
        <ul class="plain">
          {found.map(({ address, key }) => (
            <li>
              <a href={recipientPath(address ?? key)}>
                <Foreign text={address ?? key} />
              </a>
            </li>
          ))}
        </ul>
      </ListPanel>
    </Page>,
  );
});

recipientsRoutes.get("/dashboard/recipients/:recipient", async (c) => {
  const address = canonicalRecipient(c.req.param("recipient"));
  if (!address.ok) return c.redirect(`/dashboard/recipients?q=${encodeURIComponent(c.req.param("recipient"))}`, 303);
  const recipient = address.value;
  const { row, suppressions, answer, evidence, pending, threshold, ...report } = await recipientReport(
    c.env,
    recipient,
  );
  // The audit trail knows a recipient by the hash; who was not erased has a name.
  if (keyOfErased(recipient) !== null && row?.address && row.address !== recipient) {
    return c.redirect(recipientPath(row.address), 303);
  }
  const timeline = [...report.timeline].sort(
    (one, other) => other.occurred_at - one.occurred_at || other.seq - one.seq,
  );
  const commands = timeline.filter(({ kind }) => isOperatorKind(kind));
  const actors = await actorsOf(
    c.env.db,
    commands.map(({ seq }) => receiptIdOf(seq)),
  );
  const isByDomain = answer?.reasons.includes("domain") ?? false;
  const title = keyOfErased(recipient) === null ? recipient : "An erased recipient";
  const frame = await frameOf(c, { title, path: "/dashboard/recipients", search: recipient });
  return c.html(
    <Page frame={frame}>
      <div class="heading">
        <h1>
          <Foreign text={title} />
        </h1>
        <State
          reasons={isByDomain ? [...suppressions.map((s) => s.reason), "domain"] : suppressions.map((s) => s.reason)}
          isAllowed={row?.allowed === 1}
        />
      </div>
      <Notice url={new URL(c.req.url)} token={frame.formToken} />
      <section class="panel" aria-label="Standing">
        {suppressions.map((suppression) => (
          <Verdict
            suppression={suppression}
            event={evidence.find(({ id }) => id === suppression.eventId)}
            threshold={threshold}
          />
        ))}
        {suppressions.map(({ probation }) =>
          probation ? <OnProbation probation={probation} now={c.env.now()} /> : null,
        )}
        {isByDomain ? <ByDomain recipient={recipient} /> : null}
        {suppressions.length || isByDomain ? null : (
          <p class="verdict">
            {row || timeline.length
              ? "Nothing stands against mailing it."
              : "Nothing was ever heard of it: it may be mailed."}
          </p>
        )}
        <Facts>
          <Fact name="Soft bounces">
            <Counter count={row?.soft_count ?? 0} threshold={threshold} />
          </Fact>
          {row?.released_at ? (
            <Fact name="Released">
              <Time at={row.released_at} />: nothing before that can suppress it
            </Fact>
          ) : null}
          {pending ? (
            <Fact name="Waiting">
              {countOf(pending, "event")} on record, not applied yet; that takes a minute at most
            </Fact>
          ) : null}
        </Facts>
        <RecipientActions
          recipient={recipient}
          token={frame.formToken}
          isKnown={row !== null || timeline.length > 0}
          isAllowed={row?.allowed === 1}
          reasons={suppressions.map(({ reason }) => reason)}
        />
      </section>
      <section class="panel" aria-labelledby="timeline">
        <header>
          <h2 id="timeline">What happened</h2>
          {timeline.length === TIMELINE_LENGTH ? (
            <a href={`/dashboard/events?recipient=${encodeURIComponent(recipient)}`}>All events</a>
          ) : null}
        </header>
        {timeline.length === 0 ? (
          <Empty title="No event yet">
            <p>What providers and operators say about it will be listed here.</p>
          </Empty>
        ) : (
          <Timeline rows={timeline} actors={actors} />
        )}
      </section>
    </Page>,
  );
});

function State({ reasons, isAllowed }: { reasons: readonly Reason[]; isAllowed: boolean }) {
  return (
    <span class="badges">
      {reasons.length ? <Badge tone="bad">suppressed</Badge> : <Badge tone="good">may be mailed</Badge>}
      {reasons.map((reason) => (
        <ReasonBadge reason={reason} />
      ))}
      {isAllowed ? <Badge tone="info">on the allow-list</Badge> : null}
    </span>
  );
}

function ByDomain({ recipient }: { recipient: string }) {
  const domain = domainRecipient(recipient);
  return (
    <p class="verdict">
      Suppressed, because the whole domain{" "}
      <a href={recipientPath(domain)}>
        <Foreign text={domain} />
      </a>{" "}
      is blocked.
    </p>
  );
}

/** More would not be counted at a glance. */
const MAX_PIPS = 10;

function Counter({ count, threshold }: { count: number; threshold: number | null }) {
  if (threshold === null) return <>{count}</>;
  return (
    <>
      {threshold > MAX_PIPS ? null : (
        <span class="pips" aria-hidden="true">
          {Array.from({ length: threshold }, (_, i) => (
            <span class={i < count ? "pip on" : "pip"}></span>
          ))}
        </span>
      )}
      {count} of {threshold}
    </>
  );
}
