/** What a request needs, said where it is missing. */
import type { z } from "@hono/zod-openapi";
import type { HonoRequest } from "hono";
import type { Result } from "../domain/result";
import { Problem } from "./problem";

/**
 * What is configured, where it can be used.
 *
 * @param what the sentence is about, where that does not say it itself: `mailbox support`
 * @throws Problem `config_invalid`
 */
export function usable<T>(configured: Result<T, string>, what?: string): T {
  if (configured.ok) return configured.value;
  throw new Problem("config_invalid", {
    detail: what === undefined ? configured.error : `${what}: ${configured.error}`,
  });
}

/**
 * @param at epoch ms; absent: for good
 * @throws Problem `invalid_request`
 */
export function expectFuture(name: string, at: number | undefined, now: number): void {
  if (at !== undefined && at <= now) throw new Problem("invalid_request", { detail: `${name}: must be in the future` });
}

/**
 * The query of a route that reads its body itself, as those of all others are read: a name that comes twice has no value.
 *
 * @throws Problem `invalid_request`
 */
export function expectQuery<S extends z.ZodType>(schema: S, request: HonoRequest): z.output<S> {
  const values = Object.entries(request.queries()).map(([name, all]) => [name, all.length === 1 ? all[0] : all]);
  const query = schema.safeParse(Object.fromEntries(values));
  if (!query.success) throw invalidRequest(query.error.issues);
  return query.data;
}

/** Bad input, each bad field by its name. */
export function invalidRequest(issues: readonly z.core.$ZodIssue[]): Problem {
  const errors = issues.map((issue) => ({ field: issue.path.join("."), message: issue.message }));
  const detail = errors.map(({ field, message }) => (field ? `${field}: ${message}` : message)).join("; ");
  return new Problem("invalid_request", { detail, extra: { errors } });
}
