/** The policy: what holds, what another one would do, and making it so. An admin token is needed. */
import { itemsOf, MAX_PAGE, parsePage } from "./lists";
import type { CallOptions, Settings } from "./options";
import { createSend, segmentOf } from "./resource";
import type { Batch, Event, Page, Reason } from "./types";

/** As in the variable POLICY; what is left out has its default. */
export type PolicyTable = Readonly<Record<string, unknown>>;

export interface CurrentPolicy {
  /** `applied`: by a batch; it holds until a deploy changes the variable. */
  readonly origin: "variable" | "applied";
  /** Rises with each policy that is applied or brought back; 0: none ever was. */
  readonly version: number;
  /** As it was written. */
  readonly policy: PolicyTable;
  /** With the defaults of what was left out. */
  readonly inFull: PolicyTable;
  readonly appliedAt: string | null;
  /** Undo it there. */
  readonly batchId: string | null;
  /** What the variable says. */
  readonly variable: PolicyTable;
}

export interface PolicyDraft {
  /** Absent: the one that holds. */
  readonly policy?: PolicyTable | undefined;
  /** Decide the classes of recorded bounces anew, with today's rules. */
  readonly reclassify?: boolean | undefined;
}

/** A draft, or a simulation that is done. */
export type PolicyToApply = (PolicyDraft | { readonly simulationId: string }) & { readonly note?: string | undefined };

export interface PolicySimulation {
  readonly id: string;
  readonly status: "running" | "done";
  readonly policy: PolicyTable;
  readonly reclassify: boolean;
  /** The moment for which everything is decided. */
  readonly createdAt: string;
  readonly finishedAt: string | null;
  readonly recipients: { readonly total: number; readonly looked: number };
  /** Newly so. */
  readonly suppressed: number;
  readonly released: number;
  /** Suppressed or not as before, for another reason, time or count. */
  readonly changed: number;
  readonly suppressedBy: Readonly<Partial<Record<Reason, number>>>;
  readonly releasedBy: Readonly<Partial<Record<Reason, number>>>;
  /** Of all: would change already under the policy that holds. */
  readonly overdue: number;
  /** Bounces that would have another class, category or rule; and those about which too little is kept. */
  readonly reclassified: number;
  readonly undecidable: number;
  readonly examples: readonly PolicyChange[];
}

export interface PolicyStanding {
  readonly suppressed: boolean;
  readonly reasons: readonly Reason[];
  readonly since: string | null;
  readonly until: string | null;
  readonly softBounces: number;
}

export interface PolicyChange {
  /** Of one who was erased: the hash. */
  readonly recipient: string;
  readonly change: "suppressed" | "released" | "changed";
  readonly before: PolicyStanding;
  readonly after: PolicyStanding;
  /** What suppresses it then; of one who is released: what suppresses it now. */
  readonly event: Event | null;
}

export type Policies = ReturnType<typeof createPolicies>;

/** @returns the calls about the policy; each rejects with a BouncekeeperError */
export function createPolicies(settings: Settings) {
  const send = createSend(settings);
  const pathOf = (id: string) => `/v1/policy/simulations/${segmentOf(id)}`;
  return {
    /** The one that holds, and where it comes from. */
    get: (options?: CallOptions) => send<CurrentPolicy>("GET", "/v1/policy", options),
    /** Who would newly be suppressed or released. Changes nothing. While `status` is `running`, it goes on by itself. */
    simulate: (draft: PolicyDraft = {}, options?: CallOptions) =>
      send<PolicySimulation>("POST", "/v1/policy/simulate", { ...options, json: draft, pace: settings.once }),
    /** How far a simulation has come. */
    simulation: (id: string, options?: CallOptions) => send<PolicySimulation>("GET", pathOf(id), options),
    /** Every recipient that a simulation that is done would change. */
    changes: (id: string, options?: CallOptions) =>
      itemsOf((cursor) =>
        send<Page<PolicyChange>>("GET", `${pathOf(id)}/changes`, {
          ...options,
          query: { limit: MAX_PAGE, cursor },
          parse: parsePage,
        }),
      ),
    /** Puts it in force, retroactively: a batch, which can be undone. Not tried again by itself: it would be another one. */
    apply: (wanted: PolicyToApply, options?: CallOptions) =>
      send<Batch>("POST", "/v1/policy/apply", { ...options, json: wanted, pace: settings.once }),
  };
}
