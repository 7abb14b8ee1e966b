/** The journal: filtered by the URL, live while it is looked at, with the receipt behind each event. */
import { Hono } from "hono";
import { canonicalRecipient } from "../../domain/address";
import { BOUNCE_CLASSES, EVENT_KINDS } from "../../domain/event";
import { gunzip } from "../../pipeline/receipt";
import type { EventRow } from "../../store/event-row";
import { eventPage, receiptIdOf } from "../../store/events";
import { receiptWithBody } from "../../store/receipts";
import type { DashboardEnv } from "../env";
import { frameOf } from "../frame";
import { Choice, Field, Pager, withQuery } from "../parts/forms";
import { Page } from "../parts/layout";
import { Empty, EventBadge, Foreign, Time } from "../parts/words";
import { optional, queryOf, timeOf } from "../query";

const PAGE_SIZE = 50;
const FILTERS = ["recipient", "provider", "connection", "kind", "class", "messageId", "campaign", "since", "until"];
const MAX_SHOWN_BYTES = 200_000;

export const eventsRoutes = new Hono<DashboardEnv>();

eventsRoutes.get("/dashboard/events", async (c) => {
  const url = new URL(c.req.url);
  const query = queryOf(url, FILTERS);
  const cursor = url.searchParams.get("cursor");
  const before = cursor !== null && /^\d{1,16}$/.test(cursor) ? Number(cursor) : null;
  const recipient = query.recipient === undefined ? null : canonicalRecipient(query.recipient);
  const rows =
    recipient && !recipient.ok
      ? []
      : await eventPage(
          c.env.db,
          {
            ...optional("address", recipient?.value),
            ...optional("provider", query.provider),
            ...optional("connection", query.connection),
            ...optional(
              "kind",
              EVENT_KINDS.find((kind) => kind === query.kind),
            ),
            ...optional(
              "class",
              BOUNCE_CLASSES.find((name) => name === query.class),
            ),
            ...optional("messageId", query.messageId?.replace(/^<|>$/g, "")),
            ...optional("campaign", query.campaign),
            ...optional("since", timeOf(query.since)),
            ...optional("until", timeOf(query.until)),
          },
          PAGE_SIZE,
          before,
        );
  const last = rows.at(-1);
  const frame = await frameOf(c, { title: "Events", path: "/dashboard/events" });
  const isFirstPage = cursor === null;
  return c.html(
    <Page frame={frame}>
      <div class="heading">
        <h1>Events</h1>
        <div class="actions">
          <a
            class="button"
            href={`/dashboard/events/export${withQuery(url, { cursor: null }).slice(url.pathname.length)}`}
          >
            Export as CSV
          </a>
        </div>
      </div>
      <form class="panel" action="/dashboard/events">
        <div class="filters">
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
            label="Class"
            name="class"
            value={query.class}
            options={[["", "any"], ...BOUNCE_CLASSES.map((name) => [name, name] as const)]}
          />
          <Field label="Campaign" name="campaign" value={query.campaign} />
          <Field label="Message id" name="messageId" value={query.messageId} />
          <Field label="Received from (UTC)" name="since" type="date" value={query.since} />
          <Field label="to before" name="until" type="date" value={query.until} />
          <div class="actions">
            <button class="primary" type="submit">
              Show
            </button>
            <a href="/dashboard/events">Clear</a>
          </div>
        </div>
      </form>
      <section class="panel" aria-label="Events">
        <div id="events" data-live={isFirstPage ? withQuery(url, { cursor: null }) : undefined}>
          {recipient && !recipient.ok ? (
            <Empty title="That is not an address" />
          ) : rows.length === 0 ? (
            <Empty title="No event matches">
              <p>Take away a filter, or wait: this page shows new events as they come.</p>
            </Empty>
          ) : (
            <EventTable rows={rows} />
          )}
        </div>
        <Pager url={url} cursor={rows.length === PAGE_SIZE && last ? String(last.seq) : null} />
      </section>
    </Page>,
  );
});

