/**
 * Runs over all recipients: simulations of a draft, and the batches that apply one or undo that. A run is one row, which says
 * where it goes on; whoever goes on with it writes what it did and the new place in one transaction, and only from the place
 * where it began. So it does no harm when two go on at once, or when one is cut off.
 */
import type { Actor } from "./audit";
import { rowsOf } from "./statements";

/** Bounces are classified anew, or get their class back where a batch is undone; then recipients are looked at. */
export const RUN_PHASES = ["events", "recipients", "restore", "done"] as const;
export type RunPhase = (typeof RUN_PHASES)[number];

export interface PolicyRunRow {
  id: string;
  kind: "simulation" | "batch";
  /** JSON, as an operator writes it. */
  policy: string;
  reclassify: number;
  policy_id: number | null;
  previous_id: number | null;
  actor: string;
  actor_label: string | null;
  created_at: number;
  phase: RunPhase;
  place: string;
  total: number;
  looked: number;
  tally: string;
  finished_at: number | null;
}

export interface NewSimulation {
  /** A UUID of version 7. */
  readonly id: string;
  readonly policy: string;
  readonly reclassify: boolean;
  readonly actor: Actor;
  /** Epoch ms. */
  readonly createdAt: number;
  readonly tally: string;
}

/** Every recipient that there is, whether or not something stands against it. */
const RECIPIENTS = "(SELECT count(*) FROM recipients)";

/** Begins a simulation, at the beginning of the journal or of the list. */
export async function insertSimulation(db: D1Database, run: NewSimulation): Promise<void> {
  await db
    .prepare(
      `INSERT INTO policy_runs (id, kind, policy, reclassify, actor, actor_label, created_at, phase, place, total, looked, tally)
       VALUES (?1, 'simulation', ?2, ?3, ?4, ?5, ?6, CASE ?3 WHEN 1 THEN 'events' ELSE 'recipients' END, '', ${RECIPIENTS}, 0, ?7)`,
    )
    .bind(run.id, run.policy, run.reclassify ? 1 : 0, run.actor.id, run.actor.label, run.createdAt, run.tally)
    .run();
}

/** A run of either kind; `null`: there is none. */
export async function policyRun(db: D1Database, id: string): Promise<PolicyRunRow | null> {
  return db.prepare("SELECT * FROM policy_runs WHERE id = ?1").bind(id).first<PolicyRunRow>();
}

/** A simulation; `null`: there is none, or the run is a batch's. */
export async function simulation(db: D1Database, id: string): Promise<PolicyRunRow | null> {
  return db.prepare("SELECT * FROM policy_runs WHERE id = ?1 AND kind = 'simulation'").bind(id).first<PolicyRunRow>();
}

/** Newest first. */
export async function newestSimulations(db: D1Database, limit: number): Promise<PolicyRunRow[]> {
  const { results } = await db
    .prepare("SELECT * FROM policy_runs WHERE kind = 'simulation' ORDER BY id DESC LIMIT ?1")
    .bind(limit)
    .all<PolicyRunRow>();
  return results;
}

/** Runs that are not finished: batches before simulations, oldest first. */
export async function openRuns(db: D1Database, limit: number): Promise<string[]> {
  const { results } = await db
    .prepare("SELECT id FROM policy_runs WHERE finished_at IS NULL ORDER BY kind, id LIMIT ?1")
    .bind(limit)
    .all<{ id: string }>();
  return results.map(({ id }) => id);
}

/** Removes simulations that are older than a moment. @param before epoch ms */
export async function pruneSimulations(db: D1Database, before: number, limit: number): Promise<void> {
  const old = `SELECT id FROM policy_runs WHERE kind = 'simulation' AND created_at < ?1 ORDER BY id LIMIT ?2`;
  await db.batch([
    db.prepare(`DELETE FROM class_changes WHERE run_id IN (${old})`).bind(before, limit),
    db.prepare(`DELETE FROM policy_runs WHERE id IN (${old})`).bind(before, limit),
  ]);
}

/** How far a run comes with one transaction. */
export interface Advance {
  readonly phase: RunPhase;
  readonly place: string;
  readonly tally: string;
  /** Recipients that it looked at, and of a batch: that it had decided anew. */
  readonly looked: number;
  readonly decided: number;
  /** Epoch ms. */
  readonly at: number;
}

const ADVANCE = `
  UPDATE policy_runs SET phase = ?4, place = ?5, tally = ?6, looked = looked + ?7,
    finished_at = CASE WHEN ?4 = 'done' THEN ?8 END
  WHERE id = ?1 AND phase = ?2 AND place = ?3 AND finished_at IS NULL RETURNING id`;

/** The run is at this place: a condition for what else a transaction does, with the run as `?1`, phase and place as told. */
export const RUN_IS_AT = (phase: string, place: string) =>
  `EXISTS (SELECT 1 FROM policy_runs WHERE id = ?1 AND phase = ${phase} AND place = ${place})`;

/** Comes right after `ADVANCE`, and counts only what that one wrote. */
const TELL_BATCH = `
  UPDATE batches SET
    row_count = row_count + CASE status WHEN 'incomplete' THEN ?3 ELSE 0 END,
    added = added + CASE status WHEN 'incomplete' THEN ?4 ELSE 0 END,
    retracted = retracted + CASE status WHEN 'reverting' THEN ?4 ELSE 0 END,
    recorded_at = CASE WHEN ?2 = 'done' AND status = 'incomplete' THEN ?5 ELSE recorded_at END,
    status = CASE WHEN ?2 <> 'done' THEN status WHEN status = 'incomplete' THEN 'recorded'
      WHEN status = 'reverting' THEN 'reverted' ELSE status END
  WHERE id = ?1 AND changes() = 1`;

/**
 * @param extra statements that hold only where the run has come to the new place: see `RUN_IS_AT`
 * @returns did it? Otherwise somebody else has gone on with it, and nothing was written
 */
export async function advanceRun(
  db: D1Database,
  run: PolicyRunRow,
  { phase, place, tally, looked, decided, at }: Advance,
  extra: readonly D1PreparedStatement[] = [],
): Promise<boolean> {
  const results = await db.batch([
    db.prepare(ADVANCE).bind(run.id, run.phase, run.place, phase, place, tally, looked, at),
    ...(run.kind === "batch" ? [db.prepare(TELL_BATCH).bind(run.id, phase, looked, decided, at)] : []),
    ...extra,
  ]);
  return rowsOf(results, 0).length === 1;
}

/** A page of recipients by key. Those whose objects have still to be told of an erasure are left to that. */
export async function recipientsAfter(
  db: D1Database,
  key: string,
  limit: number,
): Promise<readonly { readonly key: string; readonly address: string | null; readonly erasing: number }[]> {
  const { results } = await db
    .prepare("SELECT key, address, erasing FROM recipients WHERE key > ?1 ORDER BY key LIMIT ?2")
    .bind(key, limit)
    .all<{ key: string; address: string | null; erasing: number }>();
  return results;
}
