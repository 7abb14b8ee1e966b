/** Batches: recorded part by part, applied within a budget, undone part by part; the cron goes on where a request ends. */
import type { NormalizedEvent } from "../domain/event";
import { type Actor, type AuditAction, insertAudit } from "../store/audit";
import {
  type BatchKind,
  type BatchRow,
  batchById,
  finishBatch,
  insertBatch,
  type NewBatch,
  recordPart,
  revertingBatches,
  spanOfBatch,
  startRevert,
  withdrawNextPart,
} from "../store/batches";
import type { FactRow } from "../store/event-row";
import { pendingAfter } from "../store/pending";
import { applyEvents, type Progress } from "./apply";
import type { Deps } from "./deps";
import { effectivePolicy, inForce } from "./policy";

/** How long a request goes on bringing a batch to its recipients; the rest is the cron's. */
const APPLY_BUDGET_MS = 5_000;
/** Each costs calls of its object; an invocation has 10,000. */
const MAX_APPLIED_INLINE = 3_000;
const APPLY_PAGE = 400;
/** KV takes a thousand operations an invocation. */
const MAX_EDGE_WRITES = 800;
/** How long a request goes on withdrawing. */
const WITHDRAW_BUDGET_MS = 10_000;
const REVERTS_PER_RUN = 100;

const AUDITED_AS: Readonly<Record<BatchKind, AuditAction>> = {
  import: "import",
  block: "bulk_block",
  release: "bulk_release",
  policy: "apply_policy",
};

/**
 * Names a batch: a UUID of version 7 (RFC 9562 section 5.7), so that ids are in the order of time.
 *
 * @param now epoch ms
 * @param random a UUID of version 4
 */
export function batchIdOf(now: number, random: string): string {
  const time = now.toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(15)}`;
}

/** What the events of a batch carry. */
export interface BatchOrigin {
  readonly provider: string;
  readonly connection: string;
}

/** What a part says beside its events. */
export interface PartCounts {
  /** Epoch ms. */
  readonly receivedAt: number;
  /** Rows of the list that were read. */
  readonly rows: number;
  readonly skipped: number;
  readonly invalid: number;
}

/** Writes a batch. What is recorded when something fails stays recorded, under a batch that is `incomplete`. */
export class BatchWriter {
  readonly id: string;
  readonly #deps: Pick<Deps, "db" | "now">;
  readonly #batch: Pick<NewBatch, "requestId">;
  readonly #origin: BatchOrigin;
  #parts = 0;

  private constructor(deps: Pick<Deps, "db" | "now">, batch: Pick<NewBatch, "id" | "requestId">, origin: BatchOrigin) {
    this.#deps = deps;
    this.#batch = batch;
    this.#origin = origin;
    this.id = batch.id;
  }

  /** Begins a batch: it is on record, with who began it, before anything of it is. */
  static async open(
    deps: Pick<Deps, "db" | "now">,
    about: Omit<NewBatch, "id" | "createdAt">,
    origin: BatchOrigin,
  ): Promise<BatchWriter> {
    const at = deps.now();
    const batch = { ...about, id: batchIdOf(at, about.requestId), createdAt: at };
    const { requestId, actor, format } = about;
    const detail = format === null ? undefined : { format };
    await deps.db.batch([
      insertBatch(deps.db, batch),
      insertAudit(deps.db, { at, requestId, action: AUDITED_AS[about.kind], actor, subject: batch.id, detail }),
    ]);
    return new BatchWriter(deps, batch, origin);
  }

  /** Goes on with a batch that was begun earlier. @param requestId of this time: its parts are told apart by it */
  static resume(
    deps: Pick<Deps, "db" | "now">,
    batch: Pick<NewBatch, "id" | "requestId">,
    origin: BatchOrigin,
  ): BatchWriter {
    return new BatchWriter(deps, batch, origin);
  }

  /**
   * Records a part.
   *
   * @param events at most `MAX_PART_EVENTS`
   * @returns which of them are new
   * @throws BatchClosed where the batch was undone meanwhile
   */
  async add(events: readonly NormalizedEvent[], counts: PartCounts): Promise<(event: NormalizedEvent) => boolean> {
    return recordPart(this.#deps.db, {
      ...this.#origin,
      ...counts,
      batchId: this.id,
      requestId: `${this.#batch.requestId}/${++this.#parts}`,
      events,
    });
  }

  async finish(): Promise<void> {
    await finishBatch(this.#deps.db, this.id, this.#deps.now());
  }
}

/** Brings what a batch recorded, or withdrew, to its recipients, within a budget. */
export async function applyBatch(deps: Deps, id: string): Promise<void> {
  const span = await spanOfBatch(deps.db, id);
  if (!span) return;
  await applyPages(deps, span.after, async (after, limit) => {
    const page = await pendingAfter(deps.db, after, limit);
    return page.filter((row) => row.seq <= span.upTo);
  });
}

/**
 * Applies pending events page by page, within a budget; the cron goes on.
 *
 * @param after a place in the journal
 * @param read the next page; empty: there is no more
 */
export async function applyPages(
  deps: Deps,
  after: number,
  read: (after: number, limit: number) => Promise<readonly FactRow[]>,
): Promise<void> {
  const deadline = deps.now() + APPLY_BUDGET_MS;
  const progress: Progress = { pending: 0, failed: 0, edgeWrites: MAX_EDGE_WRITES };
  let place = after;
  for (let applied = 0; applied < MAX_APPLIED_INLINE && deps.now() < deadline; ) {
    const rows = await read(place, APPLY_PAGE);
    if (!rows.length) return;
    const policy = await effectivePolicy(deps);
    if (!policy.ok) return;
    await applyEvents(deps, inForce(policy.value), rows, progress);
    place = rows.at(-1)?.seq ?? place;
    applied += rows.length;
  }
}

/**
 * Undoes what a batch did, and nothing later: its events are withdrawn, and their recipients are decided about anew
 * without them. Asked again, it goes on, or says that it is done; there is no undoing of it but to do the same again.
 *
 * @returns how far it has come; `null`: there is no such batch of events
 */
export async function revertBatch(
  deps: Deps,
  { id, actor, requestId }: { readonly id: string; readonly actor: Actor; readonly requestId: string },
): Promise<BatchRow | null> {
  await startRevert(deps.db, { id, actor, requestId, at: deps.now() });
  await withdraw(deps, id, deps.now() + WITHDRAW_BUDGET_MS);
  await applyBatch(deps, id);
  return batchById(deps.db, id);
}

async function withdraw(deps: Pick<Deps, "db" | "now">, id: string, deadline: number): Promise<void> {
  while (deps.now() < deadline) {
    if (!(await withdrawNextPart(deps.db, id))) return;
  }
}

/** What requests left undone of undoing. @param deadline epoch ms */
export async function continueReverts(deps: Pick<Deps, "db" | "now">, deadline: number): Promise<void> {
  for (const id of await revertingBatches(deps.db, REVERTS_PER_RUN)) await withdraw(deps, id, deadline);
}
