/** Calls of the stores around the journal: what comes in, what is read of it, what is removed. */
import * as batches from "../../../src/store/batches";
import * as bounces from "../../../src/store/bounces";
import * as erasure from "../../../src/store/erasure";
import * as events from "../../../src/store/events";
import * as journal from "../../../src/store/journal";
import * as known from "../../../src/store/known-messages";
import * as pending from "../../../src/store/pending";
import * as quarantine from "../../../src/store/quarantine";
import * as rebuild from "../../../src/store/rebuild";
import * as receipts from "../../../src/store/receipts";
import * as retention from "../../../src/store/retention";
import * as tokens from "../../../src/store/used-tokens";
import { ACTOR, ADDRESS, type CallsOf, eachAlone, eventOf, KEY, NOW, newId, receiptOf } from "./samples";

const FILTER: Required<events.EventFilter> = {
  address: ADDRESS,
  provider: "postmark",
  connection: "default",
  kind: "bounced",
  class: "hard",
  messageId: "m-1",
  campaign: "spring",
  since: NOW,
  until: NOW + 1,
  after: 1,
};
const BOUNCES: Required<bounces.BounceFilter> = { campaign: "spring", source: "postmark" };
const PAGE = { orderBy: "created_at", isAscending: false, limit: 20, offset: 0 } as const;
const ORDERS = ["created_at", "email", "campaign_name", "source", "type"] as const;
const TOKEN = { provider: "mailgun", connection: "default", token: "t", digest: "d" };

const part = (batchId: string) => ({
  batchId,
  requestId: newId(),
  provider: "operator",
  connection: "api",
  receivedAt: NOW,
  events: [eventOf(), eventOf()],
  rows: 2,
  skipped: 0,
  invalid: 0,
});
const batch = () => ({
  id: newId(),
  kind: "block" as const,
  format: null,
  note: null,
  actor: ACTOR,
  requestId: newId(),
  createdAt: NOW,
});

