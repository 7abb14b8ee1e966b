/**
 * Incidents: bursts that were noticed, and what was decided about them. What is held stays skipped until then: confirmed, it
 * becomes pending; dropped, it is withdrawn, and keeps its identity, so that a provider's retry stays a repetition.
 */
import { FINGERPRINT_LENGTH } from "../domain/cause";
import type { BounceClass } from "../domain/event";
import { type Actor, type AuditAction, insertAudit } from "./audit";
import { type EventRow, FACT_COLUMNS, type FactRow } from "./event-row";
import { rowsOf } from "./statements";

/** Open until an operator decides. */
export const INCIDENT_STATUSES = ["open", "confirmed", "dropped"] as const;
export type IncidentStatus = (typeof INCIDENT_STATUSES)[number];
export type Decision = Exclude<IncidentStatus, "open">;

/** Events of one transaction. */
const PART_EVENTS = 5_000;

export interface IncidentRow {
  id: string;
  /** `provider/connection` */
  connection: string;
  cause: string;
  started_at: number;
  opened_at: number;
  last_at: number;
  ended_at: number | null;
  recipients: number;
  known_good: number;
  threshold: number;
  held: number;
  status: IncidentStatus;
  decided_at: number | null;
  decided_by: string | null;
  decided_by_label: string | null;
  releases: number;
  released: number;
  settled_at: number | null;
  /** Events of it whose recipients are still to be told. */
  pending: number;
  /** One of its events, as long as there is one. */
  class: BounceClass | null;
  category: string | null;
  status_code: string | null;
  diagnostic_code: string | null;
}

const SELECT = `
  SELECT i.*, e.class, e.category, e.status_code, e.diagnostic_code,
    (SELECT count(*) FROM events p INDEXED BY events_pending
     WHERE p.state = 0 AND (p.incident_id = i.id OR p.retracted_by = i.id)) AS pending
  FROM incidents i LEFT JOIN events e ON e.seq = (SELECT x.seq FROM events x WHERE x.incident_id = i.id LIMIT 1)`;

/** An incident, with an example of what was said and how much of it is pending; `null`: there is none. */
export async function incidentById(db: D1Database, id: string): Promise<IncidentRow | null> {
  return db.prepare(`${SELECT} WHERE i.id = ?1`).bind(id).first<IncidentRow>();
}

/** A page, newest first. @param before the id of the last one of the page before */
export async function incidentPage(
  db: D1Database,
  { status, before }: { readonly status: IncidentStatus | null; readonly before: string | null },
  limit: number,
): Promise<IncidentRow[]> {
  const { results } = await db
    .prepare(`${SELECT} WHERE i.id < ?1 AND (?2 IS NULL OR i.status = ?2) ORDER BY i.id DESC LIMIT ?3`)
    .bind(before ?? "~", status, limit)
    .all<IncidentRow>();
  return results;
}

/** Where it happened: the receiver, or `null` for all of them. */
export function receiverOfCause(cause: string): string | null {
  return cause.length > FINGERPRINT_LENGTH ? cause.slice(FINGERPRINT_LENGTH + 1) : null;
}

export interface OpenIncident {
  readonly id: string;
  readonly connection: string;
  readonly cause: string;
  readonly held: number;
  readonly recipients: number;
  readonly known_good: number;
}

/** What waits for a decision, oldest first. */
export async function openIncidents(db: D1Database, limit: number): Promise<OpenIncident[]> {
  const { results } = await db
    .prepare(
      `SELECT id, connection, cause, held, recipients, known_good FROM incidents
       WHERE settled_at IS NULL AND status = 'open' ORDER BY id LIMIT ?1`,
    )
    .bind(limit)
    .all<OpenIncident>();
  return results;
}

/** Of an incident `i`: an event `e` of the burst that was recorded before it was noticed. Also once it was withdrawn. */
const IS_BEFORE = `e.kind = 'bounced' AND e.seq < i.opened_seq AND e.incident_id IS NULL
  AND e.provider || '/' || e.connection = i.connection
  AND (e.cause = i.cause OR substr(e.cause, 1, ${FINGERPRINT_LENGTH}) = i.cause)
  AND (e.retracted_by IS NULL OR e.retracted_by = i.id)`;