export function EventTable({ rows }: { rows: readonly EventRow[] }) {
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">Received</th>
            <th scope="col">What</th>
            <th scope="col">Recipient</th>
            <th scope="col">Source</th>
            <th scope="col">What was said</th>
            <th scope="col">Receipt</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr>
              <td class="when">
                <Time at={row.received_at} />
              </td>
              <td>
                <EventBadge kind={row.kind} bounceClass={row.class} />
              </td>
              <td class="address">
                <a href={`/dashboard/recipients/${encodeURIComponent(row.address)}`}>
                  <Foreign text={row.recipient ?? row.address} />
                </a>
              </td>
              <td class="wrap">
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
        </tbody>
      </table>
    </div>
  );
}

function sourceOf({ provider, connection }: EventRow): string {
  return connection === "default" ? provider : `${provider}/${connection}`;
}

/** Longer than this is folded away. */
const SHORT_TEXT_LENGTH = 300;

export function Said({ row }: { row: EventRow }) {
  const text = row.diagnostic_code ?? row.hint ?? "";
  const facts = [row.category, row.rule].filter((fact) => fact !== null).join(" · ");
  return (
    <>
      {text.length <= SHORT_TEXT_LENGTH ? (
        <Foreign text={text} />
      ) : (
        <details class="more">
          <summary>
            <Foreign text={`${text.slice(0, SHORT_TEXT_LENGTH)}…`} />
          </summary>
          <Foreign text={text} />
        </details>
      )}
      {facts === "" ? null : <div class="soft small wrap">{facts}</div>}
    </>
  );
}

eventsRoutes.get("/dashboard/receipts/:id{[0-9]{1,16}}", async (c) => {
  const kept = await receiptWithBody(c.env.db, Number(c.req.param("id")));
  if (!kept) return c.notFound();
  const { receipt, body } = kept;
  const bytes = body ? await gunzip(body) : null;
  const frame = await frameOf(c, { title: `Receipt ${receipt.id}`, path: "/dashboard/events" });
  return c.html(
    <Page frame={frame}>
      <div class="heading">
        <h1>Receipt {receipt.id}</h1>
      </div>
      <section class="panel">
        <dl class="facts">
          <dt>Received</dt>
          <dd>
            <Time at={receipt.received_at} />
          </dd>
          <dt>From</dt>
          <dd>
            {receipt.provider}/{receipt.connection}, by {receipt.source}
          </dd>
          <dt>Request</dt>
          <dd class="mono">{receipt.request_id}</dd>
          <dt>Size</dt>
          <dd>{receipt.body_bytes} bytes</dd>
          {receipt.replay_of === null ? null : (
            <>
              <dt>Replay of</dt>
              <dd>
                <a href={`/dashboard/receipts/${receipt.replay_of}`}>receipt {receipt.replay_of}</a>
              </dd>
            </>
          )}
        </dl>
      </section>
      <section class="panel">
        <header>
          <h2>As it came</h2>
        </header>
        {bytes === null ? (
          <p class="soft">
            {receipt.body_bytes === 0 ? "It had no body." : "The bytes are no longer kept; the events are."}
          </p>
        ) : (
          <RawBody bytes={bytes} />
        )}
      </section>
    </Page>,
  );
});

/** Bytes as text; what is no text is shown by its replacement characters, never run. */
export function RawBody({ bytes }: { bytes: Uint8Array }) {
  const text = new TextDecoder().decode(bytes.subarray(0, MAX_SHOWN_BYTES));
  return (
    <>
      <pre tabindex={0}>{pretty(text)}</pre>
      {bytes.byteLength > MAX_SHOWN_BYTES ? <p class="soft">The first {MAX_SHOWN_BYTES} bytes are shown.</p> : null}
    </>
  );
}

function pretty(text: string): string {
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
