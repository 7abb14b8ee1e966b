import { z } from "zod";
import { once } from "./once";
import { ok, type Result } from "./result";
import { readTable } from "./variable";

/** Cloudflare Access in front of the dashboard: whose tokens are believed. */
export interface AccessSettings {
  /** `https://team.cloudflareaccess.com`: the issuer, and where its keys are. */
  readonly issuer: string;
  /** The application's audience tags; a token must be for one of them. */
  readonly audiences: readonly string[];
}

const schema = once(() =>
  z.strictObject({
    team_domain: z
      .string()
      .regex(/^[a-z0-9-]{1,63}\.cloudflareaccess\.com$/, "must be <team>.cloudflareaccess.com, without https://"),
    audience: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]),
  }),
);

/**
 * Reads `[vars.ACCESS]`.
 *
 * @param raw a table, its JSON text, or nothing: Access is not in front
 */
export function parseAccess(raw: unknown): Result<AccessSettings | null, string> {
  if (raw === undefined || raw === null || raw === "") return ok(null);
  const read = readTable("ACCESS", schema(), raw);
  if (!read.ok) return read;
  const { team_domain: domain, audience } = read.value;
  return ok({ issuer: `https://${domain}`, audiences: [audience].flat() });
}
