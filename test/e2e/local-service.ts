/** `npm start` as a child process of a test: on a port, a data directory and secrets of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseEnv } from "node:util";

const ROOT = path.resolve(import.meta.dirname, "../..");
const START_TIMEOUT_MS = 90_000;

export async function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

export async function somebodyListens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

/** Runs a script to its end. */
export async function runScript(name: string, env: Record<string, string>, args: readonly string[] = []) {
  const child = spawn(process.execPath, [path.join(ROOT, "scripts", name), ...args], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = collect(child);
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, output: output() };
}

export class LocalService {
  readonly env: Record<string, string>;
  #directory = mkdtempSync(path.join(tmpdir(), "bouncekeeper-"));
  #child: ChildProcess | undefined;
  #output = () => "";

  constructor(readonly port: number) {
    this.env = {
      PORT: `${port}`,
      BOUNCEKEEPER_STATE: path.join(this.#directory, "state"),
      BOUNCEKEEPER_DEV_VARS: path.join(this.#directory, "dev.vars"),
    };
  }

  get output(): string {
    return this.#output();
  }

  get secrets(): Record<string, string | undefined> {
    return parseEnv(readFileSync(path.join(this.#directory, "dev.vars"), "utf8"));
  }

  /** In a process group of its own, so that all of it can be killed at once. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, [path.join(ROOT, "scripts/start.mjs")], {
      env: { ...process.env, ...this.env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    this.#child = child;
    this.#output = collect(child);
    for (const end = Date.now() + START_TIMEOUT_MS; !this.output.includes("Bouncekeeper is ready"); ) {
      if (child.exitCode !== null || Date.now() > end) throw new Error(`It did not start:\n${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** What the start script noted of the processes that belong to it. */
  processes(): readonly { readonly pid: number; readonly command: string }[] {
    return JSON.parse(readFileSync(path.join(this.#directory, "state/npm-start.json"), "utf8")).family;
  }

  /** As a power cut would: nobody gets to say goodbye. */
  async killEverything(): Promise<void> {
    await this.#end(() => process.kill(-this.#pid, "SIGKILL"));
  }

  async terminate(): Promise<number | null> {
    return this.#end(() => process.kill(this.#pid, "SIGTERM"));
  }

  /** Ends it, whatever state it is in, and removes its data. */
  async dispose(): Promise<void> {
    if (this.#child && this.#child.exitCode === null && this.#child.signalCode === null) await this.killEverything();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async fetch(pathAndQuery: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`http://localhost:${this.port}${pathAndQuery}`, init);
  }

  async isSuppressed(recipient: string, consistency: "kv" | "strong"): Promise<boolean> {
    const query = new URLSearchParams({ recipient, ...(consistency === "strong" ? { consistency } : {}) });
    const response = await this.fetch(`/v1/check?${query}`, {
      headers: { authorization: `Bearer ${this.secrets.CHECK_TOKENS}` },
    });
    if (response.status !== 200) throw new Error(`check answered ${response.status}: ${await response.text()}`);
    const answer = (await response.json()) as { suppressed: boolean };
    return answer.suppressed;
  }

  /** Reports events, which must be taken. */
  async record(events: readonly object[]): Promise<void> {
    const response = await this.fetch("/v1/events", {
      method: "POST",
      headers: { authorization: `Bearer ${this.secrets.ADMIN_TOKENS}` },
      body: JSON.stringify(events),
    });
    if (response.status !== 200) throw new Error(`events answered ${response.status}: ${await response.text()}`);
  }

  get #pid(): number {
    if (this.#child?.pid === undefined) throw new Error("not started");
    return this.#child.pid;
  }

  async #end(kill: () => void): Promise<number | null> {
    const child = this.#child;
    const ended = new Promise<number | null>((resolve) => child?.once("exit", resolve));
    kill();
    return ended;
  }
}

function collect(child: ChildProcess): () => string {
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
  }
  return () => text;
}
