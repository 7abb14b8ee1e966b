/** A call, or several, of each function of the stores that notice bursts, hold what they bring, and decide about it. */
import { parsePolicy } from "../../../src/domain/policy";
import * as burst from "../../../src/store/burst";
import * as incidents from "../../../src/store/incidents";
import { ACTOR, type CallsOf, NOW, newId } from "./samples";

const ID = "incident-0000000001-1";
const MINUTE_MS = 60_000;

function configured() {
  const policy = parsePolicy({});
  if (!policy.ok) throw new Error(policy.error);
  return { policy: policy.value, policyText: "{}" };
}

function decided(decision: incidents.Decision, releases: boolean): incidents.Decided {
  return { id: ID, decision, releases, actor: ACTOR, requestId: newId(), at: NOW };
}

/** As far as carrying it out looks at it. */
function rowOf(status: incidents.IncidentStatus, releases: number): incidents.IncidentRow {
  return { id: ID, status, releases } as incidents.IncidentRow;
}

export const GUARD: Readonly<Record<string, CallsOf>> = {
  "burst.ts": {
    holdBursts: [(db) => db.batch(burst.holdBursts(db, configured(), newId(), NOW))],
    tendBursts: [(db) => burst.tendBursts(db, 60 * MINUTE_MS, NOW, 10)],
  },
  "incidents.ts": {
    incidentById: [(db) => incidents.incidentById(db, ID)],
    incidentPage: [(db) => incidents.incidentPage(db, { status: null, before: null }, 10)],
    openIncidents: [(db) => incidents.openIncidents(db, 10)],
    countBefore: [(db) => incidents.countBefore(db, ID)],
    heldEvents: [(db) => incidents.heldEvents(db, ID, 0, 10)],
    eventsBefore: [(db) => incidents.eventsBefore(db, ID, { at: 0, seq: 0 }, 10)],
    decideOnce: [(db) => incidents.decideOnce(db, decided("dropped", true))],
    carryOutNextPart: [
      (db) => incidents.carryOutNextPart(db, rowOf("confirmed", 0), NOW),
      (db) => incidents.carryOutNextPart(db, rowOf("dropped", 1), NOW),
    ],
    unsettledIncidents: [(db) => incidents.unsettledIncidents(db, 10)],
    pendingOfIncident: [(db) => incidents.pendingOfIncident(db, ID, 0, 10)],
  },
};
