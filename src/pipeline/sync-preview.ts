/** What a sync would do: read in full where there is time, and changed nowhere. */
import { addCounts } from "../domain/counts";
import { fail, ok, type Result } from "../domain/result";
import type { Caller } from "../store/audit";
import { lastChange } from "../store/changes";
import { changedSince, listedAfter, type StandingRow } from "../store/sync-changes";
import { type PullCounts, syncStates } from "../store/syncs";
import type { PushReason, SyncSettings } from "../sync/adapter";
import { importConnectionOf, type Sync } from "../sync/settings";
import type { PushStart } from "./sync";
import { fetchPage, importRows, NOTHING_PULLED, reasonOf, rowsOfPage } from "./sync-pull";
import { planOf } from "./sync-push";
import type { SyncDeps } from "./sync-run";

const BUDGET_MS = 20_000;
const MAX_EXAMPLES = 100;
const PAGE = 1_000;
/** Of our list: beyond it, nobody wants to know exactly. */
const MAX_LOOKED_AT = 50_000;

export interface PullPreview extends PullCounts {
  /** Was it read to its end? */
  readonly isComplete: boolean;
  /** Of what is new. */
  readonly byReason: Readonly<Record<string, number>>;
  /** Of what is new, and of what would have no effect. */
  readonly examples: readonly PullExample[];
}

export interface PullExample {
  readonly recipient: string;
  readonly reason: string | null;
  readonly status: "new" | "known" | "skipped" | "invalid";
  readonly code: string | null;
  readonly detail: string | null;
}

/** What a pull would bring. @returns what kept the provider's list from being read */
export async function previewPull(
  deps: SyncDeps,
  sync: Sync,
  settings: SyncSettings,
  asked: Caller,
): Promise<Result<PullPreview, string>> {
  const states = await syncStates(deps.db);
  const pushedTo = states.get(sync.id)?.push?.seq ?? null;
  const context = { deps, settings, connection: importConnectionOf(sync), pushedTo, ...asked };
  const endsAt = deps.now() + BUDGET_MS;
  const byReason: Record<string, number> = {};
  const examples: PullExample[] = [];
  const said = new Set<string>();
  let counts = NOTHING_PULLED;
  let cursor: string | null = settings.api.firstPage({ since: null, until: deps.now() });
  while (cursor !== null && deps.now() < endsAt) {
    const page: Awaited<ReturnType<typeof fetchPage>> = await fetchPage(context, cursor);
    if (!page.ok) return fail(page.error.error);
    // Pages may overlap, and a dry run leaves nothing behind by which an entry would be known.
    const rows = (await rowsOfPage(context, page.value)).filter((row) => {
      const name = JSON.stringify([row.recipient, reasonOf(row), row.outcome]);
      return said.has(name) ? false : said.add(name);
    });
    const { results, counts: more } = await importRows(context, rows, null);
    results.forEach(({ recipient, status, code, detail }, i) => {
      const reason = rows[i] ? reasonOf(rows[i]) : null;
      if (status === "new" && reason !== null) byReason[reason] = (byReason[reason] ?? 0) + 1;
      if (status === "known" || examples.length >= MAX_EXAMPLES) return;
      examples.push({ recipient: recipient ?? "", reason, status, code, detail });
    });
    counts = addCounts(counts, more);
    cursor = page.value.next;
  }
  return ok({ ...counts, isComplete: cursor === null, byReason, examples });
}

export interface PushPreview {
  readonly list: number;
  readonly release: number;
  /** Of those to be listed. */
  readonly byReason: Readonly<Record<string, number>>;
  readonly skipped: Readonly<Record<string, number>>;
  readonly examples: readonly PushExample[];
  readonly isComplete: boolean;
}

export interface PushExample {
  readonly recipient: string;
  readonly action: "list" | "release";
  readonly reasons: readonly PushReason[];
}

/** What a push would send. @param from `null`: from where it was left, or all of it where nothing was sent yet */
export async function previewPush(
  deps: SyncDeps,
  sync: Sync,
  settings: SyncSettings,
  from: PushStart | null,
): Promise<PushPreview> {
  const states = await syncStates(deps.db);
  const progress = states.get(sync.id)?.push ?? null;
  const tally = new PushTally();
  if (from === "now") return tally.preview(true);
  const connection = importConnectionOf(sync);
  const isWhole = from === "beginning" || progress === null;
  const look = (row: StandingRow) => tally.add(planOf(row, settings.push, deps.now()));
  let looked = 0;
  let key = isWhole ? "" : (progress?.walkedTo ?? null);
  while (key !== null && looked < MAX_LOOKED_AT) {
    const rows: StandingRow[] = await listedAfter(deps.db, connection, key, PAGE);
    rows.forEach(look);
    looked += rows.length;
    key = rows.length < PAGE ? null : (rows.at(-1)?.key ?? null);
  }
  let seq = isWhole ? await lastChange(deps.db) : (progress?.seq ?? 0);
  for (let hasMore = key === null; hasMore && looked < MAX_LOOKED_AT; ) {
    const { rows, end, newest } = await changedSince(deps.db, connection, seq, PAGE);
    rows.forEach(look);
    looked += Math.max(1, rows.length);
    hasMore = end < newest && end > seq;
    seq = end;
  }
  return tally.preview(looked < MAX_LOOKED_AT);
}

class PushTally {
  #list = 0;
  #release = 0;
  readonly #byReason: Record<string, number> = {};
  readonly #skipped: Record<string, number> = {};
  readonly #examples: PushExample[] = [];

  add(planned: ReturnType<typeof planOf>): void {
    if (typeof planned === "string") {
      this.#skipped[planned] = (this.#skipped[planned] ?? 0) + 1;
      return;
    }
    const { address: recipient, reasons } = planned;
    if (reasons.length) this.#list++;
    else this.#release++;
    for (const reason of reasons) this.#byReason[reason] = (this.#byReason[reason] ?? 0) + 1;
    const action = reasons.length ? "list" : "release";
    if (this.#examples.length < MAX_EXAMPLES) this.#examples.push({ recipient, action, reasons });
  }

  preview(isComplete: boolean): PushPreview {
    return {
      list: this.#list,
      release: this.#release,
      byReason: this.#byReason,
      skipped: this.#skipped,
      examples: this.#examples,
      isComplete,
    };
  }
}
