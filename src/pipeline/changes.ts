/** What changed on the suppression list, for mirrors: in the order in which it took effect, and nothing left out. */
import { keyOfErased } from "../domain/address";
import { combineAnswers, type StoredAnswer, withoutProbation } from "../domain/answer";
import type { Reason } from "../domain/event";
import { fail, ok, type Result } from "../domain/result";
import { type ChangeRow, changesAfter } from "../store/changes";
import type { Deps } from "./deps";

/** From the oldest change that is kept, from the newest one on, or after a change. */
export type ChangePosition = "oldest" | "newest" | number;

export interface Change {
  /** Hex SHA-256 of the address. */
  readonly key: string;
  /** `null` where it was erased. */
  readonly address: string | null;
  readonly suppressed: boolean;
  /** A block of its domain does not reach it. */
  readonly allowed: boolean;
  readonly reasons: readonly Reason[];
  /** Epoch ms. */
  readonly since: number | null;
  readonly until: number | null;
  readonly changedAt: number;
}

export interface Changes {
  readonly changes: readonly Change[];
  /** Where to go on, also when there is nothing yet. */
  readonly next: number;
}

/**
 * @returns `expired` where changes after that position are no longer kept, or where it lies ahead of all there are: in
 *   a database that was set back. The mirror has to begin anew.
 */
export async function changesSince(
  deps: Pick<Deps, "db">,
  position: ChangePosition,
  limit: number,
): Promise<Result<Changes, "expired">> {
  const after = typeof position === "number" ? position : 0;
  const { rows, oldest, newest } = await changesAfter(deps.db, after, position === "newest" ? 0 : limit);
  if (position === "newest") return ok({ changes: [], next: newest });
  if (typeof position === "number" && (position < oldest - 1 || position > newest)) return fail("expired");
  return ok({ changes: rows.map(changeOf), next: rows.at(-1)?.seq ?? Math.max(after, oldest - 1) });
}

function changeOf(row: ChangeRow): Change {
  const answer = row.answer === null ? undefined : (JSON.parse(row.answer) as StoredAnswer);
  return {
    key: row.key,
    address: row.address === null || keyOfErased(row.address) !== null ? null : row.address,
    ...combineAnswers(answer && withoutProbation(answer), undefined, "marketing", row.changed_at),
    allowed: answer?.allowed ?? false,
    changedAt: row.changed_at,
  };
}
