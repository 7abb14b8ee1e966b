/**
 * `bouncekeeper/client`: the service, for whoever sends mail. It needs `fetch` and nothing else: Node, Workers, Deno, Bun,
 * browsers. docs/client.md is its manual.
 */
import { type CheckOne, createCheck } from "./check";
import { type CheckMany, createCheckMany } from "./check-many";
import { createEvents, type Events } from "./events";
import { type FilterOptions, type LocalFilter, loadFilter } from "./filter";
import { createIncidents, type Incidents } from "./incidents";
import {
  type Allowlist,
  type Batches,
  createAllowlist,
  createBatches,
  createConnections,
  createParse,
  createQuarantine,
  createRecipients,
  type Quarantine,
  type Recipients,
} from "./operations";
import { type ClientOptions, settingsOf } from "./options";
import { createPolicies, type Policies } from "./policy";
import { createScrub, type ScrubList } from "./scrub";
import { createSuppressions, type Suppressions } from "./suppressions";
import { createSyncs, type Syncs } from "./syncs";

export type { Check, CheckOne, CheckOptions } from "./check";
export type { CheckMany, CheckManyOptions, ManyChecked } from "./check-many";
export { BouncekeeperError, type ProblemDetails } from "./error";
export type { EventFilter, Recorded } from "./events";
export type { FilterOptions, LocalFilter } from "./filter";
export type { Imported, ImportOptions, ImportRow } from "./import";
export type { Incident, IncidentDetail, IncidentFilter } from "./incidents";
export type { ClientOptions, OnError } from "./options";
export type {
  CurrentPolicy,
  PolicyChange,
  PolicyDraft,
  PolicySimulation,
  PolicyStanding,
  PolicyTable,
  PolicyToApply,
} from "./policy";
export { createReturnPaths, type ReturnPathOf, type ReturnPathOptions } from "./return-path";
export type { ScrubOptions, ScrubProgress } from "./scrub";
export type { SuppressionFilter } from "./suppressions";
export type { PullCounts, PullPreview, PushFrom, PushPreview, Sync, SyncDetail } from "./syncs";
export type * from "./types";

export interface Client {
  /** May this address be mailed, and if not, why? */
  readonly check: CheckOne;
  /** The same in one word. An address that is none is an error, and not `false`. */
  readonly isSuppressed: (...args: Parameters<CheckOne>) => Promise<boolean>;
  /** Which of these may be mailed? Any number of them. */
  readonly checkMany: CheckMany;
  /** Reads a list and gives out the rows that may be mailed, or as `keep` says. */
  readonly scrub: ScrubList;
  /** Downloads what most checks can be answered by without asking. */
  readonly filter: (options?: FilterOptions) => Promise<LocalFilter>;
  readonly suppressions: Suppressions;
  readonly events: Events;
  readonly recipients: Recipients;
  readonly allowlist: Allowlist;
  readonly batches: Batches;
  readonly policy: Policies;
  readonly incidents: Incidents;
  readonly syncs: Syncs;
  readonly quarantine: Quarantine;
  readonly connections: ReturnType<typeof createConnections>;
  readonly parse: ReturnType<typeof createParse>;
}

/**
 * @throws TypeError where an option cannot be used
 */
export function createClient(options: ClientOptions): Client {
  const settings = settingsOf(options);
  const check = createCheck(settings);
  const checkMany = createCheckMany(settings);
  return {
    check,
    isSuppressed: async (...args) => (await check(...args)).suppressed,
    checkMany,
    scrub: createScrub(settings),
    filter: (filterOptions) => loadFilter(settings, { check, checkMany }, filterOptions),
    suppressions: createSuppressions(settings),
    events: createEvents(settings),
    recipients: createRecipients(settings),
    allowlist: createAllowlist(settings),
    batches: createBatches(settings),
    policy: createPolicies(settings),
    incidents: createIncidents(settings),
    syncs: createSyncs(settings),
    quarantine: createQuarantine(settings),
    connections: createConnections(settings),
    parse: createParse(settings),
  };
}
