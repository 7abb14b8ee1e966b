/** A run over one sync: what it works with, how far it has come, and the lease under which it notes that. */
import { addCounts } from "../domain/counts";
import { type Lease, LeaseLost } from "../store/lease";
import {
  leaseSync,
  noteSync,
  type PullProgress,
  type PushCounts,
  type PushProgress,
  type Settled,
  type SyncState,
} from "../store/syncs";
import type { SyncSettings } from "../sync/adapter";
import { importConnectionOf, type Sync } from "../sync/settings";
import type { Deps } from "./deps";

export interface SyncDeps extends Deps {
  /** A UUID of version 4. */
  readonly newId: () => string;
}

/** Longer than the calls of a step take, be each as slow as it may. It only matters when a run dies. */
const LEASE_MS = 6 * 60_000;

/** How far the provider was told: in the log of changes, or in a walk through the whole list. */
export type PushPlace = Partial<Pick<PushProgress, "seq" | "walkedTo">>;

/** What a step settled, in recipients. */
export interface SettledPush extends Settled {
  readonly listed: number;
  readonly released: number;
}

const NOTHING: SettledPush = { listed: 0, released: 0, refusals: [], done: [] };

/** One run under one lease. All that it notes is conditional on that. */
export class SyncRun {
  readonly deps: SyncDeps;
  readonly settings: SyncSettings;
  /** Under which what comes from there is recorded. */
  readonly connection: string;
  /** What this run did. */
  readonly told = { listed: 0, released: 0, kept: 0, refused: 0, skipped: 0 };
  /** Has it come any further? */
  hasMoved = false;
  #state: SyncState;
  readonly #lease: Lease;
  readonly #endsAt: number;

  private constructor(
    deps: SyncDeps,
    sync: Sync,
    settings: SyncSettings,
    state: SyncState,
    lease: Lease,
    budgetMs: number,
  ) {
    this.deps = deps;
    this.settings = settings;
    this.connection = importConnectionOf(sync);
    this.#state = state;
    this.#lease = lease;
    this.#endsAt = deps.now() + budgetMs;
  }

  /** Takes the right to run. @returns `null`: another run is under way */
  static async begin(deps: SyncDeps, sync: Sync, settings: SyncSettings, budgetMs: number): Promise<SyncRun | null> {
    const now = deps.now();
    const lease = { id: sync.id, holder: deps.newId(), until: now + LEASE_MS };
    const state = await leaseSync(deps.db, lease, now);
    return state && new SyncRun(deps, sync, settings, state, lease, budgetMs);
  }

  get state(): SyncState {
    return this.#state;
  }

  get id(): string {
    return this.#lease.id;
  }

  /** Is there time for something more? */
  mayGoOn(): boolean {
    return this.deps.now() < this.#endsAt;
  }

  /** What was sent; in one transaction with what became of it. @throws LeaseLost */
  async notePush(place: PushPlace, skipped = 0, settled: SettledPush = NOTHING): Promise<void> {
    const { push } = this.#state;
    if (!push) return;
    const count = (outcome: string) => settled.refusals.filter((refusal) => refusal.outcome === outcome).length;
    const { listed, released } = settled;
    const step = { listed, released, kept: count("kept"), refused: count("refused"), skipped };
    for (const name of Object.keys(step) as (keyof PushCounts)[]) this.told[name] += step[name];
    const counts = addCounts(push.counts, step);
    this.hasMoved ||= settled.done.length > 0;
    await this.note({ push: { ...push, ...place, counts } }, settled);
  }

  async notePull(pull: PullProgress): Promise<void> {
    this.hasMoved ||= this.#state.pull?.cursor != null && pull.counts.rows > this.#state.pull.counts.rows;
    await this.note({ pull });
  }

  /** @throws LeaseLost */
  async note(changes: Partial<SyncState>, settled?: Settled): Promise<void> {
    const now = this.deps.now();
    const state = { ...this.#state, ...changes };
    const lease = { ...this.#lease, until: now + LEASE_MS };
    if (!(await noteSync(this.deps.db, lease, state, settled, now))) throw new LeaseLost();
    this.#state = state;
  }

  /** Notes how it went, and gives the lease back. */
  async end(changes: Partial<SyncState>): Promise<void> {
    this.#state = { ...this.#state, ...changes };
    await noteSync(this.deps.db, { ...this.#lease, until: 0 }, this.#state);
  }
}
