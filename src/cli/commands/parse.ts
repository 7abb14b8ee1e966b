import type { MailEvent } from "../../client/types";
import { defineCommand, EXIT } from "../command";
import { readWhole } from "../files";
import { print } from "../print";
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
  run: async (run) => {
    const { args, client, signal } = run;
    const [name = "-"] = args;
    const mail = await client.parse(await readWhole(name, signal), { signal });
    await print(run, mail, ({ form, events }) => line(form) + events.map(lineOf).join(""));
    return mail.events.length > 0 ? EXIT.ok : EXIT.no;
  },
});

function lineOf({ kind, class: bounceClass, category, recipient, statusCode, diagnosticCode }: MailEvent): string {
  return line(kind, bounceClass, category, recipient, statusCode, diagnosticCode);
}
