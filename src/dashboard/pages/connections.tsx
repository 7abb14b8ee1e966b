/** Connections: for each provider what to paste where, with which secret, and whether it works. */
import { Hono } from "hono";
import { DEFAULT_CONNECTION, secretNameOf } from "../../config";
import { connectionsOf } from "../../http/connections";
import { sendTestEvent } from "../../pipeline/test-event";
import type { Adapter } from "../../providers/adapter";
import { ADAPTERS } from "../../providers/registry";
import { openAlerts } from "../../store/alerts";
import { type MailboxState, mailboxStates } from "../../store/mailboxes";
import type { DashboardEnv } from "../env";
import { frameOf } from "../frame";
import { Fact, Facts } from "../parts/facts";
import { FormToken } from "../parts/forms";
import { Page } from "../parts/layout";
import { Mailboxes } from "../parts/mailboxes";
import { Notice } from "../parts/notice";
import { ListPanel, Panel } from "../parts/panel";
import { Table } from "../parts/table";
import { Badge, count, Empty, Time } from "../parts/words";

type Listed = Awaited<ReturnType<typeof connectionsOf>>[number];

const PATH = "/dashboard/connections";
export const connectionsRoutes = new Hono<DashboardEnv>();

connectionsRoutes.get(PATH, async (c) => {
  const { mailboxes } = c.env.config;
  const [connections, silent, states] = await Promise.all([
    connectionsOf(c.env, new URL(c.req.url).origin),
    silentConnections(c.env.db),
    mailboxes.length ? mailboxStates(c.env.db) : new Map<string, MailboxState>(),
  ]);
  const known = new Set(connections.map(({ provider }) => provider));
  const others = ADAPTERS.filter(({ id }) => !known.has(id));
  const frame = await frameOf(c, { title: "Connections", path: PATH });
  return c.html(
    <Page frame={frame}>
      <div class="heading">
        <h1>Connections</h1>
      </div>
      <ListPanel
        label="Configured"
        isEmpty={connections.length === 0}
        empty={
          <Empty title="No connection is configured">
            <p>Choose your provider below: its page says which secret to set and which URL to paste where.</p>
          </Empty>
        }
      >
        <Table columns={["Connection", "State", "Last received", "Last rejected", { words: "Events", isNumber: true }]}>
          {connections.map((connection) => (
            <tr>
              <th scope="row">
                <a href={`${PATH}/${connection.provider}/${connection.connection}`}>
                  {connection.title}
                  {connection.connection === DEFAULT_CONNECTION ? "" : ` · ${connection.connection}`}
                </a>
              </th>
              <td>
                <State connection={connection} silent={silent} />
              </td>
              <td>
                <Moment iso={connection.lastReceivedAt} />
              </td>
              <td class="text">
                <Moment iso={connection.lastRejectedAt} />
                {connection.lastRejectedReason === null ? null : (
                  <div class="soft small">{connection.lastRejectedReason}</div>
                )}
              </td>
              <td class="num">{count(Object.values(connection.counts).reduce((sum, n) => sum + n, 0))}</td>
            </tr>
          ))}
        </Table>
      </ListPanel>
      {mailboxes.length ? <Mailboxes mailboxes={mailboxes} states={states} /> : null}
      <Panel title="Connect another provider">
        <p class="actions">
          {others.map(({ id, title }) => (
            <a class="button" href={`${PATH}/${id}/${DEFAULT_CONNECTION}`}>
              {title}
            </a>
          ))}
        </p>
      </Panel>
    </Page>,
  );
});

