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
/** Named by the source files that a reader of the filter needs. */
const READER = `
  export { canonicalMailbox, domainRecipient } from "./src/domain/address";
  export { listsDomain, mayListAddress, parseFilter } from "./src/domain/fuse-filter";
  export { sha256Prefix } from "./src/domain/sha256";`;

export async function measureFilter(service, { recipients }) {
  const runs = await service.measured(() => publish(service));
  const { canonicalMailbox, domainRecipient, listsDomain, mayListAddress, parseFilter, sha256Prefix } = await reader();
  const bytes = new Uint8Array(await (await service.fetch("/v1/suppressions/filter")).arrayBuffer());
  const filter = parseFilter(bytes);
  if (!filter.ok) throw new Problem(`the filter cannot be read: ${filter.error}`);

  const blockedDomains = new Map();
  const hasToBeAsked = (recipient) => {
    const address = canonicalMailbox(recipient);
    if (!address.ok) throw new Problem("no address");
    const domain = domainRecipient(address.value);
    let isBlocked = blockedDomains.get(domain);
    if (isBlocked === undefined) {
      isBlocked = listsDomain(filter.value, sha256Prefix(domain));
      blockedDomains.set(domain, isBlocked);
    }
    return isBlocked || mayListAddress(filter.value, sha256Prefix(address.value));
  };
  let missing = 0;
  for (let i = 0; i < recipients; i++) if (!hasToBeAsked(suppressedName(i))) missing++;
  if (missing) throw new Problem(`${missing} suppressed recipients are not in the filter`);
  let wrong = 0;
  for (let i = 0; i < ABSENT; i++) if (hasToBeAsked(strangerName(i))) wrong++;
  const asked = Array.from({ length: ASKED }, (_, i) => strangerName(ABSENT + i));
  const start = performance.now();
  for (const recipient of asked) hasToBeAsked(recipient);
  const perSecond = ASKED / ((performance.now() - start) / 1_000);

  return [
    `built in ${runs.result} run(s) of the cron, ${runs.seconds.toFixed(1)} s, ${runs.rowsRead} rows read`,
    `${bytes.length} bytes, ${((bytes.length * 8) / recipients).toFixed(2)} bits for each recipient`,
    `0 of ${recipients} present recipients missing`,
    `${wrong} of ${ABSENT} absent ones have to be asked: ${((wrong / ABSENT) * 100).toFixed(3)} %`,
    `a client asks it ${Math.round(perSecond / 1_000)},000 times a second`,
  ].join("\n    ");
}

/** @returns {Promise<number>} how many runs it took */
async function publish(service) {
  for (let run = 1; run <= MAX_RUNS; run++) {
    await service.cron();
    const published = await service.fetch("/v1/suppressions/filter", { method: "HEAD" }).catch(() => null);
    if (published) return run;
  }
  throw new Problem("the filter was not published");
}

async function reader() {
  const directory = mkdtempSync(path.join(tmpdir(), "bouncekeeper-reader-"));
  try {
    const outfile = path.join(directory, "reader.mjs");
    const stdin = { contents: READER, resolveDir: ROOT, loader: "ts" };
    await build({ stdin, outfile, bundle: true, format: "esm", platform: "node", logLevel: "error" });
    return await import(pathToFileURL(outfile).href);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
