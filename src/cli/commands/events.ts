import type { EventFilter } from "../../client/events";
import { BOUNCE_CLASSES, EVENT_KINDS } from "../../domain/event";
import { defineCommand, EXIT, momentOf, numberOf, type Options, oneOf, UsageError, type Values } from "../command";
import { print, printEach } from "../print";
import { eventLine } from "./event-line";

/** Shared with the export of events. */
export const EVENT_FILTERS = {
  recipient: { type: "string", value: "ADDRESS", help: "about this recipient" },
  provider: { type: "string", value: "ID", help: "told by this provider" },
  connection: { type: "string", value: "NAME", help: "told through this connection" },
  kind: { type: "string", value: "KIND", help: EVENT_KINDS.slice(0, 7).join(", ") },
  class: { type: "string", value: "CLASS", help: `of bounces: ${BOUNCE_CLASSES.join(", ")}` },
  "message-id": { type: "string", value: "ID", help: "a provider's message id, or a Message-ID" },
  campaign: { type: "string", value: "NAME", help: "of this campaign" },
  since: { type: "string", value: "TIME", help: "received from then on; or how long ago: 15m, 2h, 7d" },
  until: { type: "string", value: "TIME", help: "received before then" },
} as const satisfies Options;

/** @throws UsageError */
export function eventFilterOf(values: Values<typeof EVENT_FILTERS>): EventFilter {
  const { recipient, provider, connection, campaign } = values;
  return {
    recipient,
    provider,
    connection,
    campaign,
    kind: oneOf("kind", values.kind, EVENT_KINDS),
    class: oneOf("class", values.class, BOUNCE_CLASSES),
    messageId: values["message-id"],
    since: momentOf("since", values.since, "ago"),
    until: momentOf("until", values.until, "ago"),
  };
}

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 999_999_999;

export const events = defineCommand({
  name: "events",
  summary: "What happened, newest first; with --follow, as it happens.",
  detail: "When it was received, what happened, to whom, by whom it was told, status and diagnostic.",
  args: "",
  count: [0, 0],
  options: {
    follow: { type: "boolean", short: "f", help: "from now on, or with --since from then on; each event once" },
    interval: { type: "string", value: "SECONDS", help: "with --follow: how often to look (2)" },
    limit: { type: "string", short: "n", value: "COUNT", help: `without --follow: at most so many (${DEFAULT_LIMIT})` },
    json: { type: "boolean", help: "one JSON object a line" },
    ...EVENT_FILTERS,
  },
  examples: ["bouncekeeper events --kind bounced --since 1h", "bouncekeeper events --follow --json | jq .recipient"],
  run: async (run) => {
    const { values, client, signal } = run;
    const { until, ...filter } = eventFilterOf(values);
    if (values.follow && until) throw new UsageError("--follow has no end: leave --until out.");
    const intervalSeconds = numberOf("interval", values.interval, 1, 3_600);
    const limit = numberOf("limit", values.limit, 1, MAX_LIMIT) ?? DEFAULT_LIMIT;
    if (values.follow) {
      const intervalMs = intervalSeconds && intervalSeconds * 1_000;
      await printEach(run, client.events.follow(filter, { intervalMs, signal }), eventLine);
      return EXIT.ok;
    }
    let count = 0;
    for await (const event of client.events.list({ ...filter, until }, { signal })) {
      await print(run, event, eventLine);
      count++;
      if (count === limit) break;
    }
    return EXIT.ok;
  },
});
