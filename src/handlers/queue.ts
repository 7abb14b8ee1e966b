/** Messages of queues that providers publish to. Acknowledged one by one: what could not be recorded comes again. */
import { utf8Bytes } from "../crypto/encoding";
import { errorFields } from "../log";
import type { Deps } from "../pipeline/deps";
import { ingest } from "../pipeline/ingest";
import { parseSafely } from "../pipeline/parse";
import { markVerified } from "../providers/adapter";
import { cloudflareEmail } from "../providers/cloudflare-email";

/** The queue's own back-off is none: without this a failing database would be asked again at once. */
const RETRY_DELAY_SECONDS = 30;

export async function handleQueue(deps: Deps, batch: MessageBatch, newRequestId: () => string): Promise<void> {
  for (const message of batch.messages) {
    try {
      await receive(deps, batch.queue, message.body, newRequestId());
      message.ack();
    } catch (error) {
      deps.log.error("queue.failed", { queue: batch.queue, ...errorFields(error) });
      message.retry({ delaySeconds: RETRY_DELAY_SECONDS });
    }
  }
}

/** The platform delivered it: only a subscription of this very account can put a message into its queue. */
async function receive(deps: Deps, queue: string, message: unknown, requestId: string): Promise<void> {
  const receivedAt = deps.now();
  const request = markVerified({
    method: "QUEUE",
    url: new URL("https://queue.invalid/"),
    headers: new Headers({ "content-type": "application/json" }),
    body: utf8Bytes(JSON.stringify(message) ?? ""),
  });
  const parsed = parseSafely(cloudflareEmail, request, { receivedAt });
  if (parsed.type === "answer") return;
  const origin = { requestId, source: "queue" as const, provider: cloudflareEmail.id, connection: queue, receivedAt };
  const { counts } = await ingest(deps, { request, origin, parsed });
  deps.log.info("queue.recorded", { queue, ...counts });
}
