import type { ScrubProgress } from "../../client/scrub";
import { PURPOSES } from "../../domain/answer";
import { LIST_FORMATS } from "../../list/rows";
import { KEEPS } from "../../list/scrub";
import { defineCommand, EXIT, oneOf } from "../command";
import { openInput, writeOutput } from "../files";
import { grouped, startProgress } from "../progress";

export const scrub = defineCommand({
  name: "scrub",
  summary: "Takes out of a list whom you must not mail.",
  detail:
    "CSV, NDJSON, or an address a line, of any length. Rows stay as they are, byte for byte. Only the addresses are sent.",
  args: "FILE|-",
  count: [1, 1],
  options: {
    column: { type: "string", value: "NAME", help: "the column of the address, or its number from 1" },
    keep: {
      type: "string",
      value: "WHICH",
      help: "allowed (default), suppressed, invalid, or all, with a note in each",
    },
    format: { type: "string", value: "FORMAT", help: "csv, ndjson or lines; default: as the list begins" },
    purpose: { type: "string", value: "PURPOSE", help: "marketing (default) or transactional" },
    filter: { type: "boolean", help: "downloads the filter first: less is asked, what was listed just now is missed" },
    output: {
      type: "string",
      short: "o",
      value: "FILE",
      help: "appears when the list is complete; default: standard output",
    },
    quiet: { type: "boolean", short: "q", help: "no summary" },
  },
  examples: [
    "bouncekeeper scrub --column email list.csv -o clean.csv",
    "bouncekeeper scrub --keep suppressed - < addresses.txt",
  ],
  run: async ({ values, args: [name = "-"], client, terminal, signal }) => {
    const progress = startProgress(terminal);
    let last: ScrubProgress | undefined;
    try {
      const scrubbed = client.scrub(await openInput(name, signal, progress.bytes), {
        column: values.column,
        keep: oneOf("keep", values.keep, KEEPS),
        format: oneOf("format", values.format, LIST_FORMATS),
        purpose: oneOf("purpose", values.purpose, PURPOSES),
        filter: values.filter ? await client.filter({ signal }) : undefined,
        signal,
        onProgress: (now) => {
          last = now;
          progress.rows(now.rows);
        },
      });
      await writeOutput(terminal, values.output, scrubbed);
    } finally {
      progress.end();
    }
    if (!values.quiet && last) terminal.note(summaryOf(last));
    return EXIT.ok;
  },
});

function summaryOf({ rows, allowed, suppressed, invalid }: ScrubProgress): string {
  const [all, may, mustNot, none] = [rows, allowed, suppressed, invalid].map(grouped);
  return `${all} rows: ${may} allowed, ${mustNot} suppressed, ${none} without an address`;
}
