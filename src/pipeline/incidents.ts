/** Deciding incidents: what is held is let go or dropped, part by part; the cron goes on where a request ends. */
import { fail, ok, type Result } from "../domain/result";
import {
  carryOutNextPart,
  type Decided,
  decideOnce,
  type IncidentRow,
  incidentById,
  pendingOfIncident,
  unsettledIncidents,
} from "../store/incidents";
import { applyPages } from "./batches";
import type { Deps } from "./deps";

/** How long a request goes on letting go and withdrawing. */
const CARRY_OUT_BUDGET_MS = 10_000;
const INCIDENTS_PER_RUN = 100;

/**
 * Decides about an incident. Asked again for the same, it goes on, or says that it is done.
 *
 * @returns how far it has come; or there is none, or it was decided otherwise before
 */
export async function decideIncident(
  deps: Deps,
  wanted: Omit<Decided, "at">,
): Promise<Result<IncidentRow, "unknown" | "decided">> {
  const { id, decision } = wanted;
  if (!(await incidentById(deps.db, id))) return fail("unknown");
  await decideOnce(deps.db, { ...wanted, at: deps.now() });
  if ((await incidentById(deps.db, id))?.status !== decision) return fail("decided");
  await carryOut(deps, id, deps.now() + CARRY_OUT_BUDGET_MS);
  await applyPages(deps, 0, (after, limit) => pendingOfIncident(deps.db, id, after, limit));
  const row = await incidentById(deps.db, id);
  return row ? ok(row) : fail("unknown");
}

async function carryOut(deps: Pick<Deps, "db" | "now">, id: string, deadline: number): Promise<void> {
  while (deps.now() < deadline) {
    const row = await incidentById(deps.db, id);
    if (!row || !(await carryOutNextPart(deps.db, row, deps.now()))) return;
  }
}

/** What requests left undone of decisions. @param deadline epoch ms */
export async function continueIncidents(deps: Pick<Deps, "db" | "now">, deadline: number): Promise<void> {
  for (const id of await unsettledIncidents(deps.db, INCIDENTS_PER_RUN)) await carryOut(deps, id, deadline);
}
