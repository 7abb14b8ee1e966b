/**
 * Importing a list of suppressions: read → normalize → record, part by part, then apply within a budget.
 *
 * An entry is an event like any other: it adds a fact, and facts are maxima, so a weaker reason never replaces a
 * stronger one, and whatever occurred before a release has no effect. Its identity is what the list says, not where it
 * says it: a list that was cut off and is sent again records what is missing. An entry without a date counts as of now,
 * and would undo a release; so it is left out where its recipient was ever released, unless the caller wants it.
 */
import type { Chunks } from "../csv/text";
import { ADDRESS_ERRORS } from "../domain/address";
import { type EventDraft, IMPORT_PROVIDER, type NormalizedEvent } from "../domain/event";
import { fail, ok, type Result } from "../domain/result";
import { INVALID, type ListRow, type RowOutcome, SKIPPED } from "../import/entry";
import type { Meaning } from "../import/format";
import { type ListError, openList, type SuppressionList } from "../import/list";
import { errorFields } from "../log";
import { type Reservation, reservationsOf } from "../store/allowlist";
import type { Actor } from "../store/audit";
import { BatchClosed, batchById, MAX_PART_EVENTS } from "../store/batches";
import { knownEvents } from "../store/events";
import { applyBatch, BatchWriter } from "./batches";
import type { Deps } from "./deps";
import { normalize } from "./normalize";

/** Rows of one list. Beyond this the calls of the database would exceed what an invocation may make. */
const MAX_IMPORT_ROWS = 500_000;

export interface ImportRequest {
  readonly chunks: Chunks;
  /** The id of a format; absent: it is recognized. */
  readonly format?: string | undefined;
  /** What entries mean that give no reason. */
  readonly reason?: Meaning | undefined;
  /** Says what would happen, and changes nothing. */
  readonly isDryRun: boolean;
  /** Undated entries count also where their recipient was released. */
  readonly overridesReleases: boolean;
  readonly note: string | null;
  readonly actor: Actor;
  readonly requestId: string;
}

/** What a list that was opened is imported by. */
export type ListRequest = Omit<ImportRequest, "chunks" | "format" | "reason">;

/** What can become of a row. */
export const ROW_STATUSES = ["new", "known", "skipped", "invalid"] as const;

/** What became of a row. `code` says why, or what keeps it from having an effect. */
export interface RowResult {
  readonly line: number;
  /** As it stands on the list. */
  readonly recipient: string | null;
  readonly status: (typeof ROW_STATUSES)[number];
  readonly code: string | null;
  readonly detail: string | null;
}

export interface ImportSummary {
  /** `null`: nothing was recorded. */
  readonly batchId: string | null;
  readonly format: string;
  readonly isDryRun: boolean;
  readonly rows: number;
  readonly new: number;
  readonly known: number;
  readonly skipped: number;
  readonly invalid: number;
  /** Events on record whose recipients are still to be told. */
  readonly pending: number;
}

/** Why an import ended early. What is on record by then stays, under a batch that is `incomplete`. */
export type ImportFailure =
  | { readonly type: "too_many_rows" }
  /** The batch was undone meanwhile. */
  | { readonly type: "reverted" }
  /** The list could not be read further, or a store failed. */
  | { readonly type: "interrupted"; readonly error: unknown };

export interface Imported {
  readonly summary: ImportSummary;
  readonly failure: ImportFailure | null;
}

/** What keeps an entry from having an effect. */
const REMARKS = {
  released: "It has no date, and the recipient was released: it is left out.",
  released_later: "The recipient was released after it: it has no effect.",
  allowed: "The recipient is on the allow-list: only a block by hand has an effect.",
} as const;
type Remark = keyof typeof REMARKS;

/** Rows that make a part also where none of them is to be recorded. */
const MAX_PART_ROWS = 20_000;
/** Of diagnostic texts and notes, in UTF-16 units; the rest of a row is small. */
const MAX_PART_LENGTH = 2_000_000;