/** By the index of bounces, between two times. */
const BEFORE = `
  FROM incidents i CROSS JOIN events e INDEXED BY events_bounces
  ON e.kind IN ('bounced', 'complained') AND e.occurred_at >= i.started_at AND e.occurred_at <= i.opened_at
  WHERE i.id = ?1 AND ${IS_BEFORE}`;

/** How many recipients the burst had before it was noticed: they may be suppressed. */
export async function countBefore(db: D1Database, id: string): Promise<number> {
  return (await db.prepare(`SELECT count(DISTINCT e.address) AS n ${BEFORE}`).bind(id).first<number>("n")) ?? 0;
}

export interface Place {
  readonly at: number;
  readonly seq: number;
}

/** A page of the events that it holds or held, in the order of the journal. */
export async function heldEvents(db: D1Database, id: string, after: number, limit: number): Promise<EventRow[]> {
  const { results } = await db
    .prepare("SELECT * FROM events WHERE incident_id = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3")
    .bind(id, after, limit)
    .all<EventRow>();
  return results;
}

/** A page of the events of the burst before it was noticed, by their time. */
export async function eventsBefore(db: D1Database, id: string, after: Place, limit: number): Promise<EventRow[]> {
  const { results } = await db
    .prepare(`SELECT e.* ${BEFORE} AND (e.occurred_at, e.seq) > (?2, ?3) ORDER BY e.occurred_at, e.seq LIMIT ?4`)
    .bind(id, after.at, after.seq, limit)
    .all<EventRow>();
  return results;
}

export interface Decided {
  readonly id: string;
  readonly decision: Decision;
  /** Is what was suppressed before it was noticed to be taken back? Only of what is dropped. */
  readonly releases: boolean;
  readonly actor: Actor;
  readonly requestId: string;
  /** Epoch ms. */
  readonly at: number;
}

const AUDITED_AS: Readonly<Record<Decision, AuditAction>> = { confirmed: "confirm_incident", dropped: "drop_incident" };

/** Decides, once. Only what was dropped may be dropped again, to release too what it did not release at first. */
export async function decideOnce(db: D1Database, decided: Decided): Promise<void> {
  const { id, decision, actor, requestId, at } = decided;
  const releases = decided.releases ? 1 : 0;
  await db.batch([
    db
      .prepare(
        `UPDATE incidents SET status = ?2, releases = ?3, decided_at = ?4, decided_by = ?5, decided_by_label = ?6,
           decided_request_id = ?7, settled_at = NULL
         WHERE id = ?1 AND (status = 'open' OR (status = 'dropped' AND ?2 = 'dropped' AND releases < ?3))`,
      )
      .bind(id, decision, releases, at, actor.id, actor.label, requestId),
    insertAudit(
      db,
      {
        at,
        requestId,
        action: AUDITED_AS[decision],
        actor,
        subject: id,
        detail: { releaseSuppressed: decided.releases },
      },
      "EXISTS (SELECT 1 FROM incidents i WHERE i.id = ?6 AND i.decided_request_id = ?2)",
    ),
  ]);
}

const NEXT_HELD = `
  SELECT e.seq FROM incidents i CROSS JOIN events e ON e.incident_id = i.id AND e.seq > i.done_seq
  WHERE i.id = ?1 ORDER BY e.seq LIMIT ${PART_EVENTS}`;
const CARRY_OUT: Readonly<Record<Decision, string>> = { confirmed: "state = 0", dropped: "retracted_by = incident_id" };

const NEXT_BEFORE = `
  SELECT e.seq, e.occurred_at FROM incidents i CROSS JOIN events e INDEXED BY events_bounces
  ON e.kind IN ('bounced', 'complained') AND (e.occurred_at, e.seq) > (i.release_at, i.release_seq) AND e.occurred_at <= i.opened_at
  WHERE i.id = ?1 ORDER BY e.occurred_at, e.seq LIMIT ${PART_EVENTS}`;
