/** The suppression list: filtered and sorted by the URL; what is ticked is released or erased, and nothing else. */
import { Hono } from "hono";
import { diagnosticText } from "../../domain/delivery-status";
import { REASONS } from "../../domain/event";
import { encodeCursor } from "../../http/cursor";
import { suppressionsOf } from "../../store/recipients";
import {
  SUPPRESSION_ORDERS,
  type SuppressionOrder,
  type SuppressionPlace,
  searchSuppressions,
} from "../../store/suppression-search";
import type { ExportedSuppressionRow } from "../../store/suppressions";
import type { DashboardEnv } from "../env";
import { SUPPRESSION_FILTERS, suppressionSearchOf } from "../filters";
import { frameOf } from "../frame";
import { Choice, Field, Filters, FormToken, withQuery } from "../parts/forms";
import { Page } from "../parts/layout";
import { Notice } from "../parts/notice";
import { ListPanel } from "../parts/panel";
import { Table } from "../parts/table";
import { Badge, Empty, Foreign, REASON_WORDS, ReasonBadge, recipientPath, Time } from "../parts/words";
import { cursorIn, queryOf } from "../query";

const PATH = "/dashboard/suppressions";
const PAGE_SIZES = [50, 200, 500] as const;

const ORDER_WORDS: Readonly<Record<SuppressionOrder, string>> = {
  newest: "newest first",
  oldest: "oldest first",
  address: "by address",
};

export const suppressionsRoutes = new Hono<DashboardEnv>();

suppressionsRoutes.get(PATH, async (c) => {
  const url = new URL(c.req.url);
  const query = queryOf(url, SUPPRESSION_FILTERS);
  const search = suppressionSearchOf(query);
  const size = PAGE_SIZES.find((n) => String(n) === query.rows) ?? PAGE_SIZES[0];
  const place = placeIn(url);
  const { rows, next, isCut } = await searchSuppressions(c.env.db, search, size, place, c.env.now());
  const frame = await frameOf(c, { title: "Suppressions", path: PATH });
  const exported = new URL(`${PATH}/export${url.search}`, url);
  return c.html(
    <Page frame={frame}>
      <div class="heading">
        <h1>Suppressions</h1>
        <div class="actions">
          <a class="button" href="/dashboard/allow-list">
            Allow-list
          </a>
          <a class="button" href={withQuery(exported, { cursor: null, order: null, rows: null })}>
            Export as CSV
          </a>
        </div>
      </div>
      <Notice url={url} token={frame.formToken} />
      <Filters action={PATH} isSet={Object.keys(query).length > 0}>
        <Field label="Part of the address" name="q" value={query.q} />
        <Choice
          label="Reason"
          name="reason"
          value={query.reason}
          options={[["", "any"], ...REASONS.map((reason) => [reason, REASON_WORDS[reason]] as const)]}
        />
        <Field label="Domain" name="domain" value={query.domain} placeholder="example.com" />
        <Field label="Source (provider)" name="source" value={query.source} placeholder="sendgrid" />
        <Field label="Suppressed from (UTC)" name="since" type="date" value={query.since} />
        <Field label="to before" name="until" type="date" value={query.until} />
        <Choice
          label="Order"
          name="order"
          value={search.order}
          options={SUPPRESSION_ORDERS.map((order) => [order, ORDER_WORDS[order]] as const)}
        />
        <Choice
          label="Rows"
          name="rows"
          value={String(size)}
          options={PAGE_SIZES.map((n) => [String(n), String(n)] as const)}
        />
      </Filters>
      <ListPanel
        label="Suppressions"
        isEmpty={rows.length === 0}
        empty={<Nobody isFiltered={Object.keys(query).length > 0} isCut={isCut} />}
        pager={{ url, cursor: next && encodeCursor("found", [next.since, next.key, next.address]), isCut }}
      >
        <form method="post" action={`${PATH}/chosen`}>
          <FormToken token={frame.formToken} />
          <input type="hidden" name="to" value={url.pathname + url.search} />
          <List rows={rows} now={c.env.now()} />
          <div class="actions below">
            <button type="submit" name="action" value="release">
              Release what is ticked…
            </button>
            <button class="danger" type="submit" name="action" value="erase">
              Erase what is ticked…
            </button>
          </div>
        </form>
      </ListPanel>
    </Page>,
  );
});

function placeIn(url: URL): SuppressionPlace | null {
  const place = cursorIn(url, "found", ["number", "string", "string"]);
  return place && { since: place[0], key: place[1], address: place[2] };
}

function Nobody({ isFiltered, isCut }: { isFiltered: boolean; isCut: boolean }) {
  if (isCut) return <Empty title="None among those looked at" />;
  return isFiltered ? (
    <Empty title="Nobody matches">
      <p>Take away a filter.</p>
    </Empty>
  ) : (
    <Empty title="Nobody is suppressed">
      <p>
        Whoever bounces for good or complains will be listed here. A list that you have elsewhere can be{" "}
        <a href="/dashboard/import">imported</a>; an address can be blocked on its own page: search for it above.
      </p>
    </Empty>
  );
}

function List({ rows, now }: { rows: readonly ExportedSuppressionRow[]; now: number }) {
  return (
    <Table
      columns={[
        { words: <input type="checkbox" data-check-all="recipient" aria-label="Tick all of this page" hidden /> },
        "Recipient",
        "Reason",
        "Since",
        "Source",
        "What was said",
      ]}
    >
      {rows.map((row) => (
        <Row row={row} now={now} />
      ))}
    </Table>
  );
}

function Row({ row, now }: { row: ExportedSuppressionRow; now: number }) {
  const name = row.address ?? row.key;
  const standing = suppressionsOf(row, now);
  return (
    <tr>
      <td>
        <input type="checkbox" name="recipient" value={name} aria-label={`Tick ${name}`} />
      </td>
      <td class="address">
        <a href={recipientPath(name)}>
          <Foreign text={name} />
        </a>
      </td>
      <td>
        <span class="badges">
          {standing.map(({ reason }) => (
            <ReasonBadge reason={reason} />
          ))}
          {standing.some(({ probation }) => probation) ? <Badge tone="info">on probation</Badge> : null}
        </span>
      </td>
      <td>
        <Time at={row.since ?? 0} precision="minute" />
        {row.until === null ? null : (
          <div class="soft small">
            until <Time at={row.until} precision="minute" />
          </div>
        )}
      </td>
      <td>{row.event_provider}</td>
      <td class="text">
        <Foreign text={saidOf(row)} />
      </td>
    </tr>
  );
}

const MAX_SAID_LENGTH = 200;

function saidOf({ event_note: note, event_diagnostic_code: diagnostic }: ExportedSuppressionRow): string {
  const text = note ?? (diagnostic === null ? "" : diagnosticText(diagnostic));
  return text.length > MAX_SAID_LENGTH ? `${text.slice(0, MAX_SAID_LENGTH)}…` : text;
}
