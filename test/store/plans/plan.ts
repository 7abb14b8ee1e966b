/** What D1 would do for a statement: which tables it would walk from one end to the other, and what it would sort. */
import { planOf } from "../../support/statements";

/** A line of a plan that can cost more with every row there is. */
export interface Step {
  /** `SCAN events USING INDEX events_bounces`, with the table's own name; `SORT ORDER BY`. */
  readonly line: string;
  /** Of a scan: the table. */
  readonly table: string | null;
}

const SCAN = /^SCAN (\S+)(.*)$/;
const SORT = /^USE TEMP B-TREE FOR (.+)$/;
/** Rows that come out of a parameter, or of no table at all. */
const NO_TABLE = /^SCAN (?:CONSTANT ROW|\d+ CONSTANT ROWS|\(subquery-\d+\)|\S+ VIRTUAL TABLE\b)/;
const NO_ALIAS = "(?!(?:AS|ON|SET|WHERE|JOIN|INDEXED|LEFT|CROSS|ORDER|GROUP|INDEXED|LIMIT|UNION|EXCEPT)\\b)";

/** @param tables all that the schema has, by name */
export async function costlySteps(sql: string, tables: readonly string[]): Promise<Step[]> {
  const steps: Step[] = [];
  for (const line of await planOf(sql)) {
    const [, what] = SORT.exec(line) ?? [];
    if (what !== undefined) steps.push({ line: `SORT ${what}`, table: null });
    const [, name = "", how = ""] = SCAN.exec(line) ?? [];
    if (name === "" || NO_TABLE.test(line) || isDerived(sql, name)) continue;
    const table = tableOf(sql, name, tables);
    if (table === null) throw new Error(`no table is known as ${name} in\n${sql}`);
    steps.push({ line: `SCAN ${table}${how}`, table });
  }
  return steps;
}

/** A subquery under a name, or a common table expression, by whatever name: its own plan is among the lines. */
function isDerived(sql: string, name: string): boolean {
  if (new RegExp(`\\)\\s+(?:AS )?${name}\\b`).test(sql)) return true;
  const expressions = [...sql.matchAll(/\b(\w+) AS (?:MATERIALIZED )?\(/g)].map((match) => match[1] ?? "");
  return tableOf(sql, name, expressions) !== null;
}

/** Which of these tables the statement knows under a name of its own. */
function tableOf(sql: string, name: string, tables: readonly string[]): string | null {
  if (tables.includes(name)) return name;
  return tables.find((table) => new RegExp(`\\b${table}\\s+(?:AS )?${NO_ALIAS}${name}\\b`).test(sql)) ?? null;
}
