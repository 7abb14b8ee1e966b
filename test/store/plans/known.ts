/** What is walked from one end to the other, or sorted, and why that does no harm. */

/** Tables that do not grow with the mail. */
export const SMALL: Readonly<Record<string, string>> = {
  alerts: "one for each thing that was wrong lately",
  connection_activity: "one for each connection",
  connection_totals: "a few for each connection",
  filter_builds: "the filter that is published, and the one that is being built",
  incidents: "one for each burst of bounces that was noticed",
  hourly_stats: "a few for each connection and hour, of eight days",
  mailboxes: "one for each mailbox",
  notifications: "one for each subscription",
  policies: "one for each policy that was applied, or brought back",
  policy_runs: "one for each policy that was applied, and for each simulation of a month",
  suppressed_counts: "one for each reason",
  syncs: "one for each account",
};

const PENDING = "The index holds only what is pending.";
const OF_A_REQUEST = "What one request brought.";
const OF_A_RECIPIENT = "Events of one recipient, or of a few.";
const OF_A_PAGE = "What one page holds.";
const OF_A_STRETCH = "A bounded stretch of the journal.";
const OF_A_SPAN = "Counts of the time that was asked for.";
const BY_KEY = "In the order of its key, and no further than the limit.";
const IN_LIST_ORDER = "In the order of the list; no further than the limit, or the end of a bounded stretch.";
const COUNTED_UP_TO = "Counted up to a limit.";
const LISTMONK = "listmonk's API sorts and counts all bounces. Deliveries are not among them.";
const WAITING = "At most 10,000 messages wait for each subscription.";
const SUBSCRIPTIONS = "One for each subscription.";
const CONNECTIONS = "A few for each connection.";
const EVERYBODY = "The run that begins with it looks at every recipient.";

