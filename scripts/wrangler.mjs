/**
 * Wrangler under the Node that runs this script: `npm run wrangler -- d1 list`.
 *
 * Wrangler's own launcher refuses Node below 22, its program does not; so the program is started directly. The
 * other scripts import `spawnWrangler` and `runWrangler` from here.
 *
 * Environment:
 *   BOUNCEKEEPER_WRANGLER  another program in wrangler's place (tests)
 */
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { Problem, ROOT, run } from "./project.mjs";

/** No telemetry, no advertising, no log files in the home directory, no look-ups that need a network. */
const QUIET = {
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  WRANGLER_HIDE_BANNER: "true",
  WRANGLER_NO_SKILLS_UPDATE_PROMPTS: "true",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_WRITE_LOGS: "false",
  // It writes every URL to a file, with the tokens and addresses in it, and grows without end.
  X_LOCAL_OBSERVABILITY: "false",
};

function programPath() {
  if (process.env.BOUNCEKEEPER_WRANGLER) return process.env.BOUNCEKEEPER_WRANGLER;
  try {
    return createRequire(import.meta.url).resolve("wrangler");
  } catch {
    throw new Problem("The packages are not installed yet. Run: npm install");
  }
}

/**
 * @param {string[]} args
 * @param {{ stdio?: import("node:child_process").StdioOptions, env?: Record<string, string>, nodeArgs?: string[] }} options
 */
export function spawnWrangler(args, { stdio = "inherit", env = {}, nodeArgs = [] } = {}) {
  return spawn(process.execPath, ["--no-warnings", ...nodeArgs, programPath(), ...args], {
    cwd: ROOT,
    env: { ...QUIET, ...process.env, ...env },
    stdio,
  });
}

/** Runs a command to its end without a terminal, so that it asks nothing; answers what it printed. */
export async function runWrangler(args, { env = {} } = {}) {
  const child = spawnWrangler(args, { stdio: ["ignore", "pipe", "pipe"], env });
  const [stdout, stderr, code] = await Promise.all([textOf(child.stdout), textOf(child.stderr), exitCodeOf(child)]);
  return { code, stdout, stderr };
}

/** Runs a command in the user's terminal; answers its exit code. */
export async function runWranglerInTerminal(args) {
  const child = spawnWrangler(args);
  // A terminal sends Ctrl-C to both of us, but a process manager's SIGTERM reaches only this process.
  const forward = (signal) => child.kill(signal);
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.on(signal, forward);
  const code = await exitCodeOf(child);
  for (const signal of signals) process.off(signal, forward);
  return code;
}

function exitCodeOf(child) {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? 1));
  });
}

async function textOf(stream) {
  let text = "";
  for await (const chunk of stream.setEncoding("utf8")) text += chunk;
  return text;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await run(() => runWranglerInTerminal(process.argv.slice(2)));
}
