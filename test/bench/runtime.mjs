/** A worker in a runtime of its own, on stores that go with it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Problem } from "../../scripts/project.mjs";
import { Workerd } from "../support/node/workerd.mjs";

/** Linux counts a process's time in hundredths of a second: what it does at rest is no more than one. */
const RESTING_MS = 10;
/** A runtime that used no time for so long is done with what it does after its answers. */
const QUIET_MS = 150;
const MAX_QUIET_WAIT_MS = 120_000;

export class Runtime {
  #stores = mkdtempSync(path.join(tmpdir(), "bouncekeeper-bench-"));
  #workerd;

  /**
   * @param {{ modules: { type: string, path: string, contents: string }[], bindings: Record<string, string>, hasObjects: boolean }} worker
   */
  async start(worker) {
    this.#workerd = await Workerd.start({ ...worker, stores: this.#stores });
  }

  get url() {
    return this.#workerd.url;
  }

  database() {
    return this.#workerd.database();
  }

  namespace() {
    return this.#workerd.namespace();
  }

  /** What its process has used so far, database and simulator included, in ms. */
  cpuMs() {
    return this.#workerd.cpuMs();
  }

  /** Waits until it does nothing any more. */
  async quiet() {
    for (const end = Date.now() + MAX_QUIET_WAIT_MS; Date.now() < end; ) {
      const before = this.cpuMs();
      await sleep(QUIET_MS);
      if (this.cpuMs() - before <= RESTING_MS) return;
    }
    throw new Problem("The runtime does not come to rest.");
  }

  async stop() {
    await this.#workerd?.dispose();
    rmSync(this.#stores, { recursive: true, force: true });
  }
}
