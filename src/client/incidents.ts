/** Incidents: bursts of bounces with the same cause, what they hold, and deciding about it. An admin token is needed. */
import { itemsOf, MAX_PAGE, parsePage } from "./lists";
import type { CallOptions, Settings } from "./options";
import { createSend, segmentOf } from "./resource";
import type { PageOptions } from "./suppressions";
import type { BounceClass, Event, Page } from "./types";

export interface Incident {
  readonly id: string;
  /** `open`: it waits for a decision. `confirmed`: the bounces count. `dropped`: they do not. */
  readonly status: "open" | "confirmed" | "dropped";
  /** `provider/connection` */
  readonly connection: string;
  /** Who refused; `null`: receivers of all kinds. */
  readonly receiver: string | null;
  readonly class: BounceClass | null;
  readonly category: string | null;
  readonly statusCode: string | null;
  /** An example of what was said. */
  readonly diagnosticCode: string | null;
  readonly startedAt: string;
  /** When it was noticed: from then on its bounces are held. */
  readonly openedAt: string;
  readonly lastAt: string;
  /** `null`: it goes on. */
  readonly endedAt: string | null;
  /** In the window when it was noticed; and of these those to whom something was delivered before. */
  readonly recipients: number;
  readonly knownGood: number;
  /** So many would have been needed. */
  readonly threshold: number;
  /** Bounces that were put on hold. */
  readonly held: number;
  readonly decidedAt: string | null;
  readonly decidedBy: string | null;
  readonly decidedByLabel: string | null;
  /** Bounces from before it was noticed that were withdrawn. */
  readonly released: number;
  /** Bounces whose recipients are still to be told. */
  readonly pending: number;
  /** When the decision was carried out. */
  readonly settledAt: string | null;
}

export interface IncidentDetail extends Incident {
  /** Recipients of the burst before it was noticed: these may be suppressed. */
  readonly suppressedBefore: number;
}

export interface IncidentFilter {
  readonly status?: Incident["status"] | undefined;
}

export type Incidents = ReturnType<typeof createIncidents>;

/** @returns the calls about incidents; each rejects with a BouncekeeperError */
export function createIncidents(settings: Settings) {
  const send = createSend(settings);
  const pathOf = (id: string) => `/v1/incidents/${segmentOf(id)}`;
  const page = (filter: IncidentFilter & PageOptions = {}, options?: CallOptions) =>
    send<Page<Incident>>("GET", "/v1/incidents", { ...options, query: { ...filter }, parse: parsePage });
  return {
    /** A page, newest first. */
    page,
    list: (filter: IncidentFilter = {}, options?: CallOptions) =>
      itemsOf((cursor) => page({ ...filter, limit: MAX_PAGE, cursor }, options)),
    get: (id: string, options?: CallOptions) => send<IncidentDetail>("GET", pathOf(id), options),
    /** Its bounces: those that it holds, or those of before it was noticed. */
    bounces: (id: string, group: "held" | "before" = "held", options?: CallOptions) =>
      itemsOf((cursor) =>
        send<Page<Event>>("GET", `${pathOf(id)}/recipients`, {
          ...options,
          query: { group, limit: MAX_PAGE, cursor },
          parse: parsePage,
        }),
      ),
    /** The bounces are right: what is held takes effect. While `settledAt` is `null`, it goes on by itself. */
    confirm: (id: string, options?: CallOptions) => send<IncidentDetail>("POST", `${pathOf(id)}/confirm`, options),
    /** It was not the recipients' fault: what is held is withdrawn; with `releaseSuppressed` what came before, too. */
    drop: (
      id: string,
      { releaseSuppressed = false }: { readonly releaseSuppressed?: boolean | undefined } = {},
      options?: CallOptions,
    ) => send<IncidentDetail>("POST", `${pathOf(id)}/drop`, { ...options, json: { releaseSuppressed } }),
  };
}
