/** What a simulated day came to: whether anything was lost, how long things took, what it costs. */
import { PRICES } from "../../test/bench/prices.mjs";
import { Problem } from "../project.mjs";

const DAYS_PER_MONTH = 30;
const DAY_MS = 86_400_000;

/** Nothing is made and nothing is lost on the way; what providers gave up is lost to us, and is counted. */
export function checkConservation(name, { counts, databases }) {
  const open = databases.reduce((sum, { pending }) => sum + pending.length, 0);
  const laws = [
    ["said = recorded + given up by providers", counts.said, counts.recorded + counts.givenUp],
    ["recorded = skipped + to apply", counts.recorded, counts.skipped + counts.toApply],
    ["to apply = applied", counts.toApply, counts.applied],
    ["left pending = 0", open, 0],
  ];
  for (const [law, left, right] of laws) {
    if (left !== right) throw new Problem(`${name}: ${law} does not hold: ${left}, ${right}`);
  }
}

/** Dollars for the day, by what they are for: [what, how many, dollars for each]. */
function costOf({ counts, databases, parameters: p }) {
  const applied = counts.applied;
  const invocations = counts.attempts + counts.queueDeliveries / p.queueBatch;
  const rowsWritten = counts.parts * p.rowsOfReceipt + counts.recorded * p.rowsOfEvent + applied * p.rowsOfApplied;
  const bytes = databases.reduce((sum, database) => sum + database.bytes, 0);
  return [
    ["requests and consumers' invocations", invocations, PRICES.request],
    ["ms of CPU", invocations * p.cpuMsOfRequest + counts.recorded * p.cpuMsOfEvent, PRICES.cpuMs],
    ["rows written", rowsWritten, PRICES.rowWritten],
    ["rows read", (counts.recorded + counts.duplicates) * p.rowsReadOfEvent, PRICES.rowRead],
    ["calls to objects", counts.objectCalls, PRICES.objectCall + PRICES.objectDuration],
    ["rows of objects", counts.objectCalls, PRICES.objectRow],
    ["writes of the edge cache", 2 * p.flipShare * applied, PRICES.kvWrite],
    ["operations of the queue", 3 * counts.queueDeliveries, p.queueMillion / 1e6],
    ["GB kept for a day", bytes / 1e9, p.storagePerGbMonth / DAYS_PER_MONTH],
  ].map(([what, amount, each]) => ({ what, amount, dollars: amount * each }));
}

export function summaryOf(name, day) {
  const { counts, databases, depth, lag, acknowledged, parameters } = day;
  const busiest = Math.max(...databases.map(({ busyMs }) => busyMs));
  const bytes = Math.max(...databases.map((database) => database.bytes));
  return {
    name,
    "busy on average": `${((100 * busiest) / DAY_MS).toFixed(0)} %`,
    "full after": `${(parameters.databaseBytes / bytes).toFixed(1)} days`,
    attempts: counts.attempts,
    "attempts repeated": counts.retries,
    "given up": counts.givenUp,
    "acknowledged after p50 / p99 / max": durations(acknowledged),
    "in effect after p50 / p99 / max": durations(lag),
    "queue at most": depth.queue,
    "pending at most": depth.pending,
    "applied by the cron": counts.cronApplied,
    "dollars a day": costOf(day)
      .reduce((sum, { dollars }) => sum + dollars, 0)
      .toFixed(0),
  };
}

function durations(list) {
  return [list.quantile(0.5), list.quantile(0.99), list.max].map(shown).join(" / ");
}

function shown(ms) {
  if (ms < 1_000) return `${ms.toFixed(0)} ms`;
  if (ms < 120_000) return `${(ms / 1_000).toFixed(1)} s`;
  return ms < 7_200_000 ? `${(ms / 60_000).toFixed(0)} min` : `${(ms / 3_600_000).toFixed(1)} h`;
}

export function printCost(day) {
  for (const { what, amount, dollars } of costOf(day)) {
    const shownAmount = amount < 1_000 ? amount.toFixed(1) : Math.round(amount).toLocaleString("en");
    console.log(`  ${shownAmount.padStart(15)} ${what.padEnd(36)} ${dollars.toFixed(2).padStart(9)} $`);
  }
}
