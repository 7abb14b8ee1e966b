/** Messages of queues that providers publish to. Acknowledged one by one: what could not be recorded comes again. */
import { utf8Bytes } from "../crypto/encoding";
import { errorFields } from "../log";
import { noteActivity } from "../pipeline/activity";
import type { Deps } from "../pipeline/deps";
import { ingest } from "../pipeline/ingest";
import { parseSafely } from "../pipeline/parse";
import { markVerified } from "../providers/adapter";
import { cloudflareEmail } from "../providers/cloudflare-email";

/** The queue's own back-off is none: without this a failing database would be asked again at once. */
const FIRST_RETRY_DELAY_SECONDS = 30;
/** A queue gives up after so many deliveries, whatever their distance: an outage of a day must fit in. */
const MAX_RETRY_DELAY_SECONDS = 3_600;

/** Takes in a batch, message by message. Never rejects: a message that could not be recorded is asked for again. */
export async function handleQueue(deps: Deps, batch: MessageBatch, newRequestId: () => string): Promise<void> {
  for (const message of batch.messages) {
    try {
      await receive(deps, batch.queue, bytesOf(message.body), newRequestId());
      message.ack();
    } catch (error) {
      deps.log.error("queue.failed", { queue: batch.queue, attempts: message.attempts, ...errorFields(error) });
      message.retry({ delaySeconds: retryDelaySeconds(message.attempts) });
    }
  }
  noteActivity(deps, { provider: cloudflareEmail.id, connection: batch.queue });
}

/** Twice as long each time. `attempts` counts from 1. */
export function retryDelaySeconds(attempts: number): number {
  return Math.min(FIRST_RETRY_DELAY_SECONDS * 2 ** Math.max(0, attempts - 1), MAX_RETRY_DELAY_SECONDS);
}

/**
 * A message as it was published: a subscription's is JSON, which the platform has read already; text and bytes are
 * taken as they are. What has no form that could be kept is empty, and so unreadable.
 */
function bytesOf(body: unknown): Uint8Array {
  if (body instanceof ArrayBuffer) return new Uint8Array(body);
  if (body instanceof Uint8Array) return body;
  if (typeof body === "string") return utf8Bytes(body);
  try {
    return utf8Bytes(JSON.stringify(body) ?? "");
  } catch {
    return new Uint8Array();
  }
}

/** The platform delivered it: only a subscription of this very account can put a message into its queue. */
async function receive(deps: Deps, queue: string, body: Uint8Array, requestId: string): Promise<void> {
  const receivedAt = deps.now();
  const request = markVerified({
    method: "QUEUE",
    url: new URL("https://queue.invalid/"),
    headers: new Headers({ "content-type": "application/json" }),
    body,
  });
  const parsed = await parseSafely(deps, cloudflareEmail, request, { receivedAt });
  if (parsed.type === "answer") return;
  const origin = { requestId, source: "queue" as const, provider: cloudflareEmail.id, connection: queue, receivedAt };
  const { counts } = await ingest(deps, { request, origin, parsed });
  deps.log.info("queue.recorded", { queue, ...counts });
}