/** Opens a list: nothing is recorded before its format is known. */
export async function openImport(deps: Deps, request: ImportRequest): Promise<Result<ListImport, ListError>> {
  const { chunks, format, reason } = request;
  const list = await openList(chunks, { format, reason, now: deps.now() });
  return list.ok ? ok(new ListImport(deps, request, list.value)) : fail(list.error);
}

/** One run over a list. */
export class ListImport {
  readonly #deps: Deps;
  readonly #request: ListRequest;
  readonly #list: SuppressionList;
  readonly #tally = { rows: 0, new: 0, known: 0, skipped: 0, invalid: 0 };
  /** Of a dry run, which nothing remembers: what was said already. */
  readonly #said = new Set<string>();
  #writer: BatchWriter | null;
  /** Somebody else's batch, of which this list is a part: it is neither begun nor ended here. */
  readonly #isPart: boolean;

  constructor(deps: Deps, request: ListRequest, list: SuppressionList, writer: BatchWriter | null = null) {
    this.#deps = deps;
    this.#request = request;
    this.#list = list;
    this.#writer = writer;
    this.#isPart = writer !== null;
  }

  /**
   * Reads the list to its end.
   *
   * @param onRows is told of each row, in order, once it is on record
   * @throws when not even the batch could be begun: then nothing was recorded
   */
  async run(onRows: (rows: readonly RowResult[]) => unknown): Promise<Imported> {
    if (!this.#request.isDryRun && !this.#isPart) await this.#open();
    const failure = await this.#readAll(onRows).catch(failureOf);
    const id = this.#writer?.id ?? null;
    if (id !== null && !failure && !this.#isPart) {
      await applyBatch(this.#deps, id).catch((error: unknown) => {
        this.#deps.log.warn("import.apply_failed", { batch: id, ...errorFields(error) });
      });
    }
    return { summary: await this.#summary(id), failure };
  }

  async #open(): Promise<void> {
    const { actor, requestId, note } = this.#request;
    const format = this.#list.format.id;
    const origin = { provider: IMPORT_PROVIDER, connection: format };
    this.#writer = await BatchWriter.open(this.#deps, { kind: "import", format, note, actor, requestId }, origin);
  }

