/** The service for a measurement: on stores of its own that are gone afterwards, with its statements counted. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createTestHarness } from "wrangler";
import { descendantsOf } from "../processes.mjs";
import { Problem, ROOT } from "../project.mjs";

const ADMIN_TOKEN = "admin-of-the-measurement";
const METERED_WORKER = path.join(ROOT, "scripts/scale/metered-worker.mjs");
const SAMPLE_EVERY_MS = 100;
const SIMULATOR_FAULT = /^Error: Network connection lost/;

export class Service {
  #directory = mkdtempSync(path.join(tmpdir(), "bouncekeeper-scale-"));
  #server;
  #url;

  /** @param vars TOML of variables beside the project's own */
  async start(vars = "") {
    process.env.CLOUDFLARE_CF_FETCH_ENABLED = "false";
    const configPath = path.join(this.#directory, "wrangler.toml");
    const toml = configFor(readFileSync(path.join(ROOT, "wrangler.toml"), "utf8"));
    writeFileSync(configPath, `${toml}\n${vars}\n`);
    this.#server = createTestHarness({ root: ROOT, workers: [{ configPath, secrets: { ADMIN_TOKENS: ADMIN_TOKEN } }] });
    this.#url = (await this.#server.listen()).url;
    await this.#worker.applyD1Migrations("DB");
  }

  get #worker() {
    return this.#server.getWorker("bouncekeeper");
  }

  get url() {
    return this.#url.href.replace(/\/$/, "");
  }

  get token() {
    return ADMIN_TOKEN;
  }

  /** The database itself. */
  async database() {
    return (await this.#worker.getEnv()).DB;
  }

  /** A request as an operator; any answer but a success is a problem. */
  async fetch(pathAndQuery, init = {}) {
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, ...init.headers };
    const response = await fetch(new URL(pathAndQuery, this.#url), { ...init, headers });
    if (response.ok) return response;
    const text = await response.text();
    // After a long upload the simulator's front end loses the connection that it keeps open, once.
    if (SIMULATOR_FAULT.test(text) && init.body === undefined) return this.fetch(pathAndQuery, init);
    throw new Problem(`${init.method ?? "GET"} ${pathAndQuery} answered ${response.status}: ${text}`);
  }

  /** Posts JSON. */
  post(pathAndQuery, json, init = {}) {
    const headers = { "content-type": "application/json", ...init.headers };
    return this.fetch(pathAndQuery, { method: "POST", body: JSON.stringify(json), ...init, headers });
  }

  /** One run of the cron. */
  async cron() {
    await this.#worker.scheduled({ cron: "* * * * *", scheduledTime: new Date() });
  }

  /**
   * Runs something and measures: seconds, statements and rows of the database, and the most memory that the runtime's
   * processes took at a time beyond what they had before.
   */
  async measured(work) {
    await this.#meter();
    const before = runtimeMegabytes();
    let peak = before;
    const sampling = setInterval(() => {
      peak = Math.max(peak, runtimeMegabytes());
    }, SAMPLE_EVERY_MS);
    const start = performance.now();
    try {
      const result = await work();
      const seconds = (performance.now() - start) / 1_000;
      return {
        result,
        seconds,
        memory: { before, peak: Math.max(peak, runtimeMegabytes()) },
        ...(await this.#meter()),
      };
    } finally {
      clearInterval(sampling);
    }
  }

  async #meter() {
    return (await this.fetch("/__meter")).json();
  }

  async stop() {
    await this.#server?.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** The project's own configuration, as it reads from elsewhere, with the metered worker around the worker. */
function configFor(toml) {
  const migrations = JSON.stringify(path.join(ROOT, "migrations"));
  return toml
    .replace(/^main = .*$/m, `main = ${JSON.stringify(METERED_WORKER)}`)
    .replace(/^migrations_dir = .*$/m, `migrations_dir = ${migrations}`)
    .replaceAll('"./', `"${ROOT.replaceAll("\\", "/")}`);
}

/** Of all runtimes that this process has started. Linux only; elsewhere 0. */
function runtimeMegabytes() {
  const runtimes = descendantsOf(process.pid).filter(({ command }) => command.includes("workerd"));
  return Math.round(runtimes.reduce((sum, { pid }) => sum + residentBytes(pid), 0) / 1e6);
}

function residentBytes(pid) {
  try {
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1_024;
  } catch {
    return 0;
  }
}
