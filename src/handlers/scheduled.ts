import type { Config } from "../config";
import { errorFields } from "../log";
import { scanDueMailboxes } from "../mailbox/scan";
import type { MailboxDeps } from "../mailbox/visit";
import { evaluateAlerts } from "../pipeline/alerts";
import type { Deps } from "../pipeline/deps";
import { tendFilter } from "../pipeline/filter";
import { isMailDoor } from "../pipeline/mail";
import { tendNotifications } from "../pipeline/notify";
import { prune } from "../pipeline/prune";
import { reconcile } from "../pipeline/reconcile";
import { tendSyncs } from "../pipeline/sync";
import { cloudflareEmail } from "../providers/cloudflare-email";

type Settings = Pick<
  Config,
  "problems" | "mailboxes" | "connections" | "alertLimits" | "allowPrivateTargets" | "syncs"
>;

/**
 * Every minute: finish what is pending, settle the edge cache, prune, build the filter, look for what needs a person, tell
 * others, look into mailboxes, keep providers' lists in step. One failing step does not stop the others; the last three
 * wait for other people's servers, and do so at the same time.
 */
export async function runScheduled(deps: MailboxDeps, config: Settings): Promise<void> {
  for (const problem of config.problems) deps.log.error("config.invalid", { detail: problem });
  const reconciled = await reconcile(deps).catch((error: unknown) => failed(deps, "reconcile.failed", error));
  const pruned = await prune(deps).catch((error: unknown) => failed(deps, "prune.failed", error));
  if (reconciled && pruned) deps.log.info("cron.done", { ...reconciled, ...pruned });
  if (deps.filterEveryMs) {
    await tendFilter(deps, deps.filterEveryMs).catch((error: unknown) => failed(deps, "filter.failed", error));
  }
  const { alertLimits: limits, allowPrivateTargets } = config;
  const isConfigured = (id: string) => config.connections.has(id) || isBound(id);
  const syncs = config.syncs.map(({ id }) => id);
  await evaluateAlerts(deps, { limits, isConfigured, syncs }).catch((error: unknown) =>
    failed(deps, "alerts.failed", error),
  );
  await Promise.all([
    tendNotifications({ ...deps, allowPrivateTargets }).catch((error: unknown) => failed(deps, "notify.failed", error)),
    scanDueMailboxes(deps, config.mailboxes).catch((error: unknown) => failed(deps, "mailboxes.failed", error)),
    tendSyncs(deps, config.syncs).catch((error: unknown) => failed(deps, "sync.failed", error)),
  ]);
}

/** What comes in without a secret that could be taken away. Mail that a person posts has no habit. */
function isBound(connection: string): boolean {
  const provider = connection.slice(0, connection.indexOf("/"));
  return provider === cloudflareEmail.id || (isMailDoor(provider) && provider !== "messages");
}

function failed(deps: Deps, event: string, error: unknown): null {
  deps.log.error(event, errorFields(error));
  return null;
}