  async #readAll(onRows: (rows: readonly RowResult[]) => unknown): Promise<ImportFailure | null> {
    let part = new Part();
    for await (const rows of this.#list.rows) {
      for (const row of rows) {
        const isOver = this.#tally.rows + part.rows.length >= MAX_IMPORT_ROWS;
        if (isOver || !part.hasRoomFor(row)) {
          await onRows(await this.#record(part.rows));
          part = new Part();
        }
        if (isOver) return { type: "too_many_rows" };
        part.add(row);
      }
    }
    if (part.rows.length) await onRows(await this.#record(part.rows));
    if (!this.#isPart) await this.#writer?.finish();
    return null;
  }

  /** Normalizes a part and records it. */
  async #record(rows: readonly ListRow[]): Promise<RowResult[]> {
    const receivedAt = this.#deps.now();
    const read = await this.#normalized(rows, receivedAt);
    const events = read.flatMap((row) => row.events);
    const invalid = read.filter((row) => row.status === "invalid").length;
    const skipped = read.filter((row) => row.status === "skipped").length;
    const counts = { rows: rows.length, skipped, invalid, receivedAt };
    const isNew = this.#writer ? await this.#writer.add(events, counts) : await this.#wouldBeNew(events);
    const told = new Set<string>();
    const results = read.map((row) => resultOf(row, (event) => !repeats(told, event) && isNew(event)));
    this.#tally.rows += rows.length;
    for (const { status } of results) this.#tally[status]++;
    return results;
  }

  async #normalized(rows: readonly ListRow[], receivedAt: number): Promise<NormalizedRow[]> {
    const origin = { provider: IMPORT_PROVIDER, connection: this.#list.format.id, receivedAt };
    const outcomes = normalize(rows.flatMap(draftsOf), origin);
    const addresses = outcomes.flatMap((outcome) => (outcome.ok ? [outcome.value.address] : []));
    const reservations = await reservationsOf(this.#deps.db, addresses);
    let next = 0;
    return rows.map((row): NormalizedRow => {
      if (row.outcome.type !== "entries") return unread(row, row.outcome);
      const own = outcomes.slice(next, next + row.outcome.drafts.length);
      next += own.length;
      const events = own.flatMap((outcome) => (outcome.ok ? [outcome.value] : []));
      const bad = own.find((outcome) => !outcome.ok);
      if (!events.length && bad && !bad.ok) {
        const detail = ADDRESS_ERRORS[bad.error];
        return { row, status: "invalid", code: "invalid_recipient", detail, events: [] };
      }
      const code = this.#remarkOn(row.outcome.isDated, events, reservations.get(events[0]?.address ?? ""));
      const detail = code && REMARKS[code];
      return code === "released"
        ? { row, status: "skipped", code, detail, events: [] }
        : { row, status: null, code, detail, events };
    });
  }

  #remarkOn(isDated: boolean, events: readonly NormalizedEvent[], reservation: Reservation | undefined): Remark | null {
    const { isAllowed = false, releasedAt = null } = reservation ?? {};
    if (releasedAt !== null) {
      if (!isDated && !this.#request.overridesReleases) return "released";
      if (events.every((event) => event.occurredAt <= releasedAt)) return "released_later";
    }
    return isAllowed && events.every((event) => event.kind !== "manual_block") ? "allowed" : null;
  }

  async #wouldBeNew(events: readonly NormalizedEvent[]): Promise<(event: NormalizedEvent) => boolean> {
    const known = await knownEvents(this.#deps.db, events);
    const fresh = new Set(events.filter((event, i) => !known.has(i) && !repeats(this.#said, event)));
    return (event) => fresh.has(event);
  }

  async #summary(id: string | null): Promise<ImportSummary> {
    const batch = id === null ? null : await batchById(this.#deps.db, id).catch(() => null);
    const { isDryRun } = this.#request;
    return { batchId: id, format: this.#list.format.id, isDryRun, ...this.#tally, pending: batch?.pending ?? 0 };
  }
}

interface NormalizedRow {
  readonly row: ListRow;
  /** `null`: whether its events are new decides. */
  readonly status: "skipped" | "invalid" | null;
  readonly code: string | null;
  readonly detail: string | null;
  readonly events: readonly NormalizedEvent[];
}

/** What one transaction takes in: so many events, so much text, so many rows. */
class Part {
  readonly rows: ListRow[] = [];
  #events = 0;
  #length = 0;

  hasRoomFor(row: ListRow): boolean {
    return (
      this.#events + draftsOf(row).length <= MAX_PART_EVENTS &&
      this.#length < MAX_PART_LENGTH &&
      this.rows.length < MAX_PART_ROWS
    );
  }

  add(row: ListRow): void {
    this.rows.push(row);
    for (const { diagnosticCode, metadata } of draftsOf(row)) {
      this.#events++;
      this.#length += (diagnosticCode?.length ?? 0) + String(metadata?.note ?? "").length;
    }
  }
}

function unread(row: ListRow, { type, code }: Exclude<RowOutcome, { readonly type: "entries" }>): NormalizedRow {
  return { row, status: type, code, detail: { ...SKIPPED, ...INVALID }[code], events: [] };
}

function draftsOf({ outcome }: ListRow): readonly EventDraft[] {
  return outcome.type === "entries" ? outcome.drafts : [];
}

function resultOf(
  { row, status, code, detail, events }: NormalizedRow,
  isNew: (event: NormalizedEvent) => boolean,
): RowResult {
  // Each is asked, also after one that is new: it is told by being asked.
  const news = events.map(isNew);
  const { line, recipient } = row;
  return { line, recipient, status: status ?? (news.includes(true) ? "new" : "known"), code, detail };
}

/** Was it said before? From now on it was. */
function repeats(said: Set<string>, { id }: NormalizedEvent): boolean {
  if (said.has(id)) return true;
  said.add(id);
  return false;
}

function failureOf(error: unknown): ImportFailure {
  return error instanceof BatchClosed ? { type: "reverted" } : { type: "interrupted", error };
}
