/** Files in and out. `-` is standard input and output. */
import { createWriteStream } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { addAbortSignal } from "node:stream";
import { finished } from "node:stream/promises";
import { UsageError } from "./command";
import { type Terminal, writerTo } from "./terminal";

/**
 * Opens a file and gives out its bytes, piece by piece.
 *
 * @param onBytes is told how many have been read
 * @throws UsageError where it cannot be read
 */
export async function openInput(
  name: string,
  signal: AbortSignal,
  onBytes: (count: number) => void = () => {},
): Promise<AsyncGenerator<Uint8Array>> {
  if (name === "-") return counted(addAbortSignal(signal, process.stdin), onBytes);
  try {
    const file = await open(name);
    if ((await file.stat()).isDirectory()) throw new UsageError(`${name} is a folder.`);
    return counted(file.createReadStream({ signal }), onBytes);
  } catch (error) {
    throw systemError(error, `${name} cannot be read`);
  }
}

/** The same bytes. @param onBytes is told how many have come through */
export async function* counted(
  stream: AsyncIterable<Uint8Array>,
  onBytes: (count: number) => void,
): AsyncGenerator<Uint8Array> {
  let count = 0;
  for await (const bytes of stream) {
    count += bytes.byteLength;
    onBytes(count);
    yield bytes;
  }
}

/** A whole file. @throws UsageError where it cannot be read */
export async function readWhole(name: string, signal: AbortSignal): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of await openInput(name, signal)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/**
 * Writes a stream to a file or to standard output. A file appears under its name only when it is complete: half a list
 * under that name would be mailed.
 *
 * @param name absent: standard output
 */
export async function writeOutput(
  terminal: Terminal,
  name: string | undefined,
  pieces: AsyncIterable<Uint8Array>,
): Promise<void> {
  if (name === undefined || name === "-") {
    for await (const piece of pieces) await terminal.write(piece);
    return;
  }
  const part = `${name}.part`;
  const file = createWriteStream(part);
  const write = writerTo(file);
  try {
    for await (const piece of pieces) await write(piece);
    file.end();
    await finished(file);
    await rename(part, name);
  } catch (error) {
    file.destroy();
    await rm(part, { force: true });
    throw systemError(error, `${name} cannot be written`);
  }
}

/** What the system says of a file, in one sentence; anything else as it is. */
function systemError(error: unknown, what: string): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  return typeof code === "string" && typeof syscall === "string" ? new UsageError(`${what} (${code}).`) : error;
}
