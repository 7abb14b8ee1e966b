/** Who did what: written in the transaction that does it, read page by page. */

/** What operators do that is noted. */
export const AUDIT_ACTIONS = [
  "block",
  "release",
  "allow",
  "disallow",
  "import",
  "bulk_block",
  "bulk_release",
  "apply_policy",
  "revert",
  "erase",
  "replay",
  "drop",
  "rebuild",
  "add_notification",
  "remove_notification",
  "rotate_secret",
  "resume_notification",
  "redeliver",
  "confirm_incident",
  "drop_incident",
  "pull_sync",
  "push_sync",
  "pause_sync",
  "resume_sync",
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** Who acts: a fingerprint of the token (or who Cloudflare Access let in), and what the caller says of itself. */
export interface Actor {
  readonly id: string;
  readonly label: string | null;
}

/** Who asks for something, and in which request. */
export interface Caller {
  readonly actor: Actor;
  readonly requestId: string;
}

/** The same, and when. */
export interface Asked extends Caller {
  /** Epoch ms. */
  readonly at: number;
}

export interface AuditEntry extends Asked {
  readonly action: AuditAction;
  /** The hash of an address, or the id of what it was done to; never an address. */
  readonly subject: string | null;
  readonly detail?: Readonly<Record<string, unknown>> | undefined;
}

export interface AuditRow {
  at: number;
  request_id: string;
  action: AuditAction;
  actor: string;
  actor_label: string | null;
  subject: string | null;
  detail: string | null;
}

export interface AuditFilter {
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  readonly subject?: string | undefined;
  /** Epoch ms: from, inclusive, and to, exclusive. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
}

/** Where an entry stands in the trail: its key. One request may do several things in the same moment. */
export type AuditPlace = readonly [at: number, requestId: string, action: string];
/** The types of the parts of a place in the trail, as a cursor carries them. */
export const AUDIT_PLACE = ["number", "string", "string"] as const;

/** The place behind which the next page begins. */
export function auditPlaceOf({ at, request_id, action }: AuditRow): AuditPlace {
  return [at, request_id, action];
}

/**
 * A statement for the batch that does what the entry says. Said again, it is the same entry.
 *
 * @param condition SQL: was it done? The request is `?2`, the subject `?6`
 */
export function insertAudit(db: D1Database, entry: AuditEntry, condition = "true"): D1PreparedStatement {
  const { at, requestId, action, actor, subject, detail } = entry;
  return db
    .prepare(
      `INSERT INTO audit (at, request_id, action, actor, actor_label, subject, detail)
       SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 WHERE ${condition} ON CONFLICT (at, request_id, action) DO NOTHING`,
    )
    .bind(at, requestId, action, actor.id, actor.label, subject, detail ? JSON.stringify(detail) : null);
}

type Bind = (value: string | number) => string;

/** All but who did it, which may be said in two ways. */
const CONDITIONS: {
  readonly [K in keyof Required<Omit<AuditFilter, "actor">>]: (bind: Bind, value: string | number) => string;
} = {
  action: (bind, v) => `action = ${bind(v)}`,
  subject: (bind, v) => `subject = ${bind(v)}`,
  since: (bind, v) => `at >= ${bind(v)}`,
  until: (bind, v) => `at < ${bind(v)}`,
};
const NEWEST_FIRST = "ORDER BY at DESC, request_id DESC, action DESC";

/** A page, newest first. */
export async function auditPage(
  db: D1Database,
  filter: AuditFilter,
  limit: number,
  after: AuditPlace | null,
): Promise<AuditRow[]> {
  const values: (string | number)[] = [];
  const bind: Bind = (value) => `?${values.push(value)}`;
  const conditions = (Object.keys(CONDITIONS) as (keyof typeof CONDITIONS)[]).flatMap((name) => {
    const value = filter[name];
    return value === undefined ? [] : [CONDITIONS[name](bind, value)];
  });
  if (after) conditions.push(`(at, request_id, action) < (${after.map(bind).join(", ")})`);
  const end = `${NEWEST_FIRST} LIMIT ${bind(limit)}`;
  const pageOf = (all: readonly string[]) =>
    `SELECT * FROM audit ${all.length ? `WHERE ${all.join(" AND ")}` : ""} ${end}`;
  const { results } = await db
    .prepare(filter.actor === undefined ? pageOf(conditions) : eitherOf(bind(filter.actor), conditions, pageOf, end))
    .bind(...values)
    .all<AuditRow>();
  return results;
}

/** By the token, or by the name that its holder goes by: each has an index of its own. */
function eitherOf(
  actor: string,
  conditions: readonly string[],
  pageOf: (all: readonly string[]) => string,
  end: string,
): string {
  const pages = ["actor", "actor_label"].map((column) => pageOf([`${column} = ${actor}`, ...conditions]));
  return `${pages.map((page) => `SELECT * FROM (${page})`).join(" UNION ")} ${end}`;
}

/** Removes what is older than a moment, oldest first. @param before epoch ms */
export async function pruneAudit(db: D1Database, before: number, limit: number): Promise<number> {
  const { meta } = await db
    .prepare(
      `DELETE FROM audit WHERE (at, request_id, action) IN (
         SELECT at, request_id, action FROM audit WHERE at < ?1 ORDER BY at LIMIT ?2)`,
    )
    .bind(before, limit)
    .run();
  return meta.changes;
}
