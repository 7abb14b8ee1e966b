/** Calls of the stores behind the journal: the projection, the list, counts, subscriptions, alerts, mailboxes. */
import type { Decision } from "../../../src/domain/decision";
import * as alertFigures from "../../../src/store/alert-figures";
import * as alerts from "../../../src/store/alerts";
import * as allowlist from "../../../src/store/allowlist";
import * as audit from "../../../src/store/audit";
import * as changes from "../../../src/store/changes";
import * as activity from "../../../src/store/connection-activity";
import * as filter from "../../../src/store/filter";
import * as mailboxMessages from "../../../src/store/mailbox-messages";
import * as mailboxes from "../../../src/store/mailboxes";
import * as metrics from "../../../src/store/metrics";
import * as streams from "../../../src/store/notification-streams";
import * as notifications from "../../../src/store/notifications";
import * as outbox from "../../../src/store/outbox";
import * as recipients from "../../../src/store/recipients";
import * as signIns from "../../../src/store/sign-ins";
import * as stats from "../../../src/store/stats";
import * as search from "../../../src/store/suppression-search";
import * as suppressions from "../../../src/store/suppressions";
import * as state from "../../../src/store/system-state";
import { ACTOR, ADDRESS, type CallsOf, eachAlone, KEY, NOW, newId } from "./samples";

const DECISION: Decision = {
  key: KEY,
  address: ADDRESS,
  version: 1,
  erasedUpTo: 0,
  verdict: { suppressions: [], allowed: false, softCount: 1, countingSince: 1, releasedAt: null, nextChangeAt: null },
};
const AUDIT: Required<audit.AuditFilter> = { actor: "a", action: "block", subject: KEY, since: 1, until: 2 };
const LISTED: Required<suppressions.SuppressionFilter> = {
  reason: "hard",
  domain: "example.com",
  q: "john",
  since: NOW,
  until: NOW + 1,
};
const PLACE = { since: NOW, key: KEY, address: ADDRESS };
const ALERT: alerts.Alert = {
  key: "pending",
  rule: "pending",
  subject: "",
  severity: "warning",
  openedAt: NOW,
  lastSeenAt: NOW,
  closedAt: null,
  detail: {},
};
const ASKED = { actor: ACTOR, requestId: "r", at: NOW };
const LEASE = { id: "n", holder: "h", until: NOW };
const STANDING: notifications.Standing = {
  status: "active",
  places: { event: 1, change: 1, alert: 1 },
  failures: 0,
  failingSince: null,
  nextAttemptAt: 0,
  lastError: null,
  lastErrorAt: null,
  lastDeliveredAt: null,
};
const ITEM: outbox.OutboxItem = {
  id: 1,
  stream: "event",
  seq: 1,
  messageId: "m",
  type: "event.bounced",
  subject: KEY,
  attempts: 1,
  firstAttemptAt: NOW,
  nextAttemptAt: NOW,
  parkedAt: null,
  error: null,
};
const ATTEMPT: outbox.Attempt = {
  at: NOW,
  messageId: "m",
  type: "event.bounced",
  subject: KEY,
  attempt: 1,
  outcome: "delivered",
  status: 200,
  error: null,
  durationMs: 1,
};
const MESSAGE: mailboxMessages.MailboxMessage = { uidl: "u", status: "failed", bytes: 1, attempts: 1, notedAt: NOW };
const COUNTS: mailboxes.ScanCounts = { listed: 0, recorded: 0, quarantined: 0, deleted: 0, oversized: 0, failed: 0 };
const MAILBOX = { id: "support", holder: "h", until: NOW };

