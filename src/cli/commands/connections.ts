import type { Connection } from "../../client/types";
import { defineCommand, EXIT } from "../command";
import { printEach } from "../print";
import { line } from "../terminal";

export const connections = defineCommand({
  name: "connections",
  summary: "The configured connections, and whether they work.",
  detail: "URL, when it was last heard from, why a call was last turned away.",
  args: "",
  count: [0, 0],
  options: { json: { type: "boolean", help: "one JSON object a line" } },
  exits: { [EXIT.no]: "one of them cannot be used" },
  examples: ["bouncekeeper connections"],
  run: async (run) => {
    const all = await run.client.connections({ signal: run.signal });
    await printEach(run, all, lineOf);
    return all.every(({ usable }) => usable) ? EXIT.ok : EXIT.no;
  },
});

function lineOf({
  provider,
  connection,
  url,
  usable,
  problem,
  lastReceivedAt,
  lastRejectedReason,
}: Connection): string {
  const state = usable ? "usable" : `unusable: ${problem}`;
  return line(`${provider}/${connection}`, state, url, lastReceivedAt, lastRejectedReason);
}
