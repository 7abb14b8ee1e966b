/** Providers' own suppression lists: are they in step with ours, what would a run do, and having one done. */
import { type Context, Hono } from "hono";
import { PUSH_STARTS, pullNow, pushNow } from "../../pipeline/sync";
import { type PullPreview, type PushPreview, previewPull, previewPush } from "../../pipeline/sync-preview";
import type { Asked } from "../../store/audit";
import { NEW_SYNC, type RefusalRow, refusalsOf, type SyncState, setSyncStatus, syncStates } from "../../store/syncs";
import type { SyncSettings } from "../../sync/adapter";
import type { Sync } from "../../sync/settings";
import type { DashboardEnv } from "../env";
import { actorOf, frameOf } from "../frame";
import { Page } from "../parts/layout";
import { Notice } from "../parts/notice";
import { ListPanel, Panel } from "../parts/panel";
import { PullWouldBring, PushWouldSend, SyncState as StateBadge, SyncFacts, SyncTable, SyncWork } from "../parts/syncs";
import { Table } from "../parts/table";
import { Badge, Empty, Foreign, Time } from "../parts/words";
import { notFoundPage } from "./problems";

const PATH = "/dashboard/sync";
const MAX_REFUSALS = 50;

export const syncPageRoutes = new Hono<DashboardEnv>();

syncPageRoutes.get(PATH, async (c) => {
  const { syncs } = c.env.config;
  const states = syncs.length ? await syncStates(c.env.db) : new Map<string, SyncState>();
  const frame = await frameOf(c, { title: "Sync", path: PATH });
  return c.html(
    <Page frame={frame}>
      <div class="heading">
        <h1>Sync</h1>
      </div>
      <ListPanel
        label="Providers' lists"
        isEmpty={syncs.length === 0}
        empty={
          <Empty title="No provider's list is kept in step">
            <p>
              Amazon SES, SendGrid, Mailgun and Postmark keep suppression lists of their own. Set a secret such as{" "}
              <code>SYNC_SENDGRID</code>, and what is on theirs comes here, and what is on ours goes there:{" "}
              <code>docs/sync.md</code> of this project.
            </p>
          </Empty>
        }
      >
        <SyncTable syncs={syncs} states={states} now={c.env.now()} path={PATH} />
      </ListPanel>
    </Page>,
  );
});

syncPageRoutes.get(`${PATH}/:provider/:connection`, (c) => syncPage(c, null));

interface Tried {
  readonly pull?: PullPreview;
  readonly push?: PushPreview;
  /** What kept it from being tried. */
  readonly problem?: string;
}

async function syncPage(c: Context<DashboardEnv>, tried: Tried | null): Promise<Response> {
  const sync = syncOf(c);
  if (!sync) return notFoundPage(c);
  const [states, refusals] = await Promise.all([syncStates(c.env.db), refusalsOf(c.env.db, sync.id, MAX_REFUSALS)]);
  const state = states.get(sync.id) ?? NEW_SYNC;
  const path = `${PATH}/${sync.id}`;
  const frame = await frameOf(c, { title: sync.adapter.title, path });
  return c.html(
    <Page frame={frame}>
      <div class="heading">
        <h1>
          {sync.adapter.title}
          {sync.connection === "default" ? "" : ` · ${sync.connection}`}
        </h1>
        <StateBadge sync={sync} state={state} now={c.env.now()} />
      </div>
      <Notice url={new URL(c.req.url)} token={frame.formToken} />
      {sync.settings.ok ? null : (
        <div class="notice bad" role="status">
          The secret cannot be used: {sync.settings.error}
        </div>
      )}
      {tried?.problem === undefined ? null : (
        <div class="notice bad" role="status">
          The provider's list could not be read: <Foreign text={tried.problem} />
        </div>
      )}
      {tried?.pull ? <PullWouldBring preview={tried.pull} /> : null}
      {tried?.push ? <PushWouldSend preview={tried.push} /> : null}
      <SyncFacts state={state} />
      {sync.settings.ok ? (
        <SyncWork settings={sync.settings.value} state={state} path={path} token={frame.formToken} />
      ) : null}
      {refusals.count === 0 ? null : <Refusals rows={refusals.rows} count={refusals.count} />}
    </Page>,
  );
}

