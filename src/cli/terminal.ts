/** Results to standard output, words for people to standard error. */
import type { Writable } from "node:stream";

/** Whoever reads our output has gone: `| head`. */
export class BrokenPipe extends Error {}

export interface Terminal {
  /** Results. Resolves when there is room for more. @throws BrokenPipe */
  readonly write: (text: string | Uint8Array) => Promise<void>;
  /** One line for people. */
  readonly note: (text: string) => void;
  /** Does somebody watch? */
  readonly isWatched: boolean;
  /** What is shown while something goes on, in place of what was shown before; empty: nothing. */
  readonly show: (text: string) => void;
}

const CLEAR_LINE = "\r\x1b[K";

/** @param stdout for results, and nothing else: others read it */
export function openTerminal(stdout: NodeJS.WriteStream, stderr: NodeJS.WriteStream): Terminal {
  const output = writerTo(stdout);
  let isShowing = false;
  const clear = () => {
    if (isShowing) stderr.write(CLEAR_LINE);
    isShowing = false;
  };
  // Nobody left to tell.
  stderr.on("error", () => {});
  return {
    write: (text) => {
      clear();
      return output(text);
    },
    note: (text) => {
      clear();
      stderr.write(`${text}\n`);
    },
    isWatched: stderr.isTTY === true,
    show: (text) => {
      clear();
      if (text === "") return;
      stderr.write(text);
      isShowing = true;
    },
  };
}

/** A function that writes to a stream no faster than it is read. */
export function writerTo(stream: Writable): (text: string | Uint8Array) => Promise<void> {
  let failure: Error | null = null;
  stream.on("error", (error: NodeJS.ErrnoException) => {
    failure ??= error.code === "EPIPE" ? new BrokenPipe() : error;
  });
  return (text) =>
    new Promise((resolve, reject) => {
      if (failure) return reject(failure);
      // The callback comes when the text has been taken, or could not be.
      stream.write(text, (error) => {
        if (!error) return resolve();
        reject((error as NodeJS.ErrnoException).code === "EPIPE" ? new BrokenPipe() : error);
      });
    });
}

/** A text of somebody else's, made safe for a terminal and for one line: no control characters. */
export function plain(text: string): string {
  return text.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]+/g, " ");
}

/** One line, its fields apart by tabs; what is absent is `-`. */
export function line(...fields: readonly (string | number | null | undefined)[]): string {
  return `${fields.map((field) => (field === null || field === undefined || field === "" ? "-" : plain(String(field)))).join("\t")}\n`;
}
