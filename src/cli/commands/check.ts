import type { Check, CheckOptions } from "../../client/check";
import type { Client } from "../../client/client";
import { BouncekeeperError } from "../../client/error";
import { PURPOSES } from "../../domain/answer";
import { defineCommand, EXIT, oneOf } from "../command";
import { readWhole } from "../files";
import { line } from "../terminal";

/** `null`: it is no address. */
interface Answered {
  readonly recipient: string;
  readonly answer: Check | null;
}

export const check = defineCommand({
  name: "check",
  summary: "May these addresses be mailed?",
  detail:
    "An address a line: allowed, suppressed (and why, since and until when), or invalid. An address that is allowed as a probe may get one message: to ask without sending, use show. - reads addresses from standard input, one a line.",
  args: "ADDRESS…",
  count: [1, Number.POSITIVE_INFINITY],
  options: {
    purpose: { type: "string", value: "PURPOSE", help: "marketing (default) or transactional" },
    strong: { type: "boolean", help: "reads the database, also for a single address" },
    json: { type: "boolean", help: "one JSON object a line" },
    quiet: { type: "boolean", short: "q", help: "says nothing: the exit code is the answer" },
  },
  exits: { [EXIT.no]: "at least one must not be mailed: suppressed, or no address" },
  examples: [
    "bouncekeeper check john@example.com && send-mail",
    "bouncekeeper check --purpose transactional --json john@example.com jane@example.org",
    "bouncekeeper check - < addresses.txt",
  ],
  run: async ({ values, args, client, terminal, signal }) => {
    const purpose = oneOf("purpose", values.purpose, PURPOSES);
    const recipients = args.includes("-")
      ? [...args.filter((arg) => arg !== "-"), ...(await addressesIn("-", signal))]
      : args;
    const options: CheckOptions = { purpose, signal, ...(values.strong ? { consistency: "strong" } : {}) };
    const answered = await Promise.all(recipients.map((recipient) => answerTo(client, recipient, options)));
    if (!values.quiet) {
      const textOf = values.json ? jsonOf : lineOf;
      await terminal.write(answered.map(textOf).join(""));
    }
    return answered.every(({ answer }) => answer && !answer.suppressed) ? EXIT.ok : EXIT.no;
  },
});

async function addressesIn(name: string, signal: AbortSignal): Promise<string[]> {
  const text = new TextDecoder().decode(await readWhole(name, signal));
  return text.split(/\r\n|\r|\n/).filter((one) => one.trim() !== "");
}

/** In one tick, so that they are asked together. */
async function answerTo(client: Client, recipient: string, options: CheckOptions): Promise<Answered> {
  try {
    return { recipient, answer: await client.check(recipient, options) };
  } catch (error) {
    if (error instanceof BouncekeeperError && error.code === "invalid_recipient") return { recipient, answer: null };
    throw error;
  }
}

function lineOf({ recipient, answer }: Answered): string {
  if (!answer) return line(recipient, "invalid");
  if (!answer.suppressed) return line(recipient, "allowed", ...(answer.probe ? ["probe"] : []));
  return line(recipient, "suppressed", answer.reasons.join(" "), answer.since, answer.until);
}

function jsonOf({ recipient, answer }: Answered): string {
  return `${JSON.stringify(answer ?? { recipient, error: "invalid_recipient" })}\n`;
}
