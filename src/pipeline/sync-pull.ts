/**
 * Reading a provider's list: page by page, each an import of its entries into one batch, which can be undone.
 *
 * A page is recorded before its place is noted: cut off in between, it is read again, and known. What stands there because
 * we sent it is left out: it would come back as something that the provider says, and outlive our own release.
 */
import { canonicalAddress } from "../domain/address";
import { addCounts } from "../domain/counts";
import { type EventKind, IMPORT_PROVIDER } from "../domain/event";
import { fail, ok, type Result } from "../domain/result";
import { type ListRow, rowOf } from "../import/entry";
import { FORMATS } from "../import/formats";
import { valuesOfObject } from "../import/list";
import type { Actor } from "../store/audit";
import { answersOf, changedLately } from "../store/sync-changes";
import type { PullCounts, PullProgress } from "../store/syncs";
import type { PulledEntry, PulledPage, SyncSettings } from "../sync/adapter";
import { applyBatch, BatchWriter } from "./batches";
import { ListImport, type RowResult } from "./import";
import { type CallFailure, callApi } from "./sync-call";
import { standingReasons } from "./sync-push";
import type { SyncDeps, SyncRun } from "./sync-run";

/** What was sent so lately may not have been taken in yet: Postmark takes a minute. */
const SENT_LATELY_MS = 10 * 60_000;
/** Times of providers are whole seconds. */
const SECOND_MS = 1_000;

/** Before the first page. */
export const NOTHING_PULLED: PullCounts = { rows: 0, new: 0, known: 0, skipped: 0, invalid: 0 };

/** What a page needs beside the page: what is known of us there. */
export interface PullContext {
  readonly deps: SyncDeps;
  readonly settings: SyncSettings;
  readonly connection: string;
  /** Up to which change the provider was told; `null`: nothing was ever sent there. */
  readonly pushedTo: number | null;
  readonly actor: Actor;
  readonly requestId: string;
}

/** Reads on from where it was left, until the end or as long as there is time. @returns is it all read? */
export async function pull(run: SyncRun, actor: Actor, requestId: string): Promise<Result<boolean, CallFailure>> {
  const { deps, settings, connection } = run;
  const context = { deps, settings, connection, pushedTo: run.state.push?.seq ?? null, actor, requestId };
  let writer = writerOf(context, run.state.pull);
  for (let cursor = run.state.pull?.cursor ?? null; cursor !== null; cursor = run.state.pull?.cursor ?? null) {
    if (!run.mayGoOn()) return ok(false);
    const progress = run.state.pull as PullProgress;
    const page = await fetchPage(context, cursor);
    if (!page.ok) {
      if (page.error.type !== "unreadable") return fail({ ...page.error, type: page.error.type });
      // It is not asked for again: the next pull begins anew.
      await run.notePull({ ...progress, cursor: null });
      return fail({ ...page.error, type: "unavailable" });
    }
    const rows = await rowsOfPage(context, page.value);
    const seen = await importRows(context, rows, null);
    if (seen.counts.new && !writer) {
      writer = await beginBatch(context);
      await run.notePull({ ...progress, batchId: writer.id });
    }
    const { counts, failure } = seen.counts.new ? await importRows(context, rows, writer) : seen;
    if (failure !== null) {
      await run.notePull({ ...progress, cursor: null, batchId: writer?.id ?? null });
      return fail({ type: "unavailable", error: failure, retryAfterMs: null });
    }
    const isOver = page.value.next === null;
    if (isOver) await writer?.finish();
    await run.notePull({
      ...progress,
      cursor: page.value.next,
      batchId: writer?.id ?? null,
      counts: addCounts(progress.counts, counts),
      ...(isOver ? { completedAt: deps.now(), completeFrom: progress.startedAt } : {}),
    });
  }
  if (writer) await applyBatch(deps, writer.id);
  return ok(true);
}

function writerOf({ deps, connection, requestId }: PullContext, progress: PullProgress | null): BatchWriter | null {
  const origin = { provider: IMPORT_PROVIDER, connection };
  return progress?.batchId == null ? null : BatchWriter.resume(deps, { id: progress.batchId, requestId }, origin);
}

function beginBatch({ deps, connection, actor, requestId }: PullContext): Promise<BatchWriter> {
  const about = { kind: "import" as const, format: connection, note: null, actor, requestId };
  return BatchWriter.open(deps, about, { provider: IMPORT_PROVIDER, connection });
}

