/**
 * What the simulated day is made of. Every number says where it comes from: Cloudflare's pages as read in November 2026,
 * what was measured on this project, or an assumption of ours, to be replaced by what you know better.
 *
 *   published   developers.cloudflare.com: /d1/platform/limits/ (2026-04-21), /queues/platform/limits/,
 *               /durable-objects/platform/limits/, /workers/platform/pricing/
 *   measured    docs/architecture.md (rows), docs/scale.md (bytes)
 *   assumed     nobody publishes it
 */
export const PARAMETERS = {
  eventsPerDay: [100_000_000, "events", "assumed: the question"],
  singleShare: [0.15, "of events come alone, as Mailgun and Postmark post them", "assumed"],
  batchSize: [50, "events in a batch of the others", "assumed"],
  peakFactor: [1.8, "of the mean, at the busiest hour", "assumed"],
  burstFactor: [2, "more, for the minutes of a campaign", "assumed"],
  pendingShare: [
    0.04,
    "of events concern their recipient: bounces, complaints, deliveries to whom something counts",
    "assumed",
  ],
  hotShare: [0.01, "of events are bounces of the hot recipients: a mail loop", "assumed"],
  hotRecipients: [4, "recipients", "assumed"],
  flipShare: [0.3, "of applied events change an answer", "assumed"],
  answerLostShare: [0.001, "of acknowledgements do not reach the provider, which repeats them", "assumed"],

  writeMs: [4, "ms that one D1 write batch keeps the database, commit included", "published as several ms; assumed"],
  readMs: [1, "ms of one D1 read", "published as an example"],
  rowMs: [0.015, "ms more for each row written", "measured on the simulator: 68,000 rows a second"],
  maxWaitMs: [5_000, "ms that a statement waits before D1 is overloaded", "assumed"],
  databaseBytes: [10e9, "bytes of one D1 database", "published"],
  bytesInBatch: [402, "bytes of one event that came in a batch, indexes and body included", "measured"],
  bytesAlone: [849, "bytes of one event that came alone", "measured"],
  outageMs: [600_000, "ms for which no database answers, at the busiest time", "assumed: the question"],

  objectMs: [20, "ms of a call to an object, network included", "assumed"],
  objectBusyMs: [5, "ms that a call keeps its object: 200 a second", "published: 200 to 500 a second with writes"],
  waveRecipients: [40, "objects called at a time", "this project"],
  cronBudgetMs: [25_000, "ms of each minute in which the cron applies what is pending", "this project"],

  queueBatch: [100, "messages of a consumer's batch", "published"],
  queueWaitMs: [1_000, "ms for which a batch fills", "this design; published: up to 60 s"],
  queueConsumers: [10, "consumers at a time for each queue", "this design; published: up to 250"],
  queuePerSecond: [5_000, "messages a second that a queue takes", "published"],
  queueRetryMs: [30_000, "ms until a batch that failed comes again", "this design"],

  rowsOfReceipt: [5, "rows written for each receipt, body and statistics included", "measured"],
  rowsOfEvent: [3, "rows written for each event", "measured"],
  rowsOfApplied: [7, "rows more for each event that is applied", "measured"],
  rowsReadOfEvent: [11, "rows read for each event", "measured"],
  cpuMsOfRequest: [2, "ms of CPU for each request", "measured on the simulator, rounded up"],
  cpuMsOfEvent: [0.1, "ms of CPU for each event", "measured on the simulator, rounded up"],
  storagePerGbMonth: [0.75, "dollars for a GB of D1 and month", "published"],
  queueMillion: [0.4, "dollars for a million operations; three for each message", "published"],
};

/** When a provider tries again, in minutes after the attempt before; then it gives up. As long as Mailgun and longer. */
export const RETRY_MINUTES = [1, 5, 10, 20, 40, 60, 120, 240, 240, 240, 240, 240];

/** @returns the values by name, those that the environment sets (`WRITE_MS=8`) in their place */
export function parametersFrom(env) {
  return Object.fromEntries(
    Object.entries(PARAMETERS).map(([name, [usual]]) => {
      const set = Number(env[name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()]);
      return [name, set > 0 ? set : usual];
    }),
  );
}
