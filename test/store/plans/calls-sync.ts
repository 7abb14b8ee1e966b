/** A call, or several, of each function of the stores that keep providers' lists in step. */
import * as changes from "../../../src/store/sync-changes";
import * as syncs from "../../../src/store/syncs";
import { ACTOR, ADDRESS, type CallsOf, KEY, NOW, newId } from "./samples";

const ID = "sendgrid/default";
const CONNECTION = "sendgrid-api";
const LEASE = { id: ID, holder: "h", until: NOW };
const SETTLED: syncs.Settled = {
  refusals: [{ key: KEY, action: "list", outcome: "refused", detail: null }],
  done: [KEY],
};

export const SYNC: Readonly<Record<string, CallsOf>> = {
  "syncs.ts": {
    syncStates: [syncs.syncStates],
    leaseSync: [(db) => syncs.leaseSync(db, LEASE, NOW)],
    noteSync: [(db) => syncs.noteSync(db, LEASE, syncs.NEW_SYNC, SETTLED, NOW)],
    setSyncStatus: [(db) => syncs.setSyncStatus(db, ID, "paused", { actor: ACTOR, requestId: newId(), at: NOW })],
    refusalsOf: [(db) => syncs.refusalsOf(db, ID, 10)],
  },
  "sync-changes.ts": {
    changedSince: [(db) => changes.changedSince(db, CONNECTION, 0, 10)],
    listedAfter: [(db) => changes.listedAfter(db, CONNECTION, "", 10)],
    answersOf: [(db) => changes.answersOf(db, [ADDRESS])],
    changedLately: [(db) => changes.changedLately(db, [ADDRESS], 0, NOW)],
    wasUndone: [(db) => changes.wasUndone(db, CONNECTION, "0")],
  },
};
