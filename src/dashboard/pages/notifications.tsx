/** Who is told what, and whether it arrives; having somebody told. */
import { type Context, Hono } from "hono";
import { NOTIFICATION_FORMATS, type NotificationFormat, TYPE_PATTERNS } from "../../domain/notification";
import { notifyDepsOf } from "../../http/notifications";
import { hasAnswered } from "../../pipeline/deliver";
import { subscribe } from "../../pipeline/notifications";
import type { Asked } from "../../store/audit";
import { allNotifications, type Notification, type OutboxCounts } from "../../store/notifications";
import type { DashboardEnv } from "../env";
import { actorOf, frameOf } from "../frame";
import { Field, FormToken, MAX_NOTE_LENGTH } from "../parts/forms";
import { Page } from "../parts/layout";
import { Notice } from "../parts/notice";
import { ListPanel, Panel } from "../parts/panel";
import { Table } from "../parts/table";
import { Badge, count, Empty, Foreign, Time } from "../parts/words";
import { textIn, textsIn } from "../query";

export const NOTIFICATIONS_PATH = "/dashboard/notifications";
const MAX_FIELD_LENGTH = 2_000;

const FORMAT_WORDS: Readonly<Record<NotificationFormat, string>> = {
  standard: "Standard Webhooks",
  listmonk: "listmonk's bounce API",
};
/** What can be ticked: the families, without which there would be six boxes too many. */
const FAMILIES = TYPE_PATTERNS.filter((pattern) => pattern.endsWith(".*"));
const FAMILY_WORDS: Readonly<Record<string, string>> = {
  "suppression.*": "listings and releases",
  "event.*": "bounces and complaints",
  "alert.*": "alerts",
};

export const notificationsRoutes = new Hono<DashboardEnv>();

notificationsRoutes.get(NOTIFICATIONS_PATH, async (c) => listPage(c, null));

notificationsRoutes.post(NOTIFICATIONS_PATH, async (c) => {
  const form = await c.req.parseBody({ all: true });
  const format = NOTIFICATION_FORMATS.find((name) => name === form.format) ?? "standard";
  const events = textsIn(form, "events", TYPE_PATTERNS.length).filter((name) =>
    FAMILIES.some((known) => known === name),
  );
  const outcome = await subscribe(
    notifyDepsOf(c.env),
    {
      url: textIn(form, "url", MAX_FIELD_LENGTH) ?? "",
      events: events.length ? events : ["*"],
      format,
      note: textIn(form, "note", MAX_NOTE_LENGTH) ?? null,
      credentials: textIn(form, "credentials", MAX_FIELD_LENGTH),
      ownOrigin: new URL(c.req.url).origin,
    },
    askedOf(c),
  );
  if (!outcome.ok) return listPage(c, outcome.error);
  const { notification, secret } = outcome.value;
  if (secret === null) return c.redirect(`${NOTIFICATIONS_PATH}/${notification.id}?done=told`, 303);
  return secretPage(c, notification, secret);
});

