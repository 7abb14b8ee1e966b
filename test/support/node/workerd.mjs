/**
 * The built worker in a runtime of its own, reached without the development proxy: the one that the tests and
 * `npm start` run on. Linux.
 *
 * JavaScript, as Node runs the benchmark without a build; its types are beside it.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { unstable_readConfig } from "wrangler";
import { descendantsOf } from "../../../scripts/processes.mjs";
import { Problem, ROOT } from "../../../scripts/project.mjs";

const HOST = "127.0.0.1";
const WORKER = "worker";
/** Linux counts a process's time in hundredths of a second. */
const TICK_MS = 10;

/** Wrangler's own. */
const { Miniflare, convertV4MiniflareOptions } = await import(
  createRequire(createRequire(import.meta.url).resolve("wrangler")).resolve("miniflare")
);

export class Workerd {
  #miniflare;
  #pid = 0;
  url = "";

  static async start(worker) {
    const workerd = new Workerd();
    try {
      await workerd.#start(worker);
    } catch (error) {
      await workerd.dispose();
      throw error;
    }
    return workerd;
  }

  async #start(worker) {
    const before = runtimes();
    this.#miniflare = new Miniflare(optionsOf(worker));
    await this.#miniflare.ready;
    this.url = (await this.#miniflare.unsafeGetDirectURL(WORKER)).href.replace(/\/$/, "");
    this.#pid = runtimes().find((pid) => !before.includes(pid)) ?? 0;
    if (!this.#pid) throw new Problem("The runtime's process was not found: this needs Linux.");
  }

  database() {
    return this.#miniflare.getD1Database("DB", WORKER);
  }

  namespace() {
    return this.#miniflare.getKVNamespace("SUPPRESSIONS", WORKER);
  }

  async cron() {
    await (await this.#miniflare.getWorker(WORKER)).scheduled({ cron: "* * * * *" });
  }

  cpuMs() {
    const stat = readFileSync(`/proc/${this.#pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  }

  megabytes() {
    const kb = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.#pid}/status`, "utf8"))?.[1];
    return Math.round(Number(kb ?? 0) / 1_000);
  }

  async kill() {
    process.kill(this.#pid, "SIGKILL");
    await this.dispose().catch(() => {});
  }

  async dispose() {
    await this.#miniflare?.dispose();
  }
}

function optionsOf({ stores, modules, bindings, hasObjects }) {
  const { compatibility_date, compatibility_flags, vars } = unstable_readConfig({
    config: path.join(ROOT, "wrangler.toml"),
  });
  return convertV4MiniflareOptions({
    host: HOST,
    port: 0,
    cf: false,
    logRequests: false,
    telemetry: { enabled: false },
    // What the worker logs costs it time, as it does in production; nobody reads it here.
    handleStructuredLogs: () => {},
    resourcePersistencePath: stores,
    workers: [
      {
        name: WORKER,
        modules,
        compatibilityDate: compatibility_date,
        compatibilityFlags: compatibility_flags,
        bindings: { ...vars, ...bindings },
        d1Databases: { DB: "local" },
        kvNamespaces: { SUPPRESSIONS: "local" },
        ...(hasObjects ? { durableObjects: { RECIPIENT: { className: "Recipient", useSQLite: true } } } : {}),
        unsafeDirectSockets: [{ host: HOST, port: 0 }],
      },
    ],
  });
}

function runtimes() {
  return descendantsOf(process.pid).flatMap(({ pid, command }) => (command.includes("workerd") ? [pid] : []));
}
