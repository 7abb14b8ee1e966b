/** Every regular expression that the source writes out, found in its syntax tree. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { transformSync } from "esbuild";
import { parseAst } from "vitest/node";

const SOURCE = path.join(import.meta.dirname, "../../src");

export interface Expression {
  readonly file: string;
  readonly source: string;
  readonly flags: string;
}

export interface Expressions {
  readonly literals: readonly Expression[];
  /** Files with expressions that are put together, and how many of them. */
  readonly constructed: ReadonlyMap<string, number>;
}

export function expressionsOfSource(): Expressions {
  const literals: Expression[] = [];
  const constructed = new Map<string, number>();
  for (const file of readdirSync(SOURCE, { recursive: true, encoding: "utf8" }).sort()) {
    const loader = /\.(tsx?|js)$/.exec(file)?.[1];
    if (loader === undefined || file.endsWith(".d.ts")) continue;
    const text = readFileSync(path.join(SOURCE, file), "utf8");
    const { code } = transformSync(text, { loader: loader as "ts" | "tsx" | "js", target: "esnext" });
    walk(parseAst(code), (node) => {
      if (node.regex) literals.push({ file, source: node.regex.pattern, flags: node.regex.flags });
      if (node.callee?.name === "RegExp") constructed.set(file, (constructed.get(file) ?? 0) + 1);
    });
  }
  return { literals, constructed };
}

interface Node {
  readonly regex?: { readonly pattern: string; readonly flags: string };
  readonly callee?: { readonly name?: string };
}

function walk(value: unknown, visit: (node: Node) => void): void {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) visit(value as Node);
  for (const inner of Object.values(value)) walk(inner, visit);
}
