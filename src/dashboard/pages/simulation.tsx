/** What a draft of a policy would do: how many, whom for example, and why. */
import { Hono } from "hono";
import { REASONS } from "../../domain/event";
import { writtenInFull } from "../../domain/policy";
import { CHANGE_KINDS, type ChangeKind, type Standing, type Tally } from "../../domain/what-if";
import { tallyOf } from "../../pipeline/policy-run";
import { type ShownChange, shownChanges } from "../../pipeline/shown-changes";
import { type PolicyRunRow, simulation } from "../../store/policy-runs";
import type { DashboardEnv } from "../env";
import { frameOf } from "../frame";
import { Fact, Facts } from "../parts/facts";
import { Confirm, Note } from "../parts/forms";
import { Page } from "../parts/layout";
import { Panel } from "../parts/panel";
import { PolicyFacts } from "../parts/policy-form";
import { Table } from "../parts/table";
import {
  Badge,
  count,
  countOf,
  EventBadge,
  Foreign,
  REASON_WORDS,
  ReasonBadge,
  recipientPath,
  Time,
} from "../parts/words";
import { POLICY_PATH } from "./policy";
import { notFoundPage } from "./problems";

const TITLES: Readonly<Record<ChangeKind, string>> = {
  suppressed: "Newly suppressed",
  released: "Newly released",
  changed: "For another reason, time or count",
};

export const simulationRoutes = new Hono<DashboardEnv>();

simulationRoutes.get(`${POLICY_PATH}/simulations/:id`, async (c) => {
  const run = await simulation(c.env.db, c.req.param("id"));
  if (!run) return notFoundPage(c);
  const tally = tallyOf(run);
  const examples = await shownChanges(c.env.db, tally.examples);
  const frame = await frameOf(c, { title: "What if", path: POLICY_PATH });
  return c.html(
    <Page frame={frame}>
      <div class="heading">
        <h1>What if</h1>
        {run.finished_at === null ? <Badge tone="warn">running</Badge> : <Badge tone="good">complete</Badge>}
      </div>
      <section class="panel" aria-label="The result">
        {run.finished_at === null ? (
          <p>
            {count(run.looked)} of {countOf(run.total, "recipient")} so far; the cron goes on every minute.{" "}
            <a href={`${POLICY_PATH}/simulations/${run.id}`}>Look again</a>
          </p>
        ) : null}
        <Facts>
          <Figures run={run} tally={tally} />
        </Facts>
        {run.finished_at === null ? null : (
          <div class="actions">
            <Confirm
              label="Apply it…"
              action={`${POLICY_PATH}/simulations/${run.id}/apply`}
              token={frame.formToken}
              submit="Apply it"
            >
              <p>
                It holds from then on, until a deploy changes the variable POLICY, and whoever stands otherwise is
                decided about anew. It is a batch, which can be undone.
              </p>
              <Note />
            </Confirm>
          </div>
        )}
      </section>
      {CHANGE_KINDS.map((kind) => (
        <Examples kind={kind} of={tally[kind]} shown={examples.filter(({ change }) => change.kind === kind)} />
      ))}
      <Panel title="The draft">
        <Facts>
          <PolicyFacts policy={writtenInFull(run.policy) ?? {}} />
        </Facts>
      </Panel>
      <p>
        <a href={POLICY_PATH}>The policy that holds</a>
      </p>
    </Page>,
  );
});

function Figures({ run, tally }: { run: PolicyRunRow; tally: Tally }) {
  return (
    <>
      <Fact name="Decided for">
        <Time at={run.created_at} />
      </Fact>
      <Fact name="Recipients looked at">{count(run.looked)}</Fact>
      <Fact name="Newly suppressed">
        {count(tally.suppressed)} <ByReason reasons={tally.suppressedBy} />
      </Fact>
      <Fact name="Newly released">
        {count(tally.released)} <ByReason reasons={tally.releasedBy} />
      </Fact>
      <Fact name="Changed otherwise">{count(tally.changed)}</Fact>
      {tally.overdue === 0 ? null : (
        <Fact name="Overdue">
          {count(tally.overdue)} of all would change already under the policy that holds: the variable was changed since
          they were decided about
        </Fact>
      )}
      {run.reclassify === 0 ? null : (
        <Fact name="Bounces with another class, category or rule">
          {count(tally.reclassified)}; of {count(tally.undecidable)} too little is kept, and they stay as they are
        </Fact>
      )}
    </>
  );
}

function ByReason({ reasons }: { reasons: Tally["suppressedBy"] }) {
  const parts = REASONS.flatMap((reason) =>
    reasons[reason] ? [`${REASON_WORDS[reason]} ${count(reasons[reason])}`] : [],
  );
  return parts.length === 0 ? null : <span class="soft">({parts.join(", ")})</span>;
}

function Examples({ kind, of, shown }: { kind: ChangeKind; of: number; shown: readonly ShownChange[] }) {
  if (shown.length === 0) return null;
  return (
    <Panel
      title={TITLES[kind]}
      aside={
        shown.length < of ? (
          <p class="soft">
            {count(shown.length)} of {count(of)}
          </p>
        ) : null
      }
    >
      <Table columns={["Recipient", "Now", "Then", "Because of"]}>
        {shown.map(({ change, address, event }) => (
          <tr>
            <td>
              {address === null ? (
                <span class="soft">erased</span>
              ) : (
                <a href={recipientPath(address)}>
                  <Foreign text={address} />
                </a>
              )}
            </td>
            <td>
              <Stands standing={change.before} />
            </td>
            <td>
              <Stands standing={change.after} />
            </td>
            <td>
              {event ? (
                <>
                  <EventBadge kind={event.kind} bounceClass={event.class} />{" "}
                  <Time at={event.occurred_at} precision="minute" />
                </>
              ) : null}
            </td>
          </tr>
        ))}
      </Table>
    </Panel>
  );
}

function Stands({ standing: { suppressions, softCount } }: { standing: Standing }) {
  if (suppressions.length === 0)
    return <>may be mailed{softCount ? `, ${countOf(softCount, "bounce")} counted` : ""}</>;
  return (
    <>
      {suppressions.map(({ reason, until }) => (
        <>
          <ReasonBadge reason={reason} />{" "}
          {until === null ? null : (
            <span class="small">
              until <Time at={until} precision="day" />
            </span>
          )}
        </>
      ))}
    </>
  );
}
