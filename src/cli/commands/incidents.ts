import type { Incident } from "../../client/incidents";
import { type Action, actionsOf, defineCommand, EXIT, oneOf, onlyOf } from "../command";
import { print, printEach } from "../print";
import { grouped } from "../progress";
import { line } from "../terminal";
import { eventLine } from "./event-line";

const STATUSES = ["open", "confirmed", "dropped"] as const;

const OPTIONS = {
  status: { type: "string", value: "STATUS", help: `of list: ${STATUSES.join(", ")}` },
  before: { type: "boolean", help: "of bounces: those from before it was noticed" },
  release: { type: "boolean", help: "of drop: whom it suppressed before it was noticed is released, too" },
  json: { type: "boolean", help: "as the service answers it; of lists: one object a line" },
} as const;

const WHICH = "Which incident? Its id.";

const ACTIONS: Readonly<Record<string, Action<typeof OPTIONS>>> = {
  list: async (run) => {
    const status = oneOf("status", run.values.status, STATUSES);
    let isWaiting = false;
    for await (const incident of run.client.incidents.list({ status }, { signal: run.signal })) {
      isWaiting ||= incident.status === "open";
      await print(run, incident, lineOf);
    }
    return isWaiting ? EXIT.no : EXIT.ok;
  },
  bounces: async (run, args) => {
    const group = run.values.before ? "before" : "held";
    await printEach(run, run.client.incidents.bounces(onlyOf(args, WHICH), group, { signal: run.signal }), eventLine);
    return EXIT.ok;
  },
  confirm: async (run, args) => {
    await print(run, await run.client.incidents.confirm(onlyOf(args, WHICH), { signal: run.signal }), decidedOf);
    return EXIT.ok;
  },
  drop: async (run, args) => {
    const { values, client, signal } = run;
    const how = { releaseSuppressed: values.release };
    await print(run, await client.incidents.drop(onlyOf(args, WHICH), how, { signal }), decidedOf);
    return EXIT.ok;
  },
};

export const incidents = defineCommand({
  name: "incidents",
  summary: "Bursts of bounces with the same cause, and deciding about them.",
  detail: "confirm: the bounces that are held are right, and take effect. drop: they are withdrawn.",
  args: "list | bounces ID | confirm ID | drop ID",
  count: [1, 2],
  options: OPTIONS,
  exits: { [EXIT.no]: "of list: one of them waits for a decision" },
  examples: ["bouncekeeper incidents list --status open", "bouncekeeper incidents drop incident-42 --release"],
  run: actionsOf("incidents", ACTIONS),
});

function decidedOf({ id, status, held, released, settledAt }: Incident): string {
  const goesOn = settledAt === null ? " The service goes on with it." : "";
  return `Incident ${id} is ${status}: ${grouped(held)} bounces held, ${grouped(released)} from before withdrawn.${goesOn}\n`;
}

function lineOf({ id, status, connection, receiver, held, openedAt, diagnosticCode }: Incident): string {
  return line(id, status, openedAt, connection, receiver, held, diagnosticCode);
}
