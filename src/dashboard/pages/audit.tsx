/** Who did what. */
import { Hono } from "hono";
import { erasedAddress } from "../../domain/address";
import { subjectOf } from "../../http/audit";
import { cursorAfter } from "../../http/cursor";
import {
  AUDIT_ACTIONS,
  AUDIT_PLACE,
  type AuditAction,
  type AuditRow,
  auditPage,
  auditPlaceOf,
} from "../../store/audit";
import type { DashboardEnv } from "../env";
import { frameOf } from "../frame";
import { Choice, Field, Filters } from "../parts/forms";
import { Page } from "../parts/layout";
import { ListPanel } from "../parts/panel";
import { Table } from "../parts/table";
import { ActorName, Empty, Foreign, recipientPath, Time } from "../parts/words";
import { cursorIn, optional, queryOf, timeOf } from "../query";

const PATH = "/dashboard/audit";
const PAGE_SIZE = 100;
const FILTERS = ["actor", "action", "subject", "since", "until"];

/** In the past tense; the others read as they are. */
const WORDS: Readonly<Partial<Record<AuditAction, string>>> = {
  block: "blocked",
  release: "released",
  allow: "put on the allow-list",
  disallow: "took off the allow-list",
  import: "imported a list",
  bulk_block: "blocked",
  bulk_release: "released",
  apply_policy: "applied a policy",
  revert: "undid",
  erase: "erased",
  replay: "read again from quarantine",
  drop: "dropped from quarantine",
  rebuild: "rebuilt",
  add_notification: "had somebody told",
  remove_notification: "had somebody told no more",
  rotate_secret: "changed a notification's secret",
  resume_notification: "resumed a notification",
  redeliver: "had messages delivered again",
  confirm_incident: "confirmed",
  drop_incident: "dropped",
  pull_sync: "had a provider's list read",
  push_sync: "had the list sent to a provider",
  pause_sync: "paused a sync",
  resume_sync: "resumed a sync",
};

export const auditRoutes = new Hono<DashboardEnv>();

auditRoutes.get(PATH, async (c) => {
  const url = new URL(c.req.url);
  const query = queryOf(url, FILTERS);
  const filter = {
    ...optional("actor", query.actor),
    ...optional(
      "action",
      AUDIT_ACTIONS.find((action) => action === query.action),
    ),
    ...optional("subject", subjectOf(query.subject)),
    ...optional("since", timeOf(query.since)),
    ...optional("until", timeOf(query.until)),
  };
  const rows = await auditPage(c.env.db, filter, PAGE_SIZE, cursorIn(url, "audit", AUDIT_PLACE));
  const next = cursorAfter(rows, PAGE_SIZE, "audit", auditPlaceOf);
  const frame = await frameOf(c, { title: "Audit trail", path: PATH });
  return c.html(
    <Page frame={frame}>
      <div class="heading">
        <h1>Audit trail</h1>
      </div>
      <Filters action={PATH} isSet={Object.keys(query).length > 0}>
        <Field label="Who" name="actor" value={query.actor} />
        <Choice
          label="Did what"
          name="action"
          value={query.action}
          options={[["", "any"], ...AUDIT_ACTIONS.map((action) => [action, action.replaceAll("_", " ")] as const)]}
        />
        <Field label="To whom (an address)" name="subject" value={query.subject} />
        <Field label="From (UTC)" name="since" type="date" value={query.since} />
        <Field label="to before" name="until" type="date" value={query.until} />
      </Filters>
      <ListPanel
        label="Entries"
        isEmpty={rows.length === 0}
        empty={
          <Empty title="Nothing was done by hand">
            <p>Blocks, releases, imports, erasures and the like will be listed here, with who did them.</p>
          </Empty>
        }
        pager={{ url, cursor: next }}
      >
        <Entries rows={rows} />
      </ListPanel>
    </Page>,
  );
});

function Entries({ rows }: { rows: readonly AuditRow[] }) {
  return (
    <Table columns={["When", "Who", "Did what", "To what", "Details"]}>
      {rows.map((row) => (
        <tr>
          <td>
            <Time at={row.at} />
          </td>
          <td>
            <ActorName id={row.actor} label={row.actor_label} />
          </td>
          <td>{WORDS[row.action] ?? row.action.replaceAll("_", " ")}</td>
          <td>
            <Subject row={row} />
          </td>
          <td class="text small">
            <Foreign text={detailsOf(row)} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

const KEY = /^[0-9a-f]{64}$/;

interface Kept {
  /** Its page is below it. */
  readonly path: string;
  readonly words: string;
}

const BATCH: Kept = { path: "/dashboard/batches", words: "a batch" };
const INCIDENT: Kept = { path: "/dashboard/incidents", words: "an incident" };
const NOTIFICATION: Kept = { path: "/dashboard/notifications", words: "a notification" };
const SYNC: Kept = { path: "/dashboard/sync", words: "a sync" };

/** What actions are done to, beside recipients and what is no longer there. */
const SUBJECTS: Readonly<Partial<Record<AuditAction, Kept>>> = {
  import: BATCH,
  bulk_block: BATCH,
  bulk_release: BATCH,
  apply_policy: BATCH,
  revert: BATCH,
  confirm_incident: INCIDENT,
  drop_incident: INCIDENT,
  add_notification: NOTIFICATION,
  rotate_secret: NOTIFICATION,
  resume_notification: NOTIFICATION,
  redeliver: NOTIFICATION,
  pull_sync: SYNC,
  push_sync: SYNC,
  pause_sync: SYNC,
  resume_sync: SYNC,
};

/** A recipient is named by the hash of the address: the trail keeps no addresses. */
function Subject({ row: { action, subject } }: { row: AuditRow }) {
  if (subject === null) return null;
  const kept = SUBJECTS[action];
  if (kept) return <a href={`${kept.path}/${subject}`}>{kept.words}</a>;
  if (!KEY.test(subject)) return <span class="mono">{subject}</span>;
  return (
    <a class="mono" href={recipientPath(erasedAddress(subject))}>
      {subject.slice(0, 12)}…
    </a>
  );
}

function detailsOf({ detail }: AuditRow): string {
  if (detail === null) return "";
  return Object.entries(JSON.parse(detail) as Record<string, unknown>)
    .map(([name, value]) => `${name}: ${typeof value === "object" ? JSON.stringify(value) : String(value)}`)
    .join(", ");
}
