/**
 * What requests cost, in what D1, KV and the objects are paid and waited for. Rows as D1 counts them: indexes, and what
 * triggers write, included. These are ceilings: whoever lowers a figure lowers its line here.
 *
 * The aims: a webhook of deliveries takes three round trips to D1 and no object; every other webhook one call of each
 * recipient's object; an event of a batch writes four rows and a lone one eight. Bounces are above these still: they are
 * noted as pending, as a cause, and as applied, and what they decide is written with the list's indexes.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { setStage } from "../support/stage";
import type { Usage } from "./meter";
import { REQUESTS } from "./requests";
import { lengthenJournal } from "./seed";

/** At most. */
interface Ceiling {
  readonly trips: number;
  readonly kv?: number;
  readonly objects?: number;
  /** Rows written: with the event, and with what is decided. */
  readonly record: number;
  readonly projection?: number;
  readonly read: number;
}

const CEILINGS: Readonly<Record<keyof typeof REQUESTS, Ceiling>> = {
  "a check": { trips: 0, kv: 1, record: 0, read: 0 },
  "a check of 1,000": { trips: 1, record: 0, read: 1_010 },
  // Three: the connection's last sign of life, the journal, and whether there is anybody to tell.
  "a delivery": { trips: 3, record: 8, read: 40 },
  "100 deliveries": { trips: 3, record: 320, read: 1_100 },
  "100 deliveries again": { trips: 4, record: 0, read: 650 },
  "a soft bounce": { trips: 4, objects: 1, record: 13, projection: 3, read: 240 },
  "a hard bounce": { trips: 4, kv: 1, objects: 1, record: 13, projection: 8, read: 240 },
  "100 hard bounces": { trips: 6, kv: 100, objects: 100, record: 520, projection: 800, read: 5_800 },
  // Each has two names of its message, and each of these an index.
  "1,000 signed events": { trips: 4, kv: 20, objects: 20, record: 4_080, projection: 160, read: 12_500 },
  "a returned mail": { trips: 5, kv: 1, objects: 1, record: 13, projection: 8, read: 180 },
};
/** Deliveries alone. */
const OF_DELIVERIES = ["a delivery", "100 deliveries", "100 deliveries again"];
const AIMS = { trips: 3, rowsPerEvent: 4, rowsOfOne: 8 } as const;

const SHORT_JOURNAL = 1_000;
const LONG_JOURNAL = 20_000;
const A_FEW_ROWS = 5;
const PATIENCE_MS = 180_000;

setStage();

const inShort = new Map<string, Usage>();
const inLong = new Map<string, Usage>();
beforeAll(async () => {
  const measure = async (usages: Map<string, Usage>) => {
    for (const [name, run] of Object.entries(REQUESTS)) usages.set(name, await run());
  };
  // Counts that there are none of yet.
  for (const name of ["100 deliveries", "a soft bounce", "100 hard bounces", "1,000 signed events"])
    await REQUESTS[name]?.();
  await lengthenJournal(SHORT_JOURNAL);
  await measure(inShort);
  await lengthenJournal(LONG_JOURNAL - SHORT_JOURNAL);
  await measure(inLong);
}, PATIENCE_MS);

function usageOf(name: string): Usage {
  const usage = inLong.get(name);
  if (!usage) throw new Error(name);
  return usage;
}

/** What was read, and all else. */
function readOf(usage: Usage | undefined) {
  if (!usage) throw new Error("it was not measured");
  const { record, projection, activity, ...counts } = usage;
  return {
    read: record.read + projection.read,
    rest: { ...counts, written: [record.written, projection.written, activity.written] },
  };
}

describe("a request", () => {
  it.each(Object.entries(CEILINGS))("costs no more than it may: %s", (name, ceiling) => {
    const { trips, kvReads, kvWrites, objectCalls, record, projection } = usageOf(name);
    const cost = {
      trips,
      kv: kvReads + kvWrites,
      objects: objectCalls,
      record: record.written,
      projection: projection.written,
      read: record.read + projection.read,
    };
    const excess = Object.entries(cost).flatMap(([what, n]) => {
      const most = ceiling[what as keyof Ceiling] ?? 0;
      return n > most ? [`${what}: ${n} instead of ${most}`] : [];
    });
    expect(excess, JSON.stringify(cost)).toEqual([]);
  });

  it.each(Object.keys(REQUESTS))("costs the same in a long journal as in a short one: %s", (name) => {
    const [short, long] = [readOf(inShort.get(name)), readOf(inLong.get(name))];
    expect(long.rest).toEqual(short.rest);
    expect(long.read).toBeLessThanOrEqual(short.read + A_FEW_ROWS);
  });
});

describe("a webhook of deliveries", () => {
  it.each(OF_DELIVERIES)("asks no object and no cache: %s", (name) => {
    expect(usageOf(name)).toMatchObject({ objectCalls: 0, kvReads: 0, kvWrites: 0 });
  });

  it("takes three round trips, of which only the journal's is waited for", () => {
    for (const name of ["a delivery", "100 deliveries"]) expect(usageOf(name).trips).toBeLessThanOrEqual(AIMS.trips);
  });

  it("writes four rows for each of many, and eight for one", () => {
    expect(usageOf("100 deliveries").record.written / 100).toBeLessThanOrEqual(AIMS.rowsPerEvent);
    expect(usageOf("a delivery").record.written).toBeLessThanOrEqual(AIMS.rowsOfOne);
  });
});
