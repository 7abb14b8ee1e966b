/** What was done to many recipients at once, how far it has come, and undoing it. */
import { Hono } from "hono";
import { isUuid } from "../../domain/address";
import { type Undone, undoBatch } from "../../pipeline/policy-batch";
import { type BatchRow, batchById, batchPage } from "../../store/batches";
import type { DashboardEnv } from "../env";
import { actorOf, frameOf } from "../frame";
import { Fact, Facts } from "../parts/facts";
import { Confirm } from "../parts/forms";
import { Page } from "../parts/layout";
import { Notice } from "../parts/notice";
import { ListPanel } from "../parts/panel";
import { Table } from "../parts/table";
import { ActorName, Badge, count, Empty, Foreign, Time } from "../parts/words";
import { pathIn, queryOf, textIn, withDone } from "../query";
import { notFoundPage } from "./problems";

const PATH = "/dashboard/batches";
const PAGE_SIZE = 50;

const KINDS: Readonly<Record<BatchRow["kind"], string>> = {
  import: "Import",
  block: "Block",
  release: "Release",
  policy: "Policy",
};

export const batchesRoutes = new Hono<DashboardEnv>();

batchesRoutes.get(PATH, async (c) => {
  const url = new URL(c.req.url);
  const { cursor } = queryOf(url, ["cursor"]);
  const rows = await batchPage(c.env.db, PAGE_SIZE, cursor !== undefined && isUuid(cursor) ? cursor : null);
  const last = rows.at(-1);
  const frame = await frameOf(c, { title: "Batches", path: "/dashboard/import" });
  return c.html(
    <Page frame={frame}>
      <div class="heading">
        <h1>Batches</h1>
      </div>
      <ListPanel
        label="Batches"
        isEmpty={rows.length === 0}
        empty={
          <Empty title="Nothing yet">
            <p>
              <a href="/dashboard/import">Imports</a>, and what is blocked or released here, will be listed, and can be
              undone.
            </p>
          </Empty>
        }
        pager={{ url, cursor: rows.length === PAGE_SIZE && last ? last.id : null }}
      >
        <BatchTable rows={rows} />
      </ListPanel>
    </Page>,
  );
});

/** Batches a row each, in the order in which they come, each with a link to its page. */
export function BatchTable({ rows }: { rows: readonly BatchRow[] }) {
  return (
    <Table columns={["When", "What", "State", { words: "New", isNumber: true }, "By", "Why"]}>
      {rows.map((row) => (
        <tr>
          <td>
            <a href={`${PATH}/${row.id}`}>
              <Time at={row.created_at} precision="minute" />
            </a>
          </td>
          <td>
            {KINDS[row.kind]}
            {row.format === null ? null : <div class="soft small">{row.format}</div>}
          </td>
          <td>
            <State row={row} />
          </td>
          <td class="num">{count(row.added)}</td>
          <td>
            <ActorName id={row.actor} label={row.actor_label} />
          </td>
          <td class="text">
            <Foreign text={row.note ?? ""} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

function State({ row }: { row: BatchRow }) {
  if (row.status === "reverted") return <Badge>undone</Badge>;
  if (row.status === "reverting") return <Badge tone="warn">being undone</Badge>;
  if (row.status === "incomplete") {
    return row.kind === "policy" ? <Badge tone="warn">taking effect</Badge> : <Badge tone="bad">cut off</Badge>;
  }
  return row.pending > 0 ? <Badge tone="warn">taking effect</Badge> : <Badge tone="good">in effect</Badge>;
}

batchesRoutes.get(`${PATH}/:id`, async (c) => {
  const row = await batchById(c.env.db, c.req.param("id"));
  if (!row) return notFoundPage(c);
  const frame = await frameOf(c, { title: KINDS[row.kind], path: "/dashboard/import" });
  return c.html(
    <Page frame={frame}>
      <div class="heading">
        <h1>{KINDS[row.kind]}</h1>
        <State row={row} />
      </div>
      <Notice url={new URL(c.req.url)} token={frame.formToken} />
      <section class="panel" aria-label="About it">
        <Facts>
          <Fact name="When">
            <Time at={row.created_at} />
          </Fact>
          <Fact name="By">
            <ActorName id={row.actor} label={row.actor_label} />
          </Fact>
          {row.note === null ? null : (
            <Fact name="Why">
              <Foreign text={row.note} />
            </Fact>
          )}
          {row.format === null ? null : <Fact name="Read as">{row.format}</Fact>}
          {row.kind === "policy" ? <PolicyFacts row={row} /> : <ListFacts row={row} />}
          <Fact name="Still to take effect">
            {row.pending ? `${count(row.pending)}; the cron goes on every minute` : "nothing"}
          </Fact>
          {row.reverted_at === null ? null : (
            <Fact name="Undone">
              <Time at={row.reverted_at} />: {count(row.retracted)}{" "}
              {row.kind === "policy" ? "recipients were decided about anew" : "events were withdrawn"}
            </Fact>
          )}
        </Facts>
        {row.status === "incomplete" && row.kind !== "policy" ? (
          <p>It was cut off. What was recorded stays and takes effect; the same list again records what is missing.</p>
        ) : null}
        {row.status === "reverted" ? null : (
          <div class="actions">
            <Confirm
              label="Undo…"
              action={`${PATH}/${row.id}/revert`}
              token={frame.formToken}
              submit={row.status === "reverting" ? "Go on undoing" : "Undo it"}
            >
              {row.kind === "policy" ? (
                <p>
                  The policy that held before holds again, classes are put back as they were, and everybody is decided
                  about anew by it.
                </p>
              ) : (
                <p>
                  Its {count(row.added)} events are withdrawn, and their recipients are decided about anew without them.
                  What happened later stays. To have it back, do the same again.
                </p>
              )}
            </Confirm>
          </div>
        )}
      </section>
      <p>
        <a href={PATH}>All batches</a>
      </p>
    </Page>,
  );
});

batchesRoutes.post(`${PATH}/:id/revert`, async (c) => {
  const id = c.req.param("id");
  const form = await c.req.parseBody();
  const to = pathIn(textIn(form, "to", 1_000)) ?? `${PATH}/${id}`;
  const outcome = await undoBatch(c.env, { id, actor: actorOf(c), requestId: c.env.requestId });
  return c.redirect(withDone(to, { done: doneOf(outcome) }), 303);
});

function doneOf(outcome: Undone): string {
  if (outcome.type !== "undone") return outcome.type === "unknown" ? "not-found" : "policy-superseded";
  const { status, pending } = outcome.batch;
  return status === "reverted" && pending === 0 ? "reverted" : "reverting";
}

function ListFacts({ row }: { row: BatchRow }) {
  return (
    <Fact name="Rows">
      {count(row.row_count)}: {count(row.added)} new, {count(row.known)} on record already, {count(row.skipped)} left
      out, {count(row.invalid)} unreadable
    </Fact>
  );
}

function PolicyFacts({ row }: { row: BatchRow }) {
  return (
    <Fact name="Recipients">
      {count(row.row_count)} looked at, {count(row.added)} decided about anew
    </Fact>
  );
}
