/**
 * How long the worker takes to start, in two ways.
 *
 * As the platform counts it: the time in which the modules are evaluated, by the profile of `wrangler check startup`,
 * wrangler's own command for it. And all that somebody waits for: the CPU time of the runtime up to the first answer,
 * less that of the floors'. Then the bundle is also read and parsed, the environment is read, and the first request
 * finds its route.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { Problem } from "../../scripts/project.mjs";
import { runWrangler } from "../../scripts/wrangler.mjs";
import { median } from "./measure.mjs";
import { startFloor, startProduct } from "./worker.mjs";

/** The runtime counts its time in tens of milliseconds: many starts say more than one. */
const RUNS = 15;
const PROFILES = 5;

/** @returns ms of CPU up to the first answer, beyond the floors', the mean of some starts */
export async function startUpMs(build) {
  let sum = 0;
  for (let run = 0; run < RUNS; run++) {
    sum += await untilFirstAnswer(await startProduct(build, { isBare: true }));
    sum -= await untilFirstAnswer(await startFloor({ isBare: true }));
  }
  return sum / RUNS;
}

/**
 * @param directory for the profiles
 * @returns ms in which the modules are evaluated, the median of some profiles
 */
export async function evaluationMs(directory) {
  const runs = [];
  for (let run = 0; run < PROFILES; run++) {
    const file = path.join(directory, `startup-${run}.cpuprofile`);
    const { code, stdout, stderr } = await runWrangler(["check", "startup", "--outfile", file]);
    if (code !== 0) throw new Problem(`The profile failed:\n${stdout}${stderr}`, code);
    runs.push(activeMs(JSON.parse(readFileSync(file, "utf8"))));
  }
  return median(runs);
}

/** What a profile has but waiting. */
function activeMs({ nodes, samples, timeDeltas }) {
  const idle = new Set(nodes.filter(({ callFrame }) => callFrame.functionName === "(idle)").map(({ id }) => id));
  return samples.reduce((sum, id, i) => sum + (idle.has(id) ? 0 : timeDeltas[i]), 0) / 1_000;
}

async function untilFirstAnswer(runtime) {
  try {
    await (await fetch(`${runtime.url}/empty`, { headers: { connection: "close" } })).text();
    return runtime.cpuMs();
  } finally {
    await runtime.stop();
  }
}
