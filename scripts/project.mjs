/** Where the project is and how its scripts talk: plain text, errors as one clear sentence and exit code 1. */
import path from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Something the user can put right: its message is printed without a stack trace. */
export class Problem extends Error {
  constructor(message, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** A path as the user would type it: relative where it is inside the project. */
export function shown(file) {
  const relative = path.relative(ROOT, file);
  return relative.startsWith("..") || path.isAbsolute(relative) ? file : relative;
}

/** Runs a script's main function; a `Problem` ends it with its message, anything else with its stack trace. */
export async function run(main) {
  try {
    process.exitCode = (await main()) ?? process.exitCode ?? 0;
  } catch (error) {
    const isProblem = error instanceof Problem;
    console.error(isProblem ? `\n${error.message}` : error);
    process.exitCode = isProblem ? error.exitCode : 1;
  }
}
