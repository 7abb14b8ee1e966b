/** Does an expression's time grow with its input's length, or faster? */
import { check } from "recheck";

/** Of an expression whose states are too many, measuring has to do. */
const PATIENCE_MS = 600;
/** As many times as this, or as 99: how its time grows is the same, and its states are few. */
const MIN_CAP = 2;
const MAX_CAP = 3;

const REPETITION = /\\.|\[(?:\\.|[^\]\\])*\]|\{(\d+)(,?)(\d*)\}/g;

/** The same expression, with each bounded repetition bounded by a few. */
export function capped(source: string): string {
  return source.replace(REPETITION, (all, least?: string, comma = "", most = "") => {
    if (least === undefined) return all;
    const from = Math.min(Number(least), MIN_CAP);
    if (comma === "") return `{${from}}`;
    return most === "" ? `{${from},}` : `{${from},${Math.min(Number(most), MAX_CAP)}}`;
  });
}

/** `null`: it could not be told. */
export type Growth = "linear" | "faster" | null;

/** By its automaton (https://makenowjust-labs.github.io/recheck/). */
export async function growthOf(source: string, flags: string): Promise<Growth> {
  const { status } = await check(capped(source), flags, { checker: "automaton", timeout: PATIENCE_MS });
  return status === "safe" ? "linear" : status === "vulnerable" ? "faster" : null;
}

/** What an expression could stumble over: its own characters and words, each again and again, and with blanks between. */
export function stumblingBlocks(source: string): string[] {
  const plain = source.replace(/\\[a-zA-Z]|\(\?[<:=!a-z]*/g, " ");
  const characters = [...new Set(plain.replace(/\\/g, ""))].slice(0, 12);
  const words = [...new Set(plain.match(/[\p{L}\d]{2,20}/gu) ?? [])].slice(0, 6);
  const units = [...new Set([" ", "\t", "a", "0", "\\", ...characters, ...words])];
  return units.flatMap((unit) => [unit, ` ${unit}`, `${unit} `, `${unit}a`]);
}

/** Often enough that something else on the machine does not make it look slow. */
const TRIES = 5;

/**
 * How long it looks for a match in a text that has none at its end: the shortest of some tries.
 *
 * @param enough ms: what takes no longer need not be tried again
 */
export function timeOf(expression: RegExp, unit: string, length: number, enough = 0): number {
  const text = `${unit.repeat(Math.ceil(length / unit.length))}\u2028`;
  let shortest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < TRIES && shortest > enough; i++) {
    const start = performance.now();
    expression.lastIndex = 0;
    expression.test(text);
    shortest = Math.min(shortest, performance.now() - start);
  }
  return shortest;
}