export const JOURNAL: Readonly<Record<string, CallsOf>> = {
  "journal.ts": {
    recordRequest: [
      async (db) => {
        const event = eventOf();
        const quarantined = [{ id: newId(), item: null, reason: "unreadable", detail: "no JSON" }];
        await journal.recordRequest(db, { receipt: receiptOf(), events: [event], quarantined, settles: [newId()] });
        // Known in part: then the rest is asked for one by one.
        await journal.recordRequest(db, { receipt: receiptOf(), events: [event, eventOf()], quarantined: [] });
      },
    ],
    insertEvents: [(db) => journal.insertEvents(db, [eventOf()])],
    identitiesOf: [(db) => journal.identitiesOf(db, 1)],
    settleQuarantine: [(db) => journal.settleQuarantine(db, ["q"])],
    insertReceipt: [(db) => journal.insertReceipt(db, receiptOf())],
  },
  "events.ts": {
    newestEventsOf: [(db) => events.newestEventsOf(db, ADDRESS, 10)],
    searchEvents: [null, 1_000].flatMap((before) =>
      eachAlone<events.EventFilter>(FILTER, (filter, db) => events.searchEvents(db, filter, 10, before)),
    ),
    eventsByIdentity: [(db) => events.eventsByIdentity(db, [ADDRESS], ["id"])],
    knownEvents: [(db) => events.knownEvents(db, [eventOf()])],
  },
  "pending.ts": {
    pendingAfter: [(db) => pending.pendingAfter(db, 0, 10)],
    pendingSummary: [pending.pendingSummary],
    pendingOfRecipient: [(db) => pending.pendingOfRecipient(db, [ADDRESS])],
    pendingNames: [(db) => pending.pendingNames(db, [ADDRESS])],
    complainedAfter: [(db) => pending.complainedAfter(db, [[ADDRESS, NOW]])],
    recordsOf: [(db) => pending.recordsOf(db, [KEY], [ADDRESS])],
  },
  "known-messages.ts": {
    recipientsOfMessage: [
      (db) => known.recipientsOfMessage(db, { internetMessageId: "m", messageIds: ["n"] }, [ADDRESS]),
    ],
  },
  "receipts.ts": {
    receiptWithBody: [(db) => receipts.receiptWithBody(db, 1)],
    keptReceipts: [(db) => receipts.keptReceipts(db, [1, 2])],
    bodiesOf: [(db) => receipts.bodiesOf(db, [1, 2])],
    actorsOf: [(db) => receipts.actorsOf(db, [1, 2])],
  },
  "quarantine.ts": {
    quarantinePage: [
      (db) => quarantine.quarantinePage(db, 10, null),
      (db) => quarantine.quarantinePage(db, 10, { receiptId: 9, id: "q" }),
    ],
    quarantineItem: [(db) => quarantine.quarantineItem(db, "q")],
    unverifiedCount: [(db) => quarantine.unverifiedCount(db, 100)],
    pruneUnverified: [(db) => quarantine.pruneUnverified(db, 10, 100)],
    quarantineCount: [(db) => quarantine.quarantineCount(db, 100)],
  },
  "batches.ts": {
    insertBatch: [(db) => batches.insertBatch(db, batch())],
    recordPart: [
      async (db) => {
        const wanted = batch();
        await batches.insertBatch(db, wanted).run();
        const first = part(wanted.id);
        await batches.recordPart(db, first);
        await batches.recordPart(db, { ...first, requestId: newId(), events: [...first.events, eventOf()] });
      },
    ],
    finishBatch: [(db) => batches.finishBatch(db, "b", NOW)],
    batchById: [(db) => batches.batchById(db, "b")],
    batchPage: [(db) => batches.batchPage(db, 10, null), (db) => batches.batchPage(db, 10, "b")],
    spanOfBatch: [(db) => batches.spanOfBatch(db, "b")],
    startRevert: [(db) => batches.startRevert(db, { id: "b", actor: ACTOR, requestId: newId(), at: NOW })],
    withdrawNextPart: [(db) => batches.withdrawNextPart(db, "b")],
    revertingBatches: [(db) => batches.revertingBatches(db, 10)],
  },
  "bounces.ts": {
    bounceCount: eachAlone<bounces.BounceFilter>(BOUNCES, (filter, db) => bounces.bounceCount(db, filter)),
    bouncePage: [
      ...eachAlone<bounces.BounceFilter>(BOUNCES, (filter, db) => bounces.bouncePage(db, filter, PAGE)),
      ...ORDERS.flatMap((orderBy) =>
        [true, false].map(
          (isAscending) => (db: D1Database) => bounces.bouncePage(db, {}, { ...PAGE, orderBy, isAscending }),
        ),
      ),
    ],
    bounceBySeq: [(db) => bounces.bounceBySeq(db, 1)],
    dismissBounces: [(db) => bounces.dismissBounces(db, [1, 2])],
    dismissAllBounces: [bounces.dismissAllBounces],
    bouncedAddresses: [(db) => bounces.bouncedAddresses(db, "", 10)],
  },
  "erasure.ts": {
    eraseRecords: [
      (db) => erasure.eraseRecords(db, { ...ERASURE, kept: null, requestId: newId() }),
      (db) =>
        erasure.eraseRecords(db, {
          ...ERASURE,
          kept: eventOf({ kind: "manual_block", class: undefined }),
          requestId: newId(),
        }),
    ],
    isKnown: [(db) => erasure.isKnown(db, KEY, [ADDRESS])],
    erasedRows: [(db) => erasure.erasedRows(db, 10)],
    dropErasedRow: [(db) => erasure.dropErasedRow(db, ERASED)],
    forgetErasure: [(db) => erasure.forgetErasure(db, ERASED)],
  },
  "rebuild.ts": {
    recipientsOfJournal: [(db) => rebuild.recipientsOfJournal(db, 0, 100, 10)],
    strangersAfter: [(db) => rebuild.strangersAfter(db, "", 10)],
  },
  "retention.ts": {
    lastReceiptBefore: [(db) => retention.lastReceiptBefore(db, NOW)],
    pruneBodies: [
      async (db) => {
        await journal.recordRequest(db, { receipt: receiptOf(), events: [eventOf()], quarantined: [] });
        await retention.pruneBodies(db, 0, 1_000_000, 10);
      },
    ],
    pruneEvents: [
      async (db) => {
        await journal.recordRequest(db, { receipt: receiptOf(), events: [eventOf()], quarantined: [] });
        const ends = { delivered: 1_000, deferred: 1_000, autoReplies: 1_000, retractedBefore: 0 };
        await retention.pruneEvents(db, 0, ends, 10);
      },
    ],
    pruneReceipts: [(db) => retention.pruneReceipts(db, 0, 1_000_000, 10)],
  },
  "used-tokens.ts": {
    digestOfToken: [(db) => tokens.digestOfToken(db, TOKEN)],
    insertToken: [(db) => tokens.insertToken(db, TOKEN, NOW)],
    pruneTokens: [(db) => tokens.pruneTokens(db, NOW, 10)],
  },
};

const ERASURE = { key: KEY, names: [ADDRESS], at: NOW, actor: ACTOR };
const ERASED: erasure.ErasedRow = {
  key: KEY,
  version: 1,
  address: null,
  erased_at: NOW,
  erasing: 0,
  answer_version: 1,
  kv_version: 1,
};
