/** What pages say of a sync. */
import type { PullPreview, PushPreview } from "../../pipeline/sync-preview";
import { NEW_SYNC, type SyncState as State } from "../../store/syncs";
import type { SyncSettings } from "../../sync/adapter";
import type { Sync } from "../../sync/settings";
import { Fact, Facts } from "./facts";
import { ActionForm, Confirm } from "./forms";
import { Panel } from "./panel";
import { Table } from "./table";
import { Badge, count, Foreign, Time } from "./words";

interface TableProps {
  readonly syncs: readonly Sync[];
  readonly states: ReadonlyMap<string, State>;
  /** Epoch ms. */
  readonly now: number;
  readonly path: string;
}

/** Syncs a row each: state, last reading, counts. @param now epoch ms; path of the page that leads on */
export function SyncTable({ syncs, states, now, path }: TableProps) {
  return (
    <Table
      columns={[
        "Provider",
        "State",
        "Last read",
        { words: "Sent", isNumber: true },
        { words: "Released there", isNumber: true },
        { words: "Not taken", isNumber: true },
      ]}
    >
      {syncs.map((sync) => {
        const state = states.get(sync.id) ?? NEW_SYNC;
        const counts = state.push?.counts;
        return (
          <tr>
            <th scope="row">
              <a href={`${path}/${sync.id}`}>
                {sync.adapter.title}
                {sync.connection === "default" ? "" : ` · ${sync.connection}`}
              </a>
            </th>
            <td>
              <SyncState sync={sync} state={state} now={now} />
            </td>
            <td>
              <Moment at={state.pull?.completedAt ?? null} />
            </td>
            <td class="num">{count(counts?.listed ?? 0)}</td>
            <td class="num">{count(counts?.released ?? 0)}</td>
            <td class="num">{count((counts?.refused ?? 0) + (counts?.kept ?? 0))}</td>
          </tr>
        );
      })}
    </Table>
  );
}

/** @param now epoch ms */
export function SyncState({ sync, state, now }: { sync: Sync; state: State; now: number }) {
  if (!sync.settings.ok) return <Badge tone="bad">secret unusable</Badge>;
  if (state.status === "paused") return <Badge>paused</Badge>;
  if (state.status === "stopped") return <Badge tone="bad">stopped</Badge>;
  if (state.failures > 0) return <Badge tone="warn">fails</Badge>;
  if (state.leasedUntil > now) return <Badge tone="info">running</Badge>;
  return state.lastSuccessAt === null ? <Badge>waiting for the first run</Badge> : <Badge tone="good">in step</Badge>;
}

/** How far reading and sending have come, and since when they fail. */
export function SyncFacts({ state: { pull, push, failingSince, lastError, lastErrorAt } }: { state: State }) {
  return (
    <Panel title="How far it is">
      <Facts>
        <Fact name="Last read to the end">
          <Moment at={pull?.completedAt ?? null} />
        </Fact>
        {pull === null ? null : (
          <Fact name={pull.cursor === null ? "Then read" : "Being read"}>
            {count(pull.counts.rows)} entries, {count(pull.counts.new)} new
            {pull.batchId === null ? null : (
              <>
                : <a href={`/dashboard/batches/${pull.batchId}`}>the batch</a>
              </>
            )}
          </Fact>
        )}
        <Fact name="Sent">
          {push === null
            ? "nothing yet"
            : `${count(push.counts.listed)} listed, ${count(push.counts.released)} released${push.walkedTo === null ? "" : "; the whole list is being sent"}`}
        </Fact>
        {push === null ? null : (
          <Fact name="Not sent">
            {count(push.counts.skipped)} not to be sent, {count(push.counts.refused)} not taken,{" "}
            {count(push.counts.kept)} not let go of
          </Fact>
        )}
        {failingSince === null ? null : (
          <Fact name="Fails since">
            <Time at={failingSince} precision="minute" />
          </Fact>
        )}
        {lastError === null || lastErrorAt === null ? null : (
          <Fact name="Last trouble">
            <Time at={lastErrorAt} />: <Foreign text={lastError} />
          </Fact>
        )}
      </Facts>
    </Panel>
  );
}

