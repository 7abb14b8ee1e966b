import type { Client } from "../../client/client";
import type { QuarantineItem } from "../../client/types";
import { type Action, actionsOf, defineCommand, EXIT, UsageError } from "../command";
import { printEach } from "../print";
import { line, type Terminal } from "../terminal";

const OPTIONS = {
  json: { type: "boolean", help: "of list: one JSON object a line" },
  all: { type: "boolean", help: "of replay: everything that is in there" },
} as const;

const ACTIONS: Readonly<Record<string, Action<typeof OPTIONS>>> = {
  list: async (run) => {
    await printEach(run, run.client.quarantine.list({ signal: run.signal }), lineOf);
    return EXIT.ok;
  },
  replay: async ({ values, client, terminal, signal }, ids) => {
    if ((ids.length === 0) !== (values.all === true)) throw new UsageError("Replay what? One or more ids, or --all.");
    let areSettled = true;
    for (const id of values.all ? await idsOf(client, signal) : ids) {
      if (!(await replayOne(client, terminal, id, signal))) areSettled = false;
    }
    return areSettled ? EXIT.ok : EXIT.no;
  },
  drop: async ({ client, terminal, signal }, ids) => {
    if (ids.length === 0) throw new UsageError("Drop what? One or more ids.");
    for (const id of ids) {
      await client.quarantine.drop(id, { signal });
      await terminal.write(line(id, "dropped"));
    }
    return EXIT.ok;
  },
};

export const quarantine = defineCommand({
  name: "quarantine",
  summary: "What could not be read.",
  detail: "Lists it, reads it again with the service's code of today (replay), or removes it for good (drop).",
  args: "list|replay|drop [ID…]",
  count: [1, Number.POSITIVE_INFINITY],
  options: OPTIONS,
  exits: { [EXIT.no]: "of replay: not all of it could be read" },
  examples: ["bouncekeeper quarantine list", "bouncekeeper quarantine replay --all"],
  run: actionsOf("quarantine", ACTIONS),
});

function lineOf({ id, receivedAt, provider, connection, reason, detail }: QuarantineItem): string {
  return line(id, receivedAt, `${provider}/${connection}`, reason, detail);
}

/** As it is now: what is replayed leaves the list while it is read. */
async function idsOf(client: Client, signal: AbortSignal): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of client.quarantine.list({ signal })) ids.push(id);
  return ids;
}

async function replayOne(client: Client, terminal: Terminal, id: string, signal: AbortSignal): Promise<boolean> {
  const replayed = await client.quarantine.replay(id, { signal });
  await terminal.write(line(id, replayed.settled ? "settled" : "still unreadable", `${replayed.new} new`));
  return replayed.settled;
}
