/**
 * `npm run scale`: how the service does with a million suppressed recipients, on this machine. It starts the worker on
 * stores of its own, fills them, and measures step by step; a step that finds something wrong fails.
 *
 *   npm run scale                    all steps
 *   npm run scale -- check scrub     these
 *
 * Environment:
 *   RECIPIENTS   on the list (1000000)
 *   LINES        of the list that is scrubbed (1000000)
 *   IMPORTED     rows of the list that is imported and taken back (100000)
 *
 * The seconds are those of a simulator on a shared machine. Statements, rows and bytes are what counts.
 */
import { Problem, run } from "./project.mjs";
import { seedRecipients } from "./scale/seed.mjs";
import { Service } from "./scale/service.mjs";
import { STEPS } from "./scale/steps.mjs";

await run(async () => {
  const names = process.argv.slice(2);
  const unknown = names.filter((name) => !Object.hasOwn(STEPS, name));
  if (unknown.length)
    throw new Problem(`There is no step ${unknown.join(", ")}. Steps: ${Object.keys(STEPS).join(", ")}`);
  const sizes = { recipients: sizeOf("RECIPIENTS"), lines: sizeOf("LINES"), imported: sizeOf("IMPORTED", "100000") };
  const service = new Service();
  try {
    await service.start();
    await fill(service, sizes.recipients);
    for (const name of names.length ? names : Object.keys(STEPS)) await measure(service, STEPS[name], sizes);
  } finally {
    await service.stop();
  }
});
process.exit();

function sizeOf(name, usual = "1000000") {
  const text = process.env[name] || usual;
  const size = Number(text);
  if (Number.isInteger(size) && size > 0) return size;
  throw new Problem(`${name} must be a whole number above 0, not "${text}".`);
}

async function fill(service, recipients) {
  const start = performance.now();
  await seedRecipients(await service.database(), recipients, (done) => {
    if (process.stdout.isTTY) process.stdout.write(`\rFilling: ${done} of ${recipients}`);
  });
  const seconds = ((performance.now() - start) / 1_000).toFixed(1);
  console.log(`${process.stdout.isTTY ? "\r" : ""}Filled with ${recipients} suppressed recipients in ${seconds} s`);
}

async function measure(service, { title, run: step }, sizes) {
  const m = await service.measured(() => step(service, sizes));
  const database = `${m.statements} statements in ${m.roundTrips} round trips, ${m.rowsRead} rows read, ${m.rowsWritten} written, ${Math.round(m.databaseMs)} ms in the database`;
  console.log(`\n${title}: ${m.seconds.toFixed(2)} s`);
  console.log(`    ${m.result}`);
  console.log(`    ${database}; ${m.kvOperations} operations of KV`);
  console.log(`    the runtime took ${m.memory.before} MB before, ${m.memory.peak} MB at most`);
}
