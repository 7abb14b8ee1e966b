/** One who is told: how it goes, what was attempted, what was given up, and what can be done about it. */
import { Hono } from "hono";
import { cursorAfter } from "../../http/cursor";
import { notifyDepsOf } from "../../http/notifications";
import { redeliver, rotate, sendTest } from "../../pipeline/notifications";
import { allNotifications, deleteNotification, notificationById, resumeNotification } from "../../store/notifications";
import { type AttemptRow, attemptPage, dropItem, type OutboxItem, outboxPage } from "../../store/outbox";
import type { DashboardEnv } from "../env";
import { frameOf } from "../frame";
import { Fact, Facts } from "../parts/facts";
import { ActionForm, Confirm, Field, Pager } from "../parts/forms";
import { Page } from "../parts/layout";
import { Notice } from "../parts/notice";
import { Panel } from "../parts/panel";
import { Table } from "../parts/table";
import { Badge, Foreign, Time } from "../parts/words";
import { cursorIn, textIn } from "../query";
import { askedOf, hostOf, NOTIFICATIONS_PATH, NotificationState, secretPage } from "./notifications";
import { notFoundPage } from "./problems";

const PATH = `${NOTIFICATIONS_PATH}/:id`;
const PAGE_SIZE = 50;
const MAX_PARKED_SHOWN = 50;
const MAX_CREDENTIALS_LENGTH = 1_000;

export const notificationRoutes = new Hono<DashboardEnv>();

notificationRoutes.get(PATH, async (c) => {
  const url = new URL(c.req.url);
  const found = (await allNotifications(c.env.db)).find(({ id }) => id === c.req.param("id"));
  if (!found) return notFoundPage(c);
  const place = cursorIn(url, "deliveries", ["number"]);
  const [attempts, parked] = await Promise.all([
    attemptPage(c.env.db, found.id, null, PAGE_SIZE, place?.[0] ?? null),
    outboxPage(c.env.db, found.id, true, MAX_PARKED_SHOWN, null),
  ]);
  const next = cursorAfter(attempts, PAGE_SIZE, "deliveries", ({ id }) => [id]);
  const frame = await frameOf(c, { title: hostOf(found.url), path: NOTIFICATIONS_PATH });
  const path = `${NOTIFICATIONS_PATH}/${found.id}`;
  const token = frame.formToken;
  return c.html(
    <Page frame={frame}>
      <div class="heading">
        <h1>{hostOf(found.url)}</h1>
        <NotificationState notification={found} />
      </div>
      <Notice url={url} token={token} />
      <section class="panel" aria-label="About it">
        <Facts>
          <Fact name="URL">
            <code class="wrap">{found.url}</code>
          </Fact>
          <Fact name="Is told of">{found.events.join(", ")}</Fact>
          {found.excluded.length === 0 ? null : (
            <Fact name="But not from">
              <Foreign text={found.excluded.join(", ")} />
            </Fact>
          )}
          {found.note === null ? null : (
            <Fact name="Note">
              <Foreign text={found.note} />
            </Fact>
          )}
          <Fact name="Since">
            <Time at={found.createdAt} precision="minute" />
          </Fact>
          {found.failingSince === null ? null : (
            <Fact name="Nothing arrives since">
              <Time at={found.failingSince} precision="minute" />
            </Fact>
          )}
          {found.lastError === null || found.lastErrorAt === null ? null : (
            <Fact name="Last trouble">
              <Time at={found.lastErrorAt} />: <Foreign text={found.lastError} />
            </Fact>
          )}
          <Fact name="Tried again">{found.outbox.waiting === 0 ? "nothing" : `${found.outbox.waiting} messages`}</Fact>
        </Facts>
        <div class="actions">
          {found.format === "standard" ? (
            <ActionForm action={`${path}/test`} token={token} label="Send a test" />
          ) : null}
          {found.status !== "active" || found.failures > 0 ? (
            <ActionForm action={`${path}/resume`} token={token} label="Go on now" />
          ) : null}
          <Confirm label="New secret…" action={`${path}/rotate`} token={token} submit="Change it">
            {found.format === "standard" ? (
              <p>Messages are signed with both for 24 hours, so that there is time to change it on the other side.</p>
            ) : (
              <Field
                label="User and token, as user:token"
                name="credentials"
                required
                maxlength={MAX_CREDENTIALS_LENGTH}
              />
            )}
          </Confirm>
          <Confirm label="Tell it no more…" action={`${path}/delete`} token={token} submit="Remove" isDangerous>
            <p>What was not delivered yet is dropped, and so is this log.</p>
          </Confirm>
        </div>
      </section>
      {parked.length === 0 ? null : <Parked items={parked} path={path} token={token} />}
      <Panel title="What was attempted">
        {attempts.length === 0 ? <p class="soft">Nothing yet, or nothing within a week.</p> : <Log rows={attempts} />}
        <Pager url={url} cursor={next} />
      </Panel>
    </Page>,
  );
});

