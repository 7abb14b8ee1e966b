/** The journal, for operators: an admin token is needed. */
import { type ExportOptions, exportRows } from "./export-rows";
import { follow } from "./follow";
import { itemsOf, MAX_PAGE, parsePage } from "./lists";
import type { CallOptions, Settings } from "./options";
import { createSend } from "./resource";
import type { PageOptions } from "./suppressions";
import type { BounceClass, Counts, Event, EventKind, NewEvent, Page } from "./types";

export interface EventFilter {
  readonly recipient?: string | undefined;
  readonly provider?: string | undefined;
  readonly connection?: string | undefined;
  readonly kind?: EventKind | undefined;
  readonly class?: BounceClass | undefined;
  /** A provider's message id or a Message-ID. */
  readonly messageId?: string | undefined;
  readonly campaign?: string | undefined;
  /** Received from then on. */
  readonly since?: string | Date | undefined;
  /** Received before then. */
  readonly until?: string | Date | undefined;
}

export interface FollowOptions extends CallOptions {
  /** How long to wait before looking again. Default 2,000. */
  readonly intervalMs?: number | undefined;
}

export interface RecordOptions extends CallOptions {
  /** Makes repetitions of this call the same events, where they have no ids of their own. Default: a new one. */
  readonly idempotencyKey?: string | undefined;
}

export interface Recorded extends Counts {
  readonly items: readonly {
    readonly index: number;
    readonly status: "new" | "duplicate" | "invalid";
    readonly id: string | null;
    readonly error: string | null;
  }[];
}

const FOLLOW_INTERVAL_MS = 2_000;

export type Events = ReturnType<typeof createEvents>;

/** @returns the calls about the journal; each rejects with a BouncekeeperError */
export function createEvents(settings: Settings) {
  const send = createSend(settings);
  const page = (filter: EventFilter & PageOptions = {}, options?: CallOptions) =>
    send<Page<Event>>("GET", "/v1/events", { ...options, query: { ...filter }, parse: parsePage });
  const whole = (filter: EventFilter, options: CallOptions | undefined) => (cursor?: string) =>
    page({ ...filter, limit: MAX_PAGE, cursor }, options);
  return {
    /** A page, newest first. */
    page,
    /** All of it, newest first, fetched as it is read. */
    list: (filter: EventFilter = {}, options?: CallOptions) => itemsOf(whole(filter, options)),
    /**
     * Events as they are recorded, each once, oldest first, without end: from now on, or with `since` from then on. While
     * the service does not answer it waits.
     */
    follow: (filter: Omit<EventFilter, "until"> = {}, { intervalMs, signal }: FollowOptions = {}) =>
      follow({
        fetchPage: whole(filter, { signal }),
        intervalMs: intervalMs ?? FOLLOW_INTERVAL_MS,
        fromBeginning: filter.since !== undefined,
        signal,
      }),
    /** As a file, for any length of the journal. */
    export: ({ format, cursor, signal, ...filter }: EventFilter & ExportOptions = {}) =>
      exportRows(settings, "/v1/events/export", filter, { format, cursor, signal }),
    /** Records what happened. It may be tried again: the key makes the repetition known. */
    record: (events: NewEvent | readonly NewEvent[], { idempotencyKey, signal }: RecordOptions = {}) =>
      send<Recorded>("POST", "/v1/events", {
        signal,
        json: events,
        headers: { "idempotency-key": idempotencyKey ?? crypto.randomUUID() },
      }),
  };
}
