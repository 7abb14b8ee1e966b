/**
 * One day of events, simulated: providers post and try again, databases record, objects decide, databases project.
 *
 * A request is recorded part by part, one for each database that its recipients hash to; it is acknowledged when all parts
 * are. What concerns a recipient is then applied: at once, as today, or by the consumers of a queue. What fails stays
 * pending, for the cron or for the queue's next attempt. After the day nothing new comes, and everything is given the time
 * that it takes.
 */
import { Appliers } from "./apply.mjs";
import { Database } from "./database.mjs";
import { RETRY_MINUTES } from "./parameters.mjs";
import { Agenda, Chance, Durations } from "./structures.mjs";

const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;
/** The busiest hour, in the middle of which the databases are out. */
const PEAK_MS = 14 * 60 * MINUTE_MS;
const BURSTS_MS = [9 * 60 * MINUTE_MS, 14 * 60 * MINUTE_MS, 17 * 60 * MINUTE_MS];
const BURST_MS = 15 * MINUTE_MS;
const JITTER = 0.2;

/**
 * @param {{ databases: number, hasQueue: boolean, seed: number, parameters: Record<string, number> }} scenario
 * @returns the counts and durations of the day; nothing is left open
 */
export function simulateDay({ databases, hasQueue, seed, parameters }) {
  const outage = { from: PEAK_MS, until: PEAK_MS + parameters.outageMs };
  const world = {
    parameters,
    agenda: new Agenda(),
    chance: new Chance(seed),
    databases: Array.from({ length: databases }, () => new Database(parameters, outage)),
    counts: {
      requests: 0,
      attempts: 0,
      retries: 0,
      said: 0,
      recorded: 0,
      duplicates: 0,
      skipped: 0,
      toApply: 0,
      applied: 0,
      givenUp: 0,
      parts: 0,
      objectCalls: 0,
      queueMessages: 0,
      queueDeliveries: 0,
      queueRefused: 0,
      cronApplied: 0,
    },
    acknowledged: new Durations(),
    lag: new Durations(),
    depth: { queue: 0, pending: 0 },
  };
  const appliers = new Appliers(world, hasQueue);
  const arrivals = arrivalsOf(world);
  let coming = arrivals.next().value;
  while (coming || world.agenda.size) {
    if (coming && coming.at <= world.agenda.next) {
      attempt(world, appliers, coming, coming.at);
      coming = arrivals.next().value;
    } else {
      const { at, act } = world.agenda.take();
      act(at);
    }
  }
  return world;
}

/** New requests, in the order of their time. */
function* arrivalsOf({ parameters, chance, counts, databases }) {
  const { eventsPerDay, singleShare, batchSize, peakFactor, burstFactor } = parameters;
  const singles = eventsPerDay * singleShare;
  const batches = (eventsPerDay * (1 - singleShare)) / batchSize;
  const meanGapMs = DAY_MS / (singles + batches);
  const amplitude = peakFactor - 1;
  for (let at = 0; ; ) {
    const wave = 1 + amplitude * Math.cos(((at - PEAK_MS) / DAY_MS) * 2 * Math.PI);
    const isBurst = BURSTS_MS.some((from) => at >= from && at < from + BURST_MS);
    at += chance.exponential(meanGapMs / (wave * (isBurst ? burstFactor : 1)));
    if (at >= DAY_MS) return;
    const size = chance.next() * (singles + batches) < singles ? 1 : batchSize;
    counts.requests++;
    counts.said += size;
    yield { at, size, parts: partsOf(size, databases.length, chance), attempts: 0 };
  }
}

/** How many of a request's events go to which database. */
function partsOf(size, databases, chance) {
  const events = new Map();
  for (let i = 0; i < size; i++) {
    const index = databases === 1 ? 0 : chance.below(databases);
    events.set(index, (events.get(index) ?? 0) + 1);
  }
  return [...events].map(([index, count]) => ({ index, count, isRecorded: false }));
}

/** One attempt of a provider. */
function attempt(world, appliers, request, now) {
  const { counts, chance, parameters } = world;
  counts.attempts++;
  let isAcknowledged = true;
  let answeredAt = now;
  for (const part of request.parts) {
    const done = record(world, appliers, request, part, now);
    if (done) answeredAt = Math.max(answeredAt, done.at);
    if (!done?.isHeard) isAcknowledged = false;
  }
  if (isAcknowledged && chance.next() >= parameters.answerLostShare) {
    world.acknowledged.add(answeredAt - request.at, request.size);
    return;
  }
  const waitMinutes = RETRY_MINUTES[request.attempts++];
  if (waitMinutes === undefined) {
    for (const part of request.parts) if (!part.isRecorded) counts.givenUp += part.count;
    return;
  }
  counts.retries++;
  const jitter = 1 + JITTER * (2 * chance.next() - 1);
  world.agenda.put(now + waitMinutes * MINUTE_MS * jitter, (at) => attempt(world, appliers, request, at));
}

/** One batch on one database: receipt and events, or the discovery that they are there. */
function record(world, appliers, request, part, now) {
  const { counts, parameters, databases } = world;
  const database = databases[part.index];
  if (part.isRecorded) {
    const done = database.read(now);
    if (done) counts.duplicates += part.count;
    return done;
  }
  const rows = parameters.rowsOfReceipt + part.count * parameters.rowsOfEvent;
  const done = database.write(now, rows);
  if (!done) return null;
  part.isRecorded = true;
  database.bytes += part.count * (request.size === 1 ? parameters.bytesAlone : parameters.bytesInBatch);
  counts.parts++;
  counts.recorded += part.count;
  appliers.apply(part, done.at);
  return done;
}
