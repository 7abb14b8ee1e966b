/** The rest of what operators do: an admin token is needed. */
import { itemsOf, parseItems, parsePage } from "./lists";
import type { CallOptions, Settings } from "./options";
import { createSend, segmentOf } from "./resource";
import type { PageOptions } from "./suppressions";
import type { Connection, Counts, Mail, Page, QuarantineItem, Recipient } from "./types";

export interface Replayed extends Counts {
  /** Is it out of quarantine? */
  readonly settled: boolean;
}

/** A mail as it came: text only where it is ASCII, else bytes. */
export type RawMail = string | Uint8Array | Blob;

export type Recipients = ReturnType<typeof createRecipients>;

export function createRecipients(settings: Settings) {
  const send = createSend(settings);
  return {
    /** All that is known: state, counter, evidence, timeline. Rejects with `not_found` where that is nothing. */
    get: (recipient: string, options?: CallOptions) =>
      send<Recipient>("GET", `/v1/recipients/${segmentOf(recipient)}`, options),
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
