import { Problem } from "./problem";

/** Providers' batches end well below. */
export const MAX_BODY_BYTES = 10 * 1024 * 1024;
/** What mail servers commonly take, and Cloudflare Email Routing too. */
export const MAX_MAIL_BODY_BYTES = 25 * 1024 * 1024;

/**
 * A body, whole, as bytes.
 *
 * @throws Problem `body_too_large`, as soon as it is known: by the header, or while reading
 */
export async function readBody(request: Request, maxBytes = MAX_BODY_BYTES): Promise<Uint8Array> {
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) throw tooLarge(maxBytes);
  if (!request.body) return new Uint8Array();
  const parts: Uint8Array[] = [];
  let length = 0;
  const reader = request.body.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    length += part.value.byteLength;
    if (length > maxBytes) {
      await reader.cancel();
      throw tooLarge(maxBytes);
    }
    parts.push(part.value);
  }
  return joined(parts, length);
}

/**
 * A body piece by piece, unpacked where it says that it is gzipped.
 *
 * @param maxBytes of what comes out
 * @throws Problem `invalid_request` for another encoding; so do the pieces where they cannot be unpacked, and
 *   `body_too_large` where there are too many
 */
export function streamedBody(request: Request, maxBytes = Number.POSITIVE_INFINITY): AsyncIterable<Uint8Array> {
  const encoding = request.headers.get("content-encoding")?.trim().toLowerCase() ?? "identity";
  if (encoding !== "identity" && encoding !== "gzip") {
    throw new Problem("invalid_request", { detail: "content-encoding: gzip or none" });
  }
  const body = request.body ?? new Blob([]).stream();
  return limited(encoding === "gzip" ? unpacked(body) : body, maxBytes);
}

/** What breaks off on its way to us is no fault of the packing. */
async function* unpacked(packed: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  let isCutOff = false;
  const arriving = new TransformStream<Uint8Array, Uint8Array>();
  const gunzip = new DecompressionStream("gzip");
  packed.pipeTo(arriving.writable).catch(() => {
    isCutOff = true;
  });
  // Whoever reads what comes out is told of it, too.
  arriving.readable.pipeTo(gunzip.writable).catch(() => undefined);
  try {
    yield* gunzip.readable;
  } catch (error) {
    // The reason for which the source failed is noted before or just after its reader is told.
    await scheduler.wait(0);
    throw isCutOff ? error : new Problem("invalid_request", { detail: "The body is not gzipped, or not to its end." });
  }
}

async function* limited(body: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Uint8Array> {
  let length = 0;
  for await (const part of body) {
    length += part.byteLength;
    if (length > maxBytes) throw tooLarge(maxBytes);
    yield part;
  }
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const [only] = parts;
  if (parts.length === 1 && only) return only;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}

function tooLarge(maxBytes: number): Problem {
  return new Problem("body_too_large", { detail: `The limit is ${maxBytes} bytes.` });
}
