/**
 * What a million events cost, at Cloudflare's list prices beyond what a plan includes, in US dollars:
 * https://developers.cloudflare.com/workers/platform/pricing/ and /durable-objects/platform/pricing/ (read 2026-11).
 */
export const PRICES = {
  request: 0.3 / 1e6,
  cpuMs: 0.02 / 1e6,
  rowWritten: 1 / 1e6,
  rowRead: 0.001 / 1e6,
  /** By the key, also where one operation reads several. */
  kvRead: 0.5 / 1e6,
  kvWrite: 5 / 1e6,
  objectCall: 0.15 / 1e6,
  /** An object is awake for about 10 ms a call, at 128 MB: 12.50 for a million GB-seconds. */
  objectDuration: (0.01 * 0.128 * 12.5) / 1e6,
  /** Each call that says something new writes the object's one row. */
  objectRow: 1 / 1e6,
};

/** Of one request that is about so many things: [what, how many of it for one thing, dollars for a million things]. */
export function costOf(counted, cpuMs, units = 1) {
  const amounts = [
    ["request", 1],
    ["cpuMs", cpuMs],
    ["rowRead", counted.rowsRead],
    ["rowWritten", counted.rowsWritten],
    ["kvRead", counted.kvKeysRead],
    ["kvWrite", counted.kvWrites],
    ["objectCall", counted.objectCalls],
    ["objectDuration", counted.objectCalls],
    ["objectRow", counted.objectCalls],
  ];
  return amounts.map(([what, amount]) => ({
    what,
    each: amount / units,
    perMillion: (amount / units) * PRICES[what] * 1e6,
  }));
}

export function totalOf(costs) {
  return costs.reduce((sum, { perMillion }) => sum + perMillion, 0);
}
