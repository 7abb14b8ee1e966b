import { setTimeout as sleep } from "node:timers/promises";
import type { CurrentPolicy, PolicyChange, PolicyDraft, PolicySimulation, PolicyStanding } from "../../client/policy";
import type { Batch } from "../../client/types";
import { type Action, actionsOf, defineCommand, EXIT, onlyOf, UsageError } from "../command";
import { readWhole } from "../files";
import { print, printEach } from "../print";
import { grouped, startProgress } from "../progress";
import { line } from "../terminal";

const OPTIONS = {
  reclassify: { type: "boolean", help: "of simulate: decides classes anew, too; then FILE may be left out" },
  note: { type: "string", value: "TEXT", help: "of apply: why; it stays with the batch" },
  json: { type: "boolean", help: "as the service answers it; of changes: one object a line" },
} as const;

/** The service goes on with it by itself. */
const LOOK_AGAIN_MS = 2_000;

const ACTIONS: Readonly<Record<string, Action<typeof OPTIONS>>> = {
  show: async (run) => {
    await print(run, await run.client.policy.get({ signal: run.signal }), currentOf);
    return EXIT.ok;
  },
  simulate: async (run, [file, ...more]) => {
    const { values, client, terminal, signal } = run;
    const { reclassify } = values;
    if (more.length || (file === undefined && !reclassify)) throw new UsageError("Simulate what? One FILE, or -.");
    const policy = file === undefined ? undefined : jsonIn(await readWhole(file, signal));
    const progress = startProgress(terminal);
    try {
      let simulated = await client.policy.simulate({ policy, reclassify }, { signal });
      while (simulated.status === "running") {
        progress.rows(simulated.recipients.looked);
        await sleep(LOOK_AGAIN_MS, undefined, { signal });
        simulated = await client.policy.simulation(simulated.id, { signal });
      }
      await print(run, simulated, resultOf);
    } finally {
      progress.end();
    }
    return EXIT.ok;
  },
  changes: async (run, args) => {
    const id = onlyOf(args, "Of which simulation? Its id.");
    await printEach(run, run.client.policy.changes(id, { signal: run.signal }), lineOf);
    return EXIT.ok;
  },
  apply: async (run, args) => {
    const simulationId = onlyOf(args, "Which simulation? Its id.");
    const { note } = run.values;
    await print(run, await run.client.policy.apply({ simulationId, note }, { signal: run.signal }), appliedOf);
    return EXIT.ok;
  },
};

export const policy = defineCommand({
  name: "policy",
  summary: "The policy that holds, what another one would do, and making it so.",
  detail:
    "simulate: whom the policy in FILE, as JSON, would suppress or release; nothing is changed. changes: each of them. apply: puts it in force, retroactively.",
  args: "show | simulate FILE|- | changes SIMULATION | apply SIMULATION",
  count: [1, 2],
  options: OPTIONS,
  examples: ["bouncekeeper policy show", "bouncekeeper policy simulate stricter.json"],
  run: actionsOf("policy", ACTIONS),
});

/** What it says is for the service to judge. @throws UsageError */
function jsonIn(bytes: Uint8Array): PolicyDraft["policy"] {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new UsageError("The policy is no JSON.");
  }
}

function currentOf({ origin, version, appliedAt, batchId, inFull }: CurrentPolicy): string {
  return `${line(origin, version, appliedAt, batchId)}${JSON.stringify(inFull, null, 2)}\n`;
}

function resultOf({ id, recipients, suppressed, released, changed, reclassified, examples }: PolicySimulation): string {
  const counts = `${grouped(suppressed)} suppressed, ${grouped(released)} released, ${grouped(changed)} changed`;
  const looked = `${grouped(recipients.looked)} recipients: ${counts}, ${grouped(reclassified)} reclassified. Nothing was changed.`;
  return `${examples.map(lineOf).join("")}${looked} Apply it with: bouncekeeper policy apply ${id}\n`;
}

function appliedOf({ id, status, new: decided }: Batch): string {
  const goesOn = status === "recorded" ? "" : " The service goes on with it.";
  return `It holds: ${grouped(decided)} recipients decided about anew.${goesOn} Undo it with: bouncekeeper revert ${id}\n`;
}

function lineOf({ recipient, change, before, after, event }: PolicyChange): string {
  return line(recipient, change, standingOf(before), standingOf(after), event?.diagnosticCode);
}

function standingOf({ suppressed, reasons }: PolicyStanding): string {
  return suppressed ? reasons.join(" ") : "allowed";
}
