/** The product and its floor, in turns, and what the numbers say. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Problem } from "../../scripts/project.mjs";
import { SENDGRID_KEY } from "./worker.mjs";

/** Numbers of requests are never used twice; each round takes its own. Rounds of one case follow each other. */
const NUMBERS_PER_CASE = 100_000;

export class Load {
  #child = fork(fileURLToPath(new URL("./load.mjs", import.meta.url)));

  async run(job) {
    const answered = once(this.#child, "message");
    this.#child.send({ ...job, privateKey: SENDGRID_KEY });
    const [{ ok, value, error }] = await answered;
    if (!ok) throw new Problem(`${job.name}, ${job.side}: ${error}`);
    return value;
  }

  stop() {
    this.#child.disconnect();
  }
}

/**
 * Runs a case on several runtimes, one after the other within a round and in turned order from round to round; the
 * first round warms up and is not counted.
 *
 * @param {{ runtime: import("./runtime.mjs").Runtime, side: "product" | "floor" }[]} sides
 * @returns for each side its rounds
 */
export async function inTurns(load, { name, count, concurrency }, sides, rounds, index) {
  const measured = sides.map(() => []);
  let first = index * NUMBERS_PER_CASE;
  for (let round = 0; round <= rounds; round++) {
    const order = [...sides.keys()];
    if (round % 2) order.reverse();
    for (const i of order) {
      const { runtime, side } = sides[i];
      await runtime.quiet();
      const before = runtime.cpuMs();
      const { latencies, elapsedMs } = await load.run({ url: runtime.url, name, side, first, count, concurrency });
      // What goes on after the answers is part of what they cost.
      await runtime.quiet();
      const cpuMs = (runtime.cpuMs() - before) / count;
      if (round) measured[i].push({ perSecond: (count / elapsedMs) * 1_000, cpuMs, latencies });
    }
    first += count;
  }
  return measured.map(summaryOf);
}

function summaryOf(rounds) {
  const latencies = rounds.flatMap((round) => round.latencies).sort((a, b) => a - b);
  return {
    rounds,
    perSecond: median(rounds.map((round) => round.perSecond)),
    cpuMs: median(rounds.map((round) => round.cpuMs)),
    p50: latencies[Math.floor(latencies.length / 2)],
    p99: latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * 0.99))],
  };
}

/** Of two sides of one case, the ratio of something; the median of the rounds', each with its own neighbour. */
export function ratio(product, floor, of) {
  return median(product.rounds.map((round, i) => of(round) / of(floor.rounds[i])));
}

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** What one request of a kind costs in operations. `before`: requests of its kind that come first. */
export async function countOf(load, runtime, { name, before = 1 }, index) {
  const job = { url: runtime.url, name, side: "product", concurrency: 1 };
  const first = (index + 50) * NUMBERS_PER_CASE;
  await load.run({ ...job, first, count: before });
  await runtime.quiet();
  await meterOf(runtime);
  await load.run({ ...job, first: first + before, count: 1 });
  await runtime.quiet();
  return meterOf(runtime);
}

async function meterOf(runtime) {
  const { statements, ...operations } = await (
    await fetch(`${runtime.url}/__meter`, { headers: { connection: "close" } })
  ).json();
  // Written at most once a minute, whatever comes.
  const own = statements.filter(({ sql }) => !sql.includes("connection_activity"));
  const roundTrips = operations.roundTrips - (statements.length - own.length);
  const sum = (what) => own.reduce((total, statement) => total + statement[what], 0);
  return { ...operations, roundTrips, statements: own, rowsRead: sum("read"), rowsWritten: sum("written") };
}
