/** A webhook from its bytes to its outcome: verify → parse → ingest. HTTP maps the outcome to a status. */
import type { Adapter, WebhookRequest } from "../providers/adapter";
import { noteActivity } from "./activity";
import type { Deps } from "./deps";
import { type IngestCounts, ingest, TokenReused } from "./ingest";
import { lookups, visit } from "./lookup";
import { parseSafely, Refused } from "./parse";

export interface WebhookTarget {
  readonly adapter: Adapter;
  readonly connection: string;
  readonly credentials: readonly unknown[];
}

export type WebhookOutcome =
  | { readonly type: "recorded"; readonly counts: IngestCounts }
  /** A handshake, answered as the provider wants it. */
  | { readonly type: "answered"; readonly body: unknown }
  | { readonly type: "unauthenticated" }
  /** A key could not be reached: ours to fix, theirs to send again. */
  | { readonly type: "unavailable" }
  | { readonly type: "refused"; readonly message: string };

/** @throws when the journal could not be written */
export async function receiveWebhook(
  deps: Deps,
  { adapter, connection, credentials }: WebhookTarget,
  request: WebhookRequest,
  requestId: string,
): Promise<WebhookOutcome> {
  const receivedAt = deps.now();
  const verified = await adapter.verify(request, credentials, lookups(receivedAt));
  if (!verified.ok) {
    const { code, detail } = verified.error;
    return rejected(deps, adapter.id, connection, code, detail);
  }
  noteActivity(deps, { provider: adapter.id, connection });
  try {
    const parsed = await parseSafely(deps, adapter, verified.value.request, { receivedAt });
    const origin = {
      requestId,
      source: "webhook" as const,
      provider: adapter.id,
      connection,
      receivedAt,
      keepHeaders: adapter.replayHeaders ?? [],
    };
    if (parsed.type === "answer") return { type: "answered", body: parsed.body };
    if (parsed.type === "items" && parsed.visit !== undefined && !(await visit(parsed.visit))) {
      deps.log.warn("webhook.visit_failed", { provider: adapter.id, connection });
      return { type: "unavailable" };
    }
    const { useOnce } = verified.value;
    const { counts } = await ingest(deps, { request, origin, parsed, ...(useOnce === undefined ? {} : { useOnce }) });
    deps.log.info("webhook.recorded", { provider: adapter.id, connection, ...counts });
    return { type: "recorded", counts };
  } catch (error) {
    if (error instanceof Refused) return { type: "refused", message: error.message };
    if (error instanceof TokenReused) {
      return rejected(deps, adapter.id, connection, "unauthenticated", "a token came again with another event");
    }
    throw error;
  }
}

function rejected(
  deps: Deps,
  provider: string,
  connection: string,
  code: "unauthenticated" | "unavailable",
  detail: string,
): WebhookOutcome {
  deps.log.warn(`webhook.${code}`, { provider, connection, detail });
  noteActivity(deps, { provider, connection, rejectedFor: detail });
  return { type: code };
}
