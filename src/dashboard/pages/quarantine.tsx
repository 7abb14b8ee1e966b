/** What could not be read or believed: why, its bytes, read it again or drop it. */
import { Hono } from "hono";
import { cursorAfter } from "../../http/cursor";
import { noteAction } from "../../pipeline/audit";
import { bodyOf, dismiss, replay } from "../../pipeline/replay";
import { type QuarantineRow, quarantineItem, quarantinePage } from "../../store/quarantine";
import type { DashboardEnv } from "../env";
import { actorOf, frameOf } from "../frame";
import { Fact, Facts } from "../parts/facts";
import { ActionForm, Confirm } from "../parts/forms";
import { Page } from "../parts/layout";
import { Notice } from "../parts/notice";
import { ListPanel, Panel } from "../parts/panel";
import { RawBody } from "../parts/raw-body";
import { Table } from "../parts/table";
import { Badge, bytesWords, Empty, Time } from "../parts/words";
import { cursorIn, withDone } from "../query";

/** Shown at once, and read again in one go. */
const PAGE_SIZE = 50;
/** Of these, reading again is believing: a person has to look at each. */
const NEEDS_A_LOOK = "unverified";

export const quarantineRoutes = new Hono<DashboardEnv>();

quarantineRoutes.get("/dashboard/quarantine", async (c) => {
  const url = new URL(c.req.url);
  const rows = await shownAt(c.env.db, url);
  const next = cursorAfter(rows, PAGE_SIZE, "quarantine", (row) => [row.receipt_id, row.id]);
  const frame = await frameOf(c, { title: "Quarantine", path: "/dashboard/quarantine" });
  return c.html(
    <Page frame={frame}>
      <div class="heading">
        <h1>Quarantine</h1>
        {rows.some(({ reason }) => reason !== NEEDS_A_LOOK) ? (
          <ActionForm
            action={`/dashboard/quarantine/replay${url.search}`}
            token={frame.formToken}
            label="Read these again"
          />
        ) : null}
      </div>
      <Notice url={url} token={frame.formToken} />
      <ListPanel
        label="Quarantine"
        isEmpty={rows.length === 0}
        empty={
          <Empty title="Nothing is in quarantine">
            <p>
              What a provider says and this version cannot read, and mail that nobody vouches for, would be kept here.
            </p>
          </Empty>
        }
        pager={{ url, cursor: next }}
      >
        <Table
          columns={[
            "Received",
            "From",
            "Why",
            { words: "Size", isNumber: true },
            { words: <span class="visually-hidden">Look</span> },
          ]}
        >
          {rows.map((row) => (
            <tr>
              <td class="when">
                <Time at={row.received_at} />
              </td>
              <td>
                {row.provider}/{row.connection}
              </td>
              <td class="text">
                <Badge tone="warn">{row.reason.replaceAll("_", " ")}</Badge>
                <div>{row.detail}</div>
              </td>
              <td class="num">{bytesWords(row.body_bytes)}</td>
              <td>
                <a href={`/dashboard/quarantine/${row.id}`}>Look at it</a>
              </td>
            </tr>
          ))}
        </Table>
      </ListPanel>
    </Page>,
  );
});

/** A page of the list, as its URL says. */
async function shownAt(db: D1Database, url: URL): Promise<QuarantineRow[]> {
  const place = cursorIn(url, "quarantine", ["number", "string"]);
  return quarantinePage(db, PAGE_SIZE, place && { receiptId: place[0], id: place[1] });
}

quarantineRoutes.get("/dashboard/quarantine/:id", async (c) => {
  const id = c.req.param("id");
  const row = await quarantineItem(c.env.db, id);
  if (!row) return c.redirect("/dashboard/quarantine?done=not-found", 303);
  const body = await bodyOf(c.env, id);
  const frame = await frameOf(c, { title: "Quarantine", path: "/dashboard/quarantine" });
  return c.html(
    <Page frame={frame}>
      <div class="heading">
        <h1>In quarantine: {row.reason.replaceAll("_", " ")}</h1>
      </div>
      <Notice url={new URL(c.req.url)} token={frame.formToken} />
      <section class="panel">
        <ItemFacts row={row} />
        <h2>What to do</h2>
        <p>{adviceFor(row)}</p>
        <div class="actions">
          {row.reason === NEEDS_A_LOOK ? (
            <Confirm
              label="Believe it…"
              action={`/dashboard/quarantine/${id}/replay`}
              token={frame.formToken}
              submit="Believe it and record it"
            >
              <p>
                Anybody can send such a mail. If it is forged, believing it may suppress somebody who never bounced.
              </p>
            </Confirm>
          ) : (
            <ActionForm
              action={`/dashboard/quarantine/${id}/replay`}
              token={frame.formToken}
              label="Read it again"
              isPrimary
            />
          )}
          <Confirm
            label="Drop it…"
            action={`/dashboard/quarantine/${id}/dismiss`}
            token={frame.formToken}
            submit="Drop it"
            isDangerous
          >
            <p>It leaves quarantine for good. Nothing is recorded of it.</p>
          </Confirm>
          <a class="button" href={`/dashboard/quarantine/${id}/body`}>
            Download the bytes
          </a>
        </div>
      </section>
      <Panel title="As it came">
        {body.ok ? <RawBody bytes={body.value} /> : <p class="soft">The bytes are no longer kept.</p>}
      </Panel>
    </Page>,
  );
});

