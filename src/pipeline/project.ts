import { errorFields } from "../log";
import { writeEdge } from "../store/edge-cache";
import type { FactRow } from "../store/event-row";
import { type Answer, projectDecisions, type Settlement } from "../store/recipients";
import type { Deps } from "./deps";

/** What a projection needs; an object's alarm has no more than this. */
export type ProjectDeps = Pick<Deps, "db" | "kv" | "now" | "log">;

/**
 * Projects decisions into D1 and, where an answer changed, into the edge cache. The cache is best effort here:
 * nothing is marked as settled, so the cron writes it once more when the dust has settled.
 *
 * @returns deliveries that were skipped when they came and turn out to matter
 * @throws when D1 fails: then nothing was projected
 */
export async function project(deps: ProjectDeps, settlements: readonly Settlement[]): Promise<readonly FactRow[]> {
  const { changed, revived } = await projectDecisions(deps.db, settlements, deps.now());
  await Promise.all(changed.map((answer) => writeAnswer(deps, answer)));
  return revived;
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
