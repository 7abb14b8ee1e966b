/**
 * One `wrangler dev`, watched: started, found ready, ended with everything it started.
 *
 * Wrangler starts two runtimes (a proxy and the worker's). If the worker's dies, wrangler restarts it by itself; if
 * the proxy's dies, wrangler restarts it too, but every request then waits for ever. Therefore the watching here asks
 * the worker itself.
 */
import { EventEmitter } from "node:events";
import { accessSync, constants } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { readLine } from "./dev-output.mjs";
import { descendantsOf, killAll, rememberable } from "./processes.mjs";
import { spawnWrangler } from "./wrangler.mjs";

const STOP_TIMEOUT_MS = 5_000;
const LAST_WORDS_MS = 300;
const FOLLOW_PARENT = new URL("./follow-parent.mjs", import.meta.url).href;

/**
 * Events: `line` (text to show), `sign` ("broken", "crashed", "reloading", "ready"), `exit`.
 */
export class DevServer extends EventEmitter {
  /** Wrangler and everything it started, as last seen: to be ended with it, even if it was killed. */
  #family = [];
  #child;
  #exited;
  /** The source does not build: requests wait until it does, which is no fault of the processes. */
  isBroken = false;
  hasExited = false;

  /**
   * @param {{ port: number, state: string, envFile: string | undefined }} options
   *   `envFile`: secrets from there instead of `.dev.vars`
   */
  constructor({ port, state, envFile }) {
    super();
    const args = ["dev", "--port", `${port}`, "--inspector-port", "0", "--persist-to", state];
    if (envFile) args.push("--env-file", envFile);
    this.#child = spawnWrangler(args, {
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      env: homeFor(state),
      nodeArgs: ["--import", FOLLOW_PARENT],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => this.#read(line));
    }
    this.#exited = new Promise((resolve) => {
      const end = () => {
        if (this.hasExited) return;
        this.hasExited = true;
        this.emit("exit");
        resolve();
      };
      this.#child.once("error", (error) => {
        this.emit("line", String(error));
        end();
      });
      // "close" comes after its last words. A surviving child of its own could hold them back for ever.
      this.#child.once("close", end);
      this.#child.once("exit", () => setTimeout(end, LAST_WORDS_MS));
    });
  }

  #read(raw) {
    const { text, sign } = readLine(raw);
    if (text !== null) this.emit("line", text);
    if (!sign) return;
    if (sign !== "crashed") this.isBroken = sign === "broken";
    this.emit("sign", sign);
  }

  /** Looks up again which processes belong to it: a reload replaces the runtime. */
  remember() {
    const pid = this.#child.pid;
    if (!this.hasExited && pid !== undefined) this.#family = [rememberable(pid), ...descendantsOf(pid)];
    return this.#family;
  }

  /** Ends it and all it started: politely, then by force. */
  async stop() {
    this.remember();
    if (!this.hasExited) {
      this.#child.kill("SIGTERM");
      await Promise.race([this.#exited, sleep(STOP_TIMEOUT_MS, undefined, { ref: false })]);
      if (!this.hasExited) this.#child.kill("SIGKILL");
    }
    await killAll(this.#family);
  }
}

/**
 * Wrangler keeps notes in the user's home, among them which workers are under development (that is how another one
 * binds to ours). Without a home to write to, or with data that is kept apart, they are kept with the data.
 */
function homeFor(state) {
  try {
    accessSync(homedir(), constants.W_OK);
    if (!process.env.BOUNCEKEEPER_STATE) return {};
  } catch {
    // A container's user often has none.
  }
  return { XDG_CONFIG_HOME: path.join(state, "config") };
}
