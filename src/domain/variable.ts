/** Variables of the configuration that hold a table: `[vars.NAME]` in `wrangler.toml`, or its JSON text. */
import type { z } from "zod";
import { fail, ok, type Result } from "./result";

/**
 * Reads such a variable.
 *
 * @param name as the sentence calls it
 * @param raw the table, its JSON text, or nothing: an empty table
 * @returns what the schema makes of it, or a sentence that names every bad value
 */
export function readTable<S extends z.ZodType>(name: string, schema: S, raw: unknown): Result<z.output<S>, string> {
  let value = raw ?? {};
  if (typeof value === "string") {
    try {
      value = JSON.parse(value);
    } catch {
      return fail(`${name} is not valid JSON`);
    }
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return ok(parsed.data);
  const sentences = parsed.error.issues.map(
    ({ path, message }) => `${[name, ...path.map(String)].join(".")}: ${message}`,
  );
  return fail(sentences.join("; "));
}
