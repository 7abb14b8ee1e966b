import { expect, it } from "vitest";
import { TEXT_RULES } from "../../src/domain/classify-rules";
import { STAGE_RULES } from "../../src/domain/classify-stage";
import { PRIVATE_CODES } from "../../src/domain/private-codes";
import { REPLY_CODES } from "../../src/domain/reply-codes";
import { type CodeMeaning, STATUS_CODES } from "../../src/domain/status-codes";
import { groundsOf } from "../support/rule-grounds";

/** From this file. */
const PAGE = "../../docs/classification-rules.md";

const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
const code = (text: string) => `\`${text}\``;
const meaningCells = (meaning: CodeMeaning | undefined) =>
  meaning ? [meaning.class, meaning.category, meaning.level] : ["", "", ""];
const range = (from: number, to: number) => (from === to ? `${from}` : `${from}–${to}`);

/** The page that lists every rule and code, as the code has them. */
function page(): string {
  return `# Rules and codes

Every rule and code by which bounces are classified, in the order in which they are tried. Made from the code: see
[Classification](classification.md) for what the columns mean.

## Rules for texts

${table(
  ["rule", "class", "category", "level", "because"],
  TEXT_RULES.map((rule) => [code(rule.id), rule.class, rule.category, rule.level, groundsOf(rule).because]),
)}

## Rules for the refused command

${table(
  ["rule", "class", "category", "refused", "because"],
  STAGE_RULES.map((rule) => [
    code(rule.id),
    rule.class,
    rule.category,
    rule.commands.join(", "),
    groundsOf(rule).because,
  ]),
)}

## Enhanced status codes

The IANA registry, without the class digit: \`X.2.2\` is 4.2.2 and 5.2.2. Codes without a class stand for success or for
nothing in particular.

${table(
  ["code", "name", "source", "class", "category", "level"],
  STATUS_CODES.map((row) => [`X.${row.code}`, row.name, row.source, ...meaningCells(row.meaning)]),
)}

## Private status codes

${table(
  ["code", "of", "name", "class", "category", "level"],
  PRIVATE_CODES.map((row) => [
    `X.${row.subject}.${range(row.from, row.to)}`,
    row.owner,
    row.name,
    ...meaningCells(row.meaning),
  ]),
)}

## SMTP reply codes

Where nothing else is known. 550, 551, 553 and 554 say only "no".

${table(
  ["code", "source", "class", "category", "level"],
  REPLY_CODES.map((row) => [row.code, row.source, ...meaningCells(row.meaning)]),
)}
`;
}

it("the page of rules and codes is that of the code", async () => {
  await expect(page()).toMatchFileSnapshot(PAGE);
});