/** By function of the stores, and line of its plans. */
export const KNOWN: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "alert-figures.activeDays": { "SORT ORDER BY": CONNECTIONS },
  "alert-figures.sentByCampaign": { "SORT GROUP BY": OF_A_SPAN, "SORT ORDER BY": OF_A_SPAN },
  "alert-figures.sentByProvider": { "SORT GROUP BY": CONNECTIONS },
  "alerts.closedAlerts": { "SORT ORDER BY": "Of a small table." },
  "alerts.noteAlerts": { "SORT ORDER BY": "Of its own parameter." },
  "alerts.openAlerts": { "SORT ORDER BY": "Of a small table." },
  "allowlist.allowedPage": { "SORT ORDER BY": OF_A_RECIPIENT },
  "audit.auditPage": { "SCAN audit": BY_KEY, "SORT ORDER BY": "Two pages, each as long as the limit." },
  "batches.revertingBatches": {
    "SCAN batches USING INDEX batches_reverting": "The index holds only what is being undone.",
  },
  "bounces.bounceCount": { "SCAN events USING INDEX events_bounces": LISTMONK },
  "bounces.bouncePage": { "SCAN events USING INDEX events_bounces": LISTMONK, "SORT ORDER BY": LISTMONK },
  "burst.holdBursts": {
    "SORT GROUP BY": OF_A_REQUEST,
    "SORT ORDER BY": "What was usual for one cause, of eight days.",
    "SORT count(DISTINCT)": "What one request brought, or a sample of the newest events.",
  },
  "changes.pruneChanges": { "SCAN suppression_changes": BY_KEY },
  "connection-activity.countsByConnection": { "SORT GROUP BY": CONNECTIONS },
  "erasure.eraseRecords": { "SORT DISTINCT": OF_A_RECIPIENT },
  "erasure.erasedRows": {
    "SCAN recipients USING INDEX recipients_erased": "The index holds only those of the last half hour.",
    "SORT ORDER BY": "Those of the last half hour.",
  },
  "events.eventsByIdentity": { "SORT ORDER BY": OF_A_RECIPIENT },
  "events.newestEventsOf": { "SORT ORDER BY": OF_A_RECIPIENT },
  "events.searchEvents": {
    "SCAN events": "In the order of the journal, and no further than a bounded stretch.",
    "SORT ORDER BY": "Events of one recipient, or of one message.",
  },
  "incidents.countBefore": { "SORT count(DISTINCT)": "Bounces of the window in which it was noticed." },
  "incidents.incidentById": { "SCAN events USING INDEX events_pending": PENDING },
  "incidents.incidentPage": { "SCAN events USING INDEX events_pending": PENDING },
  "journal.recordRequest": { "SORT GROUP BY": OF_A_REQUEST, "SORT ORDER BY": OF_A_REQUEST },
  "known-messages.recipientsOfMessage": { "SORT DISTINCT": OF_A_RECIPIENT },
  "metrics.metricFigures": {
    "SCAN events USING COVERING INDEX events_pending": PENDING,
    "SCAN events USING INDEX events_pending": PENDING,
    "SCAN quarantine USING COVERING INDEX quarantine_receipt": COUNTED_UP_TO,
    "SCAN recipients USING INDEX recipients_unsettled": "The index holds only what the edge cache is behind with.",
    "SORT GROUP BY": CONNECTIONS,
  },
  "notifications.allNotifications": {
    "SCAN notification_outbox USING INDEX notification_outbox_message": `${WAITING} What was given up is kept for 30 days.`,
    "SORT ORDER BY": SUBSCRIPTIONS,
  },
  "notifications.dueNotifications": { "SORT ORDER BY": SUBSCRIPTIONS },
  "outbox.dueItems": { "SORT ORDER BY": WAITING },
  "outbox.noteRounds": { "SORT ORDER BY": "Of its own parameter." },
  "outbox.outboxPage": { "SORT ORDER BY": WAITING },
  "pending.pendingOfRecipient": { "SORT ORDER BY": OF_A_RECIPIENT },
  "pending.pendingSummary": {
    "SCAN events USING COVERING INDEX events_pending": PENDING,
    "SCAN events USING INDEX events_pending": PENDING,
  },
  "pending.recordsOf": { "SORT ORDER BY": OF_A_RECIPIENT },
  "quarantine.quarantineCount": { "SCAN quarantine USING COVERING INDEX quarantine_receipt": COUNTED_UP_TO },
  "quarantine.unverifiedCount": { "SCAN quarantine USING INDEX quarantine_open": COUNTED_UP_TO },
  "rebuild.recipientsOfJournal": { "SORT GROUP BY": OF_A_STRETCH, "SORT ORDER BY": OF_A_STRETCH },
  "policy-batches.startPolicyBatch": { "SCAN recipients": EVERYBODY },
  "policy-batches.startPolicyRevert": { "SCAN recipients": EVERYBODY },
  "policy-runs.insertSimulation": { "SCAN recipients": EVERYBODY },
  "policy-runs.openRuns": { "SORT ORDER BY": "Of those that are not finished." },
  "receipts.keptReceipts": { "SORT GROUP BY": "Of its own parameter." },
  "retention.pruneBodies": { "SORT GROUP BY": OF_A_REQUEST },
  "retention.pruneEvents": { "SORT GROUP BY": OF_A_REQUEST },
  "stats.rollUpHours": { "SORT GROUP BY": CONNECTIONS },
  "stats.statsBy": {
    "SORT GROUP BY": OF_A_SPAN,
    "SORT LAST 2 TERMS OF ORDER BY": OF_A_SPAN,
    "SORT ORDER BY": OF_A_SPAN,
  },
  "stats.statsCompared": { "SORT GROUP BY": OF_A_SPAN, "SORT ORDER BY": OF_A_SPAN },
  "suppression-search.newestSuppressions": {
    "SCAN recipients USING COVERING INDEX recipients_suppressed": IN_LIST_ORDER,
    "SCAN recipients USING INDEX recipients_suppressed": IN_LIST_ORDER,
  },
  "suppression-search.searchSuppressions": {
    "SCAN recipients USING COVERING INDEX recipients_suppressed": IN_LIST_ORDER,
    "SCAN recipients USING INDEX recipients_answered": IN_LIST_ORDER,
    "SCAN recipients USING INDEX recipients_suppressed": IN_LIST_ORDER,
  },
  "sync-changes.changedSince": { "SORT GROUP BY": OF_A_PAGE, "SORT ORDER BY": OF_A_PAGE },
  "suppressions.exportedSuppressions": { "SCAN recipients USING INDEX recipients_suppressed": OF_A_PAGE },
};
