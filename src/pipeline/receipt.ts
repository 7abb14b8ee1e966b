/** From a request to what is kept of it. */
import { gzipSync } from "node:zlib";
import { sha256, sha256Hex } from "../crypto/digest";
import { hexOf } from "../crypto/encoding";
import type { WebhookRequest } from "../providers/adapter";
import type { Receipt, ReceiptSource } from "../store/journal";

/** A value of D1 ends at 2 MB. */
const PART_BYTES = 1_000_000;
/** Credentials by query: never kept. */
const SECRET_QUERY = new Set(["token", "code", "key", "secret"]);

export interface ReceiptOrigin {
  readonly requestId: string;
  readonly source: ReceiptSource;
  readonly provider: string;
  readonly connection: string;
  /** Epoch ms. */
  readonly receivedAt: number;
  /** Headers that a replay needs, beside the content type; lower case. */
  readonly keepHeaders?: readonly string[];
}

/**
 * What is kept of a request: its bytes, gzipped, and what a replay needs of its query and headers. No credential
 * that came by query is among it.
 */
export async function receiptOf(request: WebhookRequest, origin: ReceiptOrigin): Promise<Receipt> {
  const { keepHeaders = [], ...about } = origin;
  return {
    ...about,
    method: request.method,
    query: [...request.url.searchParams].filter(([name]) => !SECRET_QUERY.has(name.toLowerCase())),
    headers: ["content-type", ...keepHeaders].flatMap((name) => {
      const value = request.headers.get(name);
      return value === null ? [] : [[name, value.toWellFormed()] as const];
    }),
    bodySha256: hexOf(await sha256(request.body)),
    bodyBytes: request.body.byteLength,
    bodyParts: request.body.byteLength ? inParts(gzip(request.body)) : [],
  };
}

/**
 * Names a quarantined item by its bytes and by what else tells two requests apart, so that a provider's retry is the
 * same item and another request is not.
 *
 * @param item position of the record, or `null` for the body as a whole
 */
export async function quarantineId(
  receipt: Pick<Receipt, "provider" | "connection" | "bodySha256" | "query" | "headers">,
  item: number | null,
): Promise<string> {
  const { provider, connection, bodySha256, query, headers } = receipt;
  const parts = [provider, connection, bodySha256, query, headers, item];
  return (await sha256Hex(JSON.stringify(parts))).slice(0, 40);
}

/**
 * Packs at once: for the body of one event a stream takes ten times as long. As fast as it goes: the usual level takes
 * three times as long and saves a twentieth.
 */
export function gzip(bytes: Uint8Array): Uint8Array {
  return gzipSync(bytes, { level: 1 });
}

/**
 * @param maxBytes of what comes out; what we packed ourselves ends by itself
 * @throws where the bytes are not gzipped to their end, or hold more than that
 */
export async function gunzip(bytes: Uint8Array, maxBytes = Number.POSITIVE_INFINITY): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  let length = 0;
  const bounded = new TransformStream<Uint8Array, Uint8Array>({
    transform(part, controller) {
      length += part.byteLength;
      if (length > maxBytes) throw new RangeError("unpacked, it is too large");
      controller.enqueue(part);
    },
  });
  return new Uint8Array(await new Response(stream.pipeThrough(bounded)).arrayBuffer());
}

function inParts(bytes: Uint8Array): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.byteLength / PART_BYTES) }, (_, i) =>
    bytes.slice(i * PART_BYTES, (i + 1) * PART_BYTES),
  );
}
