/**
 * `bouncekeeper`, the command line: thin, over the client. docs/cli.md is its manual.
 *
 * Environment:
 *   BOUNCEKEEPER_URL    where the service is
 *   BOUNCEKEEPER_TOKEN  one of its ADMIN_TOKENS, or of its CHECK_TOKENS for check and scrub
 *   BOUNCEKEEPER_ACTOR  who this is, for the service's record of who did what
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { type Client, createClient } from "../client/client";
import { BouncekeeperError } from "../client/error";
import { type Command, EXIT, numberOf, type Options, UsageError } from "./command";
import { check } from "./commands/check";
import { connections } from "./commands/connections";
import { events } from "./commands/events";
import { exportLists } from "./commands/export";
import { importList, revert } from "./commands/import";
import { incidents } from "./commands/incidents";
import { parse } from "./commands/parse";
import { policy } from "./commands/policy";
import { quarantine } from "./commands/quarantine";
import { scrub } from "./commands/scrub";
import { block, release, show } from "./commands/suppressions";
import { sync } from "./commands/sync";
import { GLOBAL_OPTIONS, helpOf, overview } from "./help";
import { BrokenPipe, openTerminal, plain } from "./terminal";

const COMMANDS: readonly Command[] = [
  check,
  scrub,
  show,
  block,
  release,
  importList,
  revert,
  exportLists,
  events,
  parse,
  quarantine,
  incidents,
  policy,
  sync,
  connections,
];

const DEFAULT_TIMEOUT_SECONDS = 10;
const MAX_TIMEOUT_SECONDS = 3_600;

const terminal = openTerminal(process.stdout, process.stderr);
const interruption = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    // Who asks twice does not want to wait.
    if (interruption.signal.aborted) process.exit(EXIT.interrupted);
    interruption.abort();
  });
}

process.exitCode = await main(process.argv.slice(2)).catch(exitCodeOf);
// An input that is still open would keep us here.
process.stdin.destroy();

async function main([name, ...rest]: readonly string[]): Promise<number> {
  if (name === "--version" || name === "-v") return print(`${versionOf()}\n`);
  if (name === "--help" || name === "-h" || name === "help") return print(overview(COMMANDS));
  if (name === undefined) throw new UsageError(`Which command? ${namesOf(COMMANDS)}. See: bouncekeeper --help`);
  const command = COMMANDS.find((known) => known.name === name);
  if (!command) throw new UsageError(`There is no command ${plain(name)}; there are ${namesOf(COMMANDS)}.`);
  const { values, positionals } = parsed(command, rest);
  if (values.help) return print(helpOf(command));
  const [min, max] = command.count;
  if (positionals.length < min || positionals.length > max) {
    throw new UsageError(`Usage: bouncekeeper ${name} ${command.args}. See: bouncekeeper ${name} --help`);
  }
  const client = clientOf(values as Readonly<Record<string, string | undefined>>);
  return command.run({ values, args: positionals, client, terminal, signal: interruption.signal });
}

function parsed(command: Command, args: readonly string[]) {
  const options: Options = { ...command.options, ...GLOBAL_OPTIONS };
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    // Node's own words name the option, and not its value.
    throw new UsageError(`${(error as Error).message.split(". ")[0]}. See: bouncekeeper ${command.name} --help`);
  }
}

function clientOf({ url, token, timeout }: Readonly<Record<string, string | undefined>>): Client {
  const { BOUNCEKEEPER_URL, BOUNCEKEEPER_TOKEN, BOUNCEKEEPER_ACTOR } = process.env;
  const [where, who] = [url ?? BOUNCEKEEPER_URL, token ?? BOUNCEKEEPER_TOKEN];
  if (!where) throw new UsageError("Where is the service? Set BOUNCEKEEPER_URL, or give --url.");
  if (!who) throw new UsageError("Set BOUNCEKEEPER_TOKEN, or give --token.");
  const seconds = numberOf("timeout", timeout, 1, MAX_TIMEOUT_SECONDS) ?? DEFAULT_TIMEOUT_SECONDS;
  const headers = {
    "user-agent": `bouncekeeper/${versionOf()}`,
    ...(BOUNCEKEEPER_ACTOR ? { "x-actor": BOUNCEKEEPER_ACTOR } : {}),
  };
  return createClient({ url: where, token: who, timeoutMs: seconds * 1_000, headers });
}

/** One line for people, and a number for scripts. */
function exitCodeOf(error: unknown): number {
  // Whatever the interruption made of what was going on.
  if (interruption.signal.aborted) return EXIT.interrupted;
  if (error instanceof BrokenPipe) return EXIT.brokenPipe;
  if (error instanceof UsageError || error instanceof TypeError) {
    terminal.note(`bouncekeeper: ${plain(error.message)}`);
    return EXIT.usage;
  }
  if (error instanceof BouncekeeperError) {
    const request = error.requestId === undefined ? "" : `, request ${error.requestId}`;
    terminal.note(`bouncekeeper: ${plain(error.message)} (${plain(error.code)}${request})`);
    return error.isUnavailable || error.code === "bad_answer" ? EXIT.unavailable : EXIT.usage;
  }
  throw error;
}

async function print(text: string): Promise<number> {
  await terminal.write(text);
  return EXIT.ok;
}

function namesOf(commands: readonly Command[]): string {
  return commands.map(({ name }) => name).join(", ");
}

/** The package's, which is two folders up from the bundle as from this file. */
function versionOf(): string {
  const file = readFileSync(path.join(import.meta.dirname, "../../package.json"), "utf8");
  return (JSON.parse(file) as { version: string }).version;
}
