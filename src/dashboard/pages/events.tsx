/** The journal: filtered by the URL, live while it is looked at, with the receipt behind each event. */
import { Hono } from "hono";
import { BOUNCE_CLASSES, EVENT_KINDS } from "../../domain/event";
import { type EventRow, receiptIdOf } from "../../store/event-row";
import { type FoundEvents, searchEvents } from "../../store/events";
import type { DashboardEnv } from "../env";
import { EVENT_FILTERS, eventFilterOf } from "../filters";
import { frameOf } from "../frame";
import { Choice, Field, Filters, Pager, withQuery } from "../parts/forms";
import { Page } from "../parts/layout";
import { Said } from "../parts/said";
import { Table } from "../parts/table";
import { Empty, EventBadge, Foreign, recipientPath, Time } from "../parts/words";
import { optional, queryOf } from "../query";

const PATH = "/dashboard/events";
const PAGE_SIZE = 50;
const NOTHING: FoundEvents = { rows: [], next: null, isCut: false };

export const eventsRoutes = new Hono<DashboardEnv>();

eventsRoutes.get(PATH, async (c) => {
  const url = new URL(c.req.url);
  const query = queryOf(url, EVENT_FILTERS);
  const filter = eventFilterOf(query);
  const [before, after] = [placeIn(url, "cursor"), placeIn(url, "after")];
  const search = { ...filter, ...optional("after", after ?? undefined) };
  const { rows, next, isCut } = filter ? await searchEvents(c.env.db, search, PAGE_SIZE, before) : NOTHING;
  const frame = await frameOf(c, { title: "Events", path: PATH });
  return c.html(
    <Page frame={frame}>
      <div class="heading">
        <h1>Events</h1>
        <div class="actions">
          <span class="actions" id="live"></span>
          <a class="button" href={withQuery(new URL(`${PATH}/export${url.search}`, url), { cursor: null })}>
            Export as CSV
          </a>
        </div>
      </div>
      <Filters action={PATH} isSet={Object.keys(query).length > 0}>
        <Field label="Recipient" name="recipient" value={query.recipient} />
        <Field label="Provider" name="provider" value={query.provider} />
        <Field label="Connection" name="connection" value={query.connection} />
        <Choice
          label="Kind"
          name="kind"
          value={query.kind}
          options={[["", "any"], ...EVENT_KINDS.map((kind) => [kind, kind.replaceAll("_", " ")] as const)]}
        />
        <Choice
          label="Class of bounce"
          name="class"
          value={query.class}
          options={[["", "any"], ...BOUNCE_CLASSES.map((name) => [name, name] as const)]}
        />
        <Field label="Campaign" name="campaign" value={query.campaign} />
        <Field label="Message id" name="messageId" value={query.messageId} />
        <Field label="Received from (UTC)" name="since" type="date" value={query.since} />
        <Field label="to before" name="until" type="date" value={query.until} />
      </Filters>
      <section class="panel" aria-label="Events">
        <div
          id="events"
          data-live={before === null && filter ? withQuery(url, { cursor: null }) : undefined}
          data-controls="#live"
          data-page-size={PAGE_SIZE}
        >
          {filter ? <Found rows={rows} isCut={isCut} /> : <Empty title="That recipient is not an address" />}
        </div>
        <Pager url={url} cursor={next === null ? null : String(next)} isCut={isCut} />
      </section>
    </Page>,
  );
});

/** A place in the journal. */
function placeIn(url: URL, name: string): number | null {
  const text = url.searchParams.get(name);
  return text !== null && /^\d{1,16}$/.test(text) ? Number(text) : null;
}

function Found({ rows, isCut }: { rows: readonly EventRow[]; isCut: boolean }) {
  if (rows.length) return <EventTable rows={rows} />;
  return isCut ? (
    <Empty title="None among the newest" />
  ) : (
    <Empty title="No event matches">
      <p>Take away a filter, or wait: this page shows new events as they come.</p>
    </Empty>
  );
}

function EventTable({ rows }: { rows: readonly EventRow[] }) {
  return (
    <Table columns={["Received", "What", "Recipient", "Source", "What was said", "Receipt"]}>
      {rows.map((row) => (
        <tr data-seq={row.seq}>
          <td>
            <Time at={row.received_at} />
          </td>
          <td>
            <EventBadge kind={row.kind} bounceClass={row.class} />
          </td>
          <td class="address">
            <a href={recipientPath(row.address)}>
              <Foreign text={row.recipient ?? row.address} />
            </a>
          </td>
          <td>
            <a href={`/dashboard/connections/${row.provider}/${row.connection}`}>{sourceOf(row)}</a>
          </td>
          <td class="text">
            <Said row={row} />
          </td>
          <td>
            <a href={`/dashboard/receipts/${receiptIdOf(row.seq)}`}>{receiptIdOf(row.seq)}</a>
          </td>
        </tr>
      ))}
    </Table>
  );
}

function sourceOf({ provider, connection }: EventRow): string {
  return connection === "default" ? provider : `${provider}/${connection}`;
}
