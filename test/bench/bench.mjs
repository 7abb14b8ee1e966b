/**
 * `npm run bench`: what the built worker costs, against workers that do no more than nobody can do without. Load comes
 * from another process, straight to the runtime; product and floor are measured in turns. Linux.
 *
 *   npm run bench                    everything; the figures go to docs/performance.md
 *   npm run bench -- inboxroad       these cases only, nothing is written
 *   npm run bench -- rows            which statement writes how many rows
 *   npm run bench -- start           how long the worker takes to start
 *
 * Environment:
 *   ROUNDS   after the warm-up (5)
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Problem, run } from "../../scripts/project.mjs";
import { CASES, COUNTED } from "./cases.mjs";
import { measureGrowth } from "./growth.mjs";
import { countOf, inTurns, Load } from "./measure.mjs";
import { printCase, printStatements, writeReport } from "./report.mjs";
import { evaluationMs, startUpMs } from "./startup.mjs";
import { buildWorker, fillRecipients, startFloor, startProduct } from "./worker.mjs";

const RECIPIENTS = 100_000;
const PARTS = ["rows", "growth", "start", ...CASES.map(({ name }) => name)];

await run(async () => {
  const names = process.argv.slice(2);
  const unknown = names.filter((name) => !PARTS.includes(name));
  if (unknown.length) throw new Problem(`There is no ${unknown.join(", ")}. There are: ${PARTS.join(", ")}`);
  const rounds = Number(process.env.ROUNDS ?? 5);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Problem("ROUNDS must be a whole number above 0.");
  const wants = (name) => !names.length || names.includes(name);

  const directory = mkdtempSync(path.join(tmpdir(), "bouncekeeper-bench-build-"));
  const load = new Load();
  try {
    note("building the worker");
    const build = await buildWorker(directory);
    const wanted = CASES.filter(({ name }) => wants(name));
    const compared = wanted.length ? await compare(load, build, wanted, rounds) : [];
    const counted = wants("rows") ? await count(load, build) : [];
    if (names.includes("rows")) for (const one of counted) printStatements(one);
    const growth = wants("growth") ? await measureGrowth(load, build, rounds, note) : [];
    if (growth.length) console.table(growth);
    const start = wants("start") ? await measureStart(build, directory) : null;
    if (!names.length)
      writeReport({ compared, counted, growth, rounds, build: { gzipBytes: build.gzipBytes, ...start } });
  } finally {
    load.stop();
    rmSync(directory, { recursive: true, force: true });
  }
});

async function measureStart(build, directory) {
  note("starting the worker");
  const start = { evaluationMs: await evaluationMs(directory), startMs: await startUpMs(build) };
  console.log(
    `modules evaluated in ${start.evaluationMs.toFixed(1)} ms; first answer after ${start.startMs.toFixed(1)} ms of CPU`,
  );
  return start;
}

async function compare(load, build, cases, rounds) {
  const runtimes = [];
  try {
    for (const start of [() => startProduct(build), startFloor]) runtimes.push(await start());
    note(`filling both with ${RECIPIENTS} suppressed recipients`);
    for (const runtime of runtimes) await fillRecipients(runtime, RECIPIENTS);
    const [product, floor] = runtimes;
    const sides = [
      { runtime: product, side: "product" },
      { runtime: floor, side: "floor" },
    ];
    const compared = [];
    for (const one of cases) {
      const [ours, least] = await inTurns(load, one, sides, rounds, CASES.indexOf(one));
      compared.push({ ...one, product: ours, floor: { ...least, title: one.floor } });
      printCase(compared.at(-1));
    }
    return compared;
  } finally {
    for (const runtime of runtimes) await runtime.stop();
  }
}

async function count(load, build) {
  note("counting operations");
  const runtime = await startProduct(build, { isMetered: true });
  try {
    await fillRecipients(runtime, RECIPIENTS);
    const counted = [];
    for (const [i, one] of COUNTED.entries()) counted.push({ ...one, ...(await countOf(load, runtime, one, i)) });
    return counted;
  } finally {
    await runtime.stop();
  }
}

function note(text) {
  console.log(`${new Date().toISOString().slice(11, 19)} ${text}`);
}