function Parked({ items, path, token }: { items: readonly OutboxItem[]; path: string; token: string }) {
  return (
    <Panel
      title="Given up after three days"
      aside={<ActionForm action={`${path}/redeliver`} token={token} label="Deliver all again" />}
    >
      <Table
        columns={[
          "Given up",
          "Message",
          { words: "Attempts", isNumber: true },
          "Last answer",
          { words: <span class="visually-hidden">Drop</span> },
        ]}
      >
        {items.map((item) => (
          <tr>
            <td>{item.parkedAt === null ? null : <Time at={item.parkedAt} precision="minute" />}</td>
            <td class="text">
              {item.type}
              <div class="soft small wrap">{item.messageId}</div>
            </td>
            <td class="num">{item.attempts}</td>
            <td class="text">
              <Foreign text={item.error ?? ""} />
            </td>
            <td>
              <ActionForm action={`${path}/drop/${item.messageId}`} token={token} label="Drop" />
            </td>
          </tr>
        ))}
      </Table>
    </Panel>
  );
}

function Log({ rows }: { rows: readonly AttemptRow[] }) {
  return (
    <Table columns={["When", "Message", "Outcome", { words: "ms", isNumber: true }]}>
      {rows.map((row) => (
        <tr>
          <td>
            <Time at={row.at} />
          </td>
          <td class="text">
            {row.type}
            <div class="soft small wrap">{row.messageId}</div>
          </td>
          <td class="text">
            <Badge tone={row.outcome === "delivered" ? "good" : "bad"}>{row.status ?? "no answer"}</Badge>{" "}
            <Foreign text={row.error ?? ""} />
          </td>
          <td class="num">{row.durationMs}</td>
        </tr>
      ))}
    </Table>
  );
}

notificationRoutes.post(`${PATH}/test`, async (c) => {
  const id = c.req.param("id");
  const notification = await notificationById(c.env.db, id);
  if (!notification) return notFoundPage(c);
  const outcome = await sendTest(notifyDepsOf(c.env), notification);
  const isDelivered = outcome.ok && outcome.value.type === "delivered";
  return c.redirect(`${NOTIFICATIONS_PATH}/${id}?done=notification-${isDelivered ? "arrived" : "refused"}`, 303);
});

notificationRoutes.post(`${PATH}/resume`, async (c) => {
  const id = c.req.param("id");
  const isThere = await resumeNotification(c.env.db, id, askedOf(c));
  return c.redirect(`${NOTIFICATIONS_PATH}/${id}?done=${isThere ? "resumed" : "not-found"}`, 303);
});

notificationRoutes.post(`${PATH}/rotate`, async (c) => {
  const id = c.req.param("id");
  const credentials = textIn(await c.req.parseBody(), "credentials", MAX_CREDENTIALS_LENGTH);
  const notification = await notificationById(c.env.db, id);
  const outcome = await rotate(notifyDepsOf(c.env), id, credentials, askedOf(c));
  if (!notification || !outcome) return notFoundPage(c);
  if (!outcome.ok) return c.redirect(`${NOTIFICATIONS_PATH}/${id}?done=bad-credentials`, 303);
  const { secret } = outcome.value;
  return secret === null
    ? c.redirect(`${NOTIFICATIONS_PATH}/${id}?done=secret-changed`, 303)
    : secretPage(c, notification, secret);
});

notificationRoutes.post(`${PATH}/redeliver`, async (c) => {
  const id = c.req.param("id");
  const notification = await notificationById(c.env.db, id);
  if (!notification) return notFoundPage(c);
  await redeliver(notifyDepsOf(c.env), notification, null, askedOf(c));
  return c.redirect(`${NOTIFICATIONS_PATH}/${id}?done=redelivered`, 303);
});

notificationRoutes.post(`${PATH}/drop/:message`, async (c) => {
  const { id, message } = c.req.param();
  const isGone = await dropItem(c.env.db, id, message);
  return c.redirect(`${NOTIFICATIONS_PATH}/${id}?done=${isGone ? "dismissed" : "not-found"}`, 303);
});

notificationRoutes.post(`${PATH}/delete`, async (c) => {
  const isGone = await deleteNotification(c.env.db, c.req.param("id"), askedOf(c));
  return c.redirect(`${NOTIFICATIONS_PATH}?done=${isGone ? "told-no-more" : "not-found"}`, 303);
});
