import type { Config } from "../config";
import { errorFields } from "../log";
import { scanDueMailboxes } from "../mailbox/scan";
import type { MailboxDeps } from "../mailbox/visit";
import type { Deps } from "../pipeline/deps";
import { tendFilter } from "../pipeline/filter";
import { prune } from "../pipeline/prune";
import { reconcile } from "../pipeline/reconcile";

/**
 * Every minute: finish what is pending, settle the edge cache, prune, build the filter, look into mailboxes. One failing
 * step does not stop the others; the mailboxes come last, since they wait for other people's servers.
 */
export async function runScheduled(deps: MailboxDeps, config: Pick<Config, "problems" | "mailboxes">): Promise<void> {
  for (const problem of config.problems) deps.log.error("config.invalid", { detail: problem });
  const reconciled = await reconcile(deps).catch((error: unknown) => failed(deps, "reconcile.failed", error));
  const pruned = await prune(deps).catch((error: unknown) => failed(deps, "prune.failed", error));
  if (reconciled && pruned) deps.log.info("cron.done", { ...reconciled, ...pruned });
  if (deps.filterEveryMs) {
    await tendFilter(deps, deps.filterEveryMs).catch((error: unknown) => failed(deps, "filter.failed", error));
  }
  await scanDueMailboxes(deps, config.mailboxes).catch((error: unknown) => failed(deps, "mailboxes.failed", error));
}

function failed(deps: Deps, event: string, error: unknown): null {
  deps.log.error(event, errorFields(error));
  return null;
}