const RELEASE_PART = `
  UPDATE events SET retracted_by = ?1, state = 0, applied_at = NULL WHERE seq IN (
    SELECT e.seq FROM (${NEXT_BEFORE}) AS part CROSS JOIN events e ON e.seq = part.seq CROSS JOIN incidents i ON i.id = ?1
    WHERE ${IS_BEFORE} AND e.retracted_by IS NULL)`;
const NOTE_RELEASED = `
  UPDATE incidents SET release_at = coalesce(part.at, release_at), release_seq = coalesce(part.seq, release_seq),
    released = released + part.events
  FROM (WITH part AS MATERIALIZED (${NEXT_BEFORE})
    SELECT (SELECT occurred_at FROM part ORDER BY occurred_at DESC, seq DESC LIMIT 1) AS at,
      (SELECT seq FROM part ORDER BY occurred_at DESC, seq DESC LIMIT 1) AS seq,
      (SELECT count(*) FROM part CROSS JOIN events e ON e.seq = part.seq WHERE e.retracted_by = ?1 AND e.incident_id IS NULL) AS events) AS part
  WHERE incidents.id = ?1`;

/**
 * Carries out the next part of what was decided: held events become pending, or are withdrawn; then, where that was asked
 * for, those of before are withdrawn, and pending until their recipients have been decided about anew.
 *
 * @param now epoch ms
 * @returns is there more to do?
 */
export async function carryOutNextPart(db: D1Database, row: IncidentRow, now: number): Promise<boolean> {
  if (row.status === "open") return false;
  if (!(await carryOutPart(db, row.id, CARRY_OUT[row.status]))) return true;
  if (row.releases && !(await releasePart(db, row.id))) return true;
  await db
    .prepare("UPDATE incidents SET settled_at = ?2 WHERE id = ?1 AND releases = ?3 AND settled_at IS NULL")
    .bind(row.id, now, row.releases)
    .run();
  return false;
}

/** @returns was it the last part? */
async function carryOutPart(db: D1Database, id: string, change: string): Promise<boolean> {
  const results = await db.batch([
    db.prepare(`SELECT count(*) AS n FROM (${NEXT_HELD})`).bind(id),
    db
      .prepare(
        `UPDATE events SET ${change} WHERE seq IN (${NEXT_HELD}) AND state = 2 AND incident_id = ?1 AND retracted_by IS NULL`,
      )
      .bind(id),
    db
      .prepare(
        `UPDATE incidents SET done_seq = max(done_seq, coalesce((SELECT max(seq) FROM (${NEXT_HELD})), 0)) WHERE id = ?1`,
      )
      .bind(id),
  ]);
  return (rowsOf<{ n: number }>(results, 0)[0]?.n ?? 0) < PART_EVENTS;
}

/** @returns was it the last part? */
async function releasePart(db: D1Database, id: string): Promise<boolean> {
  const results = await db.batch([
    db.prepare(`SELECT count(*) AS n FROM (${NEXT_BEFORE})`).bind(id),
    db.prepare(RELEASE_PART).bind(id),
    db.prepare(NOTE_RELEASED).bind(id),
  ]);
  return (rowsOf<{ n: number }>(results, 0)[0]?.n ?? 0) < PART_EVENTS;
}

/** Those that were decided about, and where that is still to be carried out, oldest first. */
export async function unsettledIncidents(db: D1Database, limit: number): Promise<string[]> {
  const { results } = await db
    .prepare("SELECT id FROM incidents WHERE settled_at IS NULL AND status <> 'open' ORDER BY id LIMIT ?1")
    .bind(limit)
    .all<{ id: string }>();
  return results.map((row) => row.id);
}

/** What an incident set free, or withdrew, and what is still to be applied, after a place in the journal. */
export async function pendingOfIncident(db: D1Database, id: string, after: number, limit: number): Promise<FactRow[]> {
  const { results } = await db
    .prepare(
      `SELECT ${FACT_COLUMNS} FROM events INDEXED BY events_pending
       WHERE state = 0 AND (incident_id = ?1 OR retracted_by = ?1) AND seq > ?2 ORDER BY seq LIMIT ?3`,
    )
    .bind(id, after, limit)
    .all<FactRow>();
  return results;
}
