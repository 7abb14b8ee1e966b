import { errorFields } from "../log";
import type { Deps } from "../pipeline/deps";
import { prune } from "../pipeline/prune";
import { reconcile } from "../pipeline/reconcile";

/** Every minute: finish what is pending, settle the edge cache, prune. One failing step does not stop the others. */
export async function runScheduled(deps: Deps, problems: readonly string[]): Promise<void> {
  for (const problem of problems) deps.log.error("config.invalid", { detail: problem });
  const reconciled = await reconcile(deps).catch((error: unknown) => failed(deps, "reconcile.failed", error));
  const pruned = await prune(deps).catch((error: unknown) => failed(deps, "prune.failed", error));
  if (reconciled && pruned) deps.log.info("cron.done", { ...reconciled, ...pruned });
}

function failed(deps: Deps, event: string, error: unknown): null {
  deps.log.error(event, errorFields(error));
  return null;
}