interface WorkProps {
  readonly settings: SyncSettings;
  readonly state: State;
  readonly path: string;
  readonly token: string;
}

/** What may be done to a sync as it stands: try, read, send, pause or resume. */
export function SyncWork({ settings, state, path, token }: WorkProps) {
  const isPaused = state.status === "paused";
  return (
    <Panel title="Do it">
      <div class="actions">
        {isPaused ? null : (
          <>
            <ActionForm action={`${path}/try-pull`} token={token} label="What would be read?" />
            {settings.pull === "off" ? null : (
              <Confirm label="Read its list…" action={`${path}/pull`} token={token} submit="Read it">
                <p>
                  Whoever is on the provider's list is suppressed here too, unless we have released them since. It is an
                  import, and can be undone.
                </p>
              </Confirm>
            )}
            {settings.push.length ? <Pushing state={state} path={path} token={token} /> : null}
          </>
        )}
        {isPaused || state.status === "stopped" || state.failures > 0 ? (
          <ActionForm action={`${path}/resume`} token={token} label="Go on now" />
        ) : null}
        {isPaused ? null : <ActionForm action={`${path}/pause`} token={token} label="Pause" />}
      </div>
    </Panel>
  );
}

function Pushing({ state, path, token }: Omit<WorkProps, "settings">) {
  return (
    <>
      <ActionForm action={`${path}/try-push`} token={token} label="What would be sent?" />
      {state.push === null ? null : <ActionForm action={`${path}/push`} token={token} label="Send what is new" />}
      <Confirm label="Send our list…" action={`${path}/push`} token={token} submit="Send">
        <fieldset>
          <legend>From where on</legend>
          <label class="check">
            <input type="radio" name="from" value="beginning" checked />
            all that is on it, and what changes from now on
          </label>
          <label class="check">
            <input type="radio" name="from" value="now" />
            only what changes from now on
          </label>
        </fieldset>
        <p>Whoever is released here from then on is taken off the provider's list too.</p>
      </Confirm>
    </>
  );
}

const MAX_SHOWN = 20;

/** What reading the provider's list would record, counted in entries. */
export function PullWouldBring({ preview }: { preview: PullPreview }) {
  return (
    <section class="panel" aria-label="What would be read">
      <p>
        Of {count(preview.rows)} entries {count(preview.new)} would be new
        {Object.entries(preview.byReason).map(([reason, n]) => `, ${count(n)} ${reason}`)}. {count(preview.known)} are
        known, {count(preview.skipped)} say nothing to record.
        {preview.isComplete ? "" : " There is more that was not read."}
      </p>
      <ul>
        {preview.examples.slice(0, MAX_SHOWN).map(({ recipient, reason, detail }) => (
          <li>
            <Foreign text={recipient} /> <span class="soft small">{detail ?? reason}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What sending ours would change there, counted in recipients. */
export function PushWouldSend({ preview }: { preview: PushPreview }) {
  const skipped = Object.values(preview.skipped).reduce((sum, n) => sum + n, 0);
  return (
    <section class="panel" aria-label="What would be sent">
      <p>
        {count(preview.list)} would be listed there
        {Object.entries(preview.byReason).map(([reason, n]) => `, ${count(n)} ${reason}`)}, {count(preview.release)}{" "}
        released; {count(skipped)} are not to be sent.
        {preview.isComplete ? "" : " There is more that was not looked at."}
      </p>
      <ul>
        {preview.examples.slice(0, MAX_SHOWN).map(({ recipient, action, reasons }) => (
          <li>
            <Foreign text={recipient} />{" "}
            <span class="soft small">{action === "release" ? "released" : reasons.join(", ")}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Moment({ at }: { at: number | null }) {
  return at === null ? <span class="soft">never</span> : <Time at={at} precision="minute" />;
}
