/** Providers' own suppression lists, kept in step with ours. An admin token is needed. */
import { parseItems } from "./lists";
import type { CallOptions, Settings } from "./options";
import { createSend, segmentOf } from "./resource";
import type { Reason } from "./types";

export interface PullCounts {
  /** Entries that were read. */
  readonly rows: number;
  readonly new: number;
  readonly known: number;
  /** They say nothing to record, or were sent there from here. */
  readonly skipped: number;
  readonly invalid: number;
}

export interface Sync {
  readonly provider: string;
  readonly connection: string;
  readonly title: string;
  readonly usable: boolean;
  /** What is wrong with its secret. */
  readonly problem: string | null;
  /** `stopped`: the provider refuses us; correct it, then resume. */
  readonly status: "active" | "paused" | "stopped";
  readonly isRunning: boolean;
  /** `asked`: by itself once it was done by hand. */
  readonly pulls: "off" | "asked" | "auto" | null;
  readonly pullEveryMinutes: number | null;
  /** The reasons that are sent. */
  readonly pushes: readonly Exclude<Reason, "domain">[];
  /** The connection of the events that it brings in; their provider is `import`. */
  readonly importConnection: string;
  /** Runs in a row. */
  readonly failures: number;
  readonly failingSince: string | null;
  readonly nextAttemptAt: string | null;
  readonly lastError: string | null;
  readonly lastErrorAt: string | null;
  readonly lastSuccessAt: string | null;
  /** `null`: there was none. */
  readonly pull:
    | (PullCounts & {
        readonly isRunning: boolean;
        /** Of everything, and not only of what is new. */
        readonly isFull: boolean;
        readonly startedAt: string | null;
        readonly completedAt: string | null;
        /** What it brought; a revert undoes it. `null`: nothing new. */
        readonly batchId: string | null;
      })
    | null;
  /** `null`: nothing was sent; begin with a push that says from where. Counted in recipients. */
  readonly push: {
    readonly startedAt: string | null;
    /** Is the whole list being sent? */
    readonly isWalking: boolean;
    readonly listed: number;
    readonly released: number;
    readonly kept: number;
    readonly refused: number;
    readonly skipped: number;
  } | null;
}

export interface SyncDetail extends Sync {
  readonly refusalCount: number;
  /** What the provider did not do, the newest first. */
  readonly refusals: readonly {
    /** `null`: it was erased since. */
    readonly recipient: string | null;
    readonly key: string;
    readonly action: "list" | "release";
    readonly outcome: "kept" | "refused";
    readonly detail: string | null;
    readonly at: string | null;
  }[];
}

export interface PullPreview extends PullCounts {
  readonly dryRun: true;
  /** Was the provider's list read to its end? */
  readonly complete: boolean;
  /** Of what is new. */
  readonly byReason: Readonly<Record<string, number>>;
  readonly examples: readonly {
    readonly recipient: string;
    readonly reason: string | null;
    readonly status: string;
    readonly code: string | null;
    readonly detail: string | null;
  }[];
}

export interface PushPreview {
  readonly dryRun: true;
  /** Was all of our list looked at? */
  readonly complete: boolean;
  readonly list: number;
  readonly release: number;
  /** Of those to be listed; and of those that are not sent, by why. */
  readonly byReason: Readonly<Record<string, number>>;
  readonly skipped: Readonly<Record<string, number>>;
  readonly examples: readonly {
    readonly recipient: string;
    readonly action: "list" | "release";
    readonly reasons: readonly string[];
  }[];
}

/** From where the list is sent: all that is on it, or what changes from now on. Absent: from where it was left. */
export interface PushFrom {
  readonly from?: "beginning" | "now" | undefined;
}

export type Syncs = ReturnType<typeof createSyncs>;

/**
 * A sync is named by its provider, or by provider and connection: `sendgrid`, `sendgrid/eu`.
 *
 * @returns the calls about syncs; each rejects with a BouncekeeperError
 */
export function createSyncs(settings: Settings) {
  const send = createSend(settings);
  const pathOf = (sync: string) => {
    const [provider = "", connection = "default"] = sync.split("/", 2);
    return `/v1/sync/${segmentOf(provider)}/${segmentOf(connection)}`;
  };
  // A run that is asked for twice finds itself running.
  const once = { pace: settings.once };
  const dry = { query: { dryRun: true } };
  return {
    list: (options?: CallOptions) => send<readonly Sync[]>("GET", "/v1/sync", { ...options, parse: parseItems }),
    /** With what the provider did not do. */
    get: (sync: string, options?: CallOptions) => send<SyncDetail>("GET", pathOf(sync), options),
    /** What a pull would bring. */
    previewPull: (sync: string, options?: CallOptions) =>
      send<PullPreview>("POST", `${pathOf(sync)}/pull`, { ...options, ...dry }),
    /** Reads the provider's list into ours, for up to 20 seconds; the service goes on with it. */
    pull: (sync: string, options?: CallOptions) => send<Sync>("POST", `${pathOf(sync)}/pull`, { ...options, ...once }),
    /** What a push would send. */
    previewPush: (sync: string, { from }: PushFrom = {}, options?: CallOptions) =>
      send<PushPreview>("POST", `${pathOf(sync)}/push`, { ...options, ...dry, json: { from } }),
    /** Sends our list to the provider; the first time with `from`. From then on each listing and release is sent. */
    push: (sync: string, { from }: PushFrom = {}, options?: CallOptions) =>
      send<Sync>("POST", `${pathOf(sync)}/push`, { ...options, ...once, json: { from } }),
    /** Neither read nor send until it is resumed. */
    pause: (sync: string, options?: CallOptions) => send<Sync>("POST", `${pathOf(sync)}/pause`, options),
    resume: (sync: string, options?: CallOptions) => send<Sync>("POST", `${pathOf(sync)}/resume`, options),
  };
}