connectionsRoutes.get(`${PATH}/:provider/:connection`, async (c) => {
  const { provider, connection: name } = c.req.param();
  const { origin } = new URL(c.req.url);
  const listed = (await connectionsOf(c.env, origin)).find(
    (other) => other.provider === provider && other.connection === name,
  );
  const adapter = ADAPTERS.find(({ id }) => id === provider);
  if (!listed && !adapter) return c.redirect(PATH, 303);
  const title = listed?.title ?? adapter?.title ?? provider;
  const secret = `WEBHOOK_${secretNameOf(provider)}${name === DEFAULT_CONNECTION ? "" : `__${secretNameOf(name)}`}`;
  const url = listed?.url ?? `${origin}/webhooks/${provider}${name === DEFAULT_CONNECTION ? "" : `/${name}`}`;
  const frame = await frameOf(c, { title, path: `${PATH}/${provider}` });
  return c.html(
    <Page frame={frame}>
      <div class="heading">
        <h1>
          {title}
          {name === DEFAULT_CONNECTION ? "" : ` · ${name}`}
        </h1>
        {listed ? (
          <State connection={listed} silent={await silentConnections(c.env.db)} />
        ) : (
          <Badge>not configured</Badge>
        )}
      </div>
      <Notice url={new URL(c.req.url)} token={frame.formToken} />
      {listed?.problem ? (
        <div class="notice bad" role="status">
          The secret cannot be used: {listed.problem}. Requests are answered with 503 until it is corrected.
        </div>
      ) : null}
      <Panel title={listed ? "How it is set up" : "Set it up"}>
        {adapter ? (
          <Steps adapter={adapter} url={url} secret={secret} />
        ) : (
          <Facts>
            <Fact name="Comes in by">
              <code>{url}</code>
            </Fact>
            <Fact name="Believed because of">{listed?.verifiedBy}</Fact>
          </Facts>
        )}
      </Panel>
      <Panel title="Does it work?">
        <Facts>
          <Fact name="Last received">
            <Moment iso={listed?.lastReceivedAt ?? null} />
          </Fact>
          <Fact name="Last rejected">
            <Moment iso={listed?.lastRejectedAt ?? null} />
            {listed?.lastRejectedReason ? `: ${listed.lastRejectedReason}` : null}
          </Fact>
          {Object.entries(listed?.counts ?? {}).map(([kind, n]) => (
            <Fact name={kind.replaceAll("_", " ")}>{count(n)}</Fact>
          ))}
        </Facts>
        {adapter ? (
          <form method="post" action={`${PATH}/${provider}/${name}/test`}>
            <FormToken token={frame.formToken} />
            <p class="actions">
              <button type="submit">Send a test event through</button>
              <a href={`/dashboard/events?provider=${provider}&connection=${name}`}>Its events</a>
            </p>
            <p class="soft small">
              A delivery to <code>test@example.com</code>, as {title} would report it, is read by the adapter and
              recorded. Whether {title} signs correctly shows only a test from its own pages.
            </p>
          </form>
        ) : null}
      </Panel>
    </Page>,
  );
});

connectionsRoutes.post(`${PATH}/:provider/:connection/test`, async (c) => {
  const { provider, connection } = c.req.param();
  const outcome = await sendTestEvent(c.env, provider, connection, c.env.requestId);
  return c.redirect(`${PATH}/${provider}/${connection}?done=test-${outcome}`, 303);
});

/** What to paste where, and which secret. */
function Steps({ adapter, url, secret }: { adapter: Adapter; url: string; secret: string }) {
  const parts: Readonly<Record<string, string>> = { "{url}": url, "{secret}": `npx wrangler secret put ${secret}` };
  return (
    <>
      <ol class="steps">
        {adapter.setUp.map((step) => (
          <li>
            {step
              .split(/(\{url\}|\{secret\})/)
              .map((part) => (Object.hasOwn(parts, part) ? <code>{parts[part]}</code> : part))}
          </li>
        ))}
      </ol>
      <Facts>
        <Fact name="Requests prove themselves by">{adapter.verifiedBy}</Fact>
        <Fact name="In full">
          <code>docs/providers/{adapter.id}.md</code> of this project, and{" "}
          <a href={adapter.manual} rel="noreferrer">
            the manual of {adapter.title}
          </a>
        </Fact>
        <Fact name="Locally">
          the secret <code>{secret}</code> is in <code>.dev.vars</code>
        </Fact>
      </Facts>
    </>
  );
}

/** Those that an alert is open about: they have been silent for longer than they usually are. */
async function silentConnections(db: D1Database): Promise<ReadonlySet<string>> {
  const alerts = await openAlerts(db);
  return new Set(alerts.filter(({ rule }) => rule === "silent").map(({ subject }) => subject));
}

function State({ connection, silent }: { connection: Listed; silent: ReadonlySet<string> }) {
  const { lastReceivedAt, lastRejectedAt } = connection;
  if (!connection.usable) return <Badge tone="bad">secret unusable</Badge>;
  // ISO 8601: the later one is the greater text.
  if (lastRejectedAt !== null && lastRejectedAt > (lastReceivedAt ?? "")) {
    return <Badge tone="bad">rejects requests</Badge>;
  }
  if (lastReceivedAt === null) return <Badge>waiting for the first</Badge>;
  return silent.has(`${connection.provider}/${connection.connection}`) ? (
    <Badge tone="warn">silent</Badge>
  ) : (
    <Badge tone="good">works</Badge>
  );
}

function Moment({ iso }: { iso: string | null }) {
  return iso === null ? <span class="soft">never</span> : <Time at={Date.parse(iso)} precision="minute" />;
}