function Refusals({ rows, count }: { rows: readonly RefusalRow[]; count: number }) {
  return (
    <Panel
      title="What the provider did not do"
      aside={<span class="soft small">{count > rows.length ? `the newest ${rows.length} of ${count}` : count}</span>}
    >
      <Table columns={["Recipient", "What", "Why", "When"]}>
        {rows.map(({ address, action, outcome, detail, at }) => (
          <tr>
            <th scope="row" class="text">
              {address === null ? <span class="soft">erased</span> : <Foreign text={address} />}
            </th>
            <td>
              <Badge tone="warn">{outcome === "kept" ? "kept on its list" : `${action} refused`}</Badge>
            </td>
            <td class="text">{detail === null ? null : <Foreign text={detail} />}</td>
            <td>
              <Time at={at} precision="minute" />
            </td>
          </tr>
        ))}
      </Table>
    </Panel>
  );
}

syncPageRoutes.post(`${PATH}/:provider/:connection/:what{try-pull|try-push|pull|push|pause|resume}`, async (c) => {
  const sync = syncOf(c);
  if (!sync) return notFoundPage(c);
  const what = c.req.param("what");
  const asked: Asked = { actor: actorOf(c), requestId: c.env.requestId, at: c.env.now() };
  if (what === "pause" || what === "resume") {
    const status = what === "pause" ? "paused" : "active";
    await setSyncStatus(c.env.db, sync.id, status, asked);
    return done(c, sync, what === "pause" ? "sync-paused" : "resumed");
  }
  const { settings } = sync;
  const states = await syncStates(c.env.db);
  const isUsable = settings.ok && c.env.policy.ok;
  if (!isUsable || states.get(sync.id)?.status === "paused") return done(c, sync, "failed");
  const form = await c.req.parseBody();
  const from = PUSH_STARTS.find((start) => start === form.from) ?? null;
  const work = { sync, settings: settings.value, from, asked, isBegun: states.get(sync.id)?.push != null };
  return what.startsWith("try-") ? tryOut(c, what, work) : perform(c, what, work);
});

interface Work {
  readonly sync: Sync;
  readonly settings: SyncSettings;
  readonly from: (typeof PUSH_STARTS)[number] | null;
  readonly asked: Asked;
  /** Was anything sent before? */
  readonly isBegun: boolean;
}

async function tryOut(c: Context<DashboardEnv>, what: string, work: Work): Promise<Response> {
  const { sync, settings, from, asked } = work;
  if (what === "try-push") return syncPage(c, { push: await previewPush(c.env, sync, settings, from) });
  const preview = await previewPull(c.env, sync, settings, asked);
  return syncPage(c, preview.ok ? { pull: preview.value } : { problem: preview.error });
}

async function perform(c: Context<DashboardEnv>, what: string, work: Work): Promise<Response> {
  const { sync, settings, from, asked, isBegun } = work;
  const isAskedFor = what === "pull" ? settings.pull !== "off" : settings.push.length > 0 && (isBegun || from !== null);
  if (!isAskedFor) return done(c, sync, "failed");
  const outcome =
    what === "pull" ? await pullNow(c.env, sync, settings, asked) : await pushNow(c.env, sync, settings, from, asked);
  if (outcome === "running") return done(c, sync, "sync-running");
  const state = (await syncStates(c.env.db)).get(sync.id);
  return done(c, sync, state?.failures ? "sync-failed" : what === "pull" ? "sync-pulled" : "sync-pushed");
}

function done(c: Context<DashboardEnv>, sync: Sync, word: string): Response {
  return c.redirect(`${PATH}/${sync.id}?done=${word}`, 303);
}

function syncOf(c: Context<DashboardEnv>): Sync | undefined {
  return c.env.config.syncs.find(({ id }) => id === `${c.req.param("provider")}/${c.req.param("connection")}`);
}
