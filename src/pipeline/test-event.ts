/**
 * A test event: what a provider would post about a mail to `test@example.com`, read by its adapter and recorded like any
 * other. It shows that everything behind the signature works. In the statistics it is an event of `example.com` and of
 * its connection, and no other domain's.
 */
import { utf8Bytes } from "../crypto/encoding";
import { errorFields } from "../log";
import { markVerified } from "../providers/adapter";
import { adapterOf } from "../providers/registry";
import type { Deps } from "./deps";
import { ingest } from "./ingest";
import { parseSafely } from "./parse";

export type TestEventOutcome =
  | "recorded"
  /** The adapter does not understand its own provider: a fault of ours. */
  | "unreadable"
  /** The journal could not be written. */
  | "failed"
  | "unknown";

/**
 * Sends a provider's sample through. Each call is another event.
 *
 * @param provider the word in its URL
 */
export async function sendTestEvent(
  deps: Deps,
  provider: string,
  connection: string,
  requestId: string,
): Promise<TestEventOutcome> {
  const adapter = adapterOf(provider);
  if (!adapter) return "unknown";
  const receivedAt = deps.now();
  const { body, contentType } = adapter.sample(receivedAt);
  const request = markVerified({
    method: "POST",
    url: new URL("https://test.invalid/"),
    headers: new Headers({ "content-type": contentType }),
    body: utf8Bytes(body),
  });
  try {
    const parsed = await parseSafely(deps, adapter, request, { receivedAt });
    if (parsed.type === "answer") return "unreadable";
    const origin = { requestId, source: "operator" as const, provider, connection, receivedAt };
    const { counts } = await ingest(deps, { request, origin, parsed });
    return counts.received > 0 ? "recorded" : "unreadable";
  } catch (error) {
    deps.log.error("test_event.failed", { provider, connection, ...errorFields(error) });
    return "failed";
  }
}
