/** How long the worker takes to start: of the profile that wrangler records of it, the time that is not idle. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { Problem } from "../../scripts/project.mjs";
import { runWrangler } from "../../scripts/wrangler.mjs";
import { median } from "./measure.mjs";

const RUNS = 3;
const US_PER_MS = 1_000;
const IDLE = ["(idle)", "(program)"];

/** @param directory for the profiles. @returns ms, the median of some runs */
export async function startUpMs(directory) {
  const runs = [];
  for (let run = 0; run < RUNS; run++) runs.push(await activeMs(path.join(directory, `start-${run}.cpuprofile`)));
  return median(runs);
}

async function activeMs(outfile) {
  const { code, stdout, stderr } = await runWrangler(["check", "startup", "--outfile", outfile]);
  if (code !== 0) throw new Problem(`The start could not be measured:\n${stdout}${stderr}`, code);
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(outfile, "utf8"));
  const names = new Map(nodes.map(({ id, callFrame }) => [id, callFrame.functionName]));
  const active = samples.map((id, i) => (IDLE.includes(names.get(id)) ? 0 : timeDeltas[i]));
  return active.reduce((sum, us) => sum + us, 0) / US_PER_MS;
}
