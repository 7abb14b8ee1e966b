import { setTimeout as sleep } from "node:timers/promises";
import type { Imported, ImportRow } from "../../client/import";
import type { Batch } from "../../client/types";
import { defineCommand, EXIT, oneOf } from "../command";
import { openInput } from "../files";
import { print } from "../print";
import { grouped, startProgress } from "../progress";
import { line } from "../terminal";

const REASONS = ["hard", "complaint", "unsubscribe", "manual"] as const;
const REVERT_INTERVAL_MS = 1_000;

export const importList = defineCommand({
  name: "import",
  summary: "Puts a list on the suppression list.",
  detail:
    "The export of a provider, our own, any CSV, NDJSON, or an address a line. Rows that somebody should look at are printed: line, what became of it, why. An import that failed can be made again: it records what is missing.",
  args: "FILE|-",
  count: [1, 1],
  options: {
    "dry-run": { type: "boolean", help: "says what would happen, and changes nothing" },
    format: { type: "string", value: "FORMAT", help: "whose export it is; default: it is recognized" },
    reason: { type: "string", value: "REASON", help: `of entries that give none: ${REASONS.join(", ")}` },
    note: { type: "string", value: "TEXT", help: "why; it stays with the batch" },
    "override-releases": { type: "boolean", help: "entries without a date count also for who was released" },
    json: { type: "boolean", help: "one JSON object, at the end" },
  },
  exits: { [EXIT.no]: "it was imported, but for rows that cannot be read" },
  examples: [
    "bouncekeeper import --dry-run bounces.csv",
    "bouncekeeper import bounces.csv --note 'from the old system'",
  ],
  run: async ({ values, args: [name = "-"], client, terminal, signal }) => {
    const progress = startProgress(terminal);
    let rows = 0;
    let lines: Promise<void> = Promise.resolve();
    const onRow = (row: ImportRow) => {
      progress.rows(++rows);
      if (row.code === null || values.json) return;
      lines = lines.then(() => terminal.write(rowLine(row)));
      // Said where it is waited for.
      lines.catch(() => {});
    };
    try {
      const imported = await client.suppressions.import(await openInput(name, signal, progress.bytes), {
        dryRun: values["dry-run"],
        format: values.format,
        reason: oneOf("reason", values.reason, REASONS),
        note: values.note,
        overrideReleases: values["override-releases"],
        onRow,
        signal,
      });
      await lines;
      await print({ values, terminal }, imported, summaryOf);
      return imported.invalid === 0 ? EXIT.ok : EXIT.no;
    } finally {
      progress.end();
    }
  },
});

export const revert = defineCommand({
  name: "revert",
  summary: "Undoes what an import or a policy did, and nothing later.",
  args: "BATCH",
  count: [1, 1],
  options: { json: { type: "boolean", help: "as the service answers it" } },
  examples: ["bouncekeeper revert 8c6e6a1e-…"],
  run: async (run) => {
    const { args, client, terminal, signal } = run;
    const [id = ""] = args;
    const progress = startProgress(terminal);
    try {
      let batch = await client.batches.revert(id, { signal });
      // Each call goes on with it; the service would too, once a minute.
      while (batch.status !== "reverted") {
        progress.rows(batch.retracted);
        await sleep(REVERT_INTERVAL_MS, undefined, { signal });
        batch = await client.batches.revert(id, { signal });
      }
      await print(run, batch, undoneOf);
    } finally {
      progress.end();
    }
    return EXIT.ok;
  },
});

function undoneOf({ id, kind, retracted }: Batch): string {
  const what = kind === "policy" ? "recipients decided about anew" : "events withdrawn";
  return `Batch ${id} is undone: ${grouped(retracted)} ${what}.\n`;
}

function rowLine(row: ImportRow): string {
  return line(row.line, row.status, row.code, row.recipient, row.detail);
}

function summaryOf(imported: Imported): string {
  const { batchId, dryRun, format } = imported;
  const counts = (["new", "known", "skipped", "invalid"] as const).map((what) => `${grouped(imported[what])} ${what}`);
  const rows = `${grouped(imported.rows)} rows read as ${format}: ${counts.join(", ")}`;
  if (dryRun) return `${rows}. Nothing was changed.\n`;
  const undo = batchId === null || imported.new === 0 ? "" : ` Undo it with: bouncekeeper revert ${batchId}`;
  return `${rows}.${undo}\n`;
}
