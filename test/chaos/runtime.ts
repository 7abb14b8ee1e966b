/** The built worker in a runtime that a test kills, and starts again over the same stores. */
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { unstable_readConfig } from "wrangler";

const ROOT = path.resolve(import.meta.dirname, "../..");
const HOST = "127.0.0.1";

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

interface Statement {
  bind(...values: (string | number | null)[]): Statement;
  all<T>(): Promise<{ results: T[] }>;
}

interface Database {
  prepare(sql: string): Statement;
}

interface Namespace {
  get(key: string, type: "json"): Promise<unknown>;
  list(options: { prefix: string; cursor?: string }): Promise<{
    keys: { name: string }[];
    list_complete: boolean;
    cursor?: string;
  }>;
}

interface MiniflareLike {
  readonly ready: Promise<URL>;
  dispose(): Promise<void>;
  unsafeGetDirectURL(worker: string): Promise<URL>;
  getD1Database(binding: string, worker: string): Promise<Database>;
  getKVNamespace(binding: string, worker: string): Promise<Namespace>;
  getWorker(name: string): Promise<{ scheduled(options: { cron: string }): Promise<unknown> }>;
}

interface MiniflareModule {
  readonly Miniflare: new (options: unknown) => MiniflareLike;
  readonly convertV4MiniflareOptions: (options: object) => unknown;
}

interface Module {
  readonly type: string;
  readonly path: string;
  readonly contents: string;
}

/** What the scripts of this project have; they are no TypeScript. */
function scriptOf<T>(name: string): Promise<T> {
  return import(pathToFileURL(path.join(ROOT, name)).href) as Promise<T>;
}

const processes = await scriptOf<{ descendantsOf(pid: number): { pid: number; command: string }[] }>(
  "scripts/processes.mjs",
);
const bench = await scriptOf<{
  buildWorker(directory: string): Promise<{ modules: Module[] }>;
  migrate(db: Database): Promise<void>;
}>("test/bench/worker.mjs");

/** Wrangler's own: the one that `npm start` runs on. */
const { Miniflare, convertV4MiniflareOptions }: MiniflareModule = await import(
  createRequire(createRequire(import.meta.url).resolve("wrangler")).resolve("miniflare")
);

export class ChaosRuntime {
  #stores = mkdtempSync(path.join(tmpdir(), "bouncekeeper-chaos-"));
  #modules: Module[] = [];
  #miniflare: MiniflareLike | undefined;
  #pid = 0;
  /** Where the worker listens, without the development proxy; another one after each start. */
  url = "";

  /** @param clockAheadMs what the worker's clock is ahead of this process's */
  async start(clockAheadMs = 0): Promise<void> {
    const isFirst = this.#modules.length === 0;
    if (isFirst) this.#modules = await builtWorker();
    const { compatibility_date, compatibility_flags, vars } = unstable_readConfig({
      config: path.join(ROOT, "wrangler.toml"),
    });
    const before = runtimes();
    const miniflare = new Miniflare(
      convertV4MiniflareOptions({
        host: HOST,
        port: 0,
        cf: false,
        logRequests: false,
        telemetry: { enabled: false },
        handleStructuredLogs: () => {},
        resourcePersistencePath: this.#stores,
        workers: [
          {
            name: "worker",
            modules: this.#modules,
            compatibilityDate: compatibility_date,
            compatibilityFlags: compatibility_flags,
            bindings: { ...vars, ...SECRETS, CLOCK_AHEAD_MS: clockAheadMs },
            d1Databases: { DB: "chaos" },
            kvNamespaces: { SUPPRESSIONS: "chaos" },
            durableObjects: { RECIPIENT: { className: "Recipient", useSQLite: true } },
            unsafeDirectSockets: [{ host: HOST, port: 0 }],
          },
        ],
      }),
    );
    this.#miniflare = miniflare;
    await miniflare.ready;
    this.url = (await miniflare.unsafeGetDirectURL("worker")).href.replace(/\/$/, "");
    this.#pid = runtimes().find((pid) => !before.includes(pid)) ?? 0;
    if (!this.#pid) throw new Error("The runtime's process was not found.");
    if (isFirst) await bench.migrate(await this.database());
  }

  /** As a power cut would: the process is gone in the middle of whatever it does. */
  async kill(): Promise<void> {
    process.kill(this.#pid, "SIGKILL");
    await this.#miniflare?.dispose().catch(() => {});
    this.#miniflare = undefined;
  }

  async setClock(aheadMs: number): Promise<void> {
    await fetch(`${this.url}/__clock?ms=${aheadMs}`, { method: "POST" });
  }

  /** One run of the cron. */
  async cron(): Promise<void> {
    await (await this.#running.getWorker("worker")).scheduled({ cron: "* * * * *" });
  }

  database(): Promise<Database> {
    return this.#running.getD1Database("DB", "worker");
  }

  namespace(): Promise<Namespace> {
    return this.#running.getKVNamespace("SUPPRESSIONS", "worker");
  }

  async rows<T>(sql: string, ...values: (string | number | null)[]): Promise<T[]> {
    return (
      await (
        await this.database()
      )
        .prepare(sql)
        .bind(...values)
        .all<T>()
    ).results;
  }

  /** What the process has used so far, in ms. */
  cpuMs(): number {
    const TICK_MS = 10;
    const stat = readFileSync(`/proc/${this.#pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  }

  /** What it takes of memory, in MB. */
  megabytes(): number {
    const kb = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.#pid}/status`, "utf8"))?.[1];
    return Math.round(Number(kb ?? 0) / 1_000);
  }

  async dispose(): Promise<void> {
    await this.#miniflare?.dispose().catch(() => {});
    rmSync(this.#stores, { recursive: true, force: true });
  }

  get #running(): MiniflareLike {
    if (!this.#miniflare) throw new Error("not started");
    return this.#miniflare;
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

function runtimes(): number[] {
  return processes.descendantsOf(process.pid).flatMap(({ pid, command }) => (command.includes("workerd") ? [pid] : []));
}
