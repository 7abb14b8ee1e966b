/** Bursts of bounces with the same cause, what they hold, and deciding about it. */
import { Hono } from "hono";
import { decideIncident } from "../../pipeline/incidents";
import type { EventRow } from "../../store/event-row";
import {
  countBefore,
  type Decision,
  eventsBefore,
  heldEvents,
  type IncidentRow,
  incidentById,
  incidentPage,
  receiverOfCause,
} from "../../store/incidents";
import type { DashboardEnv } from "../env";
import { actorOf, frameOf } from "../frame";
import { Fact, Facts } from "../parts/facts";
import { Confirm } from "../parts/forms";
import { Page } from "../parts/layout";
import { Notice } from "../parts/notice";
import { ListPanel, Panel } from "../parts/panel";
import { Table } from "../parts/table";
import { ActorName, Badge, count, countOf, Empty, EventBadge, Foreign, recipientPath, Time } from "../parts/words";
import { queryOf, withDone } from "../query";
import { notFoundPage } from "./problems";

const INCIDENTS_PATH = "/dashboard/incidents";
const PAGE_SIZE = 50;
/** Of each group so many are shown; the API pages through all of them. */
const MAX_SHOWN = 100;

export const incidentsRoutes = new Hono<DashboardEnv>();

incidentsRoutes.get(INCIDENTS_PATH, async (c) => {
  const url = new URL(c.req.url);
  const { cursor = null } = queryOf(url, ["cursor"]);
  const rows = await incidentPage(c.env.db, { status: null, before: cursor }, PAGE_SIZE);
  const last = rows.at(-1);
  const frame = await frameOf(c, { title: "Incidents", path: "/dashboard" });
  return c.html(
    <Page frame={frame}>
      <div class="heading">
        <h1>Incidents</h1>
      </div>
      <ListPanel
        label="Incidents"
        isEmpty={rows.length === 0}
        empty={
          <Empty title="None so far">
            <p>
              When many good addresses bounce for the same cause at once, their bounces are held here until you decide.
            </p>
          </Empty>
        }
        pager={{ url, cursor: rows.length === PAGE_SIZE && last ? last.id : null }}
      >
        <IncidentTable rows={rows} />
      </ListPanel>
    </Page>,
  );
});

