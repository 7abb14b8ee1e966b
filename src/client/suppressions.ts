/** The suppression list, for operators: an admin token is needed. */
import { type ExportOptions, exportRows } from "./export-rows";
import { createImport } from "./import";
import { itemsOf, MAX_PAGE, parsePage } from "./lists";
import type { CallOptions, Settings } from "./options";
import { createSend, segmentOf } from "./resource";
import type { Change, Page, Reason, Suppression, SuppressionDetail } from "./types";

export interface SuppressionFilter {
  /** `domain`: blocks of whole domains. */
  readonly reason?: Reason | undefined;
  readonly domain?: string | undefined;
  /** Part of an address. */
  readonly q?: string | undefined;
  /** Suppressed from then on. */
  readonly since?: string | Date | undefined;
  /** Suppressed before then. */
  readonly until?: string | Date | undefined;
}

export interface PageOptions {
  /** At most 1,000. */
  readonly limit?: number | undefined;
  /** `nextCursor` of the page before. */
  readonly cursor?: string | undefined;
}

export interface Block {
  readonly note?: string | undefined;
  /** When the block ends by itself. */
  readonly expiresAt?: string | Date | undefined;
}

export interface Release {
  /** A complaint is released only with `force` and a note. */
  readonly force?: boolean | undefined;
  readonly note?: string | undefined;
}

export interface Released {
  readonly recipient: string;
  readonly released: true;
  /** Events on record that are still to be applied. */
  readonly pending: number;
}

export interface Changes {
  readonly items: readonly Change[];
  /** Ask again with it, now or later. */
  readonly nextCursor: string;
}

export type Suppressions = ReturnType<typeof createSuppressions>;

/** A recipient is an address, or a whole domain: `@example.com`. */
export function createSuppressions(settings: Settings) {
  const send = createSend(settings);
  const page = (filter: SuppressionFilter & PageOptions = {}, options?: CallOptions) =>
    send<Page<Suppression>>("GET", "/v1/suppressions", { ...options, query: { ...filter }, parse: parsePage });
  return {
    /** One entry, with its evidence. Rejects with `not_found` where it is not on the list. */
    get: (recipient: string, options?: CallOptions) =>
      send<SuppressionDetail>("GET", `/v1/suppressions/${segmentOf(recipient)}`, options),
    /** A page, newest first. */
    page,
    /** The whole list, newest first, fetched as it is read. */
    list: (filter: SuppressionFilter = {}, options?: CallOptions) =>
      itemsOf((cursor) => page({ ...filter, limit: MAX_PAGE, cursor }, options)),
    /** As a file, for any length of the list. */
    export: ({ format, cursor, signal, ...filter }: SuppressionFilter & ExportOptions = {}) =>
      exportRows(settings, "/v1/suppressions/export", filter, { format, cursor, signal }),
    /**
     * Listings and releases in the order in which they took effect, after a cursor; `latest`: from now on. Rejects with
     * `cursor_expired` where the mirror has to begin anew.
     */
    changes: (query: PageOptions = {}, options?: CallOptions) =>
      send<Changes>("GET", "/v1/suppressions/changes", { ...options, query: { ...query } }),
    /** A list of any kind; the batch that it makes can be undone. */
    import: createImport(settings),
    /** By hand; the same block twice is one. */
    block: (recipient: string, { note, expiresAt }: Block = {}, options?: CallOptions) =>
      send<SuppressionDetail>("PUT", `/v1/suppressions/${segmentOf(recipient)}`, {
        ...options,
        json: { note, expiresAt },
      }),
    /** Final for the past: nothing that occurred before can suppress it again. */
    release: (recipient: string, { force, note }: Release = {}, options?: CallOptions) =>
      send<Released>("DELETE", `/v1/suppressions/${segmentOf(recipient)}`, { ...options, query: { force, note } }),
  };
}
