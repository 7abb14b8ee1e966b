/** Applying a policy as a batch, and undoing it: what has to be written in one transaction. */
import { type Actor, insertAudit } from "./audit";
import type { Revert } from "./batches";

export interface NewPolicyBatch {
  /** A UUID of version 7. */
  readonly id: string;
  /** JSON, as an operator writes it. */
  readonly policy: string;
  /** The variable, as `policyText` writes it. */
  readonly base: string;
  readonly reclassify: boolean;
  readonly note: string | null;
  readonly actor: Actor;
  readonly requestId: string;
  /** Epoch ms. */
  readonly createdAt: number;
  readonly tally: string;
}

const INSERT_BATCH = `
  INSERT INTO batches (id, kind, note, request_id, actor, actor_label, created_at, status, row_count, skipped, invalid,
    added, known, reverted_up_to, retracted)
  SELECT ?1, 'policy', ?2, ?3, ?4, ?5, ?6, 'incomplete', 0, 0, 0, 0, 0, 0, 0
  WHERE NOT EXISTS (SELECT 1 FROM policy_runs WHERE kind = 'batch' AND finished_at IS NULL)`;

const INSERT_POLICY = `
  INSERT INTO policies (policy, base, batch_id, created_at)
  SELECT ?2, ?3, ?1, ?4 WHERE EXISTS (SELECT 1 FROM batches WHERE id = ?1)`;

const INSERT_RUN = `
  INSERT INTO policy_runs (id, kind, policy, reclassify, policy_id, previous_id, actor, actor_label, created_at, phase,
    place, total, looked, tally)
  SELECT ?1, 'batch', ?2, ?3, p.id, (SELECT max(id) FROM policies WHERE id < p.id), ?4, ?5, ?6,
    CASE ?3 WHEN 1 THEN 'events' ELSE 'recipients' END, '', (SELECT count(*) FROM recipients), 0, ?7
  FROM policies p WHERE p.batch_id = ?1`;

/**
 * Puts a policy in force, and begins the run that brings it to the recipients.
 *
 * @returns `false`: another one is still being applied or undone, and nothing was written
 */
export async function startPolicyBatch(db: D1Database, batch: NewPolicyBatch): Promise<boolean> {
  const { id, policy, base, note, actor, requestId, createdAt: at, tally } = batch;
  const reclassify = batch.reclassify ? 1 : 0;
  const detail = batch.reclassify ? { reclassify: true } : undefined;
  const [first] = await db.batch([
    db.prepare(INSERT_BATCH).bind(id, note, requestId, actor.id, actor.label, at),
    db.prepare(INSERT_POLICY).bind(id, policy, base, at),
    db.prepare(INSERT_RUN).bind(id, policy, reclassify, actor.id, actor.label, at, tally),
    insertAudit(
      db,
      { at, requestId, action: "apply_policy", actor, subject: id, detail },
      "EXISTS (SELECT 1 FROM batches b WHERE b.id = ?6)",
    ),
  ]);
  return first?.meta.changes === 1;
}

/** Only the latest that stands can be undone: what came after it was decided on top of it. */
const CLOSE_BATCH = `
  UPDATE batches SET status = 'reverting', reverted_at = ?2, reverted_by = ?3, reverted_by_label = ?4, revert_request_id = ?5
  WHERE id = ?1 AND status IN ('incomplete', 'recorded') AND NOT EXISTS (
    SELECT 1 FROM policy_runs mine JOIN policy_runs later ON later.kind = 'batch' AND later.policy_id > mine.policy_id
      JOIN batches b ON b.id = later.id WHERE mine.id = ?1 AND b.status <> 'reverted')`;

const IS_MINE =
  "EXISTS (SELECT 1 FROM batches b WHERE b.id = ?1 AND b.status = 'reverting' AND b.revert_request_id = ?2)";

const BRING_BACK = `
  INSERT INTO policies (policy, base, batch_id, created_at)
  SELECT p.policy, coalesce(p.base, ''), r.id, ?3 FROM policy_runs r LEFT JOIN policies p ON p.id = r.previous_id
  WHERE r.id = ?1 AND ${IS_MINE}`;

const TURN_BACK = `
  UPDATE policy_runs SET phase = 'restore', place = '', total = (SELECT count(*) FROM recipients), looked = 0,
    tally = json_remove(tally, '$.again'),
    finished_at = NULL
  WHERE id = ?1 AND ${IS_MINE}`;

/** Puts in force again what was before, and turns the run round. Where it was done before, or cannot be, nothing changes. */
export async function startPolicyRevert(db: D1Database, revert: Revert): Promise<void> {
  const { id, actor, requestId, at } = revert;
  await db.batch([
    db.prepare(CLOSE_BATCH).bind(id, at, actor.id, actor.label, requestId),
    db.prepare(BRING_BACK).bind(id, requestId, at),
    db.prepare(TURN_BACK).bind(id, requestId),
    insertAudit(
      db,
      { at, requestId, action: "revert", actor, subject: id },
      "EXISTS (SELECT 1 FROM batches b WHERE b.id = ?6 AND b.revert_request_id = ?2)",
    ),
  ]);
}
