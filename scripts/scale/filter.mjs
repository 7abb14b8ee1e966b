/** The filter: how large it is, how often it is wrong, and how fast a client asks it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { Problem, ROOT } from "../project.mjs";
import { strangerName, suppressedName } from "./seed.mjs";

const ABSENT = 10_000_000;
const ASKED = 1_000_000;
const MAX_RUNS = 1_000;
const FILTER_PATH = "/v1/suppressions/filter";

export async function measureFilter(service, { recipients }) {
  const runs = await service.measured(() => publish(service));
  const bytes = Number((await service.fetch(FILTER_PATH, { method: "HEAD" })).headers.get("content-length"));
  const { createClient } = await clientModule();
  const { mayBeSuppressed } = await createClient({ url: service.url, token: service.token }).filter();

  let missing = 0;
  for (let i = 0; i < recipients; i++) if (!mayBeSuppressed(suppressedName(i))) missing++;
  if (missing) throw new Problem(`${missing} suppressed recipients are not in the filter`);
  let wrong = 0;
  for (let i = 0; i < ABSENT; i++) if (mayBeSuppressed(strangerName(i))) wrong++;
  // As they come out of a file.
  const asked = JSON.parse(JSON.stringify(Array.from({ length: ASKED }, (_, i) => strangerName(ABSENT + i))));
  // Of a core's own time, whatever else the machine does.
  const before = process.cpuUsage();
  for (const recipient of asked) mayBeSuppressed(recipient);
  const { user, system } = process.cpuUsage(before);
  const perSecond = ASKED / ((user + system) / 1e6);

  return [
    `built in ${runs.result} run(s) of the cron, ${runs.seconds.toFixed(1)} s, ${runs.rowsRead} rows read`,
    `${bytes} bytes, ${((bytes * 8) / recipients).toFixed(2)} bits for each recipient`,
    `0 of ${recipients} present recipients missing`,
    `${wrong} of ${ABSENT} absent ones have to be asked: ${((wrong / ABSENT) * 100).toFixed(3)} %`,
    `the client asks it ${Math.round(perSecond / 1_000)},000 times in a second of one core's time`,
  ].join("\n    ");
}

/** @returns {Promise<number>} how many runs it took */
async function publish(service) {
  for (let run = 1; run <= MAX_RUNS; run++) {
    await service.cron();
    const published = await service.fetch(FILTER_PATH, { method: "HEAD" }).catch(() => null);
    if (published) return run;
  }
  throw new Problem("the filter was not published");
}

/** What senders import, as it stands in the source. */
async function clientModule() {
  const directory = mkdtempSync(path.join(tmpdir(), "bouncekeeper-client-"));
  try {
    const outfile = path.join(directory, "client.mjs");
    const entryPoints = [path.join(ROOT, "src/client/client.ts")];
    await build({ entryPoints, outfile, bundle: true, format: "esm", platform: "node", logLevel: "error" });
    return await import(pathToFileURL(outfile).href);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
