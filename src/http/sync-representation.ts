/** A sync as the API shows it. */
import { z } from "@hono/zod-openapi";
import { once } from "../domain/once";
import { NEW_SYNC, SYNC_STATUSES, type SyncState } from "../store/syncs";
import { PUSH_REASONS } from "../sync/adapter";
import { importConnectionOf, type Sync } from "../sync/settings";
import { iso } from "./representations";
import { count, textOrNull, timeOrNull, type Wire } from "./schemas";

export const pullCounts = once(() => ({
  rows: count.describe("Entries that were read."),
  new: count,
  known: count.describe("On record already."),
  skipped: count.describe("They say nothing to record, or were sent there from here."),
  invalid: count,
}));

const pullSchema = once(() =>
  z.object({
    isRunning: z.boolean().describe("Is one under way? The cron goes on with it."),
    isFull: z.boolean().describe("Of everything, and not only of what is new."),
    startedAt: timeOrNull,
    completedAt: timeOrNull.describe("When one last came to its end."),
    batchId: textOrNull.describe("What it brought; a revert undoes it. Null: nothing new."),
    ...pullCounts(),
  }),
);

const pushSchema = once(() =>
  z.object({
    startedAt: timeOrNull,
    isWalking: z.boolean().describe("Is the whole list being sent?"),
    listed: count.describe("Recipients put on the provider's list, counted at each time."),
    released: count,
    kept: count.describe("The provider does not let go of them."),
    refused: count.describe("The provider does not take them."),
    skipped: count.describe("Not to be sent: domains, the erased, other reasons, what came from there."),
  }),
);

export const syncSchema = once(() =>
  z
    .object({
      provider: z.string(),
      connection: z.string(),
      title: z.string(),
      usable: z.boolean(),
      problem: textOrNull.describe("What is wrong with its secret."),
      status: z.enum(SYNC_STATUSES).describe("stopped: the provider refuses us; correct it, then resume."),
      isRunning: z.boolean(),
      pulls: z.enum(["off", "asked", "auto"]).nullable().describe("asked: by itself once it was done by hand."),
      pullEveryMinutes: z.number().nullable(),
      pushes: z.array(z.enum(PUSH_REASONS)).describe("The reasons that are sent."),
      importConnection: z
        .string()
        .describe("The connection of the events that it brings in; their provider is `import`."),
      failures: count.describe("Runs in a row."),
      failingSince: timeOrNull,
      nextAttemptAt: timeOrNull,
      lastError: textOrNull,
      lastErrorAt: timeOrNull,
      lastSuccessAt: timeOrNull,
      pull: pullSchema().nullable().describe("Null: there was none."),
      push: pushSchema().nullable().describe("Null: nothing was sent; begin with a push that says from where."),
    })
    .openapi("Sync"),
);

/** @param known absent: nothing was done with it yet @param now epoch ms */
export function described(sync: Sync, known: SyncState | undefined, now: number): Wire<typeof syncSchema> {
  const { adapter, connection, settings } = sync;
  const state = known ?? NEW_SYNC;
  const value = settings.ok ? settings.value : undefined;
  return {
    provider: adapter.id,
    connection,
    title: adapter.title,
    usable: settings.ok,
    problem: settings.ok ? null : settings.error,
    status: state.status,
    isRunning: state.leasedUntil > now,
    pulls: value?.pull ?? null,
    pullEveryMinutes: value ? value.pullEveryMs / 60_000 : null,
    pushes: [...(value?.push ?? [])],
    importConnection: importConnectionOf(sync),
    failures: state.failures,
    failingSince: iso(state.failingSince),
    nextAttemptAt: state.nextAttemptAt > now ? iso(state.nextAttemptAt) : null,
    lastError: state.lastError,
    lastErrorAt: iso(state.lastErrorAt),
    lastSuccessAt: iso(state.lastSuccessAt),
    pull: state.pull && {
      isRunning: state.pull.cursor !== null,
      isFull: state.pull.isFull,
      startedAt: iso(state.pull.startedAt),
      completedAt: iso(state.pull.completedAt),
      batchId: state.pull.batchId,
      ...state.pull.counts,
    },
    push: state.push && {
      startedAt: iso(state.push.startedAt),
      isWalking: state.push.walkedTo !== null,
      ...state.push.counts,
    },
  };
}
