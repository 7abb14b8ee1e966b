/** The built worker in a runtime that a test kills, and starts again over the same stores. */
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { type Database, type Module, type Namespace, Workerd } from "../support/node/workerd.mjs";

export const SECRETS = {
  ADMIN_TOKENS: "admin-of-the-chaos",
  CHECK_TOKENS: "check-of-the-chaos",
  WEBHOOK_INBOXROAD: "inboxroad-of-the-chaos",
  WEBHOOK_POWERMTA: "powermta-of-the-chaos",
  WEBHOOK_MAILGUN: "mailgun-of-the-chaos",
  WEBHOOK_SENDGRID: generateKeyPairSync("ec", { namedCurve: "prime256v1" })
    .publicKey.export({ type: "spki", format: "der" })
    .toString("base64"),
};

/** What the benchmark has; it is no TypeScript. */
const bench = (await import(pathToFileURL(path.resolve(import.meta.dirname, "../bench/worker.mjs")).href)) as {
  buildWorker(directory: string): Promise<{ modules: Module[] }>;
  migrate(db: Database): Promise<void>;
};

export class ChaosRuntime {
  #stores = mkdtempSync(path.join(tmpdir(), "bouncekeeper-chaos-"));
  #modules: Module[] = [];
  #workerd: Workerd | undefined;
  /** Where the worker listens; another one after each start. */
  url = "";

  /** @param clockAheadMs what the worker's clock is ahead of this process's */
  async start(clockAheadMs = 0): Promise<void> {
    const isFirst = this.#modules.length === 0;
    if (isFirst) this.#modules = await builtWorker();
    this.#workerd = await Workerd.start({
      stores: this.#stores,
      modules: this.#modules,
      bindings: { ...SECRETS, CLOCK_AHEAD_MS: clockAheadMs },
      hasObjects: true,
    });
    this.url = this.#workerd.url;
    if (isFirst) await bench.migrate(await this.database());
  }

  /** As a power cut would: the process is gone in the middle of whatever it does. */
  async kill(): Promise<void> {
    await this.#running.kill();
    this.#workerd = undefined;
  }

  async setClock(aheadMs: number): Promise<void> {
    await fetch(`${this.url}/__clock?ms=${aheadMs}`, { method: "POST" });
  }

  /** One run of the cron. */
  async cron(): Promise<void> {
    await this.#running.cron();
  }

  database(): Promise<Database> {
    return this.#running.database();
  }

  namespace(): Promise<Namespace> {
    return this.#running.namespace();
  }

  async rows<T>(sql: string, ...values: (string | number | null)[]): Promise<T[]> {
    const { results } = await (await this.database())
      .prepare(sql)
      .bind(...values)
      .all<T>();
    return results;
  }

  /** What the process has used so far, in ms. */
  cpuMs(): number {
    return this.#running.cpuMs();
  }

  /** What it takes of memory, in MB. */
  megabytes(): number {
    return this.#running.megabytes();
  }

  async dispose(): Promise<void> {
    await this.#workerd?.dispose().catch(() => {});
    rmSync(this.#stores, { recursive: true, force: true });
  }

  get #running(): Workerd {
    if (!this.#workerd) throw new Error("not started");
    return this.#workerd;
  }
}

async function builtWorker(): Promise<Module[]> {
  const directory = mkdtempSync(path.join(tmpdir(), "bouncekeeper-chaos-build-"));
  try {
    const { modules } = await bench.buildWorker(directory);
    const clock = readFileSync(path.join(import.meta.dirname, "clock-worker.mjs"), "utf8");
    return [{ type: "ESModule", path: "clock-worker.mjs", contents: clock }, ...modules];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