export const PROJECTION: Readonly<Record<string, CallsOf>> = {
  "recipients.ts": {
    projectDecisions: [
      (db) =>
        recipients.projectDecisions(
          db,
          [
            {
              decision: DECISION,
              records: [
                { seq: 1, retracted_by: null },
                { seq: 2, retracted_by: "b" },
              ],
            },
          ],
          NOW,
        ),
    ],
    recipientByKey: [(db) => recipients.recipientByKey(db, KEY)],
    recipientsByKey: [(db) => recipients.recipientsByKey(db, [KEY])],
    answersByKey: [(db) => recipients.answersByKey(db, [KEY])],
    answersByAddress: [(db) => recipients.answersByAddress(db, [ADDRESS])],
    unsettledAnswers: [(db) => recipients.unsettledAnswers(db, NOW, 10)],
    markSettled: [(db) => recipients.markSettled(db, [{ key: KEY, answer: null, version: 1 }])],
    answersAfter: [(db) => recipients.answersAfter(db, "", 10)],
  },
  "suppressions.ts": {
    exportedSuppressions: [
      ...eachAlone<suppressions.SuppressionFilter>(LISTED, (f, db) =>
        suppressions.exportedSuppressions(db, f, 10, PLACE, NOW),
      ),
      (db) => suppressions.exportedSuppressions(db, { reason: "domain" }, 10, null, NOW),
    ],
    suppressedCounts: [(db) => suppressions.suppressedCounts(db, 0, NOW)],
  },
  "suppression-search.ts": {
    newestSuppressions: [null, PLACE].flatMap((after) =>
      eachAlone<suppressions.SuppressionFilter>(LISTED, (f, db) => search.newestSuppressions(db, f, 10, after, NOW)),
    ),
    searchSuppressions: search.SUPPRESSION_ORDERS.flatMap((order) =>
      [undefined, "postmark"].flatMap((source) =>
        [null, PLACE].flatMap((after) =>
          eachAlone<suppressions.SuppressionFilter>(LISTED, (f, db) =>
            search.searchSuppressions(db, { ...f, source, order }, 10, after, NOW),
          ),
        ),
      ),
    ),
  },
  "allowlist.ts": {
    allowedPage: [
      (db) => allowlist.allowedPage(db, null, 10, null),
      (db) => allowlist.allowedPage(db, "j", 10, ADDRESS),
    ],
    reservationsOf: [(db) => allowlist.reservationsOf(db, [ADDRESS])],
  },
  "changes.ts": {
    changesAfter: [(db) => changes.changesAfter(db, 0, 10)],
    lastChange: [changes.lastChange],
    pruneChanges: [
      async (db) => {
        await db
          .prepare("INSERT INTO suppression_changes (key, answer, changed_at) VALUES ('k', NULL, 0), ('k', NULL, 1)")
          .run();
        await changes.pruneChanges(db, NOW, 10);
      },
    ],
  },
  "filter.ts": {
    latestBuild: [filter.latestBuild],
    insertBuild: [(db) => filter.insertBuild(db, { version: 1, startedAt: NOW, lastChange: 0, shardBits: 0 })],
    addPart: [(db) => filter.addPart(db, 1, 0, { name: "p", bytes: 1, count: 1, scanned: 1 })],
    markPublished: [(db) => filter.markPublished(db, 1, NOW)],
    markCurrent: [(db) => filter.markCurrent(db, 1, NOW)],
    suppressedKeys: [(db) => filter.suppressedKeys(db, "", "g", 10)],
  },
  "stats.ts": {
    statsBy: stats.STATS_GROUPS.flatMap((by) =>
      eachAlone<Pick<stats.StatsQuery, "provider" | "connection">>(
        { provider: "postmark", connection: "default" },
        (chosen, db) => stats.statsBy(db, { by, fromDay: 1, toDay: 2, limit: 10, ...chosen }),
      ),
    ),
    statsCompared: (["provider", "domain", "reason"] as const).map(
      (by) => (db: D1Database) => stats.statsCompared(db, { by, fromHour: 24, splitHour: 48, toHour: 72, limit: 10 }),
    ),
    rollUpHours: [(db) => stats.rollUpHours(db, 1, 10)],
  },
  "metrics.ts": { metricFigures: [(db) => metrics.metricFigures(db, 100, 100)] },
  "audit.ts": {
    insertAudit: [
      (db) => audit.insertAudit(db, { at: NOW, requestId: newId(), action: "block", actor: ACTOR, subject: KEY }),
    ],
    auditPage: [
      ...eachAlone<audit.AuditFilter>(AUDIT, (f, db) => audit.auditPage(db, f, 10, null)),
      ...eachAlone<audit.AuditFilter>(AUDIT, (f, db) => audit.auditPage(db, f, 10, [NOW, "r", "block"])),
    ],
    pruneAudit: [(db) => audit.pruneAudit(db, 0, 10)],
  },
  "alert-figures.ts": {
    sentByProvider: [(db) => alertFigures.sentByProvider(db, 2, 1)],
    sentByCampaign: [(db) => alertFigures.sentByCampaign(db, 1, 10)],
    activeDays: [(db) => alertFigures.activeDays(db, 1)],
    quarantinedSince: [(db) => alertFigures.quarantinedSince(db, NOW, 10)],
  },
  "alerts.ts": {
    openAlerts: [alerts.openAlerts],
    closedAlerts: [(db) => alerts.closedAlerts(db, 10)],
    claimEvaluation: [(db) => alerts.claimEvaluation(db, NOW, 1)],
    noteAlerts: [
      (db) =>
        alerts.noteAlerts(
          db,
          [ALERT],
          [
            { type: "opened", alert: ALERT },
            { type: "closed", alert: ALERT },
          ],
          NOW,
        ),
    ],
    pruneAlerts: [(db) => alerts.pruneAlerts(db, 0)],
  },
  "connection-activity.ts": {
    noteReceived: [(db) => activity.noteReceived(db, "postmark", "default", NOW)],
    noteRejected: [(db) => activity.noteRejected(db, "postmark", "default", NOW, "signature")],
    allActivity: [activity.allActivity],
    countsByConnection: [activity.countsByConnection],
  },
  "notifications.ts": {
    insertNotification: [
      (db) =>
        notifications.insertNotification(
          db,
          {
            id: newId(),
            url: "https://example.com",
            format: "standard",
            events: ["*"],
            excluded: [],
            note: null,
            secrets: [],
          },
          { ...ASKED, requestId: newId() },
        ),
    ],
    deleteNotification: [(db) => notifications.deleteNotification(db, "n", ASKED)],
    notificationById: [(db) => notifications.notificationById(db, "n")],
    allNotifications: [notifications.allNotifications],
    setSecrets: [(db) => notifications.setSecrets(db, "n", [], ASKED)],
    resumeNotification: [(db) => notifications.resumeNotification(db, "n", ASKED)],
    dueNotifications: [(db) => notifications.dueNotifications(db, NOW)],
    hasNotifications: [notifications.hasNotifications],
    leaseNotification: [(db) => notifications.leaseNotification(db, LEASE, NOW)],
    noteStanding: [(db) => notifications.noteStanding(db, LEASE, STANDING)],
  },
  "notification-streams.ts": {
    eventsToTell: [(db) => streams.eventsToTell(db, 0, 100, 10)],
    eventsAt: [(db) => streams.eventsAt(db, [1])],
    eventsOfRecipients: [(db) => streams.eventsOfRecipients(db, [[ADDRESS, "id"]])],
    changesToTell: [(db) => streams.changesToTell(db, 0, 10)],
    changesAt: [(db) => streams.changesAt(db, [1])],
    alertsToTell: [(db) => streams.alertsToTell(db, 0, 10)],
    alertsAt: [(db) => streams.alertsAt(db, [1])],
  },
  "outbox.ts": {
    dueItems: [(db) => outbox.dueItems(db, "n", NOW, 10)],
    waitingOf: [(db) => outbox.waitingOf(db, "n", [KEY])],
    noteRounds: [
      (db) => outbox.noteRounds(db, LEASE, { queued: [ITEM], done: [1], failed: [ITEM], attempts: [ATTEMPT] }),
    ],
    outboxPage: [(db) => outbox.outboxPage(db, "n", false, 10, null), (db) => outbox.outboxPage(db, "n", true, 10, 1)],
    attemptPage: [
      (db) => outbox.attemptPage(db, "n", null, 10, null),
      (db) => outbox.attemptPage(db, "n", "failed", 10, 1),
    ],
    unparkAll: [(db) => outbox.unparkAll(db, "n")],
    queueAgain: [(db) => outbox.queueAgain(db, "n", ITEM)],
    dropItem: [(db) => outbox.dropItem(db, "n", "m")],
    pruneDeliveries: [(db) => outbox.pruneDeliveries(db, { attemptedBefore: 0, parkedBefore: 0, limit: 10 })],
  },
  "mailboxes.ts": {
    mailboxStates: [mailboxes.mailboxStates],
    leaseMailbox: [(db) => mailboxes.leaseMailbox(db, MAILBOX, { account: "a", seenScanAt: null, now: NOW })],
    releaseMailbox: [
      (db) => mailboxes.releaseMailbox(db, MAILBOX, { counts: COUNTS, isBehind: false, error: null }, NOW),
    ],
  },
  "mailbox-messages.ts": {
    notedMessages: [(db) => mailboxMessages.notedMessages(db, "support")],
    noteMessage: [(db) => mailboxMessages.noteMessage(db, "support", MESSAGE)],
    forgetMessages: [(db) => mailboxMessages.forgetMessages(db, "support", ["u"])],
  },
  "sign-ins.ts": {
    countAttempt: [(db) => signIns.countAttempt(db, "c", { now: NOW, since: 0, limit: 5 })],
    forgetAttempts: [(db) => signIns.forgetAttempts(db, "c")],
  },
  "system-state.ts": {
    getSystemState: [(db) => state.getSystemState(db, "last_cron")],
    setSystemState: [(db) => state.setSystemState(db, "last_cron", NOW)],
  },
};
