import type { PullPreview, PushPreview, Sync } from "../../client/syncs";
import { type Action, actionsOf, defineCommand, EXIT, oneOf, onlyOf, type Run } from "../command";
import { print, printEach } from "../print";
import { grouped } from "../progress";
import { line } from "../terminal";

const STARTS = ["beginning", "now"] as const;

const OPTIONS = {
  "dry-run": { type: "boolean", help: "of pull and push: says what would happen, and changes nothing" },
  from: { type: "string", value: "START", help: `of the first push: ${STARTS.join(" or ")}` },
  json: { type: "boolean", help: "as the service answers it; of list: one object a line" },
} as const;

/** Asks the service about the one that the arguments name. @returns how it stands then, or what would become of it */
type Call = (run: Run<typeof OPTIONS>, name: string) => Promise<Sync | PullPreview | PushPreview>;

const CALLS: Readonly<Record<string, Call>> = {
  pull: ({ values, client: { syncs }, signal }, name) =>
    values["dry-run"] ? syncs.previewPull(name, { signal }) : syncs.pull(name, { signal }),
  push: ({ values, client: { syncs }, signal }, name) => {
    const start = { from: oneOf("from", values.from, STARTS) };
    return values["dry-run"] ? syncs.previewPush(name, start, { signal }) : syncs.push(name, start, { signal });
  },
  pause: ({ client: { syncs }, signal }, name) => syncs.pause(name, { signal }),
  resume: ({ client: { syncs }, signal }, name) => syncs.resume(name, { signal }),
};

const ACTIONS: Readonly<Record<string, Action<typeof OPTIONS>>> = {
  list: async (run) => {
    const all = await run.client.syncs.list({ signal: run.signal });
    await printEach(run, all, lineOf);
    return all.every(isWell) ? EXIT.ok : EXIT.no;
  },
  ...Object.fromEntries(Object.entries(CALLS).map(([name, call]) => [name, actionOf(call)])),
};

function actionOf(call: Call): Action<typeof OPTIONS> {
  return async (run, args) => {
    const answer = await call(run, onlyOf(args, "Which one? Its provider, such as sendgrid, or sendgrid/eu."));
    if ("dryRun" in answer) {
      await print(run, answer, previewOf);
      return EXIT.ok;
    }
    await print(run, answer, lineOf);
    return isWell(answer) ? EXIT.ok : EXIT.no;
  };
}

export const sync = defineCommand({
  name: "sync",
  summary: "Providers' own suppression lists, kept in step with ours.",
  detail: "pull reads the provider's list into ours, push sends ours there; both go on by themselves.",
  args: "list | pull SYNC | push SYNC | pause SYNC | resume SYNC",
  count: [1, 2],
  options: OPTIONS,
  exits: { [EXIT.no]: "one of them cannot be used, is stopped, or fails" },
  examples: ["bouncekeeper sync pull sendgrid --dry-run", "bouncekeeper sync push ses --from beginning"],
  run: actionsOf("sync", ACTIONS),
});

function isWell({ usable, status, failures }: Sync): boolean {
  return usable && status !== "stopped" && failures === 0;
}

function lineOf({ provider, connection, usable, problem, status, pull, push, failures, lastError }: Sync): string {
  const read = pull && `${grouped(pull.new)} new of ${grouped(pull.rows)} read`;
  const sent = push && `${grouped(push.listed)} listed, ${grouped(push.released)} released`;
  const trouble = problem ?? (failures > 0 ? lastError : null);
  return line(`${provider}/${connection}`, usable ? status : "unusable", read, sent, trouble);
}

/** To whom, for example, and how many. */
function previewOf(preview: PullPreview | PushPreview): string {
  const { complete, examples } = preview;
  const lines = examples.map((one) => line(...Object.values(one).map((value) => [value].flat().join(" "))));
  const counts = Object.entries(preview).flatMap(([what, n]) => (typeof n === "number" ? `${grouped(n)} ${what}` : []));
  const more = complete ? "" : " There is more.";
  return `${lines.join("")}${counts.join(", ")}.${more} Nothing was changed.\n`;
}
