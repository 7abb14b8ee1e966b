import type { MailEvent } from "../../client/types";
import { defineCommand, EXIT } from "../command";
import { readWhole } from "../files";
import { line } from "../terminal";

export const parse = defineCommand({
  name: "parse",
  summary: "Says what a raw mail is, and records nothing.",
  detail: "A bounce, a feedback report, an automatic reply: what it says about whom.",
  args: "FILE.eml|-",
  count: [1, 1],
  options: { json: { type: "boolean", help: "as the service answers it" } },
  exits: { [EXIT.no]: "it says nothing about any recipient" },
  examples: ["bouncekeeper parse bounce.eml", "bouncekeeper parse --json - < bounce.eml"],
  run: async ({ values, args: [name = "-"], client, terminal, signal }) => {
    const mail = await client.parse(await readWhole(name, signal), { signal });
    const text = line(mail.form) + mail.events.map(lineOf).join("");
    await terminal.write(values.json ? `${JSON.stringify(mail)}\n` : text);
    return mail.events.length > 0 ? EXIT.ok : EXIT.no;
  },
});

function lineOf({ kind, class: bounceClass, category, recipient, statusCode, diagnosticCode }: MailEvent): string {
  return line(kind, bounceClass, category, recipient, statusCode, diagnosticCode);
}
