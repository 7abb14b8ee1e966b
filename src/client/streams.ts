/** Bytes in and out: what callers hand over, and what the service streams back. */
import { BouncekeeperError, badAnswer, networkError, timeoutError } from "./error";
import { unlessAborted } from "./signals";
import type { ReplayableBody } from "./transport";

/** What a list or a mail may be handed over as. A text is its content, not the name of a file. */
export type Source =
  | string
  | Uint8Array
  | Blob
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array | string>
  | Iterable<Uint8Array | string>;

/** A stream that says nothing for so long has ended, whatever it says. */
const STALL_MS = 60_000;

/** The bytes of a source, in whatever pieces it comes. */
export async function* bytesOf(source: Source): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  const pieces = typeof source === "string" || source instanceof Uint8Array ? [source] : piecesOf(source);
  for await (const piece of pieces) yield typeof piece === "string" ? encoder.encode(piece) : piece;
}

function piecesOf(
  source: Exclude<Source, string | Uint8Array>,
): AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string> {
  if (source instanceof Blob) return chunksOf(source.stream());
  return source instanceof ReadableStream ? chunksOf(source) : source;
}

/** A source as a body. What comes piece by piece can be sent only once, and not by every browser. */
export function bodyOf(source: Source): ReplayableBody | ReadableStream<Uint8Array> {
  const isWhole = typeof source === "string" || source instanceof Uint8Array || source instanceof Blob;
  if (isWhole || source instanceof ReadableStream) return source;
  return streamOf(bytesOf(source));
}

/** Not every browser can iterate over a stream. */
async function* chunksOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value;
  } finally {
    // Whoever stops reading wants no more of it.
    await reader.cancel().catch(() => {});
  }
}

/**
 * The bytes of an answer.
 *
 * @throws BouncekeeperError `network` where it breaks off, `timeout` where nothing comes for a minute
 */
export async function* bytesOfAnswer(response: Response, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  if (!response.body) throw badAnswer("The answer has no body.", { status: response.status });
  const reader: ReadableStreamDefaultReader<Uint8Array> = response.body.getReader();
  try {
    for (let read = await nextOf(reader, signal); !read.done; read = await nextOf(reader, signal)) yield read.value;
  } finally {
    await reader.cancel().catch(() => {});
  }
}

async function nextOf(reader: ReadableStreamDefaultReader<Uint8Array>, signal: AbortSignal | undefined) {
  let timer: ReturnType<typeof setTimeout>;
  const stalled = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(timeoutError(STALL_MS)), STALL_MS);
  });
  const next = Promise.race([reader.read(), stalled]).finally(() => clearTimeout(timer));
  try {
    return await unlessAborted(next, signal);
  } catch (error) {
    throw error instanceof BouncekeeperError || signal?.aborted ? error : networkError(error);
  }
}

/** As a stream that makes no more than is read of it. */
export function streamOf(pieces: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const next = await pieces.next();
        if (next.done) controller.close();
        else controller.enqueue(next.value);
      },
      cancel: async () => {
        await pieces.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}
