/**
 * One `npm start` per data directory, and no leftovers of an earlier one.
 *
 * A note in the directory says which process uses it and what it started. If that process is gone (killed, power
 * lost) but its runtime is not, the runtime is ended here: it would keep the port and write to the same database.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { urlOf } from "./local-worker.mjs";
import { killAll, rememberable, stillRunning } from "./processes.mjs";
import { Problem, shown } from "./project.mjs";

export class DevLock {
  #file;
  #state;
  #note;

  constructor(state, port) {
    this.#state = state;
    this.#file = path.join(state, "npm-start.json");
    this.#note = { ...rememberable(process.pid), port, family: [] };
  }

  /** Ends what an earlier run left behind; refuses while another run uses the directory. */
  async acquire() {
    const earlier = this.#read();
    if (earlier) {
      if (earlier.pid !== process.pid && stillRunning([earlier]).length) {
        throw new Problem(
          `Bouncekeeper is already running on ${urlOf(earlier.port)} (process ${earlier.pid}) with the data in ${shown(this.#state)}.\n` +
            "Stop it first, or give this one its own data: BOUNCEKEEPER_STATE=.wrangler/other PORT=8788 npm start",
        );
      }
      await killAll(earlier.family);
    }
    mkdirSync(this.#state, { recursive: true });
    this.#write();
  }

  /** Notes what is to be ended if this process cannot do it itself. */
  note(family) {
    this.#note.family = family;
    this.#write();
  }

  release() {
    if (this.#read()?.pid === process.pid) rmSync(this.#file, { force: true });
  }

  #write() {
    writeFileSync(this.#file, JSON.stringify(this.#note));
  }

  #read() {
    try {
      return JSON.parse(readFileSync(this.#file, "utf8"));
    } catch {
      return undefined;
    }
  }
}
