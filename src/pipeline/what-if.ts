/** Looking at recipients, a page at a time: how each stands, and how it would under a draft, or should under the policy that holds. */
import type { BounceClass } from "../domain/event";
import type { Policy } from "../domain/policy";
import { applyFacts, decide, EMPTY_STATE, type Suppression } from "../domain/recipient-state";
import { areSame, changeOf, type Standing, type StandingChange } from "../domain/what-if";
import { draftedClasses } from "../store/class-changes";
import { type FactRow, factOf } from "../store/event-row";
import { recipientsAfter } from "../store/policy-runs";
import { type RecipientRow, suppressionsOf } from "../store/recipients";
import type { Deps } from "./deps";
import { type Records, recordsByKey } from "./rebuild";

/** Recipients of a page: what is known of them is in memory at once. */
const PAGE = 100;

export interface LookedAt {
  /** Recipients of the page. */
  readonly looked: number;
  /** The last one's key; `null`: there are no more. */
  readonly next: string | null;
}

export interface Draft {
  readonly policy: Policy;
  /** The simulation whose drafted classes count; `null`: the recorded ones do. */
  readonly classesOf: string | null;
  /** Epoch ms: the moment for which it is decided. */
  readonly now: number;
}

export interface Compared extends LookedAt {
  readonly changes: readonly StandingChange[];
  /** Who would change already under the policy that holds. */
  readonly overdue: number;
}

type RecordsDeps = Pick<Deps, "db" | "policy" | "policyText">;

interface Subject extends Records {
  readonly key: string;
  readonly row: RecipientRow;
}

/** @param after the key behind which the page begins */
export async function compareAfter(deps: RecordsDeps, after: string, draft: Draft): Promise<Compared> {
  const { subjects, policy, ...page } = await subjectsAfter(deps, after);
  const classes =
    draft.classesOf === null ? new Map() : await draftedClasses(deps.db, draft.classesOf, seqsOf(subjects));
  const outcomes = subjects.map((subject) => compared(subject, policy, draft, classes));
  return {
    ...page,
    changes: outcomes.flatMap(({ change }) => (change ? [change] : [])),
    overdue: outcomes.filter(({ isOverdue }) => isOverdue).length,
  };
}

function compared(
  { key, row, facts }: Subject,
  today: Policy,
  { policy, now }: Draft,
  classes: ReadonlyMap<number, BounceClass>,
): { readonly change: StandingChange | null; readonly isOverdue: boolean } {
  const known = facts.filter(isTaken);
  const current = decided(known, today, now);
  const drafted = decided(
    known.map((fact) => ({ ...fact, class: classes.get(fact.seq) ?? fact.class })),
    policy,
    now,
  );
  const before: Standing = {
    suppressions: suppressionsOf(row, now),
    allowed: row.allowed === 1,
    softCount: current.softCount,
  };
  const { suppressions, allowed, softCount } = drafted;
  const kind = changeOf(before, drafted, current);
  return {
    change: kind && { key, kind, before, after: { suppressions, allowed, softCount } },
    isOverdue: !areSame(before.suppressions, current.suppressions),
  };
}

/** The object knows of it: not of what is pending, and still of what was withdrawn without its having been told. */
function isTaken({ state, retracted_by }: FactRow): boolean {
  return (state === 0) === (retracted_by !== null);
}

function decided(facts: readonly FactRow[], policy: Policy, now: number) {
  return decide(applyFacts(EMPTY_STATE, facts.map(factOf)), policy, now);
}

export interface Due extends LookedAt {
  /** The names of those whose objects have to decide anew. */
  readonly due: readonly string[];
}

/** Who stands otherwise than the policy that holds says, or has something pending. @param after as above */
export async function dueAfter(deps: RecordsDeps & Pick<Deps, "now">, after: string): Promise<Due> {
  const { subjects, policy, ...page } = await subjectsAfter(deps, after);
  const now = deps.now();
  const due = subjects.filter((subject) => isDue(subject, policy, now));
  return { ...page, due: due.flatMap(({ row }) => (row.address === null ? [] : [row.address])) };
}

/** An event that is pending may be on its way with an older policy: its object has to hear of the newer one first. */
function isDue({ row, facts }: Subject, policy: Policy, now: number): boolean {
  if (facts.some((fact) => fact.state === 0)) return true;
  const standing = facts.filter((fact) => fact.retracted_by === null);
  const { suppressions, allowed, softCount, countingSince, releasedAt } = decided(standing, policy, now);
  return (
    row.soft_count !== softCount ||
    row.counting_since !== countingSince ||
    row.released_at !== releasedAt ||
    row.allowed !== (allowed ? 1 : 0) ||
    !areSame(JSON.parse(row.suppressions) as Suppression[], suppressions)
  );
}

async function subjectsAfter(deps: RecordsDeps, after: string) {
  const page = await recipientsAfter(deps.db, after, PAGE);
  const told = page.filter(({ erasing }) => erasing === 0);
  const keys = told.map(({ key }) => key);
  const { records, policy } = await recordsByKey(deps, keys, [], []);
  const subjects = keys.flatMap((key): Subject[] => {
    const { row, facts } = records(key);
    return row ? [{ key, row, facts }] : [];
  });
  const next = page.length === PAGE ? (page.at(-1)?.key ?? null) : null;
  return { subjects, policy: policy.policy, looked: page.length, next };
}

function seqsOf(subjects: readonly Subject[]): number[] {
  return subjects.flatMap(({ facts }) => facts.filter(({ kind }) => kind === "bounced").map(({ seq }) => seq));
}
