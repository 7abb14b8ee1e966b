/** The allow-list: addresses that nothing automatic suppresses. */
import { Hono } from "hono";
import { cursorAfter } from "../../http/cursor";
import { type AllowedRow, allowedPage } from "../../store/allowlist";
import { suppressionsOf } from "../../store/recipients";
import type { DashboardEnv } from "../env";
import { frameOf } from "../frame";
import { Field, Filters } from "../parts/forms";
import { Page } from "../parts/layout";
import { ListPanel } from "../parts/panel";
import { Table } from "../parts/table";
import { Empty, Foreign, ReasonBadge, recipientPath, Time } from "../parts/words";
import { cursorIn, queryOf } from "../query";

const PATH = "/dashboard/allow-list";
const PAGE_SIZE = 100;

export const allowListRoutes = new Hono<DashboardEnv>();

allowListRoutes.get(PATH, async (c) => {
  const url = new URL(c.req.url);
  const { q } = queryOf(url, ["q"]);
  const after = cursorIn(url, "allowlist", ["string"])?.[0] ?? null;
  const rows = await allowedPage(c.env.db, q?.toLowerCase() ?? null, PAGE_SIZE, after);
  const next = cursorAfter(rows, PAGE_SIZE, "allowlist", ({ address }) => [address]);
  const frame = await frameOf(c, { title: "Allow-list", path: "/dashboard/suppressions" });
  return c.html(
    <Page frame={frame}>
      <div class="heading">
        <h1>Allow-list</h1>
        <a class="button" href="/dashboard/suppressions">
          Suppressions
        </a>
      </div>
      <Filters action={PATH} isSet={q !== undefined}>
        <Field label="Part of the address" name="q" value={q} />
      </Filters>
      <ListPanel
        label="Allowed"
        isEmpty={rows.length === 0}
        empty={
          <Empty title={q === undefined ? "Nobody is on the allow-list" : "Nobody matches"}>
            <p>An address is put on it on its own page: search for it above.</p>
          </Empty>
        }
        pager={{ url, cursor: next }}
      >
        <List rows={rows} now={c.env.now()} />
      </ListPanel>
    </Page>,
  );
});

function List({ rows, now }: { rows: readonly AllowedRow[]; now: number }) {
  return (
    <Table columns={["Recipient", "Since", "Why", "Suppressed all the same"]}>
      {rows.map((row) => (
        <tr>
          <td class="address">
            <a href={recipientPath(row.address)}>
              <Foreign text={row.address} />
            </a>
          </td>
          <td>{row.since === null ? null : <Time at={row.since} precision="minute" />}</td>
          <td class="text">
            <Foreign text={row.note ?? ""} />
          </td>
          <td>
            {suppressionsOf(row, now).map(({ reason }) => (
              <ReasonBadge reason={reason} />
            ))}
          </td>
        </tr>
      ))}
    </Table>
  );
}
