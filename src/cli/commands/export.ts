import { REASONS } from "../../domain/event";
import { defineCommand, EXIT, type Options, oneOf, UsageError, type Values } from "../command";
import { counted, writeOutput } from "../files";
import { startProgress } from "../progress";
import { EVENT_FILTERS, eventFilterOf } from "./events";

const FORMATS = ["csv", "ndjson"] as const;

const SUPPRESSION_FILTERS = {
  reason: { type: "string", value: "REASON", help: `of suppressions: ${REASONS.join(", ")}` },
  domain: { type: "string", value: "DOMAIN", help: "of suppressions: addresses of this domain" },
} as const satisfies Options;

/** Filters that only one of the two lists has. */
const ONLY_OF = {
  suppressions: Object.keys(SUPPRESSION_FILTERS),
  events: Object.keys(EVENT_FILTERS).filter((name) => name !== "since" && name !== "until"),
} as const;

type ListName = keyof typeof ONLY_OF;

export const exportLists = defineCommand({
  name: "export",
  summary: "The suppression list or the journal as a file.",
  detail: "Of any length, newest first. Where the transfer breaks off it goes on.",
  args: "suppressions|events",
  count: [1, 1],
  options: {
    format: { type: "string", value: "FORMAT", help: "csv (default) or ndjson" },
    output: {
      type: "string",
      short: "o",
      value: "FILE",
      help: "appears when it is complete; default: standard output",
    },
    ...SUPPRESSION_FILTERS,
    ...EVENT_FILTERS,
  },
  examples: [
    "bouncekeeper export suppressions -o suppressions.csv",
    "bouncekeeper export events --kind complained --since 7d --format ndjson",
  ],
  run: async ({ values, args: [list], client, terminal, signal }) => {
    const format = oneOf("format", values.format, FORMATS);
    const name = listOf(list, values);
    const { since, until, ...events } = eventFilterOf(values);
    const reason = oneOf("reason", values.reason, REASONS);
    const rows =
      name === "events"
        ? client.events.export({ ...events, since, until, format, signal })
        : client.suppressions.export({ reason, domain: values.domain, since, until, format, signal });
    const progress = startProgress(terminal);
    try {
      await writeOutput(terminal, values.output, counted(rows, progress.bytes));
    } finally {
      progress.end();
    }
    return EXIT.ok;
  },
});

/** @throws UsageError also for a filter that this list does not have: without it, too much would be exported */
function listOf(text: string | undefined, values: Values<typeof SUPPRESSION_FILTERS & typeof EVENT_FILTERS>): ListName {
  if (text !== "suppressions" && text !== "events") throw new UsageError("Export what? suppressions, or events.");
  const other = text === "events" ? "suppressions" : "events";
  const stranger = ONLY_OF[other].find((name) => Object.hasOwn(values, name));
  if (stranger !== undefined) throw new UsageError(`--${stranger} is for ${other}.`);
  return text;
}
