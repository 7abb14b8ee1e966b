/** A worker in a runtime of its own, reached without the development proxy, and what the runtime's process has used. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { unstable_readConfig } from "wrangler";
import { descendantsOf } from "../../scripts/processes.mjs";
import { Problem, ROOT } from "../../scripts/project.mjs";

const HOST = "127.0.0.1";
/** Linux counts a process's time in hundredths of a second. */
const TICK_MS = 10;
/** A runtime that used no time for so long is done with what it does after its answers. */
const QUIET_MS = 150;
const MAX_QUIET_WAIT_MS = 120_000;

/** Wrangler's own Miniflare: the one that the tests and `npm start` run on. */
const { Miniflare, convertV4MiniflareOptions } = await import(
  createRequire(createRequire(import.meta.url).resolve("wrangler")).resolve("miniflare")
);

export class Runtime {
  #directory = mkdtempSync(path.join(tmpdir(), "bouncekeeper-bench-"));
  #miniflare;
  #pid;

  /**
   * @param {{ modules: { type: string, path: string, contents: string }[], bindings: Record<string, string>, hasObjects: boolean }} worker
   */
  async start({ modules, bindings, hasObjects }) {
    const { compatibility_date, compatibility_flags, vars } = unstable_readConfig({
      config: path.join(ROOT, "wrangler.toml"),
    });
    const before = runtimes();
    this.#miniflare = new Miniflare(
      convertV4MiniflareOptions({
        host: HOST,
        port: 0,
        cf: false,
        logRequests: false,
        telemetry: { enabled: false },
        // What the worker logs costs it time, as it does in production; nobody reads it here.
        handleStructuredLogs: () => {},
        resourcePersistencePath: this.#directory,
        workers: [
          {
            name: "worker",
            modules,
            compatibilityDate: compatibility_date,
            compatibilityFlags: compatibility_flags,
            bindings: { ...vars, ...bindings },
            d1Databases: { DB: "bench" },
            kvNamespaces: { SUPPRESSIONS: "bench" },
            ...(hasObjects ? { durableObjects: { RECIPIENT: { className: "Recipient", useSQLite: true } } } : {}),
            unsafeDirectSockets: [{ host: HOST, port: 0 }],
          },
        ],
      }),
    );
    await this.#miniflare.ready;
    this.url = (await this.#miniflare.unsafeGetDirectURL("worker")).href.replace(/\/$/, "");
    this.#pid = runtimes().find((pid) => !before.includes(pid));
    if (this.#pid === undefined) throw new Problem("The runtime's process was not found: this needs Linux.");
  }

  database() {
    return this.#miniflare.getD1Database("DB", "worker");
  }

  namespace() {
    return this.#miniflare.getKVNamespace("SUPPRESSIONS", "worker");
  }

  /** Runs the worker's cron once. */
  async cron() {
    const worker = await this.#miniflare.getWorker("worker");
    await worker.scheduled({ cron: "* * * * *" });
  }

  /** What its process has used so far, database and simulator included, in ms. */
  cpuMs() {
    const stat = readFileSync(`/proc/${this.#pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  }

  /** Waits until it does nothing any more. */
  async quiet() {
    for (const end = Date.now() + MAX_QUIET_WAIT_MS; Date.now() < end; ) {
      const before = this.cpuMs();
      await sleep(QUIET_MS);
      if (this.cpuMs() - before <= TICK_MS) return;
    }
    throw new Problem("The runtime does not come to rest.");
  }

  async stop() {
    await this.#miniflare?.dispose();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

function runtimes() {
  return descendantsOf(process.pid).flatMap(({ pid, command }) => (command.includes("workerd") ? [pid] : []));
}