async function listPage(c: Context<DashboardEnv>, problem: string | null): Promise<Response> {
  const all = await allNotifications(c.env.db);
  const frame = await frameOf(c, { title: "Notifications", path: NOTIFICATIONS_PATH });
  return c.html(
    <Page frame={frame}>
      <div class="heading">
        <h1>Notifications</h1>
      </div>
      <Notice url={new URL(c.req.url)} token={frame.formToken} />
      {problem === null ? null : (
        <div class="notice warn" role="status">
          Nobody was added. {problem}
        </div>
      )}
      <ListPanel
        label="Told"
        isEmpty={all.length === 0}
        empty={
          <Empty title="Nobody is told">
            <p>Your application, a pager or a listmonk server can be told what happens, as it happens.</p>
          </Empty>
        }
      >
        <List all={all} />
      </ListPanel>
      <Panel title="Tell somebody">
        <form method="post" action={NOTIFICATIONS_PATH} class="stack">
          <FormToken token={frame.formToken} />
          <Field label="URL" name="url" type="url" required maxlength={MAX_FIELD_LENGTH} placeholder="https://" />
          <fieldset>
            <legend>Of what</legend>
            {FAMILIES.map((family) => (
              <label class="check">
                <input type="checkbox" name="events" value={family} checked />
                {FAMILY_WORDS[family]}
              </label>
            ))}
          </fieldset>
          <fieldset>
            <legend>In which form</legend>
            {NOTIFICATION_FORMATS.map((format) => (
              <label class="check">
                <input type="radio" name="format" value={format} checked={format === "standard"} />
                {FORMAT_WORDS[format]}
              </label>
            ))}
          </fieldset>
          <Field label="listmonk's API user and token, as user:token" name="credentials" maxlength={1_000} />
          <Field label="Who that is (if you like)" name="note" maxlength={MAX_NOTE_LENGTH} />
          <div class="actions">
            <button class="primary" type="submit">
              Tell it from now on
            </button>
          </div>
        </form>
      </Panel>
    </Page>,
  );
}

function List({ all }: { all: readonly (Notification & { outbox: OutboxCounts })[] }) {
  return (
    <Table
      columns={[
        "Who",
        "Of what",
        "State",
        "Last delivered",
        { words: "Waiting", isNumber: true },
        { words: "Given up", isNumber: true },
      ]}
    >
      {all.map((notification) => (
        <tr>
          <th scope="row" class="text">
            <a href={`${NOTIFICATIONS_PATH}/${notification.id}`}>{hostOf(notification.url)}</a>
            {notification.note === null ? null : (
              <div class="soft small">
                <Foreign text={notification.note} />
              </div>
            )}
          </th>
          <td class="text">{notification.events.join(", ")}</td>
          <td>
            <NotificationState notification={notification} />
          </td>
          <td>
            {notification.lastDeliveredAt === null ? (
              <span class="soft">never</span>
            ) : (
              <Time at={notification.lastDeliveredAt} precision="minute" />
            )}
          </td>
          <td class="num">{count(notification.outbox.waiting)}</td>
          <td class="num">{count(notification.outbox.parked)}</td>
        </tr>
      ))}
    </Table>
  );
}

/** How a subscription goes, as a badge. */
export function NotificationState({ notification }: { notification: Notification }) {
  const { status, failingSince, lastError, lastDeliveredAt } = notification;
  if (status === "gone") return <Badge tone="bad">wants no more</Badge>;
  if (status === "stopped") return <Badge tone="bad">stopped</Badge>;
  if (failingSince !== null) return <Badge tone="warn">{hasAnswered(lastError) ? "refuses" : "does not answer"}</Badge>;
  return lastDeliveredAt === null ? <Badge>waiting for the first</Badge> : <Badge tone="good">works</Badge>;
}

/** A URL may hold a token in its path or query: lists show no more than the host. */
export function hostOf(url: string): string {
  return new URL(url).host;
}

/** The answer to the form that made it: nothing that was shown there can be shown again. */
export async function secretPage(
  c: Context<DashboardEnv>,
  { id, url }: Pick<Notification, "id" | "url">,
  secret: string,
): Promise<Response> {
  const frame = await frameOf(c, { title: "Secret", path: NOTIFICATIONS_PATH });
  return c.html(
    <Page frame={frame}>
      <div class="heading">
        <h1>{hostOf(url)}</h1>
      </div>
      <section class="panel" aria-label="Secret">
        <p>What is sent there is signed with this secret. Copy it now: it is not shown again.</p>
        <p>
          <code class="wrap">{secret}</code>
        </p>
        <p class="actions">
          <a class="button primary" href={`${NOTIFICATIONS_PATH}/${id}`}>
            I have it
          </a>
        </p>
      </section>
    </Page>,
  );
}

/** Who asks, for the audit trail. */
export function askedOf(c: Context<DashboardEnv>): Asked {
  return { actor: actorOf(c), requestId: c.env.requestId, at: c.env.now() };
}
