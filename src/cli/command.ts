/** What a command is: its options as data, which both the parser and the help read. */
import type { ParseArgsConfig, parseArgs } from "node:util";
import type { Client } from "../client/client";
import type { Terminal } from "./terminal";

export interface Option {
  readonly type: "string" | "boolean";
  readonly short?: string;
  /** What the help calls its value: `FILE`. */
  readonly value?: string;
  readonly help: string;
}

export type Options = Readonly<Record<string, Option>>;

export type Values<O extends Options> = ReturnType<
  typeof parseArgs<{ options: O & ParseArgsConfig["options"] }>
>["values"];

export interface Run<O extends Options> {
  readonly values: Values<O>;
  readonly args: readonly string[];
  readonly client: Client;
  readonly terminal: Terminal;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

export interface Command<O extends Options = Options> {
  readonly name: string;
  readonly summary: string;
  readonly detail?: string;
  /** What follows the name: `ADDRESS…`. */
  readonly args: string;
  /** At least and at most so many arguments. */
  readonly count: readonly [number, number];
  readonly options: O;
  /** What exit codes above 0 mean here, beside the usual ones. */
  readonly exits?: Readonly<Record<number, string>>;
  readonly examples: readonly string[];
  /** @returns the exit code */
  readonly run: (run: Run<O>) => Promise<number>;
}

/** Keeps the types of the options. */
export function defineCommand<const O extends Options>(command: Command<O>): Command {
  return command as unknown as Command;
}

/** One of several things that a command does: the first argument names it, the others are its own. */
export type Action<O extends Options> = (run: Run<O>, args: readonly string[]) => Promise<number>;

/**
 * What a command with several actions runs.
 *
 * @param command its name
 */
export function actionsOf<O extends Options>(
  command: string,
  actions: Readonly<Record<string, Action<O>>>,
): (run: Run<O>) => Promise<number> {
  return async (run) => {
    const [name = "", ...args] = run.args;
    const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
    if (!action) throw new UsageError(`${command}: one of ${Object.keys(actions).join(", ")}`);
    return action(run, args);
  };
}

/** The one argument of an action. @param what it asks, where it is not one: `Which incident? Its id.` @throws UsageError */
export function onlyOf(args: readonly string[], what: string): string {
  const [only] = args;
  if (only === undefined || args.length > 1) throw new UsageError(what);
  return only;
}

/** A mistake of whoever typed the command. */
export class UsageError extends Error {}

/** What the command ends with, for scripts. */
export const EXIT = {
  ok: 0,
  /** The answer is "no", or not all went well. */
  no: 1,
  /** The command, its input or its token is wrong. */
  usage: 2,
  /** The service did not answer, or failed. */
  unavailable: 3,
  /** 128 + SIGINT. */
  interrupted: 130,
  /** 128 + SIGPIPE. */
  brokenPipe: 141,
} as const;

/** What most commands may end with, in words, for `--help`. */
export const USUAL_EXITS: Readonly<Record<number, string>> = {
  [EXIT.ok]: "all is well",
  [EXIT.usage]: "the command, its input or its token is wrong",
  [EXIT.unavailable]: "the service did not answer, or failed",
};

/** An option that takes one of some words. @throws UsageError */
export function oneOf<const W extends string>(
  name: string,
  value: string | undefined,
  words: readonly W[],
): W | undefined {
  if (value === undefined || (words as readonly string[]).includes(value)) return value as W | undefined;
  throw new UsageError(`--${name}: one of ${words.join(", ")}`);
}

/** An option that takes a whole number. @throws UsageError */
export function numberOf(name: string, value: string | undefined, min: number, max: number): number | undefined {
  if (value === undefined) return undefined;
  const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= min && number <= max) return number;
  throw new UsageError(`--${name}: a whole number from ${min} to ${max}`);
}

const SPANS_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * An option that takes a moment: ISO 8601, or a span (`15m`, `2h`, `7d`).
 *
 * @param direction where the span leads from now
 * @throws UsageError
 */
export function momentOf(name: string, value: string | undefined, direction: "ago" | "ahead"): Date | undefined {
  if (value === undefined) return undefined;
  const [, count, unit = ""] = /^(\d{1,6})([smhd])$/.exec(value) ?? [];
  const spanMs = Number(count) * (SPANS_MS[unit] ?? Number.NaN);
  const at = count === undefined ? Date.parse(value) : Date.now() + (direction === "ago" ? -spanMs : spanMs);
  if (!Number.isNaN(at)) return new Date(at);
  throw new UsageError(`--${name}: a time such as 2026-11-21T10:00:00Z, or a span: 15m, 2h, 7d`);
}
