/** What needs a person, and what needed one lately. */
import { Hono } from "hono";
import { adviceOf, summaryOf } from "../../domain/alert-words";
import { type Alert, closedAlerts, openAlerts } from "../../store/alerts";
import type { DashboardEnv } from "../env";
import { frameOf } from "../frame";
import { Page } from "../parts/layout";
import { ListPanel, Panel } from "../parts/panel";
import { Table } from "../parts/table";
import { Badge, Empty, Foreign, Time } from "../parts/words";

const ALERTS_PATH = "/dashboard/alerts";
const MAX_CLOSED = 100;

export const alertsRoutes = new Hono<DashboardEnv>();

alertsRoutes.get(ALERTS_PATH, async (c) => {
  const [open, closed] = await Promise.all([openAlerts(c.env.db), closedAlerts(c.env.db, MAX_CLOSED)]);
  const frame = await frameOf(c, { title: "Alerts", path: "/dashboard" });
  return c.html(
    <Page frame={frame}>
      <div class="heading">
        <h1>Alerts</h1>
        <a class="button" href="/dashboard/incidents">
          Incidents
        </a>
        <a class="button" href="/dashboard/notifications">
          Who is told of them
        </a>
      </div>
      <ListPanel
        label="Open"
        isEmpty={open.length === 0}
        empty={
          <Empty title="Nothing needs you">
            <p>The figures are looked at every five minutes.</p>
          </Empty>
        }
      >
        <AlertTable alerts={open} />
      </ListPanel>
      {closed.length === 0 ? null : (
        <Panel title="Closed lately">
          <AlertTable alerts={closed} />
        </Panel>
      )}
    </Page>,
  );
});

function AlertTable({ alerts }: { alerts: readonly Alert[] }) {
  return (
    <Table columns={["Opened", "How bad", "What", "Closed"]}>
      {alerts.map((alert) => (
        <tr>
          <td>
            <Time at={alert.openedAt} precision="minute" />
          </td>
          <td>
            <Badge tone={alert.severity === "critical" ? "bad" : "warn"}>{alert.severity}</Badge>
          </td>
          <td class="text">
            <Foreign text={summaryOf(alert)} />
            {alert.rule === "incident" ? (
              <>
                {" "}
                <a href={`/dashboard/incidents/${alert.subject}`}>Look at it</a>
              </>
            ) : null}
            <details class="more small">
              <summary>What to do</summary>
              <p>{adviceOf(alert.rule)}</p>
            </details>
          </td>
          <td>{alert.closedAt === null ? null : <Time at={alert.closedAt} precision="minute" />}</td>
        </tr>
      ))}
    </Table>
  );
}
