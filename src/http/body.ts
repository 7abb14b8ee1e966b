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
