/** A call, or several, of each function of the stores behind the policy: what holds, what another would do, applying, undoing. */
import * as classes from "../../../src/store/class-changes";
import * as policies from "../../../src/store/policies";
import * as batches from "../../../src/store/policy-batches";
import * as runs from "../../../src/store/policy-runs";
import { ACTOR, type CallsOf, NOW, newId } from "./samples";

const AT = { phase: "events", place: "1" } as const;
const CHANGE: classes.ClassChange = {
  seq: 1,
  old: { class: "soft", category: null, rule: null },
  new: { class: "hard", category: "bad-mailbox", rule: "none" },
};
const RUN: runs.PolicyRunRow = {
  id: "run",
  kind: "batch",
  policy: "{}",
  reclassify: 1,
  policy_id: 1,
  previous_id: null,
  actor: ACTOR.id,
  actor_label: null,
  created_at: NOW,
  phase: "events",
  place: "",
  total: 1,
  looked: 0,
  tally: "{}",
  finished_at: null,
};
const TO: runs.Advance = { phase: "recipients", place: "", tally: "{}", looked: 1, decided: 1, at: NOW };
const ABOUT = { policy: "{}", reclassify: true, actor: ACTOR, createdAt: NOW, tally: "{}" };

export const POLICY: Readonly<Record<string, CallsOf>> = {
  "policies.ts": {
    selectNewestPolicy: [(db) => policies.selectNewestPolicy(db).first()],
    newestPolicy: [policies.newestPolicy],
  },
  "policy-batches.ts": {
    startPolicyBatch: [
      (db) => batches.startPolicyBatch(db, { ...ABOUT, id: newId(), base: "{}", note: null, requestId: newId() }),
    ],
    startPolicyRevert: [(db) => batches.startPolicyRevert(db, { id: "none", actor: ACTOR, requestId: "r", at: NOW })],
  },
  "policy-runs.ts": {
    insertSimulation: [(db) => runs.insertSimulation(db, { ...ABOUT, id: newId() })],
    policyRun: [(db) => runs.policyRun(db, "run")],
    simulation: [(db) => runs.simulation(db, "run")],
    newestSimulations: [(db) => runs.newestSimulations(db, 10)],
    openRuns: [(db) => runs.openRuns(db, 10)],
    pruneSimulations: [(db) => runs.pruneSimulations(db, NOW - 1, 10)],
    advanceRun: [(db) => runs.advanceRun(db, RUN, TO)],
    recipientsAfter: [(db) => runs.recipientsAfter(db, "", 10)],
  },
  "class-changes.ts": {
    bouncesAfter: [(db) => classes.bouncesAfter(db, 0, NOW, { stretch: 10, limit: 10 })],
    noteClassChanges: [(db) => db.batch(classes.noteClassChanges(db, "run", [CHANGE], AT, true))],
    classChangesAfter: [(db) => classes.classChangesAfter(db, "run", 0, 10)],
    putBackClasses: [(db) => classes.putBackClasses(db, "run", [1], AT).run()],
    draftedClasses: [(db) => classes.draftedClasses(db, "run", [1])],
  },
};