function IncidentTable({ rows }: { rows: readonly IncidentRow[] }) {
  return (
    <Table columns={["Noticed", "Where", "State", { words: "Held", isNumber: true }, "What was said"]}>
      {rows.map((row) => (
        <tr>
          <td>
            <a href={`${INCIDENTS_PATH}/${row.id}`}>
              <Time at={row.opened_at} precision="minute" />
            </a>
          </td>
          <td>
            {row.connection}
            <div class="soft small">{whereOf(row)}</div>
          </td>
          <td>
            <State row={row} />
          </td>
          <td class="num">{count(row.held)}</td>
          <td class="text">
            <Foreign text={row.diagnostic_code ?? ""} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

function whereOf({ cause }: IncidentRow): string {
  return receiverOfCause(cause) ?? "receivers of all kinds";
}

function State({ row }: { row: IncidentRow }) {
  if (row.status === "open") return <Badge tone="bad">waits for you</Badge>;
  if (row.settled_at === null || row.pending > 0) return <Badge tone="warn">taking effect</Badge>;
  return row.status === "confirmed" ? <Badge tone="good">confirmed</Badge> : <Badge>dropped</Badge>;
}

incidentsRoutes.get(`${INCIDENTS_PATH}/:id`, async (c) => {
  const { db } = c.env;
  const row = await incidentById(db, c.req.param("id"));
  if (!row) return notFoundPage(c);
  const [held, before, beforeCount] = await Promise.all([
    heldEvents(db, row.id, 0, MAX_SHOWN),
    eventsBefore(db, row.id, { at: 0, seq: 0 }, MAX_SHOWN),
    countBefore(db, row.id),
  ]);
  const frame = await frameOf(c, { title: "Incident", path: "/dashboard" });
  return c.html(
    <Page frame={frame}>
      <div class="heading">
        <h1>Incident</h1>
        <State row={row} />
      </div>
      <Notice url={new URL(c.req.url)} token={frame.formToken} />
      <section class="panel" aria-label="About it">
        <IncidentFacts row={row} before={beforeCount} />
        <Actions row={row} before={beforeCount} token={frame.formToken} />
      </section>
      <Bounces title="Held" rows={held} total={row.held} />
      <Bounces title="Before it was noticed" rows={before} total={beforeCount} />
      <p>
        <a href={INCIDENTS_PATH}>All incidents</a>
      </p>
    </Page>,
  );
});

function IncidentFacts({ row, before }: { row: IncidentRow; before: number }) {
  return (
    <Facts>
      <Fact name="Where">
        {row.connection}, at {whereOf(row)}
      </Fact>
      <Fact name="What was said">
        {row.class === null ? null : <EventBadge kind="bounced" bounceClass={row.class} />}{" "}
        <Foreign text={row.diagnostic_code ?? "nothing"} />
      </Fact>
      <Fact name="From">
        <Time at={row.started_at} precision="minute" />, noticed <Time at={row.opened_at} precision="minute" />
      </Fact>
      <Fact name="To">{row.ended_at === null ? "it goes on" : <Time at={row.ended_at} precision="minute" />}</Fact>
      <Fact name="Why it is one">
        {countOf(row.recipients, "recipient")} within the window, where {count(row.threshold)} are too many;{" "}
        {count(row.known_good)} of them got mail before.
      </Fact>
      <Fact name="Held">{countOf(row.held, "bounce")}: they suppress nobody until you decide.</Fact>
      <Fact name="Before">{countOf(before, "recipient")}, whose bounces took effect before it was noticed.</Fact>
      {row.decided_at === null ? null : (
        <>
          <Fact name="Decided">
            {row.status}, <Time at={row.decided_at} />
            {row.releases ? `; ${countOf(row.released, "bounce")} of before withdrawn` : ""}
            <div>
              <ActorName id={row.decided_by ?? ""} label={row.decided_by_label} />
            </div>
          </Fact>
          <Fact name="Still to take effect">
            {row.pending ? `${count(row.pending)}; the cron goes on every minute` : "nothing"}
          </Fact>
        </>
      )}
    </Facts>
  );
}

function Actions({ row, before, token }: { row: IncidentRow; before: number; token: string }) {
  const path = `${INCIDENTS_PATH}/${row.id}`;
  return (
    <div class="actions">
      {row.status === "open" ? (
        <>
          <Confirm label="Drop…" action={`${path}/drop`} token={token} submit="Drop them">
            <p>
              The fault was not the recipients': the {count(row.held)} bounces that are held are withdrawn, and so is
              what comes of the burst.
            </p>
          </Confirm>
          <Confirm label="Confirm…" action={`${path}/confirm`} token={token} submit="Let them count">
            <p>
              The addresses are dead: the {count(row.held)} bounces that are held take effect, and so does what comes of
              the burst.
            </p>
          </Confirm>
        </>
      ) : null}
      {row.status === "confirmed" || row.releases || before === 0 ? null : (
        <Confirm label="Drop and release…" action={`${path}/release`} token={token} submit="Drop and release">
          <p>
            What is held is withdrawn, and so are the bounces of the {countOf(before, "recipient")} from before it was
            noticed: whoever is suppressed for nothing else may be mailed again.
          </p>
        </Confirm>
      )}
    </div>
  );
}

function Bounces({ title, rows, total }: { title: string; rows: readonly EventRow[]; total: number }) {
  if (!rows.length) return null;
  return (
    <Panel
      title={title}
      aside={rows.length < total ? <span class="soft small">the first {count(rows.length)}</span> : null}
    >
      <Table columns={["When", "Recipient", "What was said"]}>
        {rows.map((row) => (
          <tr>
            <td>
              <Time at={row.occurred_at} />
            </td>
            <td class="text">
              <a href={recipientPath(row.address)}>
                <Foreign text={row.address} />
              </a>
            </td>
            <td class="text">
              <Foreign text={row.diagnostic_code ?? ""} />
            </td>
          </tr>
        ))}
      </Table>
    </Panel>
  );
}

const ACTIONS: Readonly<Record<string, { readonly decision: Decision; readonly releases: boolean }>> = {
  confirm: { decision: "confirmed", releases: false },
  drop: { decision: "dropped", releases: false },
  release: { decision: "dropped", releases: true },
};

incidentsRoutes.post(`${INCIDENTS_PATH}/:id/:action{confirm|drop|release}`, async (c) => {
  const { id, action } = c.req.param();
  const wanted = ACTIONS[action];
  if (!wanted) return notFoundPage(c);
  const outcome = await decideIncident(c.env, { id, ...wanted, actor: actorOf(c), requestId: c.env.requestId });
  const refusal = outcome.ok ? null : outcome.error === "unknown" ? "not-found" : "incident-decided";
  return c.redirect(withDone(`${INCIDENTS_PATH}/${id}`, { done: refusal ?? `incident-${wanted.decision}` }), 303);
});
