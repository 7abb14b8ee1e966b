/** The rest of what operators do: an admin token is needed. */
import { itemsOf, MAX_PAGE, parseItems, parsePage } from "./lists";
import type { CallOptions, Settings } from "./options";
import { createSend, segmentOf } from "./resource";
import type { PageOptions } from "./suppressions";
import type {
  Allowed,
  AllowedChange,
  Batch,
  Connection,
  Counts,
  Erased,
  Mail,
  Page,
  QuarantineItem,
  Recipient,
} from "./types";

export interface Replayed extends Counts {
  /** Is it out of quarantine? */
  readonly settled: boolean;
}

export interface Erasure {
  readonly keepSuppressed?: boolean | undefined;
}

export interface Note {
  readonly note?: string | undefined;
}

/** A mail as it came: text only where it is ASCII, else bytes. */
export type RawMail = string | Uint8Array | Blob;

export type Recipients = ReturnType<typeof createRecipients>;

/** One recipient, by address; or a whole domain: `@example.com`. */
export function createRecipients(settings: Settings) {
  const send = createSend(settings);
  return {
    /** All that is known: state, counter, evidence, timeline. Rejects with `not_found` where that is nothing. */
    get: (recipient: string, options?: CallOptions) =>
      send<Recipient>("GET", `/v1/recipients/${segmentOf(recipient)}`, options),
    /** Removes all of it for good; with `keepSuppressed` the hash of the address stays suppressed. */
    erase: (recipient: string, { keepSuppressed }: Erasure = {}, options?: CallOptions) =>
      send<Erased>("DELETE", `/v1/recipients/${segmentOf(recipient)}`, { ...options, query: { keepSuppressed } }),
  };
}

export type Allowlist = ReturnType<typeof createAllowlist>;

/** Addresses that nothing automatic suppresses. */
export function createAllowlist(settings: Settings) {
  const send = createSend(settings);
  const pathOf = (recipient: string) => `/v1/allowlist/${segmentOf(recipient)}`;
  return {
    list: (filter: { readonly q?: string | undefined } = {}, options?: CallOptions) =>
      itemsOf((cursor) =>
        send<Page<Allowed>>("GET", "/v1/allowlist", {
          ...options,
          query: { ...filter, limit: MAX_PAGE, cursor },
          parse: parsePage,
        }),
      ),
    add: (recipient: string, { note }: Note = {}, options?: CallOptions) =>
      send<AllowedChange>("PUT", pathOf(recipient), { ...options, json: { note } }),
    /** What was recorded meanwhile has its effect from now on. */
    remove: (recipient: string, { note }: Note = {}, options?: CallOptions) =>
      send<AllowedChange>("DELETE", pathOf(recipient), { ...options, query: { note } }),
  };
}

export type Batches = ReturnType<typeof createBatches>;

/** Imports, and what else was done to many recipients at once. */
export function createBatches(settings: Settings) {
  const send = createSend(settings);
  return {
    get: (id: string, options?: CallOptions) => send<Batch>("GET", `/v1/batches/${segmentOf(id)}`, options),
    /** Undoes what it did and nothing later. While `status` is not `reverted`, it goes on by itself. */
    revert: (id: string, options?: CallOptions) => send<Batch>("POST", `/v1/batches/${segmentOf(id)}/revert`, options),
  };
}

export type Quarantine = ReturnType<typeof createQuarantine>;

/** What could not be read. */
export function createQuarantine(settings: Settings) {
  const send = createSend(settings);
  const page = (query: PageOptions = {}, options?: CallOptions) =>
    send<Page<QuarantineItem>>("GET", "/v1/quarantine", { ...options, query: { ...query }, parse: parsePage });
  return {
    /** A page, newest first. */
    page,
    list: (options?: CallOptions) => itemsOf((cursor) => page({ cursor }, options)),
    /** Reads it again with today's code. */
    replay: (id: string, options?: CallOptions) =>
      send<Replayed>("POST", `/v1/quarantine/${segmentOf(id)}/replay`, options),
    /** Removes it for good. */
    drop: (id: string, options?: CallOptions) => send<void>("DELETE", `/v1/quarantine/${segmentOf(id)}`, options),
  };
}

/** The configured connections, and whether they work. */
export function createConnections(settings: Settings) {
  const send = createSend(settings);
  return (options?: CallOptions) =>
    send<readonly Connection[]>("GET", "/v1/connections", { ...options, parse: parseItems });
}

/** What a raw mail says: a bounce, a feedback report, an automatic reply. Nothing is recorded. */
export function createParse(settings: Settings) {
  const send = createSend(settings);
  return (mail: RawMail, options?: CallOptions) =>
    send<Mail>("POST", "/v1/parse", { ...options, body: mail, contentType: "message/rfc822" });
}
