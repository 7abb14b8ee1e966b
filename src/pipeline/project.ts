import { errorFields } from "../log";
import { writeEdge } from "../store/edge-cache";
import type { FactRow } from "../store/event-row";
import { type Answer, projectDecisions, type Settlement } from "../store/recipients";
import type { Deps } from "./deps";

/** What a projection needs; an object's alarm has no more than this. */
export type ProjectDeps = Pick<Deps, "db" | "kv" | "now" | "log">;

export interface Projection {
  /** Deliveries that were skipped when they came and turn out to matter. */
  readonly revived: readonly FactRow[];
  /** Answers that the edge cache was told, or should have been. */
  readonly edgeWrites: number;
}

/**
 * Projects decisions into D1 and, where an answer changed, into the edge cache. The cache is best effort here:
 * nothing is marked as settled, so the cron writes it once more when the dust has settled.
 *
 * @param maxEdgeWrites so many answers are written to the edge cache now; the others wait for the cron
 * @throws when D1 fails: then nothing was projected
 */
export async function project(
  deps: ProjectDeps,
  settlements: readonly Settlement[],
  maxEdgeWrites = Number.POSITIVE_INFINITY,
): Promise<Projection> {
  const { changed, revived } = await projectDecisions(deps.db, settlements, deps.now());
  const written = changed.slice(0, Math.max(0, maxEdgeWrites));
  await Promise.all(written.map((answer) => writeAnswer(deps, answer)));
  return { revived, edgeWrites: written.length };
}

/** @returns did it work? */
export async function writeAnswer(deps: ProjectDeps, answer: Answer): Promise<boolean> {
  try {
    await writeEdge(deps.kv, answer, deps.now());
    return true;
  } catch (error) {
    deps.log.warn("edge.failed", { recipient: answer.key, ...errorFields(error) });
    return false;
  }
}
