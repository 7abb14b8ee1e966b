import type { Recipient } from "../../client/types";
import { defineCommand, EXIT, momentOf } from "../command";
import { print } from "../print";
import { line } from "../terminal";
import { eventLine } from "./event-line";

const NOTE = { type: "string", value: "TEXT", help: "why; it stays on record" } as const;

export const show = defineCommand({
  name: "show",
  summary: "All that is known about a recipient.",
  detail: "An address, or a whole domain (@example.com). In front of what it is suppressed for stands a *.",
  args: "RECIPIENT",
  count: [1, 1],
  options: { json: { type: "boolean", help: "as the service answers it" } },
  exits: { [EXIT.no]: "it is suppressed" },
  examples: ["bouncekeeper show john@example.com"],
  run: async (run) => {
    const [recipient = ""] = run.args;
    const known = await run.client.recipients.get(recipient, { signal: run.signal });
    await print(run, known, pageOf);
    return known.suppressed ? EXIT.no : EXIT.ok;
  },
});

export const block = defineCommand({
  name: "block",
  summary: "Blocks a recipient by hand.",
  detail: "An address, or a whole domain (@example.com).",
  args: "RECIPIENT",
  count: [1, 1],
  options: {
    note: NOTE,
    until: { type: "string", value: "TIME", help: "when the block ends by itself, or in how long: 7d; default: never" },
  },
  examples: ["bouncekeeper block john@example.com --note 'asked by phone'", "bouncekeeper block @example.org"],
  run: async ({ values, args: [recipient = ""], client, terminal, signal }) => {
    const expiresAt = momentOf("until", values.until, "ahead");
    const blocked = await client.suppressions.block(recipient, { note: values.note, expiresAt }, { signal });
    await terminal.write(
      line(blocked.recipient, "suppressed", blocked.reasons.join(" "), blocked.since, blocked.until),
    );
    return EXIT.ok;
  },
});

export const release = defineCommand({
  name: "release",
  summary: "Releases a recipient.",
  detail: "Final for the past: nothing that occurred before can suppress it again.",
  args: "RECIPIENT",
  count: [1, 1],
  options: { note: NOTE, force: { type: "boolean", help: "also one that complained; with --note" } },
  examples: ["bouncekeeper release john@example.com"],
  run: async ({ values, args: [recipient = ""], client, terminal, signal }) => {
    const { note, force } = values;
    const released = await client.suppressions.release(recipient, { note, force }, { signal });
    await terminal.write(line(released.recipient, "released"));
    return EXIT.ok;
  },
});

function pageOf({ timeline, evidence, ...known }: Recipient): string {
  const { recipient, suppressed, reasons, since, until, allowed, softBounces, probation, releasedAt, pending } = known;
  const causes = new Set(evidence.map(({ id }) => id));
  return [
    line(recipient, suppressed ? "suppressed" : "allowed", reasons.join(" "), since, until),
    ...(allowed ? [line("on the allow-list")] : []),
    line("soft bounces", `${softBounces.count} of ${softBounces.threshold ?? "?"}`),
    ...(probation ? [line("probation", `step ${probation.step} of ${probation.of}`, probation.probeFrom)] : []),
    ...(releasedAt ? [line("released", releasedAt)] : []),
    ...(pending ? [line("pending", pending)] : []),
    ...timeline.map((event) => `${causes.has(event.id) ? "* " : "  "}${eventLine(event)}`),
  ].join("");
}
