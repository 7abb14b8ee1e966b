/** The command line as a user runs it, built into a folder of its own. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { LocalService } from "./local-service";

const ROOT = path.resolve(import.meta.dirname, "../..");

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Of Node: `--max-old-space-size=50`. */
  readonly nodeArgs?: readonly string[];
}

export class CommandLine {
  readonly directory = mkdtempSync(path.join(tmpdir(), "bouncekeeper-cli-"));

  constructor(private readonly env: Readonly<Record<string, string | undefined>>) {
    const built = spawnSync(process.execPath, [path.join(ROOT, "scripts/build-package.mjs"), this.file("dist")], {
      encoding: "utf8",
    });
    if (built.status !== 0) throw new Error(`It could not be built:\n${built.stdout}${built.stderr}`);
    copyFileSync(path.join(ROOT, "package.json"), this.file("package.json"));
  }

  file(name: string): string {
    return path.join(this.directory, name);
  }

  start(args: readonly string[], { env = {}, nodeArgs = [] }: RunOptions = {}): ChildProcess {
    return spawn(process.execPath, [...nodeArgs, this.file("dist/cli/bouncekeeper.js"), ...args], {
      env: { PATH: process.env.PATH, ...this.env, ...env },
      cwd: this.directory,
      stdio: ["pipe", "pipe", "pipe"],
    });
  }

  /** Runs a command to its end. */
  async run(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
    const child = this.start(args, options);
    child.stdin?.end(options.input ?? "");
    return ended(child);
  }

  dispose(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

export async function ended(child: ChildProcess): Promise<Ended> {
  const [stdout, stderr, code] = await Promise.all([
    textOf(child.stdout),
    textOf(child.stderr),
    new Promise<number | null>((resolve) => child.once("close", resolve)),
  ]);
  return { code, stdout, stderr };
}

async function textOf(stream: NodeJS.ReadableStream | null): Promise<string> {
  let text = "";
  for await (const chunk of stream?.setEncoding("utf8") ?? []) text += chunk;
  return text;
}

/** The command line of a service's operator. */
export function commandLineOf({ port, secrets }: LocalService): CommandLine {
  return new CommandLine({
    BOUNCEKEEPER_URL: `http://localhost:${port}`,
    BOUNCEKEEPER_TOKEN: secrets.ADMIN_TOKENS,
  });
}