type PageFailure = Omit<CallFailure, "type"> & { readonly type: CallFailure["type"] | "unreadable" };

/** One page of the provider's lists. */
export async function fetchPage(
  { deps, settings: { api } }: PullContext,
  cursor: string,
): Promise<Result<PulledPage, PageFailure>> {
  const answer = await callApi(deps, api, api.pageRequest(cursor));
  if (!answer.ok) return answer;
  const page = api.readPage(cursor, answer.value.body);
  return page.ok ? page : fail({ type: "unreadable", error: page.error, retryAfterMs: null });
}

/** What the entries of a page state, those left out that are there because we sent them. Lines count from 1 on each page. */
export async function rowsOfPage(context: PullContext, { entries }: PulledPage): Promise<ListRow[]> {
  const now = context.deps.now();
  const rows = entries.flatMap(({ format: id, value }, i): ListRow[] => {
    const format = FORMATS.find((other) => other.id === id);
    return format ? [rowOf(i + 1, format, valuesOfObject(value), now)] : [];
  });
  const isOwn = await ownEntries(context, entries, rows, now);
  return rows.map((row, i) => (isOwn(i) ? { ...row, outcome: { type: "skipped", code: "sent_from_here" } } : row));
}

/**
 * Which of them come from here: the recipient is on our list for a reason that would put it there, and was so before the
 * entry was made; or it changed here, and the provider has yet to be told, or was told just now.
 */
async function ownEntries(
  { deps, pushedTo }: PullContext,
  entries: readonly PulledEntry[],
  rows: readonly ListRow[],
  now: number,
): Promise<(index: number) => boolean> {
  if (pushedTo === null) return () => false;
  const addresses = rows.map(({ recipient }, i) => {
    const address = recipient !== null && entries[i]?.ownReasons.length ? canonicalAddress(recipient) : null;
    return address?.ok ? address.value : null;
  });
  const asked = [...new Set(addresses.filter((address) => address !== null))];
  const [answers, changed] = await Promise.all([
    answersOf(deps.db, asked),
    changedLately(deps.db, asked, pushedTo, now - SENT_LATELY_MS),
  ]);
  return (i) => {
    const address = addresses[i];
    if (address == null) return false;
    if (changed.has(address)) return true;
    const ownReasons = entries[i]?.ownReasons ?? [];
    const madeAt = timeOf(rows[i]) ?? now;
    return standingReasons(answers.get(address) ?? null, now).some(
      ({ reason, since }) => ownReasons.includes(reason) && Math.floor(since / SECOND_MS) * SECOND_MS <= madeAt,
    );
  };
}

function timeOf(row: ListRow | undefined): number | undefined {
  return row?.outcome.type === "entries" ? row.outcome.drafts[0]?.occurredAt : undefined;
}

interface ImportedRows {
  readonly counts: PullCounts;
  /** Why it ended early. */
  readonly failure: string | null;
  readonly results: readonly RowResult[];
}

const FAILURES = {
  too_many_rows: "A page holds too many entries.",
  reverted: "It was undone while it was under way.",
} as const;

/** @param writer of the batch; `null`: says what would come, and changes nothing @throws what a store throws */
export async function importRows(
  { deps, connection, actor, requestId }: PullContext,
  rows: readonly ListRow[],
  writer: BatchWriter | null,
): Promise<ImportedRows> {
  const [format] = FORMATS;
  if (!format) throw new Error("there are formats");
  const request = { isDryRun: writer === null, overridesReleases: false, note: null, actor, requestId };
  const list = { format: { ...format, id: connection }, rows: once(rows) };
  const results: RowResult[] = [];
  const { summary, failure } = await new ListImport(deps, request, list, writer).run((some) => results.push(...some));
  if (failure?.type === "interrupted") throw failure.error;
  const { rows: count, new: fresh, known, skipped, invalid } = summary;
  const counts = { rows: count, new: fresh, known, skipped, invalid };
  return { counts, failure: failure && FAILURES[failure.type], results };
}

async function* once<T>(value: T): AsyncGenerator<T> {
  yield value;
}

const REASONS: Readonly<Partial<Record<EventKind, string>>> = {
  bounced: "hard",
  complained: "complaint",
  unsubscribed: "unsubscribe",
  manual_block: "manual",
};

/** The reason that an entry states; `null`: none that would count. */
export function reasonOf({ outcome }: ListRow): string | null {
  const kind = outcome.type === "entries" ? outcome.drafts[0]?.kind : undefined;
  return (kind && REASONS[kind]) ?? null;
}