function ItemFacts({ row }: { row: QuarantineRow }) {
  return (
    <Facts>
      <Fact name="Why">{row.detail}</Fact>
      <Fact name="From">
        {row.provider}/{row.connection}
      </Fact>
      <Fact name="Received">
        <Time at={row.received_at} />
      </Fact>
      {row.item === null ? null : <Fact name="Which">record {row.item + 1} of the request</Fact>}
    </Facts>
  );
}

const ADVICE: Readonly<Record<string, string>> = {
  unverified:
    "The mail says that somebody bounced or complained, but nothing shows that it answers mail of yours: no signed return path, no known message. Look at it; believe it only if you know its sender.",
  unrecognized:
    "It is neither a bounce nor a complaint: an ordinary mail, or spam. Drop it, or answer it from your mailbox.",
  unknown_kind: "The provider has a new kind of event. After an update that knows it, read it again.",
  invalid_recipient:
    "What stands in the recipient's place is no address. Nothing can be done but look at where it comes from.",
};

function adviceFor({ reason }: QuarantineRow): string {
  return Object.hasOwn(ADVICE, reason)
    ? (ADVICE[reason] as string)
    : "After an update or a corrected setting, read it again. Otherwise look at the bytes and drop it.";
}

quarantineRoutes.get("/dashboard/quarantine/:id/body", async (c) => {
  const body = await bodyOf(c.env, c.req.param("id"));
  if (!body.ok) return c.redirect("/dashboard/quarantine?done=body-gone", 303);
  // Somebody else wrote these bytes: never anything that a browser would show or run.
  return c.body(body.value.slice().buffer, 200, {
    "content-type": "application/octet-stream",
    "content-disposition": 'attachment; filename="body"',
  });
});

quarantineRoutes.post("/dashboard/quarantine/replay", async (c) => {
  const url = new URL(c.req.url);
  const rows = await shownAt(c.env.db, url);
  let isSettled = true;
  for (const { id } of rows.filter(({ reason }) => reason !== NEEDS_A_LOOK)) {
    // Each is an act of its own, also in the audit trail.
    const requestId = c.env.newId();
    const outcome = await replay(c.env, id, requestId);
    if (outcome.ok) await noteAction(c.env, { action: "replay", subject: id, actor: actorOf(c), requestId });
    isSettled = isSettled && outcome.ok && outcome.value.settled;
  }
  const done = isSettled ? "replayed" : "replayed-kept";
  return c.redirect(withDone(`/dashboard/quarantine${url.search}`, { done }), 303);
});

quarantineRoutes.post("/dashboard/quarantine/:id/replay", async (c) => {
  const id = c.req.param("id");
  const { requestId } = c.env;
  const outcome = await replay(c.env, id, requestId);
  if (outcome.ok) await noteAction(c.env, { action: "replay", subject: id, actor: actorOf(c), requestId });
  if (!outcome.ok) {
    return c.redirect(`/dashboard/quarantine?done=${outcome.error === "body_gone" ? "body-gone" : "not-found"}`, 303);
  }
  return outcome.value.settled
    ? c.redirect("/dashboard/quarantine?done=replayed", 303)
    : c.redirect(`/dashboard/quarantine/${id}?done=replayed-kept`, 303);
});

quarantineRoutes.post("/dashboard/quarantine/:id/dismiss", async (c) => {
  const id = c.req.param("id");
  const isGone = await dismiss(c.env, id);
  const { requestId } = c.env;
  if (isGone) await noteAction(c.env, { action: "drop", subject: id, actor: actorOf(c), requestId });
  return c.redirect(`/dashboard/quarantine?done=${isGone ? "dismissed" : "not-found"}`, 303);
});
