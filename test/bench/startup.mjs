/**
 * How long the worker takes to start: the CPU time of its runtime up to the first answer, less that of the floors'.
 *
 * `wrangler check startup` says less, about half: its profile begins when the modules have been read, and ends when they
 * have been evaluated. Here everything counts that somebody waits for: the bundle is parsed, which goes by its size, the
 * modules are evaluated, the environment is read, and the first request finds its route.
 */
import { median } from "./measure.mjs";
import { startFloor, startProduct } from "./worker.mjs";

const RUNS = 7;

/** @returns ms of CPU, the median of some runs; the runtime counts in tens */
export async function startUpMs(build) {
  const runs = [];
  for (let run = 0; run < RUNS; run++) {
    const product = await untilFirstAnswer(await startProduct(build, { isBare: true }));
    const floor = await untilFirstAnswer(await startFloor({ isBare: true }));
    runs.push(product - floor);
  }
  return median(runs);
}

async function untilFirstAnswer(runtime) {
  try {
    await (await fetch(`${runtime.url}/empty`, { headers: { connection: "close" } })).text();
    return runtime.cpuMs();
  } finally {
    await runtime.stop();
  }
}
