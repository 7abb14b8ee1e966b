/**
 * `npm run simulate`: a day of a hundred million events, with providers that try again, hot recipients and ten minutes
 * without a database: on one D1 database as today, on several, with and without a queue. docs/scale.md says what follows.
 *
 *   npm run simulate                       all scenarios
 *   npm run simulate -- "sixteen, queue"   these
 *
 * Environment: `SEED` (1), and each parameter of scripts/simulate/parameters.mjs by its name: `WRITE_MS=8`.
 */
import { Problem, run } from "./project.mjs";
import { simulateDay } from "./simulate/day.mjs";
import { PARAMETERS, parametersFrom } from "./simulate/parameters.mjs";
import { checkConservation, printCost, summaryOf } from "./simulate/report.mjs";

/** The part of the day's events that comes, on how many databases, with a queue or without. */
const SCENARIOS = {
  "one, a tenth of it": [0.1, 1, false],
  "one, a quarter of it": [0.25, 1, false],
  "one, half of it": [0.5, 1, false],
  eight: [1, 8, false],
  sixteen: [1, 16, false],
  "sixteen, queue": [1, 16, true],
};

await run(async () => {
  const names = process.argv.slice(2);
  const unknown = names.filter((name) => !Object.hasOwn(SCENARIOS, name));
  if (unknown.length)
    throw new Problem(`No scenario ${unknown.join(", ")}. Scenarios: ${Object.keys(SCENARIOS).join(", ")}`);
  const parameters = parametersFrom(process.env);
  for (const [name, [, what, source]] of Object.entries(PARAMETERS)) {
    console.log(`${name.padEnd(18)} ${String(parameters[name]).padStart(13)} ${what} (${source})`);
  }
  for (const name of names.length ? names : Object.keys(SCENARIOS)) {
    const [share, databases, hasQueue] = SCENARIOS[name];
    const eventsPerDay = parameters.eventsPerDay * share;
    const seed = Number(process.env.SEED || 1);
    const day = simulateDay({ databases, hasQueue, seed, parameters: { ...parameters, eventsPerDay } });
    checkConservation(name, day);
    console.log("");
    for (const [what, value] of Object.entries(summaryOf(name, day))) console.log(`${what.padEnd(36)} ${value}`);
    printCost(day);
  }
  console.log(
    "\nNothing was lost on the way: what was said was recorded or given up by its provider, and what was recorded was applied.",
  );
});
