/**
 * Keeps the local worker running: restarts it when its processes die or stop answering, calls its cron every minute,
 * and ends everything when told to.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { DevServer } from "./dev-server.mjs";
import { fireCron, health, waitUntilHealthy } from "./local-worker.mjs";
import { Problem } from "./project.mjs";

const READY_TIMEOUT_MS = 60_000;
const CRON_EVERY_MS = 60_000;
const LOOK_EVERY_MS = 15_000;
/** Patient: a large import keeps the only thread of a local worker busy, and must not be killed for it. */
const BUSY_TIMEOUT_MS = 30_000;
/** After a crash nobody is busy. Wrangler needs about two seconds to restart what it can restart. */
const CRASH_GRACE_MS = 2_000;
const CRASH_TIMEOUT_MS = 3_000;
const RESTARTS_PER_MINUTE = 3;

export class Supervisor {
  #options;
  #lock;
  #say;
  #server;
  #stopping = new AbortController();
  #restarts = [];
  #cronRuns = false;
  #recovering = false;
  #fail;
  /** Rejects when the worker cannot be kept running. */
  failed;

  /**
   * @param {{ port: number, state: string, envFile: string | undefined }} options
   * @param {import("./dev-lock.mjs").DevLock} lock
   * @param {(line: string) => void} say
   */
  constructor(options, lock, say) {
    this.#options = options;
    this.#lock = lock;
    this.#say = say;
    this.failed = new Promise((_, reject) => {
      this.#fail = reject;
    });
    this.failed.catch(() => {});
  }

  /** Starts the worker and waits until it is well. @returns {Promise<boolean>} `false`: told to stop meanwhile */
  async start() {
    const server = new DevServer(this.#options);
    this.#server = server;
    // A worker that exits before it was ever well has said why; waiting for it is over at once.
    const early = new AbortController();
    server.on("line", this.#say);
    server.once("exit", () => early.abort());
    const isWell = await waitUntilHealthy({
      port: this.#options.port,
      timeoutMs: READY_TIMEOUT_MS,
      signal: AbortSignal.any([early.signal, this.#stopping.signal]),
      // Health may depend on the cron having run of late; after a night switched off it has not.
      onFirstAnswer: () => void this.#cron(),
    });
    if (this.#stopping.signal.aborted) return false;
    if (!isWell) throw new Problem("The worker could not be started; the reason is above.");
    this.#lock.note(server.remember());
    server.on("sign", (sign) => this.#onSign(sign));
    server.once("exit", () => void this.#recover("The worker's process has ended."));
    if (server.hasExited) void this.#recover("The worker's process has ended.");
    return true;
  }

  /** Watches from now on. Timers of a process that is ending do not keep it alive. */
  watch() {
    void this.#cron();
    setInterval(() => void this.#cron(), CRON_EVERY_MS).unref();
    setInterval(() => void this.#look(BUSY_TIMEOUT_MS), LOOK_EVERY_MS).unref();
  }

  async stop() {
    this.#stopping.abort();
    await this.#server?.stop();
  }

  #onSign(sign) {
    if (sign === "ready") this.#lock.note(this.#server.remember());
    if (sign === "reloading") this.#say("The source has changed: reloading.");
    if (sign === "crashed") {
      setTimeout(() => void this.#look(CRASH_TIMEOUT_MS), CRASH_GRACE_MS).unref();
    }
  }

  /** Does the worker answer at all? What it answers is its own business. */
  async #look(timeoutMs) {
    const server = this.#server;
    for (let attempt = 0; attempt < 2; attempt++) {
      if (this.#stopping.signal.aborted || this.#recovering || server !== this.#server || server.isBroken) return;
      if (await health(this.#options.port, timeoutMs)) {
        this.#lock.note(server.remember());
        return;
      }
      await sleep(500);
    }
    if (server === this.#server && !server.isBroken) await this.#recover("The worker does not answer any more.");
  }

  async #recover(reason) {
    if (this.#stopping.signal.aborted || this.#recovering) return;
    this.#recovering = true;
    try {
      // Ctrl-C ends wrangler as well as us, and the news may come in any order.
      await sleep(200);
      if (this.#stopping.signal.aborted) return;
      const now = Date.now();
      this.#restarts = [...this.#restarts.filter((at) => at > now - 60_000), now];
      if (this.#restarts.length > RESTARTS_PER_MINUTE) {
        throw new Problem(`${reason} It was restarted ${RESTARTS_PER_MINUTE} times within a minute; giving up.`);
      }
      this.#say(`${reason} Starting it again.`);
      await this.#server.stop();
      if (await this.start()) this.#say("The worker is running again. Recorded data is kept.");
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#recovering = false;
    }
  }

  async #cron() {
    if (this.#cronRuns || this.#stopping.signal.aborted) return;
    this.#cronRuns = true;
    const error = await fireCron(this.#options.port);
    this.#cronRuns = false;
    if (error && !this.#stopping.signal.aborted && !this.#recovering) this.#say(`The cron run failed: ${error}`);
  }
}
