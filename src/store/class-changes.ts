/** Classes that today's rules decide otherwise: looking for them, writing them into the journal, putting them back. */
import type { BounceClass } from "../domain/event";
import type { EventRow } from "./event-row";
import { RUN_IS_AT, type RunPhase } from "./policy-runs";
import { jsonChunks, rowsOf } from "./statements";

/** What is kept of a bounce that its class follows from. */
export type BounceRow = Pick<
  EventRow,
  | "seq"
  | "id"
  | "address"
  | "provider"
  | "class"
  | "category"
  | "rule"
  | "status_code"
  | "reply_code"
  | "diagnostic_code"
  | "remote_mta"
>;

export interface ClassChange {
  readonly seq: number;
  readonly old: ClassOf;
  readonly new: ClassOf;
}

export interface ClassOf {
  readonly class: BounceClass;
  readonly category: string | null;
  readonly rule: string | null;
}

export interface BounceStretch {
  readonly bounces: readonly BounceRow[];
  /** Where to go on; `null`: the journal ends. */
  readonly next: number | null;
}

const STRETCH = "(SELECT * FROM events WHERE seq > ?1 ORDER BY seq LIMIT ?2)";

/** Lists say of themselves why an address is on them: no rule of ours has decided that. */
const BOUNCES = `
  SELECT seq, id, address, provider, class, category, rule, status_code, reply_code, diagnostic_code, remote_mta
  FROM ${STRETCH} WHERE kind = 'bounced' AND provider <> 'import' AND state = 1 AND retracted_by IS NULL
    AND applied_at < ?3 ORDER BY seq LIMIT ?4`;

/**
 * Bounces in a stretch of the journal that were applied before a moment.
 *
 * @param appliedBefore epoch ms
 */
export async function bouncesAfter(
  db: D1Database,
  after: number,
  appliedBefore: number,
  { stretch, limit }: { readonly stretch: number; readonly limit: number },
): Promise<BounceStretch> {
  const results = await db.batch([
    db.prepare(BOUNCES).bind(after, stretch, appliedBefore, limit),
    db.prepare(`SELECT max(seq) AS seq FROM ${STRETCH}`).bind(after, stretch),
  ]);
  const bounces = rowsOf<BounceRow>(results, 0);
  const [end] = rowsOf<{ seq: number | null }>(results, 1);
  return { bounces, next: bounces.length === limit ? (bounces.at(-1)?.seq ?? null) : (end?.seq ?? null) };
}

const NOTE = (condition: string) => `
  INSERT INTO class_changes (run_id, seq, old_class, old_category, old_rule, new_class, new_category, new_rule)
  SELECT ?1, e.seq, e.class, e.category, e.rule, j.value->>1, j.value->>2, j.value->>3
  FROM json_each(?2) j JOIN events e ON e.seq = j.value->>0
  WHERE e.class = j.value->>4 AND e.category IS j.value->>5 AND e.rule IS j.value->>6 AND ${condition}
  ON CONFLICT (run_id, seq) DO NOTHING`;

const WRITE = (condition: string) => `
  UPDATE events SET class = c.new_class, category = c.new_category, rule = c.new_rule
  FROM class_changes c
  WHERE c.run_id = ?1 AND c.seq = events.seq AND c.seq IN (SELECT value->>0 FROM json_each(?2))
    AND events.class = c.old_class AND events.category IS c.old_category AND events.rule IS c.old_rule AND ${condition}`;

/**
 * Statements that note changes of classes, and, where they are to take effect, write them into the journal.
 *
 * @param at where the run has come to with this transaction
 */
export function noteClassChanges(
  db: D1Database,
  runId: string,
  changes: readonly ClassChange[],
  at: { readonly phase: RunPhase; readonly place: string },
  takeEffect: boolean,
): D1PreparedStatement[] {
  const values = changes.map((change) => [
    change.seq,
    change.new.class,
    change.new.category,
    change.new.rule,
    change.old.class,
    change.old.category,
    change.old.rule,
  ]);
  const sql = takeEffect ? [NOTE, WRITE] : [NOTE];
  return jsonChunks(values).flatMap(({ json }) =>
    sql.map((statement) => db.prepare(statement(RUN_IS_AT("?3", "?4"))).bind(runId, json, at.phase, at.place)),
  );
}

/** The next changes of a run, by place in the journal. */
export async function classChangesAfter(db: D1Database, runId: string, seq: number, limit: number): Promise<number[]> {
  const { results } = await db
    .prepare("SELECT seq FROM class_changes WHERE run_id = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3")
    .bind(runId, seq, limit)
    .all<{ seq: number }>();
  return results.map((row) => row.seq);
}

const PUT_BACK = `
  UPDATE events SET class = c.old_class, category = c.old_category, rule = c.old_rule
  FROM class_changes c
  WHERE c.run_id = ?1 AND c.seq = events.seq AND c.seq IN (SELECT value FROM json_each(?2))
    AND events.class = c.new_class AND events.category IS c.new_category AND events.rule IS c.new_rule
    AND ${RUN_IS_AT("?3", "?4")}`;

/** A statement that puts classes back as they were. */
export function putBackClasses(
  db: D1Database,
  runId: string,
  seqs: readonly number[],
  at: { readonly phase: RunPhase; readonly place: string },
): D1PreparedStatement {
  return db.prepare(PUT_BACK).bind(runId, JSON.stringify(seqs), at.phase, at.place);
}

/** The classes that a simulation would give some events, by their place in the journal. */
export async function draftedClasses(
  db: D1Database,
  runId: string,
  seqs: readonly number[],
): Promise<ReadonlyMap<number, BounceClass>> {
  const statement = db.prepare(
    "SELECT c.seq, c.new_class AS class FROM json_each(?2) j JOIN class_changes c ON c.run_id = ?1 AND c.seq = j.value",
  );
  const chunks = jsonChunks(seqs).map(({ json }) => statement.bind(runId, json));
  if (!chunks.length) return new Map();
  const results = await db.batch<{ seq: number; class: BounceClass }>(chunks);
  return new Map(results.flatMap(({ results: rows }) => rows.map((row) => [row.seq, row.class] as const)));
}
